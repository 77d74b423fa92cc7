/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which subnets a network gets, which addresses machines get in them, and what interfaces are
 * called. */
#include "unit/test.h"

#include "core/network-lease.h"
#include "core/network-names.h"

#include <glib.h>
#include <sys/socket.h>

static const uint8_t seed[16] = {0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc};

static NetAddress address(const char *text)
{
        NetAddress a;

        CHECK(net_address_parse(text, NET_PREFIX_OPTIONAL, &a) == 0);
        return a;
}

static const char *shown(const NetAddress *a)
{
        static char text[4][NET_ADDRESS_TEXT_MAX];
        static unsigned next;

        return net_address_format(a, true, text[next++ % 4]);
}

/* ---- names ---- */

static void check_bridge(const char *network, unsigned attempt, const char *expected)
{
        char name[NETWORK_LINK_NAME_MAX];

        network_bridge_name(network, attempt, name);
        CHECK_STRING(name, expected);
        CHECK(link_name_is_valid(name));
}

static void check_link(const char *machine, unsigned number, const char *expected,
                       const char *altname)
{
        char name[NETWORK_LINK_NAME_MAX];
        char *full;

        network_link_name(machine, number, 0, name);
        CHECK_STRING(name, expected);
        full = network_link_altname(machine, number, name);
        CHECK_STRING(full, altname);
        g_free(full);
}

static void test_names(void)
{
        char a[NETWORK_LINK_NAME_MAX], b[NETWORK_LINK_NAME_MAX];

        check_bridge("default", 0, "lodge0");
        check_bridge("front", 0, "lb-front");
        check_bridge("twelve-bytes", 0, "lb-twelve-bytes");
        check_link("web", 0, "ve-web", NULL);
        check_link("web", 1, "ve-web-1", NULL);
        check_link("twelve-bytes", 0, "ve-twelve-bytes", NULL);
        network_link_name("thirteen-byte", 0, 0, a);
        CHECK(g_str_has_prefix(a, "ve-thirtee-") && strlen(a) == 15);
        network_link_name("thirteen-bytf", 0, 0, b);
        CHECK(strcmp(a, b) != 0);
        network_link_name("thirteen-byte", 0, 1, b);
        CHECK(strcmp(a, b) != 0);
        network_link_name("web", 0, 1, a); /* somebody has ve-web already */
        CHECK(g_str_has_prefix(a, "ve-web-") && strlen(a) == 11);
}

static void test_macs(void)
{
        uint64_t mac = network_mac(seed, "default", "web");

        CHECK_NUMBER(mac >> 40, 0x02);
        CHECK(mac == network_mac(seed, "default", "web"));
        CHECK(mac != network_mac(seed, "front", "web"));
        CHECK(mac != network_mac(seed, "default", "db"));
        CHECK(mac != network_mac(seed, "default", NULL));
}

/* ---- subnets ---- */

static void test_subnets(void)
{
        _cleanup_used_subnets_ UsedSubnets used = {0};
        _cleanup_fault_ Fault f = {0};
        NetAddress subnets[NETWORK_SUBNETS_MAX], other[NETWORK_SUBNETS_MAX], a;
        size_t n;

        used_subnets_init(&used);
        CHECK(subnets_choose("default", seed, true, &used, subnets, &n, NULL) == 0);
        CHECK_NUMBER(n, 2);
        CHECK_STRING(shown(&subnets[0]), "10.214.0.0/23");
        CHECK(g_str_has_prefix(shown(&subnets[1]), "fd12:3456:789a:"));
        CHECK_NUMBER(subnets[1].prefix, 64);

        a = address("10.214.1.7/32");
        used_subnets_add(&used, &a, "a route of this host");
        a = address("10.214.4.0/22");
        used_subnets_add(&used, &a, "network 'front'");
        used_subnets_add(&used, &subnets[1], "network 'back'");
        CHECK(subnets_choose("default", seed, true, &used, other, &n, NULL) == 0);
        CHECK_STRING(shown(&other[0]), "10.214.2.0/23");
        CHECK(!net_address_overlaps(&other[1], &subnets[1]));

        a = address("10.214.6.0/24");
        CHECK(used_subnets_check(&used, &a, &f) == -EEXIST);
        CHECK_STRING(f.message,
                     "Subnet 10.214.6.0/24 overlaps with 10.214.4.0/22, which is network 'front'");

        a = address("10.0.0.0/8");
        used_subnets_add(&used, &a, "a route of this host");
        CHECK(subnets_choose("default", seed, false, &used, other, &n, NULL) == -ENOSPC);
        CHECK(subnets_choose("default", seed, true, &used, other, &n, NULL) == 0);
        CHECK_NUMBER(n, 1);
        CHECK_NUMBER(other[0].family, AF_INET6);
}

