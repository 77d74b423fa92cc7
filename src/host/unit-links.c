/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/unit-links.h"

#include "base/text.h"
#include "host/systemd-call.h"
#include "host/unit-job.h"

#include <glib.h>
#include <string.h>
#include <sys/stat.h>

/* Where enabling makes links: for good, and until the next boot. */
static const char *const directories[] = {"/etc/systemd/system", "/run/systemd/system"};

/* What systemd is asked to do. */
typedef struct Step {
        const char *method;
        char *target;     /* AddDependencyUnitFiles(): what is to want the unit */
        const char *type; /* likewise, how */
        bool runtime;
} Step;

typedef struct Move {
        UnitLinks *links;
        char *from, *to;
        GPtrArray *steps; /* Step */
        guint next;
        SystemdCall call; /* of the step */
} Move;

struct UnitLinks {
        const char *root;
        sd_bus *bus;
        sd_event *event;
        uint64_t answer_usec;
        UnitLinksDone done;
        void *userdata;
        GHashTable *moves; /* unit that was enabled -> Move */
};

static void step_free(void *p)
{
        Step *step = p;

        g_free(step->target);
        g_free(step);
}

static void move_free(void *p)
{
        Move *move = p;

        systemd_call_stop(&move->call);
        g_ptr_array_unref(move->steps);
        g_free(move->from);
        g_free(move->to);
        g_free(move);
}

/* ---- which calls it takes ---- */

static void add_step(Move *move, const Step *step)
{
        g_ptr_array_add(move->steps, g_memdup2(step, sizeof(*step)));
}

/* systemd cannot make such a link by itself: the unit's [Install] has to say it. */
static void add_enable(Move *move, bool runtime)
{
        add_step(move, &(Step){.method = "Reload"}); /* so that it is known */
        add_step(move, &(Step){.method = "EnableUnitFiles", .runtime = runtime});
}

/* "multi-user.target.wants", if the unit is linked there. */
static bool add_link(Move *move, const char *directory, const char *name, bool runtime)
{
        static const struct {
                const char *suffix, *type;
        } kinds[] = {{".wants", "Wants"}, {".requires", "Requires"}, {".upholds", NULL}};
        _cleanup_free_ char *path = g_strdup_printf("%s/%s/%s", directory, name, move->from);
        size_t i = 0;
        struct stat st;

        while (i < ELEMENTSOF(kinds) && !g_str_has_suffix(name, kinds[i].suffix))
                i++;
        if (i == ELEMENTSOF(kinds) || lstat(path, &st) < 0 || !S_ISLNK(st.st_mode))
                return false;
        if (kinds[i].type)
                add_step(move,
                         &(Step){
                                 .method = "AddDependencyUnitFiles",
                                 .target = g_strndup(name, strlen(name) - strlen(kinds[i].suffix)),
                                 .type = kinds[i].type,
                                 .runtime = runtime,
                         });
        else
                add_enable(move, runtime);
        return true;
}

static bool add_links(Move *move, bool runtime)
{
        _cleanup_free_ char *path = g_strconcat(move->links->root, directories[runtime], NULL);
        g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
        bool found = false;

        for (const char *name; dir && (name = g_dir_read_name(dir));)
                found = add_link(move, path, name, runtime) || found;
        return found;
}

static void add_steps(Move *move)
{
        bool found[2];

        for (int runtime = 0; runtime < 2; runtime++)
                found[runtime] = add_links(move, runtime);
        for (int runtime = 0; runtime < 2; runtime++)
                if (found[runtime])
                        add_step(move, &(Step){.method = "DisableUnitFiles", .runtime = runtime});
}

/* ---- from the questions to the answers ---- */

static void finish(Move *move, const char *error)
{
        UnitLinks *links = move->links;
        _cleanup_free_ char *from = g_strdup(move->from), *text = g_strdup(error);

        g_hash_table_remove(links->moves, from);
        links->done(links->userdata, from, text);
}

static void on_done(void *userdata, const char *error)
{
        Move *move = userdata;
        int r = 0;

        if (!error && ++move->next < move->steps->len) {
                r = systemd_call_start(&move->call);
                if (r >= 0)
                        return;
        }
        finish(move, r < 0 ? strerror(-r) : error);
}

static int append_arguments(sd_bus_message *m, const Move *move, const Step *step)
{
        bool is_old = streq(step->method, "DisableUnitFiles");

        if (streq(step->method, "Reload"))
                return 0;
        int r = sd_bus_message_append(m, "as", 1, is_old ? move->from : move->to);
        if (r >= 0 && step->target)
                r = sd_bus_message_append(m, "ss", step->target, step->type);
        r = r < 0 ? r : sd_bus_message_append(m, "b", step->runtime);
        return r < 0 || is_old ? r : sd_bus_message_append(m, "b", false);
}

static int make_call(void *userdata, sd_bus_message **ret)
{
        const Move *move = userdata;
        const Step *step = g_ptr_array_index(move->steps, move->next);
        int r = sd_bus_message_new_method_call(move->links->bus, ret, SYSTEMD_SERVICE, SYSTEMD_PATH,
                                               SYSTEMD_MANAGER, step->method);

        return r < 0 ? r : append_arguments(*ret, move, step);
}

int unit_links_move(UnitLinks *links, const char *from, const char *to)
{
        static const SystemdCallType type = {make_call, on_done};
        Move *move = g_new0(Move, 1);

        *move = (Move){
                .links = links,
                .from = g_strdup(from),
                .to = g_strdup(to),
                .steps = g_ptr_array_new_with_free_func(step_free),
                .call = {.type = &type,
                         .userdata = move,
                         .event = links->event,
                         .bus = &links->bus,
                         .answer_usec = links->answer_usec},
        };
        add_steps(move);
        int r = move->steps->len == 0 ? 0 : systemd_call_start(&move->call);
        if (move->steps->len == 0 || r < 0) {
                move_free(move);
                return r;
        }
        g_hash_table_replace(links->moves, move->from, move);
        return 1;
}

/* ---- */

size_t unit_links_count(const UnitLinks *links)
{
        return g_hash_table_size(links->moves);
}

void unit_links_set_bus(UnitLinks *links, sd_bus *bus)
{
        GHashTableIter i;
        gpointer p;

        links->bus = bus;
        g_hash_table_iter_init(&i, links->moves);
        while (g_hash_table_iter_next(&i, NULL, &p))
                systemd_call_again(&((Move *)p)->call);
}

UnitLinks *unit_links_new(const char *root, sd_bus *bus, uint64_t answer_usec, UnitLinksDone done,
                          void *userdata)
{
        UnitLinks *links = g_new0(UnitLinks, 1);

        *links = (UnitLinks){
                .root = root,
                .bus = bus,
                .event = sd_bus_get_event(bus),
                .answer_usec = answer_usec,
                .done = done,
                .userdata = userdata,
                .moves = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, move_free),
        };
        return links;
}

void unit_links_free(UnitLinks *links)
{
        if (!links)
                return;
        g_hash_table_unref(links->moves);
        g_free(links);
}
