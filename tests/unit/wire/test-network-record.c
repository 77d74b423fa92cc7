/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/network-record.h"

#include "unit/test.h"

#include <sys/socket.h>

static NetAddress address(const char *text)
{
        NetAddress a;

        CHECK(net_address_parse(text, NET_PREFIX_OPTIONAL, &a) == 0);
        return a;
}

/* As it is on the other side of a socket. */
static void cross(FrameWriter *w, Frame *ret)
{
        int fds[2];

        CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == 0);
        CHECK_NUMBER(frame_send(fds[0], w), 0);
        CHECK_NUMBER(frame_receive(fds[1], ret), 1);
        (void)close(fds[0]);
        (void)close(fds[1]);
}

static void test_network(void)
{
        NetworkRecord n = {.name = "web.example",
                           .bridge = "lb-web.example",
                           .mac = 0x020304050607,
                           .mtu = 1400,
                           .flags = NETWORK_NAT | NETWORK_NAMES,
                           .gateways = {address("10.214.0.1/23"), address("fd00::1/64")},
                           .n_gateways = 2};
        _cleanup_frame_writer_ FrameWriter w = {0};
        _cleanup_frame_ Frame f = {0};
        NetworkRecord again;

        frame_begin(&w, FRAME_NETWORK_SET, 7);
        network_record_add(&w, &n);
        cross(&w, &f);
        CHECK_NUMBER(network_record_read(&f, &again), 0);
        CHECK_STRING(again.name, n.name);
        CHECK_STRING(again.bridge, n.bridge);
        CHECK(again.mac == n.mac && again.mtu == n.mtu && again.flags == n.flags);
        CHECK_NUMBER(again.n_gateways, 2);
        CHECK(net_address_equal(&again.gateways[1], &n.gateways[1]));
        CHECK_NUMBER(again.gateways[0].prefix, 23);
}

static void test_member(void)
{
        MemberLink links[] = {{.network = "default",
                               .link = "ve-web",
                               .mac = 0x020304050608,
                               .addresses = {address("10.214.0.5/23"), address("fd00::5/64")},
                               .n_addresses = 2},
                              {.network = "other", .link = "ve-web-1"}};
        MemberPort ports[] = {{.protocol = PORT_UDP,
                               .host = address("::"),
                               .host_port = 65000,
                               .guest_port = 1,
                               .count = 536,
                               .guest6 = address("fd00::5/64")},
                              {.protocol = PORT_TCP,
                               .host = address("127.0.0.1"),
                               .host_port = 80,
                               .guest_port = 8080,
                               .count = 1,
                               .guest4 = address("10.214.0.5/23"),
                               .guest6 = address("fd00::5/64")}};
        EgressRule egress[] = {
                {.to = address("192.0.2.0/24"), .protocol = -1, .last = 65535},
                {.to = address("::/0"), .protocol = PORT_TCP, .first = 443, .last = 443}};
        MemberRecord m = {.name = "web",
                          .links = links,
                          .n_links = 2,
                          .ports = ports,
                          .n_ports = 2,
                          .rate = 5000000,
                          .has_egress = true,
                          .egress = egress,
                          .n_egress = 2};
        _cleanup_member_record_ MemberRecord again = {0};
        _cleanup_frame_writer_ FrameWriter w = {0};
        _cleanup_frame_ Frame f = {0};

        frame_begin(&w, FRAME_MEMBER_SET, 8);
        member_record_add(&w, &m);
        cross(&w, &f);
        CHECK_NUMBER(member_record_read(&f, &again), 0);
        CHECK_STRING(again.name, "web");
        CHECK(again.rate == m.rate && again.has_egress);
        CHECK_NUMBER(again.n_links, 2);
        CHECK_STRING(again.links[0].link, "ve-web");
        CHECK_STRING(again.links[1].network, "other");
        CHECK_NUMBER(again.links[0].n_addresses, 2);
        CHECK_NUMBER(again.links[1].n_addresses, 0);
        CHECK_NUMBER(again.n_ports, 2);
        CHECK(again.ports[0].protocol == PORT_UDP && again.ports[0].host_port == 65000 &&
              again.ports[0].guest_port == 1 && again.ports[0].count == 536);
        CHECK(again.ports[0].guest4.family == 0);
        CHECK(net_address_equal(&again.ports[0].guest6, &ports[0].guest6));
        CHECK(net_address_equal(&again.ports[1].guest4, &ports[1].guest4));
        CHECK_NUMBER(again.n_egress, 2);
        CHECK_NUMBER(again.egress[0].protocol, -1);
        CHECK_NUMBER(again.egress[1].first, 443);
}

static void test_bad_ports(void)
{
        static const char *const bad[] = {
                "tcp 127.0.0.1 0 80 1",     "tcp 127.0.0.1 80 0 1",      "tcp 127.0.0.1 80 80 0",
                "tcp 127.0.0.1 65535 80 2", "tcp 127.0.0.1 80 65535 2",  "tcp 127.0.0.1 65536 80 1",
                "sctp 127.0.0.1 80 80 1",   "tcp 127.0.0.1/8 80 80 1",   "tcp localhost 80 80 1",
                "tcp 127.0.0.1 80 80",      "tcp 127.0.0.1 80 80 1 and", ""};

        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                _cleanup_member_record_ MemberRecord m = {0};
                _cleanup_frame_writer_ FrameWriter w = {0};
                _cleanup_frame_ Frame f = {0};

                frame_begin(&w, FRAME_MEMBER_SET, 0);
                frame_add_string(&w, FRAME_NAME, "web");
                frame_add_string(&w, FRAME_PORT, bad[i]);
                frame_add_string(&w, FRAME_TARGET, "10.0.0.2/24");
                cross(&w, &f);
                CHECK_NUMBER(member_record_read(&f, &m), -EBADMSG);
        }
}

int main(void)
{
        test_network();
        test_member();
        test_bad_ports();
        return 0;
}
