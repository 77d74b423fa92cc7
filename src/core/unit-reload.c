/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/unit-reload.h"

#include "base/io.h"
#include "base/machine-name.h"
#include "base/names.h"
#include "base/text.h"
#include "core/manager.h"
#include "spec/unit-lines.h"

#include <fcntl.h>
#include <glib.h>
#include <string.h>

#define DROP_IN_SIZE_MAX (4U << 20)
#define TOGETHER_USEC    200000ULL /* changes within that are read together */

typedef enum UnitTextState {
        UNIT_TEXT_READ,    /* by systemd, as far as we can tell */
        UNIT_TEXT_CHANGED, /* since systemd was last asked to read */
        UNIT_TEXT_ASKED,   /* it was, and has not answered yet */
} UnitTextState;

/* What systemd has, or is to get, of one machine. */
typedef struct UnitText {
        char *text;
        UnitTextState state;
} UnitText;

struct UnitReload {
        GHashTable *texts; /* machine -> UnitText; none: no drop-in, and none is wanted */
        sd_event_source *timer;
        bool is_asked; /* systemd has not answered yet */
};

static void text_free(void *p)
{
        UnitText *t = p;

        free(t->text);
        g_free(t);
}

UnitReload *unit_reload_new(void)
{
        UnitReload *u = g_new0(UnitReload, 1);

        u->texts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, text_free);
        return u;
}

void unit_reload_free(UnitReload *u)
{
        if (!u)
                return;
        sd_event_source_disable_unref(u->timer);
        g_hash_table_unref(u->texts);
        g_free(u);
}

/* ---- asking ---- */

static bool any_changed(const UnitReload *u)
{
        GHashTableIter i;
        void *t;

        g_hash_table_iter_init(&i, u->texts);
        while (g_hash_table_iter_next(&i, NULL, &t))
                if (((UnitText *)t)->state == UNIT_TEXT_CHANGED)
                        return true;
        return false;
}

/* @to: READ also forgets those that have no drop-in any more. */
static void change_states(const UnitReload *u, UnitTextState from, UnitTextState to)
{
        GHashTableIter i;
        void *p;

        g_hash_table_iter_init(&i, u->texts);
        while (g_hash_table_iter_next(&i, NULL, &p)) {
                UnitText *t = p;

                if (t->state != from)
                        continue;
                t->state = to;
                if (to == UNIT_TEXT_READ && !*t->text)
                        g_hash_table_iter_remove(&i);
        }
}

static bool is_read(const Manager *manager, const char *name)
{
        const UnitText *t = g_hash_table_lookup(manager->unit_reload->texts, name);

        return !t || t->state == UNIT_TEXT_READ;
}

static void ask(Manager *manager)
{
        UnitReload *u = manager->unit_reload;
        UnitPort *units = &manager->units;

        u->timer = sd_event_source_disable_unref(u->timer);
        if (u->is_asked)
                return; /* what has changed since is asked for after the answer */
        change_states(u, UNIT_TEXT_CHANGED, UNIT_TEXT_ASKED);
        u->is_asked = true;
        int r = units->reload ? units->reload(units->userdata) : -EOPNOTSUPP;
        if (r < 0)
                manager_reload_done(manager, strerror(-r));
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        ask(userdata);
        return 0;
}

static void ask_soon(Manager *manager)
{
        UnitReload *u = manager->unit_reload;

        if (!u->timer && !u->is_asked &&
            sd_event_add_time_relative(manager->event, &u->timer, CLOCK_MONOTONIC, TOGETHER_USEC, 0,
                                       on_timer, manager) < 0)
                ask(manager);
}

void manager_reload_done(Manager *manager, const char *error)
{
        UnitReload *u = manager->unit_reload;
        GList *all = g_hash_table_get_values(manager->machines);
        bool is_awaited = false;

        u->is_asked = false;
        if (error) {
                _cleanup_free_ char *text = g_strdup_printf(
                        "systemd does not read its units again, so it goes by what it knew of "
                        "machines whose [Unit], [Install] or Restart= has changed: %s",
                        error);

                manager_warn(manager, NULL, text);
        }
        change_states(u, UNIT_TEXT_ASKED, UNIT_TEXT_READ);
        for (GList *i = all; i; i = i->next) {
                Machine *m = i->data;

                if (is_read(manager, m->name))
                        machine_units_read(m);
                else if (m->awaits_units)
                        is_awaited = true;
        }
        g_list_free(all);
        if (is_awaited)
                ask(manager);
        else if (any_changed(u))
                ask_soon(manager);
}

/* ---- what there is, and what is wanted ---- */

/* Return: what lodge-generator has written; "" for nothing. */
static char *read_drop_in(const Manager *manager, const char *name)
{
        _cleanup_free_ char *unit = machine_unit_name(name), *text = NULL;
        _cleanup_free_ char *path =
                g_strconcat(manager->root, LODGE_GENERATED "/", unit, ".d/" LODGE_DROP_IN, NULL);

        if (read_file_at(AT_FDCWD, path, DROP_IN_SIZE_MAX, &text, NULL) < 0)
                return g_strdup("");
        return TAKE_PTR(text);
}

static void remember(Manager *manager, const char *name, char *text, UnitTextState state)
{
        UnitText *t = g_new0(UnitText, 1);

        t->text = text;
        t->state = state;
        g_hash_table_replace(manager->unit_reload->texts, g_strdup(name), t);
}

void unit_reload_note(Manager *manager, const char *name, const Settings *s)
{
        _cleanup_free_ char *wanted = s ? unit_lines(s) : strdup(""), *is = NULL;
        const UnitText *known = g_hash_table_lookup(manager->unit_reload->texts, name);

        if (!wanted || streq(known ? known->text : NULL, wanted))
                return; /* without memory: the next change finds it */
        if (!known)     /* while systemd reads, there may be nothing for a moment */
                is = read_drop_in(manager, name);
        if (is && streq(is, wanted)) {
                if (*wanted)
                        remember(manager, name, TAKE_PTR(wanted), UNIT_TEXT_READ);
                return;
        }
        remember(manager, name, TAKE_PTR(wanted), UNIT_TEXT_CHANGED);
        ask_soon(manager);
}

void unit_reload_demand(Manager *manager, const char *name)
{
        UnitText *t = g_hash_table_lookup(manager->unit_reload->texts, name);

        if (t)
                t->state = UNIT_TEXT_CHANGED;
        else
                remember(manager, name, g_strdup(""), UNIT_TEXT_CHANGED);
        ask_soon(manager);
}

bool unit_reload_awaited(Manager *manager, const char *name)
{
        if (!is_read(manager, name))
                ask(manager); /* which may have failed already */
        return !is_read(manager, name);
}
