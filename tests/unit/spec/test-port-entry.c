/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Elements of Publish= and Egress=, and Bandwidth=. */
#include "base/text.h"
#include "spec/network-entry.h"
#include "unit/test.h"

#include <sys/socket.h>

/* ---- Publish= ---- */

static void refuse_port(const char *text, const char *says)
{
        PortEntry e;
        const char *why = NULL;

        if (port_entry_parse(text, &e, &why) != -EINVAL)
                test_fail_value(__FILE__, __LINE__, text, "taken", says);
        if (!why || !strstr(why, says))
                test_fail_value(__FILE__, __LINE__, text, why, says);
}

static PortEntry port(const char *text)
{
        PortEntry e = {0};
        const char *why = NULL;

        if (port_entry_parse(text, &e, &why) < 0)
                test_fail_value(__FILE__, __LINE__, text, why, "taken");
        return e;
}

static void take_port(const char *text, const char *canonical)
{
        _cleanup_free_ char *again = NULL;
        PortEntry e = port(text);

        CHECK_NUMBER(port_entry_format(&e, &again), 0);
        CHECK_STRING(again, canonical);
}

static void test_ports(void)
{
        PortEntry e = port("8080:80");

        CHECK(!e.udp && e.host.family == 0 && e.host_port == 8080 && e.guest_port == 80);
        CHECK_NUMBER(e.count, 1);
        e = port("[::]:1-65535:1-65535/udp");
        CHECK(e.udp && e.host.family == AF_INET6 && e.count == 65535);
        take_port("8080:80/tcp", "8080:80");
        take_port("8080-8089:80-89/udp", "8080-8089:80-89/udp");
        take_port("80-80:80-80", "80:80");
        take_port("127.0.0.1:8080:80", "127.0.0.1:8080:80");
        take_port("127.0.0.9:8080:80", "127.0.0.9:8080:80");
        take_port("0.0.0.0:8080:80", "0.0.0.0:8080:80");
        take_port("[0:0::1]:8080:80", "[::1]:8080:80");
        take_port("[::]:80:80", "[::]:80:80");
        refuse_port("", "[ADDRESS:]HOST:GUEST");
        refuse_port("80", "[ADDRESS:]HOST:GUEST");
        refuse_port("80/udp", "[ADDRESS:]HOST:GUEST");
        refuse_port("80:80/sctp", "[ADDRESS:]HOST:GUEST");
        refuse_port("80:80/tcp/udp", "[ADDRESS:]HOST:GUEST");
        refuse_port("0:80", "from 1 to 65535");
        refuse_port("80:0", "from 1 to 65535");
        refuse_port("70000:80", "from 1 to 65535");
        refuse_port("80:65536", "from 1 to 65535");
        refuse_port("80:", "from 1 to 65535");
        refuse_port(":80", "from 1 to 65535");
        refuse_port("http:80", "from 1 to 65535");
        refuse_port("+80:80", "from 1 to 65535");
        refuse_port(" 80:80", "from 1 to 65535");
        refuse_port("80-:80", "from 1 to 65535");
        refuse_port("1-2-3:1-3", "from 1 to 65535");
        refuse_port("90-80:90-80", "begins with the lower one");
        refuse_port("80-89:80", "same number");
        refuse_port("80:80-89", "same number");
        refuse_port("::", "numeric");
        refuse_port(":::", "in brackets");
        refuse_port("::80:80", "in brackets");
        refuse_port("::1:80:80", "in brackets");
        refuse_port("[::1]80:80", "followed by ':'");
        refuse_port("[::1]:80", "[ADDRESS:]HOST:GUEST");
        refuse_port("[::1:80:80", "in brackets");
        refuse_port("[127.0.0.1]:80:80", "numeric");
        refuse_port("localhost:80:80", "numeric");
        refuse_port("127.0.0.1/8:80:80", "numeric");
        refuse_port("[fe80::1]:80:80", "link-local");
        refuse_port("[::ffff:127.0.0.1]:80:80", "IPv4 written as IPv6");
        refuse_port("224.0.0.1:80:80", "that an interface can have");
        refuse_port("255.255.255.255:80:80", "that an interface can have");
        refuse_port("[ff02::1]:80:80", "that an interface can have");
        char large[4096];
        memset(large, '8', sizeof(large) - 1);
        large[sizeof(large) - 1] = '\0';
        refuse_port(large, "too long");
}

static bool overlaps(const char *a, const char *b)
{
        PortEntry x = port(a), y = port(b);

        CHECK(port_entry_overlaps(&x, &y) == port_entry_overlaps(&y, &x));
        return port_entry_overlaps(&x, &y);
}

static void test_overlaps(void)
{
        CHECK(overlaps("80:80", "80:81") && !overlaps("80:80", "81:80"));
        CHECK(!overlaps("80:80", "80:80/udp"));
        CHECK(overlaps("80-90:80-90", "90-99:90-99") && !overlaps("80-90:80-90", "91:91"));
        CHECK(overlaps("65535:1", "1-65535:1-65535"));
        CHECK(overlaps("80:80", "127.0.0.1:80:80") && overlaps("80:80", "[::1]:80:80"));
        CHECK(overlaps("80:80", "0.0.0.0:80:80") && overlaps("80:80", "[::]:80:80"));
        CHECK(!overlaps("80:80", "127.0.0.2:80:80") && !overlaps("80:80", "192.0.2.1:80:80"));
        CHECK(overlaps("0.0.0.0:80:80", "192.0.2.1:80:80"));
        CHECK(!overlaps("0.0.0.0:80:80", "[::]:80:80"));
        CHECK(!overlaps("192.0.2.1:80:80", "192.0.2.2:80:80"));
}