/* ---- addresses ---- */

static Network *make_network(const char *const *subnets)
{
        Network *n = g_new0(Network, 1);

        n->name = g_strdup("net");
        n->leases = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        for (; *subnets; subnets++)
                n->subnets[n->n_subnets++] = address(*subnets);
        return n;
}

static void free_network(Network *n)
{
        g_hash_table_unref(n->leases);
        g_free(n->name);
        g_free(n);
}

static int lease(Network *n, const char *machine, const char *wanted, NetworkLease *ret, Fault *f)
{
        NetAddress a = wanted ? address(wanted) : (NetAddress){0};
        int r = lease_choose(n, machine, &a, wanted ? 1 : 0, ret, f);

        if (r >= 0)
                g_hash_table_replace(n->leases, g_strdup(machine), g_memdup2(ret, sizeof(*ret)));
        return r;
}

static void test_addresses(void)
{
        static const char *const subnets[] = {"10.1.0.0/23", "fd00:1::/64", NULL};
        Network *n = make_network(subnets), *again = make_network(subnets);
        NetworkLease a, b;

        CHECK(lease(n, "web", NULL, &a, NULL) == 0);
        CHECK_NUMBER(a.n, 2);
        CHECK_NUMBER(a.addresses[0].prefix, 23);
        CHECK_NUMBER(a.addresses[1].prefix, 64);
        CHECK(net_address_contains(&n->subnets[0], &a.addresses[0]));
        CHECK(net_address_index(&a.addresses[0]) == net_address_index(&a.addresses[1]));
        CHECK(lease(n, "web", NULL, &b, NULL) == 0);
        CHECK(lease_equal(&a, &b));
        CHECK(lease(again, "web", NULL, &b, NULL) == 0); /* by the name alone */
        CHECK(lease_equal(&a, &b));
        for (unsigned i = 0; i < 400; i++) {
                g_autofree char *name = g_strdup_printf("m%u", i);

                CHECK(lease(n, name, NULL, &b, NULL) == 0);
                CHECK(lease_is_possible(n, &b.addresses[0]) &&
                      lease_is_possible(n, &b.addresses[1]));
                CHECK_STRING(lease_find_owner(n, &b.addresses[0]), name);
                CHECK((b.addresses[0].bytes[3] + 1U) % 256 > 1); /* neither .0 nor .255 */
        }
        free_network(n);
        free_network(again);
}

/* Five machines have room. */
static void test_full(void)
{
        static const char *const subnets[] = {"10.1.0.8/29", "fd00:1::/64", NULL};
        Network *n = make_network(subnets);
        _cleanup_fault_ Fault f = {0};
        NetworkLease l;
        unsigned seen = 0;

        for (unsigned i = 0; i < 5; i++) {
                g_autofree char *name = g_strdup_printf("m%u", i);

                CHECK(lease(n, name, NULL, &l, NULL) == 0);
                seen |= 1U << net_address_index(&l.addresses[0]);
        }
        CHECK_NUMBER(seen, 0x7c);
        CHECK(lease(n, "late", NULL, &l, &f) == -ENOSPC);
        CHECK_NUMBER(f.code, FAULT_NO_SPACE);
        CHECK_STRING(f.message, "No address of network 'net' is left for machine 'late'");
        CHECK(lease(n, "m3", NULL, &l, NULL) == 0);
        g_hash_table_remove(n->leases, "m2");
        CHECK(lease(n, "late", NULL, &l, NULL) == 0);
        free_network(n);
}

