/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/network-lease.h"

#include "base/text.h"
#include "core/network-names.h"

#include <string.h>
#include <sys/socket.h>

#define POOL4        "10.214.0.0/15"
#define POOL4_PREFIX 23
#define ULA_PREFIX   64
#define ULA_TRIES    64
#define INDEX_FIRST  2  /* 0 is the network's own address, 1 the gateway's */
#define INDEX_BITS   30 /* of IPv6 alone: more room than that is not needed */

/* ---- subnets ---- */

void used_subnets_init(UsedSubnets *u)
{
        u->subnets = g_array_new(FALSE, FALSE, sizeof(NetAddress));
        u->owners = g_ptr_array_new_with_free_func(g_free);
}

void used_subnets_done(UsedSubnets *u)
{
        if (!u->subnets)
                return;
        g_array_unref(u->subnets);
        g_ptr_array_unref(u->owners);
        *u = (UsedSubnets){0};
}

void used_subnets_add(UsedSubnets *u, const NetAddress *subnet, const char *owner)
{
        g_array_append_vals(u->subnets, subnet, 1);
        g_ptr_array_add(u->owners, g_strdup(owner));
}

static const char *owner_of(const UsedSubnets *u, const NetAddress *subnet, NetAddress *ret)
{
        for (guint i = 0; i < u->subnets->len; i++) {
                *ret = g_array_index(u->subnets, NetAddress, i);
                if (net_address_overlaps(ret, subnet))
                        return g_ptr_array_index(u->owners, i);
        }
        return NULL;
}

int used_subnets_check(const UsedSubnets *u, const NetAddress *subnet, Fault *reterr)
{
        char text[NET_ADDRESS_TEXT_MAX], other[NET_ADDRESS_TEXT_MAX];
        NetAddress used;
        const char *owner = owner_of(u, subnet, &used);

        if (!owner)
                return 0;
        return fault_set(reterr, FAULT_INVALID_OPTION, EEXIST,
                         "Subnet %s overlaps with %s, which is %s",
                         net_address_format(subnet, true, text),
                         net_address_format(&used, true, other), owner);
}

static bool is_free(const UsedSubnets *u, const NetAddress *subnet)
{
        NetAddress used;

        return !owner_of(u, subnet, &used);
}

static int choose4(const UsedSubnets *used, NetAddress *ret)
{
        NetAddress pool;

        (void)net_address_parse(POOL4, NET_PREFIX_REQUIRED, &pool);
        for (uint64_t i = 0; i < UINT64_C(1) << (POOL4_PREFIX - pool.prefix); i++) {
                *ret = net_address_nth(&pool, i << (32 - POOL4_PREFIX));
                ret->prefix = POOL4_PREFIX;
                if (is_free(used, ret))
                        return 0;
        }
        return -ENOSPC;
}

/* RFC 4193: 40 bits that are this host's, 16 that are the network's. */
static int choose6(const char *network, const uint8_t seed[static 16], const UsedSubnets *used,
                   NetAddress *ret)
{
        uint64_t id = network_hash(network);

        for (unsigned i = 0; i < ULA_TRIES; i++, id++) {
                *ret = (NetAddress){.family = AF_INET6, .bytes = {0xfd}, .prefix = ULA_PREFIX};
                (void)memcpy(ret->bytes + 1, seed, 5);
                ret->bytes[6] = (uint8_t)(id >> 8);
                ret->bytes[7] = (uint8_t)id;
                if (is_free(used, ret))
                        return 0;
        }
        return -ENOSPC;
}

int subnets_choose(const char *network, const uint8_t seed[static 16], bool ipv6,
                   const UsedSubnets *used, NetAddress ret[static NETWORK_SUBNETS_MAX],
                   size_t *ret_n, Fault *reterr)
{
        *ret_n = 0;
        if (choose4(used, &ret[*ret_n]) >= 0)
                ++*ret_n;
        if (ipv6 && choose6(network, seed, used, &ret[*ret_n]) >= 0)
                ++*ret_n;
        if (*ret_n > 0)
                return 0;
        return fault_set(reterr, FAULT_FAILED, ENOSPC,
                         "No subnet of " POOL4
                         " is free on this host for network '%s'; give it one with Subnet=",
                         network);
}

/* ---- addresses ---- */

