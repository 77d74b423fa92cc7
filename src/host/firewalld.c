/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/firewalld.h"

#include "base/text.h"
#include "core/manager.h"
#include "host/name-watch.h"

#include <glib.h>
#include <string.h>

#define FIREWALLD_NAME      "org.fedoraproject.FirewallD1"
#define FIREWALLD_PATH      "/org/fedoraproject/FirewallD1"
#define FIREWALLD_INTERFACE "org.fedoraproject.FirewallD1"
#define FIREWALLD_ZONE      "org.fedoraproject.FirewallD1.zone"
#define ZONE                "trusted"
#define CALL_USEC           (60 * UINT64_C(1000000)) /* it answers slowly while it reloads */

/* What firewalld is to be told of a bridge; one that is down is forgotten then. */
static const char up[] = "up", down[] = "down";

struct Firewalld {
        sd_bus *bus;
        Manager *manager;
        NameWatch *watch;
        sd_bus_slot *reloaded;
        bool running;
        GHashTable *bridges; /* name -> state */
        GHashTable *calls;   /* Call: not answered yet */
};

typedef struct Call {
        Firewalld *firewalld;
        char *bridge;
        bool adds;
        sd_bus_slot *slot;
} Call;

static void call_free(void *p)
{
        Call *c = p;

        sd_bus_slot_unref(c->slot);
        g_free(c->bridge);
        g_free(c);
}

/* It sends one error name, and begins the text with what it is. */
static bool is_done_already(const char *message)
{
        static const char *const fine[] = {"ALREADY_ENABLED", "ZONE_ALREADY_SET",
                                           "UNKNOWN_INTERFACE", "NOT_ENABLED"};

        for (size_t i = 0; i < ELEMENTSOF(fine); i++)
                if (strncmp(message, fine[i], strlen(fine[i])) == 0)
                        return true;
        return false;
}

static void warn(const Call *c, const char *message)
{
        _cleanup_free_ char *shown = text_for_display(message, 256);
        _cleanup_free_ char *text =
                g_strdup_printf("firewalld did not take bridge %s into its zone " ZONE
                                ", and may drop what machines send: %s",
                                c->bridge, shown ?: "");

        manager_warn(c->firewalld->manager, NULL, text);
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        const sd_bus_error *e = sd_bus_message_get_error(m);
        Call *c = userdata;

        /* when it has gone, the next one is told all again */
        if (e && c->adds && c->firewalld->running && e->message && !is_done_already(e->message))
                warn(c, e->message);
        g_hash_table_remove(c->firewalld->calls, c);
        return 0;
}

static int send_call(Call *c)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        sd_bus *bus = c->firewalld->bus;
        int r = sd_bus_message_new_method_call(bus, &m, FIREWALLD_NAME, FIREWALLD_PATH,
                                               FIREWALLD_ZONE,
                                               c->adds ? "addInterface" : "removeInterface");

        r = r < 0 ? r : sd_bus_message_set_auto_start(m, 0);
        r = r < 0 ? r : sd_bus_message_append(m, "ss", ZONE, c->bridge);
        return r < 0 ? r : sd_bus_call_async(bus, &c->slot, m, on_answer, c, CALL_USEC);
}

static void tell(Firewalld *f, const char *bridge, bool add)
{
        Call *c = g_new0(Call, 1);

        *c = (Call){.firewalld = f, .bridge = g_strdup(bridge), .adds = add};
        if (send_call(c) >= 0)
                g_hash_table_add(f->calls, c);
        else
                call_free(c);
}

static void tell_all(Firewalld *f)
{
        void *bridge, *state;
        GHashTableIter i;

        if (!f->running)
                return;
        g_hash_table_iter_init(&i, f->bridges);
        while (g_hash_table_iter_next(&i, &bridge, &state)) {
                tell(f, bridge, state == up);
                if (state == down)
                        g_hash_table_iter_remove(&i);
        }
}

static void on_name(void *userdata, bool there)
{
        Firewalld *f = userdata;

        f->running = there;
        tell_all(f);
}

/* Rules were made anew, and what was set at run time may be forgotten. */
static int on_reloaded(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        tell_all(userdata);
        return 0;
}

static void port_network_up(void *userdata, const char *bridge)
{
        Firewalld *f = userdata;

        g_hash_table_replace(f->bridges, g_strdup(bridge), (void *)up);
        if (f->running)
                tell(f, bridge, true);
}

static void port_network_down(void *userdata, const char *bridge)
{
        Firewalld *f = userdata;

        g_hash_table_replace(f->bridges, g_strdup(bridge), (void *)down);
        if (!f->running)
                return;
        tell(f, bridge, false);
        g_hash_table_remove(f->bridges, bridge);
}

int firewalld_new(sd_bus *bus, Manager *manager, Firewalld **ret)
{
        Firewalld *f = g_new0(Firewalld, 1);

        *f = (Firewalld){.bus = sd_bus_ref(bus),
                         .manager = manager,
                         .bridges = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                         .calls = g_hash_table_new_full(NULL, NULL, call_free, NULL)};
        int r = sd_bus_match_signal_async(bus, &f->reloaded, FIREWALLD_NAME, FIREWALLD_PATH,
                                          FIREWALLD_INTERFACE, "Reloaded", on_reloaded, NULL, f);
        r = r < 0 ? r : name_watch_new(bus, FIREWALLD_NAME, on_name, f, &f->watch);
        if (r < 0) {
                firewalld_free(f);
                return r;
        }
        *ret = f;
        return 0;
}

void firewalld_free(Firewalld *f)
{
        if (!f)
                return;
        name_watch_free(f->watch);
        g_hash_table_unref(f->calls);
        g_hash_table_unref(f->bridges);
        sd_bus_slot_unref(f->reloaded);
        sd_bus_unref(f->bus);
        g_free(f);
}

FirewallPort firewalld_port(Firewalld *f)
{
        return (FirewallPort){
                .userdata = f, .network_up = port_network_up, .network_down = port_network_down};
}
