/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The steps of one interface, as a machine that runs gets them; those of a start are in tests/plan.
 */
#include "plan/plan-network.h"

#include "base/cleanup.h"
#include "unit/test.h"

static NetAddress address(const char *text)
{
        NetAddress a;

        CHECK(net_address_parse(text, NET_PREFIX_OPTIONAL, &a) == 0);
        return a;
}

/* The steps of HOST and INNER as plan_print() shows them. */
static void expect(const PlanLink *link, const char *host, const char *inner)
{
        _cleanup_free_ char *text = NULL, *expected = NULL;
        PlanWriter w = {0};
        const void *plan;
        size_t n, size = 0;
        FILE *f = open_memstream(&text, &size);

        plan_network_add_link(&w, link);
        CHECK_NUMBER(plan_finish(&w, &plan, &n), 0);
        CHECK_NUMBER(plan_check(plan, n), 0);
        plan_print(plan, n, f);
        CHECK_NUMBER(fclose(f), 0);
        plan_writer_done(&w);
        CHECK(asprintf(&expected, "host:\n%stree:\nouter:\nroot:\ninner:\n%spayload:\n", host,
                       inner) > 0);
        CHECK_STRING(text, expected);
}

static void test_network(void)
{
        const NetAddress addresses[] = {address("10.9.0.5/24"), address("fd00:9::5/64")};
        const NetAddress gateways[] = {address("10.9.0.1"), address("fd00:9::1")};
        PlanLink l = {
                .kind = NETWORK_KIND_NETWORK,
                .host = "ve-web-1",
                .altname = "ve-a-name-that-is-long-1",
                .parent = "lb-backend",
                .inside = "host1",
                .mac = 0x021122334455,
                .mtu = 9000,
                .bandwidth = {.in = 8000, .out = 9000},
                .addresses = addresses,
                .n_addresses = 2,
                .gateways = gateways,
                .n_gateways = 2,
        };

        expect(&l,
               "  veth \"ve-web-1\" \"host1\" mac=02:11:22:33:44:55 mtu=9000 \"lb-backend\"\n"
               "  altname \"ve-web-1\" \"ve-a-name-that-is-long-1\"\n"
               "  rate \"ve-web-1\" bits=8000\n",
               "  rate \"host1\" bits=9000\n"
               "  address \"host1\" \"10.9.0.5/24\"\n"
               "  address \"host1\" \"fd00:9::5/64\"\n"
               "  link-up \"host1\"\n"
               "  route \"host1\" \"0.0.0.0/0\" \"10.9.0.1\"\n"
               "  route \"host1\" \"::/0\" \"fd00:9::1\"\n");
        l = (PlanLink){.kind = NETWORK_KIND_BRIDGE, .host = "ve-web", .inside = "host0"};
        expect(&l, "  veth \"ve-web\" \"host0\"\n", "  link-up \"host0\"\n");
}

static void test_others(void)
{
        const NetAddress addresses[] = {address("192.0.2.7/32"), address("2001:db8::7/128")};
        const NetAddress gateways[] = {address("192.0.2.1"), address("2001:db8:1::1")};
        const NetAddress link_local[] = {address("fe80::1")};
        PlanLink l = {
                .kind = NETWORK_KIND_MACVLAN,
                .parent = "eth0",
                .inside = "lan0",
                .addresses = addresses,
                .n_addresses = 2,
                .gateways = gateways,
                .n_gateways = 2,
        };

        /* routers that no subnet of ours leads to */
        expect(&l, "  macvlan \"eth0\" \"lan0\"\n",
               "  address \"lan0\" \"192.0.2.7/32\"\n"
               "  address \"lan0\" \"2001:db8::7/128\"\n"
               "  link-up \"lan0\"\n"
               "  route \"lan0\" \"192.0.2.1/32\"\n"
               "  route \"lan0\" \"0.0.0.0/0\" \"192.0.2.1\"\n"
               "  route \"lan0\" \"2001:db8:1::1/128\"\n"
               "  route \"lan0\" \"::/0\" \"2001:db8:1::1\"\n");
        l = (PlanLink){.kind = NETWORK_KIND_INTERFACE,
                       .parent = "eth1",
                       .inside = "host0",
                       .gateways = link_local,
                       .n_gateways = 1};
        expect(&l, "  link \"eth1\" \"host0\"\n",
               "  link-up \"host0\"\n"
               "  route \"host0\" \"::/0\" \"fe80::1\"\n");
}

int main(void)
{
        test_network();
        test_others();
        return 0;
}
