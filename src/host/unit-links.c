/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/unit-links.h"

#include "base/io.h"
#include "base/text.h"
#include "host/unit-job.h"

#include <glib.h>
#include <string.h>
#include <sys/stat.h>

#define RETRY_USEC 100000ULL /* PID 1 is being replaced, which takes some of these */

/* Where enabling makes links: for good, and until the next boot. */
static const char *const directories[] = {"/etc/systemd/system", "/run/systemd/system"};

/* One call of systemd's. */
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
        sd_bus_slot *call;
        sd_event_source *retry;
        uint64_t until; /* CLOCK_MONOTONIC: systemd has to answer by then */
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

        sd_bus_slot_unref(move->call);
        sd_event_source_disable_unref(move->retry);
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

static void ask(Move *move);

static void finish(Move *move, const char *error)
{
        UnitLinks *links = move->links;
        _cleanup_free_ char *from = g_strdup(move->from), *text = g_strdup(error);

        g_hash_table_remove(links->moves, from);
        links->done(links->userdata, from, text);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
        Move *move = userdata;

        move->retry = sd_event_source_disable_unref(move->retry);
        ask(move);
        return 0;
}

static void ask_again_later(Move *move)
{
        move->retry = sd_event_source_disable_unref(move->retry);
        if (now_usec(CLOCK_MONOTONIC) >= move->until ||
            sd_event_add_time_relative(move->links->event, &move->retry, CLOCK_MONOTONIC,
                                       RETRY_USEC, 0, on_retry, move) < 0)
                finish(move, "systemd does not answer");
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        const sd_bus_error *e = sd_bus_message_get_error(m);
        Move *move = userdata;

        move->call = sd_bus_slot_unref(move->call);
        if (systemd_is_away(e)) {
                ask_again_later(move);
        } else if (e) {
                finish(move, e->message ?: e->name);
        } else {
                move->next++;
                ask(move);
        }
        return 0;
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

static int send_step(Move *move, const Step *step)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        UnitLinks *links = move->links;
        int r = sd_bus_message_new_method_call(links->bus, &m, SYSTEMD_SERVICE, SYSTEMD_PATH,
                                               SYSTEMD_MANAGER, step->method);

        r = r < 0 ? r : append_arguments(m, move, step);
        return r < 0 ? r
                     : sd_bus_call_async(links->bus, &move->call, m, on_answer, move,
                                         links->answer_usec);
}

static void ask(Move *move)
{
        if (move->next == move->steps->len) {
                finish(move, NULL);
                return;
        }
        int r = send_step(move, g_ptr_array_index(move->steps, move->next));
        if (systemd_is_lost(r))
                ask_again_later(move);
        else if (r < 0)
                finish(move, strerror(-r));
}

int unit_links_move(UnitLinks *links, const char *from, const char *to)
{
        Move *move = g_new0(Move, 1);

        *move = (Move){
                .links = links,
                .from = g_strdup(from),
                .to = g_strdup(to),
                .steps = g_ptr_array_new_with_free_func(step_free),
                .until = now_usec(CLOCK_MONOTONIC) + links->answer_usec,
        };
        add_steps(move);
        int r = move->steps->len == 0 ? 0 : send_step(move, g_ptr_array_index(move->steps, 0));
        if (move->steps->len == 0 || (r < 0 && !systemd_is_lost(r))) {
                move_free(move);
                return r;
        }
        g_hash_table_replace(links->moves, move->from, move);
        if (r < 0)
                ask_again_later(move);
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
        while (g_hash_table_iter_next(&i, NULL, &p)) {
                Move *move = p;

                move->call = sd_bus_slot_unref(move->call);
                move->retry = sd_event_source_disable_unref(move->retry);
                (void)sd_event_add_time_relative(links->event, &move->retry, CLOCK_MONOTONIC, 0, 0,
                                                 on_retry, move);
        }
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
