/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "relay/ports.h"

#include "base/text.h"
#include "relay/port.h"

#include <arpa/nameser.h>
#include <string.h>
#include <sys/socket.h>

struct Ports {
        sd_event *event;
        PipePool *pipes;
        GHashTable *table;    /* PortKey -> Port */
        GHashTable *machines; /* name -> set of Port */
};

static guint key_hash(gconstpointer key)
{
        return port_hash_bytes(key, sizeof(PortKey));
}

static gboolean key_equal(gconstpointer a, gconstpointer b)
{
        return memcmp(a, b, sizeof(PortKey)) == 0;
}

static PortKey make_key(const MemberPort *port, unsigned i)
{
        PortKey key = {.family = (uint16_t)port->host.family,
                       .protocol = (uint16_t)port->protocol,
                       .port = (uint16_t)(port->host_port + i)};

        memcpy(key.address, port->host.bytes, sizeof(key.address));
        return key;
}

/* ---- who has it ---- */

static bool overlaps(const PortKey *a, const PortKey *b)
{
        static const uint8_t any[16];

        return a->protocol == b->protocol && a->port == b->port && a->family == b->family &&
               (memcmp(a->address, b->address, sizeof(any)) == 0 ||
                memcmp(a->address, any, sizeof(any)) == 0 ||
                memcmp(b->address, any, sizeof(any)) == 0);
}

static const Port *find_overlapping(Ports *p, const PortKey *key)
{
        GHashTableIter iter;
        void *other;

        g_hash_table_iter_init(&iter, p->table);
        while (g_hash_table_iter_next(&iter, NULL, &other))
                if (overlaps(&((Port *)other)->key, key))
                        return other;
        return NULL;
}

static int refuse(const PortKey *key, const Port *holder, int error, Fault *reterr)
{
        NetAddress a = {.family = key->family};
        char text[NET_ADDRESS_TEXT_MAX];
        const char *protocol = port_protocol_name((PortProtocol)key->protocol);

        memcpy(a.bytes, key->address, sizeof(a.bytes));
        (void)net_address_format(&a, false, text);
        if (holder)
                return fault_set(reterr, FAULT_BUSY, EADDRINUSE,
                                 "port %u/%s of %s is published by machine %s already", key->port,
                                 protocol, text, holder->machine);
        if (error == -EADDRINUSE)
                return fault_set(reterr, FAULT_BUSY, error,
                                 "port %u/%s of %s is in use on this host already", key->port,
                                 protocol, text);
        if (error == -EADDRNOTAVAIL)
                return fault_set(reterr, FAULT_INVALID_OPTION, error,
                                 "port %u/%s cannot be published at %s: this host does not have "
                                 "that address",
                                 key->port, protocol, text);
        return fault_set(reterr, error == -EACCES ? FAULT_BUSY : FAULT_FAILED, error,
                         "port %u/%s of %s cannot be opened: %s", key->port, protocol, text,
                         strerror(-error));
}

/* ---- a machine's ports as they are to be ---- */

typedef struct Change {
        Ports *ports;
        const MemberRecord *member;
        GHashTable *wanted; /* set of Port: those that it has then */
        GPtrArray *opened;  /* of them, the new ones */
        PortConflict conflict;
} Change;

static void note_conflict(PortConflict *c, const PortKey *key, const Port *holder, int error)
{
        NetAddress a = {.family = key->family};
        char text[NET_ADDRESS_TEXT_MAX];

        *c = (PortConflict){.machine = holder ? holder->machine : ""};
        if (holder || error != -EADDRINUSE)
                return;
        memcpy(a.bytes, key->address, sizeof(a.bytes));
        (void)snprintf(c->port, sizeof(c->port), "%s %s %u",
                       port_protocol_name((PortProtocol)key->protocol),
                       net_address_format(&a, false, text), key->port);
}

/* A port without an address is one of 127.0.0.1 and of ::1, and a host may do without IPv6. */
static bool is_dispensable(const Change *c, const PortKey *key, int error)
{
        static const uint8_t loopback[16] = {[15] = 1};
        PortKey twin = *key;
        const Port *has;

        if ((error != -EADDRNOTAVAIL && error != -EAFNOSUPPORT) || key->family != AF_INET6 ||
            memcmp(key->address, loopback, sizeof(loopback)) != 0)
                return false;
        twin.family = AF_INET;
        memcpy(twin.address, (uint8_t[16]){127, 0, 0, 1}, sizeof(twin.address));
        has = g_hash_table_lookup(c->ports->table, &twin);
        return has && g_hash_table_contains(c->wanted, has);
}