static void check_refused(Network *n, const char *machine, const char *wanted, int error,
                          const char *message)
{
        _cleanup_fault_ Fault f = {0};
        NetworkLease l;

        CHECK_NUMBER(lease(n, machine, wanted, &l, &f), -error);
        CHECK_STRING(f.message, message);
}

static void test_wanted(void)
{
        static const char *const subnets[] = {"10.1.0.0/24", "fd00:1::/64", NULL};
        Network *n = make_network(subnets);
        NetworkLease l;

        CHECK(lease(n, "web", "10.1.0.77", &l, NULL) == 0);
        CHECK_NUMBER(l.n, 2);
        CHECK_STRING(shown(&l.addresses[0]), "10.1.0.77/24");
        CHECK(lease(n, "web", "10.1.0.77", &l, NULL) == 0);
        CHECK(lease(n, "web", NULL, &l, NULL) == 0); /* what it had it keeps */
        CHECK_STRING(shown(&l.addresses[0]), "10.1.0.77/24");
        CHECK(lease(n, "web", "10.1.0.78", &l, NULL) == 0);
        CHECK_NUMBER(l.n, 2);
        check_refused(n, "db", "10.1.0.78", EADDRINUSE,
                      "Address 10.1.0.78 of network 'net' is machine 'web''s");
        check_refused(n, "db", "10.2.0.78", EINVAL,
                      "Address 10.2.0.78 is in no subnet of network 'net', which has 10.1.0.0/24 "
                      "and fd00:1::/64");
        check_refused(n, "db", "10.1.0.1", EINVAL,
                      "Address 10.1.0.1 of network 'net' cannot be a machine's: it is the "
                      "network's own, the gateway's or the broadcast address");
        check_refused(n, "db", "10.1.0.255", EINVAL,
                      "Address 10.1.0.255 of network 'net' cannot be a machine's: it is the "
                      "network's own, the gateway's or the broadcast address");
        CHECK(lease(n, "db", "fd00:1::5", &l, NULL) == 0);
        CHECK_STRING(shown(&l.addresses[0]), "fd00:1::5/64");
        CHECK_NUMBER(l.addresses[1].family, AF_INET);
        free_network(n);
}

/* Two subnets of a family, and none at all. */
static void test_shapes(void)
{
        static const char *const many[] = {"10.1.0.0/24", "10.2.0.0/28", "fd00:1::/64",
                                           "fd00:2::/112", NULL},
                                 *const none[] = {NULL}, *const six[] = {"fd00::/48", NULL};
        Network *n = make_network(many);
        NetworkLease l;

        for (unsigned i = 0; i < 13; i++) {
                g_autofree char *name = g_strdup_printf("m%u", i);

                CHECK(lease(n, name, NULL, &l, NULL) == 0);
                CHECK_NUMBER(l.n, 4);
                for (size_t k = 0; k < l.n; k++)
                        CHECK(lease_is_possible(n, &l.addresses[k]));
        }
        CHECK(lease(n, "m13", NULL, &l, NULL) == -ENOSPC);
        free_network(n);
        n = make_network(none);
        CHECK(lease(n, "web", NULL, &l, NULL) == 0);
        CHECK_NUMBER(l.n, 0);
        free_network(n);
        n = make_network(six);
        CHECK(lease(n, "web", NULL, &l, NULL) == 0);
        CHECK_NUMBER(l.n, 1);
        free_network(n);
}

int main(void)
{
        test_names();
        test_macs();
        test_subnets();
        test_addresses();
        test_full();
        test_wanted();
        test_shapes();
        return 0;
}
