/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "spec/network-entry.h"
#include "unit/test.h"

static void refuse(const char *text, const char *says)
{
        NetworkEntry e;
        const char *why = NULL;

        if (network_entry_parse(text, &e, &why) != -EINVAL)
                test_fail_value(__FILE__, __LINE__, text, "taken", says);
        if (!why || !strstr(why, says))
                test_fail_value(__FILE__, __LINE__, text, why, says);
}

/* Taken, and written as @canonical. */
static void take(const char *text, NetworkKind kind, const char *canonical)
{
        _cleanup_network_entry_ NetworkEntry e = {0};
        _cleanup_free_ char *again = NULL;
        const char *why = NULL;

        if (network_entry_parse(text, &e, &why) < 0)
                test_fail_value(__FILE__, __LINE__, text, why, "taken");
        CHECK(!why);
        CHECK_NUMBER(e.kind, kind);
        CHECK_NUMBER(network_entry_format(&e, &again), 0);
        CHECK_STRING(again, canonical);
        if (!streq(text, canonical))
                take(canonical, kind, canonical);
}

static void test_kinds(void)
{
        take("none", NETWORK_KIND_NONE, "none");
        take("host", NETWORK_KIND_HOST, "host");
        take("private", NETWORK_KIND_NETWORK, "default");
        take("network=default", NETWORK_KIND_NETWORK, "default");
        take("network=private", NETWORK_KIND_NETWORK, "network=private");
        take("network=none:mtu=1400", NETWORK_KIND_NETWORK, "network=none:mtu=1400");
        take("bridge", NETWORK_KIND_NETWORK, "bridge");
        take("bridge=br0", NETWORK_KIND_BRIDGE, "bridge=br0");
        take("macvlan=eth0", NETWORK_KIND_MACVLAN, "macvlan=eth0");
        take("interface=eth0.12", NETWORK_KIND_INTERFACE, "interface=eth0.12");
        take("netns=/run/netns/a,b=c", NETWORK_KIND_NETNS, "netns=/run/netns/a,b=c");
        take("1234567890123456789012345678901234567890123456789012345678901234",
             NETWORK_KIND_NETWORK,
             "1234567890123456789012345678901234567890123456789012345678901234");
        refuse("12345678901234567890123456789012345678901234567890123456789012345",
               "at most 64 letters");
        refuse("", "a network's name");
        refuse(":mtu=1400", "a network's name");
        refuse("a_b", "a network's name");
        refuse("-a", "a network's name");
        refuse("a/../b", "a network's name");
        refuse("network=host", "a network's name"); /* as no machine is called so */
        refuse("network=", "a network's name");
        refuse("vlan=eth0", "give private");
        refuse("none=x", "give private");
        refuse("=x", "give private");
        refuse("bridge=", "at most 15");
        refuse("bridge=1234567890123456", "at most 15");
        refuse("macvlan=lo", "not lo");
        refuse("interface=..", "at most 15");
        refuse("interface=a/b", "at most 15");
        refuse("none:mtu=1400", "no options");
        refuse("host:", "no options");
        refuse("netns=blue", "absolute path");
        refuse("netns=/run/../x", "absolute path");
        refuse("netns=/run/netns/blue:mtu=1400", "no options");
        _cleanup_free_ char *large = malloc(1 << 20);
        memset(large, 'x', (1 << 20) - 1);
        large[(1 << 20) - 1] = '\0';
        refuse(large, "too long");
}