static const NetAddress *subnet_of(const Network *n, const NetAddress *a)
{
        for (size_t i = 0; i < n->n_subnets; i++)
                if (net_address_contains(&n->subnets[i], a))
                        return &n->subnets[i];
        return NULL;
}

/* How many addresses a subnet has; UINT64_MAX: more than we count. */
static uint64_t size_of(const NetAddress *subnet)
{
        unsigned bits = (unsigned)net_address_size(subnet) * 8 - subnet->prefix;

        return bits < 64 ? UINT64_C(1) << bits : UINT64_MAX;
}

bool lease_equal(const NetworkLease *a, const NetworkLease *b)
{
        bool equal = a->n == b->n;

        for (size_t i = 0; equal && i < a->n; i++)
                equal = net_address_equal(&a->addresses[i], &b->addresses[i]) &&
                        a->addresses[i].prefix == b->addresses[i].prefix;
        return equal;
}

bool lease_is_possible(const Network *n, const NetAddress *a)
{
        const NetAddress *subnet = subnet_of(n, a);
        NetAddress in = *a;

        if (!subnet)
                return false;
        in.prefix = subnet->prefix;
        uint64_t index = net_address_index(&in), size = size_of(subnet);
        return index >= INDEX_FIRST && (size == UINT64_MAX || index < size - 1) &&
               net_address_is_usable(&in);
}

const char *lease_find_owner(const Network *n, const NetAddress *a)
{
        GHashTableIter i;
        void *name, *p;

        g_hash_table_iter_init(&i, n->leases);
        while (g_hash_table_iter_next(&i, &name, &p)) {
                const NetworkLease *lease = p;

                for (size_t k = 0; k < lease->n; k++)
                        if (net_address_equal(&lease->addresses[k], a))
                                return name;
        }
        return NULL;
}

static char *list_subnets(const Network *n)
{
        GString *s = g_string_new(NULL);
        char text[NET_ADDRESS_TEXT_MAX];

        for (size_t i = 0; i < n->n_subnets; i++)
                g_string_append_printf(s, "%s%s", i > 0 ? " and " : "",
                                       net_address_format(&n->subnets[i], true, text));
        return g_string_free(s, FALSE);
}

static int take_wanted(const Network *n, const char *machine, const NetAddress *wanted,
                       NetworkLease *lease, Fault *reterr)
{
        const NetAddress *subnet = subnet_of(n, wanted);
        const char *owner = lease_find_owner(n, wanted);
        char text[NET_ADDRESS_TEXT_MAX];

        net_address_format(wanted, false, text);
        if (!subnet) {
                _cleanup_free_ char *subnets = list_subnets(n);

                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "Address %s is in no subnet of network '%s', which has %s", text,
                                 n->name, *subnets ? subnets : "none");
        }
        if (!lease_is_possible(n, wanted))
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "Address %s of network '%s' cannot be a machine's: it is the "
                                 "network's own, the gateway's or the broadcast address",
                                 text, n->name);
        if (owner && !streq(owner, machine))
                return fault_set(reterr, FAULT_BUSY, EADDRINUSE,
                                 "Address %s of network '%s' is machine '%s''s", text, n->name,
                                 owner);
        if (lease->n == NETWORK_SUBNETS_MAX)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "Machine '%s' wants more than %d addresses in network '%s'",
                                 machine, NETWORK_SUBNETS_MAX, n->name);
        lease->addresses[lease->n] = *wanted;
        lease->addresses[lease->n++].prefix = subnet->prefix;
        return 0;
}

static guint hash_address(const void *p)
{
        const NetAddress *a = p;
        guint h = (guint)a->family;

        for (size_t i = 0; i < sizeof(a->bytes); i++)
                h = h * 31 + a->bytes[i];
        return h;
}

static gboolean equal_addresses(const void *a, const void *b)
{
        return net_address_equal(a, b);
}

GHashTable *lease_address_set(void)
{
        return g_hash_table_new(hash_address, equal_addresses);
}

/* Of all machines but this one; keys are borrowed. */
static GHashTable *taken_addresses(const Network *n, const char *machine)
{
        GHashTable *taken = lease_address_set();
        GHashTableIter i;
        void *name, *p;

        g_hash_table_iter_init(&i, n->leases);
        while (g_hash_table_iter_next(&i, &name, &p)) {
                NetworkLease *lease = p;

                for (size_t k = 0; k < lease->n && !streq(name, machine); k++)
                        (void)g_hash_table_add(taken, &lease->addresses[k]);
        }
        return taken;
}