static int open_port(Change *c, const PortKey *key, Fault *reterr)
{
        Ports *p = c->ports;
        /* here the kernel would let both have it, see socket_listen() */
        const Port *holder = key->port == NS_DEFAULTPORT ? find_overlapping(p, key) : NULL;
        Port *port;
        int r = holder ? -EADDRINUSE : port_open(p->event, p->pipes, key, c->member->name, &port);

        if (is_dispensable(c, key, r))
                return 0;
        if (r < 0) {
                if (r == -EADDRINUSE)
                        holder = find_overlapping(p, key);
                note_conflict(&c->conflict, key, holder, r);
                return refuse(key, holder, r, reterr);
        }
        g_hash_table_insert(p->table, &port->key, port);
        g_hash_table_add(c->wanted, port);
        g_ptr_array_add(c->opened, port);
        return 0;
}

static int want(Change *c, const PortKey *key, Fault *reterr)
{
        Port *has = g_hash_table_lookup(c->ports->table, key);

        if (!has || !streq(has->machine, c->member->name))
                return open_port(c, key, reterr);
        g_hash_table_add(c->wanted, has);
        return 0;
}

static int want_all(Change *c, Fault *reterr)
{
        for (size_t i = 0; i < c->member->n_ports; i++)
                for (unsigned k = 0; k < c->member->ports[i].count; k++) {
                        PortKey key = make_key(&c->member->ports[i], k);
                        int r = want(c, &key, reterr);

                        if (r < 0)
                                return r;
                }
        return 0;
}

static void drop(Ports *p, Port *port)
{
        g_hash_table_remove(p->table, &port->key);
        port_free(port);
}

static void set_targets(const Change *c)
{
        for (size_t i = 0; i < c->member->n_ports; i++)
                for (unsigned k = 0; k < c->member->ports[i].count; k++) {
                        const MemberPort *from = &c->member->ports[i];
                        PortKey key = make_key(from, k);
                        Port *port = g_hash_table_lookup(c->ports->table, &key);

                        if (!port)
                                continue; /* dispensable */
                        port->guest4 = from->guest4;
                        port->guest6 = from->guest6;
                        port->guest_port = (uint16_t)(from->guest_port + k);
                }
}

/* What @machine has, but for what is in @wanted. */
static void drop_unwanted(Ports *p, const char *machine, GHashTable *wanted)
{
        GHashTable *has = g_hash_table_lookup(p->machines, machine);
        GHashTableIter iter;
        void *port;

        if (!has)
                return;
        g_hash_table_iter_init(&iter, has);
        while (g_hash_table_iter_next(&iter, &port, NULL))
                if (!wanted || !g_hash_table_contains(wanted, port))
                        drop(p, port);
        g_hash_table_remove(p->machines, machine);
}

int ports_set(Ports *p, const MemberRecord *m, PortConflict *ret_conflict, Fault *reterr)
{
        Change c = {.ports = p,
                    .member = m,
                    .wanted = g_hash_table_new(NULL, NULL),
                    .opened = g_ptr_array_new()};
        int r = want_all(&c, reterr);

        if (r >= 0) {
                drop_unwanted(p, m->name, c.wanted);
                set_targets(&c);
                if (m->n_ports > 0)
                        g_hash_table_insert(p->machines, g_strdup(m->name),
                                            g_hash_table_ref(c.wanted));
        } else {
                *ret_conflict = c.conflict;
                for (guint i = 0; i < c.opened->len; i++)
                        drop(p, g_ptr_array_index(c.opened, i));
        }
        g_hash_table_unref(c.wanted);
        g_ptr_array_unref(c.opened);
        return r;
}

void ports_unset(Ports *p, const char *machine)
{
        drop_unwanted(p, machine, NULL);
}

static void set_unref(void *p)
{
        g_hash_table_unref(p);
}

Ports *ports_new(sd_event *event)
{
        Ports *p = g_new0(Ports, 1);

        p->event = sd_event_ref(event);
        p->pipes = pipe_pool_new();
        p->table = g_hash_table_new(key_hash, key_equal);
        p->machines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, set_unref);
        return p;
}

void ports_free(Ports *p)
{
        GHashTableIter iter;
        void *port;

        if (!p)
                return;
        g_hash_table_iter_init(&iter, p->table);
        while (g_hash_table_iter_next(&iter, NULL, &port)) {
                g_hash_table_iter_remove(&iter);
                port_free(port);
        }
        g_hash_table_unref(p->table);
        g_hash_table_unref(p->machines);
        pipe_pool_free(p->pipes);
        sd_event_unref(p->event);
        g_free(p);
}
