/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "relay/relay.h"

#include "base/text.h"
#include "relay/dns-server.h"
#include "relay/names.h"

#include <string.h>

struct Relay {
        RelayArgs args;
        GHashTable *networks; /* name -> Network */
        GHashTable *members;  /* names_key() -> Member */
        DnsForwarder *forwarder;
        Ports *ports;
        bool idle;
};

typedef struct Network {
        NetworkRecord record;
        DnsServer *dns; /* NULL: no names */
        bool stale;
} Network;

typedef struct Member {
        MemberRecord record; /* first: names.c sees no more than that */
        bool stale;
} Member;

static void network_free(void *p)
{
        Network *n = p;

        dns_server_free(n->dns);
        g_free(n);
}

static void member_free(void *p)
{
        Member *m = p;

        member_record_done(&m->record);
        g_free(m);
}

Relay *relay_new(const RelayArgs *args)
{
        Relay *r = g_new0(Relay, 1);

        r->args = *args;
        r->networks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, network_free);
        r->members = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, member_free);
        r->forwarder = dns_forwarder_new(args->event, args->resolv_conf);
        r->ports = ports_new(args->event);
        r->idle = true;
        return r;
}

void relay_free(Relay *relay)
{
        if (!relay)
                return;
        g_hash_table_unref(relay->networks);
        g_hash_table_unref(relay->members);
        dns_forwarder_free(relay->forwarder);
        ports_free(relay->ports);
        g_free(relay);
}

static void changed(Relay *relay)
{
        bool idle =
                g_hash_table_size(relay->networks) == 0 && g_hash_table_size(relay->members) == 0;

        if (idle != relay->idle)
                relay->args.became_idle(relay->args.userdata, idle);
        relay->idle = idle;
}

/* ---- networks ---- */

static bool is_same(const NetworkRecord *a, const NetworkRecord *b)
{
        if (a->flags != b->flags || a->n_gateways != b->n_gateways)
                return false;
        for (size_t i = 0; i < a->n_gateways; i++)
                if (!net_address_equal(&a->gateways[i], &b->gateways[i]) ||
                    a->gateways[i].prefix != b->gateways[i].prefix)
                        return false;
        return true;
}

void relay_set_network(Relay *relay, const NetworkRecord *network)
{
        Network *n = g_hash_table_lookup(relay->networks, network->name);
        DnsServerArgs args = {.event = relay->args.event,
                              .forwarder = relay->forwarder,
                              .members = relay->members};

        if (n && is_same(&n->record, network)) {
                n->stale = false;
                return;
        }
        g_hash_table_remove(relay->networks, network->name); /* its sockets are in the way */
        n = g_new0(Network, 1);
        n->record = *network;
        if (network->flags & NETWORK_NAMES)
                n->dns = dns_server_new(&args, network);
        g_hash_table_insert(relay->networks, g_strdup(network->name), n);
        changed(relay);
}

void relay_unset_network(Relay *relay, const char *name)
{
        g_hash_table_remove(relay->networks, name);
        changed(relay);
}

/* ---- machines ---- */

static Member *find_member(const Relay *relay, const char *name)
{
        _cleanup_free_ char *key = names_key(name);

        return g_hash_table_lookup(relay->members, key);
}

/* What an earlier machine of lodged's has had is free as soon as somebody else wants it. */
static bool gives_way(Relay *relay, const char *holder)
{
        Member *m = holder[0] ? find_member(relay, holder) : NULL;

        if (!m || !m->stale)
                return false;
        relay_unset_member(relay, m->record.name);
        return true;
}

int relay_set_member(Relay *relay, MemberRecord *m, char ret_port[static PORT_TEXT_MAX],
                     Fault *reterr)
{
        PortConflict conflict;
        int r;

        ret_port[0] = '\0';

        for (;;) {
                _cleanup_fault_ Fault fault = {0};

                r = ports_set(relay->ports, m, &conflict, &fault);
                if (r >= 0)
                        break;
                if (r == -EADDRINUSE && gives_way(relay, conflict.machine))
                        continue;
                memcpy(ret_port, conflict.port, sizeof(conflict.port));
                return fault_set(reterr, fault.code, r, "%s", fault.message ?: strerror(-r));
        }
        Member *member = g_new0(Member, 1);
        member->record = *m;
        *m = (MemberRecord){0};
        g_hash_table_replace(relay->members, names_key(member->record.name), member);
        changed(relay);
        return 0;
}

void relay_unset_member(Relay *relay, const char *name)
{
        _cleanup_free_ char *key = names_key(name);
        _cleanup_free_ char *copy = g_strdup(name); /* it may be the record's own */

        ports_unset(relay->ports, copy);
        g_hash_table_remove(relay->members, key);
        changed(relay);
}

/* ---- all at once ---- */

void relay_sync_begin(Relay *relay)
{
        GHashTableIter iter;
        void *p;

        g_hash_table_iter_init(&iter, relay->networks);
        while (g_hash_table_iter_next(&iter, NULL, &p))
                ((Network *)p)->stale = true;
        g_hash_table_iter_init(&iter, relay->members);
        while (g_hash_table_iter_next(&iter, NULL, &p))
                ((Member *)p)->stale = true;
}

static gboolean network_is_stale(gpointer key, gpointer value, gpointer userdata)
{
        return ((Network *)value)->stale;
}

static gboolean remove_stale_member(gpointer key, gpointer value, gpointer userdata)
{
        Relay *relay = userdata;
        Member *m = value;

        if (m->stale)
                ports_unset(relay->ports, m->record.name);
        return m->stale;
}

void relay_sync_end(Relay *relay)
{
        (void)g_hash_table_foreach_remove(relay->networks, network_is_stale, NULL);
        (void)g_hash_table_foreach_remove(relay->members, remove_stale_member, relay);
        changed(relay);
}
