/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "relay/names.h"

#include "unit/test.h"

#include <sys/socket.h>

static GHashTable *members;
static NetAddress asker;

static NetAddress address(const char *text)
{
        NetAddress a;

        CHECK(net_address_parse(text, NET_PREFIX_OPTIONAL, &a) == 0);
        return a;
}

static const char *ask_class(const NetworkRecord *n, const char *name, int type, int class)
{
        static char text[NET_ADDRESS_TEXT_MAX + 64];
        DnsQuery q = {.type = (uint16_t)type, .class = (uint16_t) class};
        Names names = {.members = members, .network = n, .asker = asker};
        DnsAnswer a;

        (void)g_strlcpy(q.name, name, sizeof(q.name));
        if (!names_answer(&names, &q, &a))
                return "elsewhere";
        if (a.code != ns_r_noerror)
                return a.code == ns_r_nxdomain ? "no such name" : "?";
        if (a.pointer[0])
                return strcpy(text, a.pointer);
        if (a.n_addresses == 0)
                return "nothing";
        (void)net_address_format(&a.addresses[0], false, text);
        if (a.n_addresses > 1)
                strcat(text, " and more");
        return text;
}

static const char *ask(const NetworkRecord *n, const char *name, int type)
{
        return ask_class(n, name, type, ns_c_in);
}

static void add(MemberRecord *m)
{
        g_hash_table_replace(members, names_key(m->name), m);
}

static void test_all(void)
{
        NetworkRecord n = {.name = "net",
                           .gateways = {address("10.0.0.1/24"), address("fd00::1/64")},
                           .n_gateways = 2};
        MemberLink web_links[] = {
                {.network = "net",
                 .addresses = {address("10.0.0.5/24"), address("fd00::5/64")},
                 .n_addresses = 2},
                {.network = "other", .addresses = {address("10.0.9.5/24")}, .n_addresses = 1}};
        MemberLink db_links[] = {
                {.network = "other", .addresses = {address("10.0.9.6/24")}, .n_addresses = 1}};
        MemberRecord web = {.name = "Web.Example", .links = web_links, .n_links = 2};
        MemberRecord db = {.name = "db", .links = db_links, .n_links = 1};
        MemberRecord ports_only = {.name = "ports-only"};

        add(&web);
        add(&db);
        add(&ports_only);
        CHECK_STRING(ask(&n, "web.example", ns_t_a), "10.0.0.5");
        CHECK_STRING(ask(&n, "web.example.lodge", ns_t_aaaa), "fd00::5");
        CHECK_STRING(ask(&n, "web.example", ns_t_any), "10.0.0.5 and more");
        CHECK_STRING(ask(&n, "web.example", ns_t_mx), "nothing");
        CHECK_STRING(ask(&n, "web", ns_t_a), "no such name");
        CHECK_STRING(ask(&n, "example", ns_t_a), "no such name");
        CHECK_STRING(ask(&n, "db", ns_t_a), "no such name");
        CHECK_STRING(ask(&n, "db.lodge", ns_t_a), "no such name");
        CHECK_STRING(ask(&n, "ports-only.lodge", ns_t_a), "no such name");
        CHECK_STRING(ask(&n, "host.lodge", ns_t_a), "10.0.0.1");
        CHECK_STRING(ask(&n, "host", ns_t_a), "no such name");

        EgressRule rule = {.to = address("192.0.2.1"), .protocol = -1, .last = 65535};
        Names names = {.members = members, .network = &n, .asker = address("10.0.0.5")};
        CHECK(!names_is_shut_in(&names));
        web.has_egress = true;
        CHECK(names_is_shut_in(&names));
        web.egress = &rule;
        web.n_egress = 1;
        CHECK(!names_is_shut_in(&names));
        web.has_egress = false;
        web.n_egress = 0;
        db.has_egress = true;
        CHECK(!names_is_shut_in(&names));
        db.has_egress = false;
        CHECK_STRING(ask(&n, "gateway", ns_t_aaaa), "fd00::1");
        CHECK_STRING(ask(&n, "", ns_t_ns), "elsewhere");
        CHECK_STRING(ask(&n, "", ns_t_a), "elsewhere");
        CHECK_STRING(ask(&n, "org", ns_t_ds), "elsewhere");
        CHECK_STRING(ask(&n, "example.org", ns_t_a), "elsewhere");
        CHECK_STRING(ask(&n, ".lodge", ns_t_a), "elsewhere");
        CHECK_STRING(ask(&n, "lodge", ns_t_a), "no such name");
        CHECK_STRING(ask(&n, "5.0.0.10.in-addr.arpa", ns_t_ptr), "Web.Example.lodge");
        CHECK_STRING(ask(&n, "6.0.0.10.in-addr.arpa", ns_t_ptr), "no such name");
        CHECK_STRING(ask(&n, "6.9.0.10.in-addr.arpa", ns_t_ptr), "elsewhere");
        CHECK_STRING(ask(&n, "1.0.0.10.in-addr.arpa", ns_t_ptr), "gateway.lodge");
        CHECK_STRING(ask_class(&n, "web.example", ns_t_txt, ns_c_chaos), "elsewhere");
        asker = address("10.0.0.5"); /* it is in both networks, and asks in the first */
        CHECK_STRING(ask(&n, "db", ns_t_a), "10.0.9.6");
        CHECK_STRING(ask(&n, "db.lodge", ns_t_aaaa), "nothing");
        CHECK_STRING(ask(&n, "web.example", ns_t_a), "10.0.0.5");
        CHECK_STRING(ask(&n, "6.9.0.10.in-addr.arpa", ns_t_ptr), "db.lodge");
        CHECK_STRING(ask(&n, "7.9.0.10.in-addr.arpa", ns_t_ptr), "elsewhere");
        asker = address("10.0.0.7");
        CHECK_STRING(ask(&n, "db", ns_t_a), "no such name");
        n.flags = NETWORK_INTERNAL;
        CHECK_STRING(ask(&n, "example.org", ns_t_a), "no such name");
        CHECK_STRING(ask(&n, "web.example", ns_t_a), "10.0.0.5");
        CHECK_STRING(ask_class(&n, "version.bind", ns_t_txt, ns_c_chaos), "no such name");
        /* a machine of that name comes before the gateway */
        MemberRecord gateway = {.name = "gateway", .links = web_links, .n_links = 1};
        add(&gateway);
        CHECK_STRING(ask(&n, "gateway", ns_t_a), "10.0.0.5");
}

int main(void)
{
        members = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        test_all();
        g_hash_table_unref(members);
        return 0;
}