/* The subnets in which the lease has no address yet, and how many machines fit in each of them. */
static size_t missing_subnets(const Network *n, const NetworkLease *lease,
                              const NetAddress *ret[static NETWORK_SUBNETS_MAX], uint64_t *ret_room)
{
        size_t n_missing = 0;

        *ret_room = UINT64_C(1) << INDEX_BITS;
        for (size_t i = 0; i < n->n_subnets; i++) {
                bool has = false;

                for (size_t k = 0; k < lease->n; k++)
                        has = has || net_address_contains(&n->subnets[i], &lease->addresses[k]);
                if (has)
                        continue;
                ret[n_missing++] = &n->subnets[i];
                *ret_room = MIN2(*ret_room, size_of(&n->subnets[i]) - INDEX_FIRST - 1);
        }
        return n_missing;
}

/* Old programs take these for a network's own, or its broadcast address, whatever the prefix. */
static bool looks_special(const NetAddress *a)
{
        return a->family == AF_INET && (a->bytes[3] == 0 || a->bytes[3] == 255);
}

static bool index_is_free(const NetAddress *const *subnets, size_t n, uint64_t index,
                          GHashTable *taken)
{
        for (size_t i = 0; i < n; i++) {
                NetAddress a = net_address_nth(subnets[i], index);

                if (g_hash_table_contains(taken, &a) || looks_special(&a))
                        return false;
        }
        return true;
}

/* The same number in each subnet: where it was looked for first tells where it will be found. */
static int choose_index(const Network *n, const char *machine, NetworkLease *lease, Fault *reterr)
{
        const NetAddress *subnets[NETWORK_SUBNETS_MAX];
        uint64_t room, start = network_hash(machine);
        size_t n_subnets = missing_subnets(n, lease, subnets, &room);

        if (n_subnets == 0)
                return 0;
        GHashTable *taken = taken_addresses(n, machine);
        /* two of 256 look special */
        uint64_t tries = MIN2(room, 3 + 2 * (uint64_t)g_hash_table_size(taken)), index = 0;
        bool found = false;
        for (uint64_t i = 0; i < tries && !found; i++) {
                index = INDEX_FIRST + (start + i) % room;
                found = index_is_free(subnets, n_subnets, index, taken);
        }
        g_hash_table_unref(taken);
        if (!found)
                return fault_set(reterr, FAULT_NO_SPACE, ENOSPC,
                                 "No address of network '%s' is left for machine '%s'", n->name,
                                 machine);
        for (size_t i = 0; i < n_subnets && lease->n < NETWORK_SUBNETS_MAX; i++)
                lease->addresses[lease->n++] = net_address_nth(subnets[i], index);
        return 0;
}

/* What it has already, but for subnets in which it wants an address by name. */
static void keep_old(const Network *n, const char *machine, NetworkLease *lease)
{
        const NetworkLease *old = g_hash_table_lookup(n->leases, machine);
        size_t n_wanted = lease->n;

        for (size_t i = 0; old && i < old->n && lease->n < NETWORK_SUBNETS_MAX; i++) {
                const NetAddress *subnet = subnet_of(n, &old->addresses[i]);
                bool has = !subnet || !lease_is_possible(n, &old->addresses[i]);

                for (size_t k = 0; k < lease->n && !has; k++)
                        has = net_address_contains(subnet, &lease->addresses[k]);
                if (!has)
                        lease->addresses[lease->n++] = old->addresses[i];
        }
        for (size_t i = n_wanted; i < lease->n; i++)
                lease->addresses[i].prefix = subnet_of(n, &lease->addresses[i])->prefix;
}

int lease_choose(const Network *n, const char *machine, const NetAddress *wanted, size_t n_wanted,
                 NetworkLease *ret, Fault *reterr)
{
        NetworkLease lease = {0};
        int r = 0;

        for (size_t i = 0; i < n_wanted && r >= 0; i++)
                r = take_wanted(n, machine, &wanted[i], &lease, reterr);
        if (r < 0)
                return r;
        keep_old(n, machine, &lease);
        r = choose_index(n, machine, &lease, reterr);
        if (r >= 0)
                *ret = lease;
        return r;
}
