/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/unit-limits.h"

#include "base/io.h"
#include "base/machine-name.h"
#include "base/names.h"
#include "base/text.h"
#include "host/systemd-call.h"
#include "host/unit-job.h"
#include "host/unit-properties.h"

#include <fcntl.h>
#include <glib.h>
#include <string.h>

#define LOOK_USEC   200000ULL /* systemd has let go of a unit by then that nobody needs */
#define RECORD_MAX  4096U
#define DROP_IN_MAX (64U << 10)

/* Where systemd writes down what SetUnitProperties() has set until the next boot. */
#define CONTROL_DIRECTORY "/run/systemd/system.control"

/* What a unit is to have, from the question to the answer. */
typedef struct Wish {
        UnitLimits *limits;
        char *unit;
        UnitProperties *properties;
        char **unset; /* properties that were ours, and are to be nobody's */
        SystemdCall call;
} Wish;

/* A unit whose machine is gone, and which systemd may know with its limits. */
typedef struct Lost {
        UnitLimits *limits;
        char *unit;
        sd_bus_slot *call;
        sd_event_source *again; /* for the second look */
        bool again_done;
        enum {
                LOST_UNKNOWN,
                LOST_KEPT,    /* it does: it has to read its units again */
                LOST_READING, /* which it does now */
        } state;
} Lost;

struct UnitLimits {
        const char *root;
        sd_bus *bus;
        sd_event *event;
        uint64_t answer_usec;
        const UnitLimitsListener *listener;
        void *userdata;
        GHashTable *wishes; /* unit -> Wish */
        GHashTable *lost;   /* unit -> Lost */
};

static void wish_free(void *p)
{
        Wish *w = p;

        systemd_call_stop(&w->call);
        unit_properties_free(w->properties);
        strv_free(w->unset);
        g_free(w->unit);
        g_free(w);
}

/* ---- the record: a word for each property of ours ---- */

