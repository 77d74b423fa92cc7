/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/name-watch.h"

#include "base/cleanup.h"

#include <glib.h>

#define BUS_NAME "org.freedesktop.DBus"

struct NameWatch {
        sd_bus_slot *match, *get;
        NameWatchFn changed;
        void *userdata;
};

static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        const char *name, *before, *after;
        NameWatch *w = userdata;

        if (sd_bus_message_read(m, "sss", &name, &before, &after) >= 0)
                w->changed(w->userdata, after[0] != '\0');
        return 0;
}

static int on_owner_known(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        NameWatch *w = userdata;
        int has = 0;

        w->get = sd_bus_slot_unref(w->get);
        if (!sd_bus_message_get_error(m) && sd_bus_message_read(m, "b", &has) >= 0 && has)
                w->changed(w->userdata, true);
        return 0;
}

int name_watch_new(sd_bus *bus, const char *name, NameWatchFn changed, void *userdata,
                   NameWatch **ret)
{
        _cleanup_free_ char *match =
                g_strdup_printf("type='signal',sender='" BUS_NAME "',interface='" BUS_NAME
                                "',member='NameOwnerChanged',arg0='%s'",
                                name);
        NameWatch *w = g_new0(NameWatch, 1);

        w->changed = changed;
        w->userdata = userdata;
        int r = sd_bus_add_match_async(bus, &w->match, match, on_owner_changed, NULL, w);
        r = r < 0 ? r
                  : sd_bus_call_method_async(bus, &w->get, BUS_NAME, "/org/freedesktop/DBus",
                                             BUS_NAME, "NameHasOwner", on_owner_known, w, "s",
                                             name);
        if (r < 0) {
                name_watch_free(w);
                return r;
        }
        *ret = w;
        return 0;
}

void name_watch_free(NameWatch *w)
{
        if (!w)
                return;
        sd_bus_slot_unref(w->match);
        sd_bus_slot_unref(w->get);
        g_free(w);
}
