/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/net-address.h"

#include "base/cleanup.h"
#include "unit/test.h"

#include <sys/socket.h>

static NetAddress address(const char *text)
{
        NetAddress a = {0};

        if (net_address_parse(text, NET_PREFIX_OPTIONAL, &a) < 0)
                test_fail_value(__FILE__, __LINE__, text, "refused", "taken");
        return a;
}

static const char *text_of(NetAddress a)
{
        static char text[NET_ADDRESS_TEXT_MAX];

        return net_address_format(&a, true, text);
}

static void test_parse(void)
{
        static const char *const bad[] = {
                "",
                "10.0.0",
                "10.0.0.256",
                "010.0.0.1",
                "10.0.0.1 ",
                " 10.0.0.1",
                "10.0.0.1/",
                "10.0.0.1/33",
                "10.0.0.1/08",
                "10.0.0.1/-1",
                "10.0.0.1/+8",
                "10.0.0.1/8/8",
                "::1/129",
                "::1/1280",
                ":::",
                "fe80::1%eth0",
                "[::1]",
                "localhost",
                "1111:2222:3333:4444:5555:6666:7777:8888:9999",
                "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"};
        char text[NET_ADDRESS_TEXT_MAX];
        NetAddress a;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                if (net_address_parse(bad[i], NET_PREFIX_OPTIONAL, &a) != -EINVAL)
                        test_fail_value(__FILE__, __LINE__, bad[i], "taken", "refused");
        CHECK_NUMBER(net_address_parse("10.0.0.1/8", NET_PREFIX_NONE, &a), -EINVAL);
        CHECK_NUMBER(net_address_parse("10.0.0.1", NET_PREFIX_REQUIRED, &a), -EINVAL);
        a = address("10.0.0.1");
        CHECK(a.family == AF_INET && a.prefix == 32 && net_address_size(&a) == 4);
        CHECK_STRING(net_address_format(&a, false, text), "10.0.0.1");
        CHECK_STRING(text_of(address("10.0.0.1/0")), "10.0.0.1/0");
        a = address("FD00:0:0::00:1");
        CHECK(a.family == AF_INET6 && a.prefix == 128 && net_address_size(&a) == 16);
        CHECK_STRING(text_of(a), "fd00::1/128");
        CHECK_STRING(text_of(address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")),
                     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
        CHECK_STRING(text_of(address("::ffff:255.255.255.255/96")), "::ffff:255.255.255.255/96");
}

static bool contains(const char *net, const char *a)
{
        NetAddress x = address(net), y = address(a);

        return net_address_contains(&x, &y);
}

static bool overlaps(const char *a, const char *b)
{
        NetAddress x = address(a), y = address(b);

        CHECK(net_address_overlaps(&x, &y) == net_address_overlaps(&y, &x));
        return net_address_overlaps(&x, &y);
}

static void test_subnets(void)
{
        NetAddress a = address("10.214.3.7/23"), net = net_address_network(&a);

        CHECK_STRING(text_of(net), "10.214.2.0/23");
        a = address("fd00:1:2:3:4:5:6:7/61");
        CHECK_STRING(text_of(net_address_network(&a)), "fd00:1:2::/61");
        a = address("10.1.2.3/0");
        CHECK_STRING(text_of(net_address_network(&a)), "0.0.0.0/0");
        CHECK(contains("10.214.2.0/23", "10.214.3.255") &&
              !contains("10.214.2.0/23", "10.214.4.0"));
        CHECK(contains("0.0.0.0/0", "255.1.2.3") && !contains("0.0.0.0/0", "::1"));
        CHECK(contains("fd00::/64", "fd00::ffff:0:0:1") && !contains("fd00::/64", "fd00:0:0:1::"));
        CHECK(overlaps("10.0.0.0/8", "10.9.0.0/16") && overlaps("10.0.0.1/32", "10.0.0.1/32"));
        CHECK(!overlaps("10.0.0.0/9", "10.128.0.0/9") && !overlaps("0.0.0.0/0", "::/0"));
}

static void test_index(void)
{
        NetAddress net = address("10.214.2.9/23"), a = net_address_nth(&net, 300);

        CHECK_STRING(text_of(a), "10.214.3.44/23");
        CHECK_NUMBER(net_address_index(&a), 300);
        CHECK_NUMBER(net_address_nth(&net, 511).family, AF_INET);
        CHECK_NUMBER(net_address_nth(&net, 512).family, 0);
        CHECK_NUMBER(net_address_nth(&net, UINT64_MAX).family, 0);
        net = address("fd00::/64");
        a = net_address_nth(&net, UINT64_MAX);
        CHECK_STRING(text_of(a), "fd00::ffff:ffff:ffff:ffff/64");
        CHECK(net_address_index(&a) == UINT64_MAX);
        net = address("fd00::/48");
        CHECK_STRING(text_of(net_address_nth(&net, 1)), "fd00::1/48");
        net = address("192.0.2.1/32");
        CHECK_STRING(text_of(net_address_nth(&net, 0)), "192.0.2.1/32");
        CHECK_NUMBER(net_address_nth(&net, 1).family, 0);
}

static void test_kinds(void)
{
        static const char *const usable[] = {"10.0.0.1/24", "10.0.0.1",      "10.0.0.0/31",
                                             "10.0.0.1/31", "10.0.0.255/23", "fd00::1/64",
                                             "fe80::1/64",  "fd00::ffff",    "2001:db8::1/127"};
        static const char *const unusable[] = {
                "0.0.0.0",       "0.1.2.3/8",   "127.0.0.1/8",     "10.0.0.0/24",
                "10.0.0.255/24", "224.0.0.1/4", "255.255.255.255", "::",
                "::1/128",       "fd00::/64",   "ff02::1/64"};
        NetAddress a;

        for (size_t i = 0; i < ELEMENTSOF(usable); i++) {
                a = address(usable[i]);
                if (!net_address_is_usable(&a))
                        test_fail_value(__FILE__, __LINE__, usable[i], "unusable", "usable");
        }
        for (size_t i = 0; i < ELEMENTSOF(unusable); i++) {
                a = address(unusable[i]);
                if (net_address_is_usable(&a))
                        test_fail_value(__FILE__, __LINE__, unusable[i], "usable", "unusable");
        }
        a = address("127.255.0.1");
        CHECK(net_address_is_loopback(&a) && !net_address_is_unspecified(&a));
        a = address("::1");
        CHECK(net_address_is_loopback(&a));
        a = address("::2");
        CHECK(!net_address_is_loopback(&a));
        a = address("0.0.0.0/0");
        CHECK(net_address_is_unspecified(&a));
}

static void test_mac(void)
{
        static const char *const bad[] = {"",
                                          "02:00:00:00:00",
                                          "02:00:00:00:00:0",
                                          "02:00:00:00:00:01 ",
                                          "02-00-00-00-00-01",
                                          "0200:00:00:00:01:",
                                          "01:00:00:00:00:01",
                                          "00:00:00:00:00:00",
                                          "ff:ff:ff:ff:ff:ff",
                                          "02:00:00:00:00:0g"};
        char text[MAC_TEXT_MAX], address_text[NET_ADDRESS_TEXT_MAX];
        uint64_t mac = 0;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                if (mac_parse(bad[i], &mac) != -EINVAL)
                        test_fail_value(__FILE__, __LINE__, bad[i], "taken", "refused");
        CHECK_NUMBER(mac_parse("aA:bB:0c:D0:e1:Ff", &mac), 0);
        CHECK(mac == 0xaabb0cd0e1ff);
        CHECK_STRING(mac_format(mac, text), "aa:bb:0c:d0:e1:ff");
        NetAddress a = mac_link_local(0x021122334455);
        CHECK_STRING(net_address_format(&a, true, address_text), "fe80::11:22ff:fe33:4455/64");
}

static void test_link_names(void)
{
        static const char *const good[] = {"lo", "eth0", "ve-web", "a.1", "123456789012345", "..."};
        static const char *const bad[] = {
                "",    "1234567890123456", ".", "..", "a/b", "a:b", "a b", "a%d",
                "a,b", "a\tb\n",           "ü"};

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                if (!link_name_is_valid(good[i]))
                        test_fail_value(__FILE__, __LINE__, good[i], "refused", "taken");
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                if (link_name_is_valid(bad[i]))
                        test_fail_value(__FILE__, __LINE__, bad[i], "taken", "refused");
}

int main(void)
{
        test_parse();
        test_subnets();
        test_index();
        test_kinds();
        test_mac();
        test_link_names();
        return 0;
}