static void test_options(void)
{
        take("private:mtu=9000,name=eth0,mac=02:AA:00:00:00:01,address=FD00::9,address=10.214.0.9",
             NETWORK_KIND_NETWORK,
             "default:address=fd00::9,address=10.214.0.9,mac=02:aa:00:00:00:01,name=eth0,mtu=9000");
        take("bridge=br0:dns=::2,dns=192.0.2.3,address=192.0.2.7/24,gateway=192.0.2.1,gateway=fe80::1",
             NETWORK_KIND_BRIDGE,
             "bridge=br0:address=192.0.2.7/24,gateway=192.0.2.1,gateway=fe80::1,dns=::2,dns=192.0.2.3");
        take("macvlan=eth0:gateway=fe80::1", NETWORK_KIND_MACVLAN, "macvlan=eth0:gateway=fe80::1");
        take("interface=eth1:mtu=1280", NETWORK_KIND_INTERFACE, "interface=eth1:mtu=1280");
        refuse("private:", "options of a network");
        refuse("private:ip=10.0.0.1", "options of a network");
        refuse("private:mtu", "options of a network");
        refuse("private:gateway=10.214.0.1", "options of a network");
        refuse("private:dns=10.214.0.1", "options of a network");
        refuse("private:mtu=1400,", "options of a network");
        refuse("bridge=br0:vlan=3", "options are");
}

static void test_addresses(void)
{
        static const char *const bad[] = {"10.0.0.0/24",  "10.0.0.255/24", "127.0.0.1/8",
                                          "224.0.0.1/24", "0.0.0.0/0",     "::1/128",
                                          "fd00::/64",    "ff02::1/64",    "::ffff:10.0.0.1/128"};

        refuse("private:address=10.214.0.9/23", "without a prefix length");
        refuse("private:address=", "address= takes");
        refuse("private:address=10.214.0", "address= takes");
        refuse("private:address=::", "that an interface can have");
        refuse("private:address=0.0.0.0", "that an interface can have");
        refuse("private:address=224.0.0.251", "that an interface can have");
        refuse("bridge=br0:address=192.0.2.7", "with its prefix length");
        refuse("bridge=br0:address=192.0.2.7/33", "with its prefix length");
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_free_ char *text = NULL;

                CHECK(asprintf(&text, "bridge=br0:address=%s", bad[i]) > 0);
                refuse(text, "that an interface can have");
        }
        refuse("private:address=10.0.0.1,address=10.0.0.1", "given twice");
        refuse("private:address=10.0.0.1,address=10.0.0.2,address=10.0.0.3,address=10.0.0.4,"
               "address=10.0.0.5",
               "at most 4");
        refuse("bridge=br0:gateway=192.0.2.1", "needs an IPv4 address=");
        refuse("bridge=br0:address=192.0.2.1/24,gateway=192.0.2.1", "another address");
        refuse("bridge=br0:address=192.0.2.7/24,gateway=192.0.2.1/24", "gateway= takes");
        refuse("bridge=br0:gateway=ff02::2", "gateway= takes");
        refuse("bridge=br0:gateway=fe80::1,gateway=fe80::2", "one gateway= for IPv4");
        refuse("bridge=br0:dns=127.0.0.1", "dns= takes");
        refuse("bridge=br0:dns=dns.example", "dns= takes");
        refuse("bridge=br0:dns=10.0.0.1,dns=10.0.0.2,dns=10.0.0.3,dns=10.0.0.4", "at most 3 dns=");
        refuse("private:mac=01:00:5e:00:00:01", "mac= takes");
        refuse("private:mac=00:00:00:00:00:00", "mac= takes");
        refuse("private:mac=2", "mac= takes");
        refuse("private:name=lo", "name= takes");
        refuse("private:name=1234567890123456", "name= takes");
        refuse("private:name=a*", "name= takes");
        refuse("private:name=", "name= takes");
        refuse("private:mtu=1279", "mtu= takes");
        refuse("private:mtu=65536", "mtu= takes");
        refuse("private:mtu=-1", "mtu= takes");
}

int main(void)
{
        test_kinds();
        test_options();
        test_addresses();
        CHECK(network_kind_has_link(NETWORK_KIND_BRIDGE));
        CHECK(!network_kind_has_link(NETWORK_KIND_NETNS));
        return 0;
}