static int open_directory(const UnitLimits *limits, const char *path, bool make)
{
        _cleanup_free_ char *full = g_strconcat(limits->root, path, NULL);

        if (make)
                (void)g_mkdir_with_parents(full, 0755); /* open tells */
        int fd = open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static int read_record(const UnitLimits *limits, const char *unit, char ***ret)
{
        _cleanup_close_ int dir = open_directory(limits, LODGE_RUNTIME_LIMITS, false);
        _cleanup_free_ char *text = NULL;
        int r = dir < 0 ? dir : read_file_at(dir, unit, RECORD_MAX, &text, NULL);

        *ret = NULL;
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        *ret = g_strsplit(g_strstrip(text), " ", -1);
        return 0;
}

static int write_record(const UnitLimits *limits, const char *unit, char *const *names)
{
        _cleanup_close_ int dir = open_directory(limits, LODGE_RUNTIME_LIMITS, true);
        _cleanup_free_ char *text = NULL;

        if (dir < 0)
                return dir;
        if (strv_length(names) == 0)
                return unlinkat(dir, unit, 0) < 0 && errno != ENOENT ? -errno : 0;
        text = g_strjoinv(" ", (char **)names);
        return write_file_atomic_at(dir, unit, text, strlen(text), 0644);
}

static char *generated_path(const UnitLimits *limits, const char *unit)
{
        return g_strconcat(limits->root, LODGE_GENERATED "/", unit, ".d/" LODGE_DROP_IN_LIMITS,
                           NULL);
}

/* What lodge-generator has made of the definition when systemd read its units the last time: it
 * need not be what that says now. */
static int push_generated(const UnitLimits *limits, const char *unit, char ***ret)
{
        _cleanup_free_ char *path = generated_path(limits, unit), *text = NULL;
        int r = read_file_at(AT_FDCWD, path, DROP_IN_MAX, &text, NULL);

        if (r < 0)
                return r == -ENOENT || r == -ENOTDIR ? 0 : r;
        for (char *rest = text, *line; r >= 0 && (line = strsep(&rest, "\n"));) {
                char *end = strchr(line, '=');

                if (!end || *line == '#')
                        continue;
                *end = '\0';
                r = strv_contains(*ret, line) ? 0 : strv_push(ret, line);
        }
        return r;
}

/* Those of @a that are not in @b, behind what is in @ret. */
static int push_others(char ***ret, char *const *a, char *const *b)
{
        int r = 0;

        STRV_FOREACH (name, a)
                if (r >= 0 && !strv_contains(b, *name))
                        r = strv_push(ret, *name);
        return r;
}

/* Before systemd is asked, so that a lodged that is killed now has it to be taken back. */
static int note(const UnitLimits *limits, Wish *w)
{
        _cleanup_strv_free_ char **before = NULL, **all = NULL;
        char *const *names = unit_properties_names(w->properties);
        int r = read_record(limits, w->unit, &before);

        r = r < 0 ? r : push_generated(limits, w->unit, &before);
        r = r < 0 ? r : push_others(&w->unset, before, names);
        r = r < 0 ? r : push_others(&all, before, NULL);
        r = r < 0 ? r : push_others(&all, names, before);
        r = r < 0 ? r : write_record(limits, w->unit, all);
        if (r >= 0) /* its own machine again */
                (void)g_hash_table_remove(limits->lost, w->unit);
        return r;
}

/* ---- what is left of them ---- */

static void unlink_drop_ins(const UnitLimits *limits, const char *unit, char *const *names)
{
        _cleanup_free_ char *path = g_strdup_printf(CONTROL_DIRECTORY "/%s.d", unit), *full = NULL;
        _cleanup_close_ int dir = open_directory(limits, path, false);

        STRV_FOREACH (name, dir >= 0 ? names : NULL) {
                _cleanup_free_ char *file = g_strdup_printf("50-%s.conf", *name);

                (void)unlinkat(dir, file, 0);
        }
        full = g_strconcat(limits->root, path, NULL);
        (void)rmdir(full); /* not empty: of somebody else's */
}

static void on_set(void *userdata, const char *error)
{
        Wish *w = userdata;
        UnitLimits *limits = w->limits;
        _cleanup_free_ char *unit = g_strdup(w->unit), *text = g_strdup(error);

        if (!error && w->unset) {
                unlink_drop_ins(limits, unit, w->unset);
                /* what is not written down now is taken back once more the next time */
                (void)write_record(limits, unit, unit_properties_names(w->properties));
        }
        g_hash_table_remove(limits->wishes, unit);
        limits->listener->done(limits->userdata, unit, text);
}

/* ---- the question ---- */

static int make_call(void *userdata, sd_bus_message **ret)
{
        const Wish *w = userdata;
        int r = sd_bus_message_new_method_call(w->limits->bus, ret, SYSTEMD_SERVICE, SYSTEMD_PATH,
                                               SYSTEMD_MANAGER, "SetUnitProperties");

        r = r < 0 ? r : sd_bus_message_append(*ret, "sb", w->unit, true);
        return r < 0 ? r : unit_properties_append(w->properties, w->unset, *ret);
}

int unit_limits_set(UnitLimits *limits, const char *unit, const Resources *r)
{
        static const SystemdCallType type = {make_call, on_set};
        Wish *w = g_new0(Wish, 1);

        g_hash_table_remove(limits->wishes, unit);
        *w = (Wish){
                .limits = limits,
                .unit = g_strdup(unit),
                .call = {.type = &type,
                         .userdata = w,
                         .event = limits->event,
                         .bus = &limits->bus,
                         .answer_usec = limits->answer_usec},
        };
        int e = unit_properties_new(r, &w->properties);
        e = e < 0 ? e : note(limits, w);
        if (e >= 0 && !w->unset && strv_length(unit_properties_names(w->properties)) == 0) {
                wish_free(w);
                return 0;
        }
        e = e < 0 ? e : systemd_call_start(&w->call);
        if (e < 0) {
                wish_free(w);
                return e;
        }
        g_hash_table_insert(limits->wishes, w->unit, w);
        return 1;
}

size_t unit_limits_count(const UnitLimits *limits)
{
        size_t n = g_hash_table_size(limits->wishes);
        GHashTableIter i;
        gpointer p;

        g_hash_table_iter_init(&i, limits->lost);
        while (g_hash_table_iter_next(&i, NULL, &p))
                n += ((const Lost *)p)->call || ((const Lost *)p)->again;
        return n;
}

/* ---- of machines that are gone ---- */

static void lost_free(void *p)
{
        Lost *l = p;

        sd_bus_slot_unref(l->call);
        sd_event_source_disable_unref(l->again);
        g_free(l->unit);
        g_free(l);
}

static void lost_is_clean(Lost *l)
{
        UnitLimits *limits = l->limits;
        _cleanup_free_ char *unit = g_strdup(l->unit);

        (void)write_record(limits, unit, NULL); /* or the next lodged does */
        (void)g_hash_table_remove(limits->lost, unit);
        limits->listener->lost(limits->userdata, unit, false);
}

static void lost_is_kept(Lost *l)
{
        l->state = LOST_KEPT;
        l->limits->listener->lost(l->limits->userdata, l->unit, true);
}

static int on_again(sd_event_source *source, uint64_t usec, void *userdata)
{
        Lost *l = userdata;

        l->again = sd_event_source_disable_unref(l->again);
        unit_limits_check_lost(l->limits, l->unit);
        return 0;
}

/* A unit that was let go is still there for a moment. */
static bool look_again(Lost *l)
{
        if (l->again_done)
                return false;
        l->again_done = true;
        return sd_event_add_time_relative(l->limits->event, &l->again, CLOCK_MONOTONIC, LOOK_USEC,
                                          0, on_again, l) >= 0;
}

static int on_unit(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        const sd_bus_error *e = sd_bus_message_get_error(m);
        Lost *l = userdata;

        l->call = sd_bus_slot_unref(l->call);
        if (sd_bus_error_has_name(e, SYSTEMD_NO_SUCH_UNIT))
                lost_is_clean(l);
        else if (!look_again(l)) /* or who knows: it may be away */
                lost_is_kept(l);
        return 0;
}

void unit_limits_check_lost(UnitLimits *limits, const char *unit)
{
        Lost *l = g_hash_table_lookup(limits->lost, unit);
        _cleanup_free_ char *path = generated_path(limits, unit);

        if (!l || l->call || l->again || l->state != LOST_UNKNOWN)
                return;
        if (g_file_test(path, G_FILE_TEST_EXISTS) ||
            sd_bus_call_method_async(limits->bus, &l->call, SYSTEMD_SERVICE, SYSTEMD_PATH,
                                     SYSTEMD_MANAGER, "GetUnit", on_unit, l, "s", unit) < 0)
                lost_is_kept(l);
}

/* systemd is told nothing of it: asked for a property of a unit that does not run, it makes a
 * cgroup for it, which nobody removes. The record stays for as long as systemd may know more. */
void unit_limits_forget(UnitLimits *limits, const char *unit)
{
        _cleanup_strv_free_ char **names = NULL;
        Lost *l;

        (void)g_hash_table_remove(limits->wishes, unit);
        if (read_record(limits, unit, &names) < 0 || push_generated(limits, unit, &names) < 0 ||
            !names)
                return;
        unlink_drop_ins(limits, unit, names);
        l = g_new0(Lost, 1);
        *l = (Lost){.limits = limits, .unit = g_strdup(unit)};
        (void)g_hash_table_replace(limits->lost, l->unit, l);
}

void unit_limits_begin_reading(UnitLimits *limits)
{
        GHashTableIter i;
        gpointer p;

        g_hash_table_iter_init(&i, limits->lost);
        while (g_hash_table_iter_next(&i, NULL, &p)) {
                Lost *l = p;

                if (l->state == LOST_KEPT)
                        l->state = LOST_READING;
        }
}

void unit_limits_end_reading(UnitLimits *limits, bool is_read)
{
        GList *all = g_hash_table_get_values(limits->lost);

        for (GList *i = all; i; i = i->next) {
                Lost *l = i->data;

                if (l->state == LOST_READING && is_read)
                        lost_is_clean(l);
                else if (l->state == LOST_READING)
                        l->state = LOST_KEPT;
        }
        g_list_free(all);
}

void unit_limits_sweep(UnitLimits *limits, bool (*is_known)(void *userdata, const char *name),
                       void *userdata)
{
        _cleanup_free_ char *path = g_strconcat(limits->root, LODGE_RUNTIME_LIMITS, NULL);
        g_autoptr(GDir) d = g_dir_open(path, 0, NULL);
        const char *unit;

        while (d && (unit = g_dir_read_name(d))) {
                _cleanup_free_ char *name = machine_name_from_unit(unit);

                if (!name || is_known(userdata, name))
                        continue;
                unit_limits_forget(limits, unit);
                unit_limits_check_lost(limits, unit);
        }
}

void unit_limits_set_bus(UnitLimits *limits, sd_bus *bus)
{
        GHashTableIter i;
        gpointer p;

        limits->bus = bus;
        g_hash_table_iter_init(&i, limits->wishes);
        while (g_hash_table_iter_next(&i, NULL, &p))
                systemd_call_again(&((Wish *)p)->call);
        g_hash_table_iter_init(&i, limits->lost);
        while (g_hash_table_iter_next(&i, NULL, &p)) {
                Lost *l = p;

                if (!l->call)
                        continue;
                l->call = sd_bus_slot_unref(l->call);
                unit_limits_check_lost(limits, l->unit); /* changes nothing in the table */
        }
}

UnitLimits *unit_limits_new(const char *root, sd_bus *bus, uint64_t answer_usec,
                            const UnitLimitsListener *listener, void *userdata)
{
        UnitLimits *limits = g_new0(UnitLimits, 1);

        *limits = (UnitLimits){
                .root = root,
                .bus = bus,
                .event = sd_bus_get_event(bus),
                .answer_usec = answer_usec,
                .listener = listener,
                .userdata = userdata,
                .wishes = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, wish_free),
                .lost = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, lost_free),
        };
        return limits;
}

void unit_limits_free(UnitLimits *limits)
{
        if (!limits)
                return;
        g_hash_table_unref(limits->wishes);
        g_hash_table_unref(limits->lost);
        g_free(limits);
}