/* ---- Egress= ---- */

static void refuse_egress(const char *text, const char *says)
{
        EgressEntry e;
        const char *why = NULL;

        if (egress_entry_parse(text, &e, &why) != -EINVAL)
                test_fail_value(__FILE__, __LINE__, text, "taken", says);
        if (!why || !strstr(why, says))
                test_fail_value(__FILE__, __LINE__, text, why, says);
}

static EgressEntry egress(const char *text)
{
        EgressEntry e = {0};
        const char *why = NULL;

        if (egress_entry_parse(text, &e, &why) < 0)
                test_fail_value(__FILE__, __LINE__, text, why, "taken");
        return e;
}

static void take_egress(const char *text, const char *canonical)
{
        _cleanup_free_ char *again = NULL;
        EgressEntry e = egress(text);

        CHECK_NUMBER(egress_entry_format(&e, &again), 0);
        CHECK_STRING(again, canonical);
        if (!streq(text, canonical))
                take_egress(canonical, canonical);
}

static void test_egress(void)
{
        EgressEntry e = egress("192.0.2.0/24");

        CHECK(!e.none && !e.tcp && !e.udp && e.first == 0 && e.last == 65535);
        e = egress("192.0.2.0/24:53");
        CHECK(e.tcp && e.udp && e.first == 53 && e.last == 53);
        e = egress("192.0.2.0/24/udp");
        CHECK(!e.tcp && e.udp && e.first == 0 && e.last == 65535);
        e = egress("[fd00::/8]:1-9/tcp");
        CHECK(e.tcp && !e.udp && e.first == 1 && e.last == 9 && e.to.prefix == 8);
        CHECK(egress("none").none);
        take_egress("none", "none");
        take_egress("192.0.2.1", "192.0.2.1");
        take_egress("192.0.2.1/32:80", "192.0.2.1:80");
        take_egress("192.0.2.77/24", "192.0.2.0/24");
        take_egress("0.0.0.0/0:443/tcp", "0.0.0.0/0:443/tcp");
        take_egress("[FD00::1]", "fd00::1");
        take_egress("fd00::/8/udp", "fd00::/8/udp");
        take_egress("[fd00::1]:53", "[fd00::1]:53");
        take_egress("[fd00::/8]:53-99/udp", "[fd00::/8]:53-99/udp");
        take_egress("::/0", "::/0");
        refuse_egress("", "give none");
        refuse_egress("None", "give none");
        refuse_egress("example.org:443", "give none");
        refuse_egress("192.0.2.0/33", "give none");
        refuse_egress("192.0.2.0/24/sctp", "give none");
        refuse_egress("fd00::1]:53", "give none");
        refuse_egress("[fd00::1", "give none");
        refuse_egress("[fd00::]/8:53", "behind the address");
        refuse_egress("192.0.2.1:0", "from 1 to 65535");
        refuse_egress("192.0.2.1:", "from 1 to 65535");
        refuse_egress("192.0.2.1:70000", "from 1 to 65535");
        refuse_egress("192.0.2.1:9-1", "begins with the lower one");
        char large[4096];
        memset(large, '8', sizeof(large) - 1);
        large[sizeof(large) - 1] = '\0';
        refuse_egress(large, "too long");
}

/* ---- Bandwidth= ---- */

static void take_bandwidth(const char *text, uint64_t in, uint64_t out, const char *canonical)
{
        _cleanup_free_ char *again = NULL;
        Bandwidth b = {0};

        if (bandwidth_parse(text, &b) < 0)
                test_fail_value(__FILE__, __LINE__, text, "refused", "taken");
        CHECK(b.in == in && b.out == out);
        CHECK_NUMBER(bandwidth_format(&b, &again), 0);
        CHECK_STRING(again, canonical);
}

static void test_bandwidth(void)
{
        static const char *const bad[] = {"",
                                          "10M",
                                          "in=",
                                          "in=0",
                                          "in=7999",
                                          "in=10m",
                                          "in=10MB",
                                          "in=10Mi",
                                          "in=-1",
                                          "in= 10M",
                                          "in=10M,",
                                          ",in=10M",
                                          "up=10M",
                                          "in=1001G",
                                          "in=1M,in=1M",
                                          "in=1.5M",
                                          "in=1T",
                                          "out=1000000000001",
                                          "in=99999999999999999999",
                                          "in=1Mx"};
        Bandwidth b = {0};
        char *text;

        take_bandwidth("in=10M,out=5M", 10000000, 5000000, "in=10M,out=5M");
        take_bandwidth("out=5M,in=10M", 10000000, 5000000, "in=10M,out=5M");
        take_bandwidth("in=8000", 8000, 0, "in=8K");
        take_bandwidth("out=1500K", 0, 1500000, "out=1500K");
        take_bandwidth("out=12345", 0, 12345, "out=12345");
        take_bandwidth("in=1000G,out=1000000000", BANDWIDTH_MAX, 1000000000, "in=1000G,out=1G");
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                if (bandwidth_parse(bad[i], &b) != -EINVAL)
                        test_fail_value(__FILE__, __LINE__, bad[i], "taken", "refused");
        CHECK(b.in == 0 && b.out == 0);
        CHECK_NUMBER(bandwidth_format(&b, &text), 0);
        CHECK_STRING(text, NULL);
}

int main(void)
{
        test_ports();
        test_overlaps();
        test_egress();
        test_bandwidth();
        return 0;
}
