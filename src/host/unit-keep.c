/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/unit-keep.h"

#include "host/unit-job.h"

#include <glib.h>

struct UnitKeep {
        sd_bus *bus;
        UnitReleased released;
        void *userdata;
        GHashTable *kept;     /* names of units */
        GHashTable *releases; /* unit -> Release */
};

/* A unit that systemd is asked to keep no more. */
typedef struct Release {
        UnitKeep *keep;
        char *unit;
        sd_bus_slot *call;
} Release;

static void release_free(void *p)
{
        Release *r = p;

        sd_bus_slot_unref(r->call);
        g_free(r->unit);
        g_free(r);
}

UnitKeep *unit_keep_new(sd_bus *bus, UnitReleased released, void *userdata)
{
        UnitKeep *k = g_new0(UnitKeep, 1);

        *k = (UnitKeep){
                .bus = sd_bus_ref(bus),
                .released = released,
                .userdata = userdata,
                .kept = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                .releases = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, release_free),
        };
        return k;
}

void unit_keep_free(UnitKeep *k)
{
        if (!k)
                return;
        g_hash_table_unref(k->releases);
        g_hash_table_unref(k->kept);
        sd_bus_unref(k->bus);
        g_free(k);
}

static int ask(UnitKeep *k, sd_bus_slot **slot, const char *method, const char *unit,
               sd_bus_message_handler_t answered, void *userdata)
{
        return sd_bus_call_method_async(k->bus, slot, SYSTEMD_SERVICE, SYSTEMD_PATH,
                                        SYSTEMD_MANAGER, method, answered, userdata, "s", unit);
}

static int on_kept(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        return 0;
}

void unit_keep(UnitKeep *k, const char *unit)
{
        if (k->bus && g_hash_table_add(k->kept, g_strdup(unit)))
                (void)ask(k, NULL, "RefUnit", unit, on_kept, NULL);
}

static int on_released(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        Release *r = userdata;
        UnitKeep *k = r->keep;

        k->released(k->userdata, r->unit);
        (void)g_hash_table_remove(k->releases, r->unit);
        return 0;
}

bool unit_keep_release(UnitKeep *k, const char *unit)
{
        Release *r;

        if (!g_hash_table_remove(k->kept, unit))
                return false;
        r = g_new0(Release, 1);
        *r = (Release){.keep = k, .unit = g_strdup(unit)};
        if (ask(k, &r->call, "UnrefUnit", unit, on_released, r) < 0) {
                release_free(r);
                return false;
        }
        (void)g_hash_table_replace(k->releases, r->unit, r);
        return true;
}
