/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Networks and members in frames: lines "TAG string" or "TAG #number", so that mutations reach what
 * is in the fields. */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "wire/network-record.h"

#include <sys/socket.h>

static const struct {
        char letter;
        FrameTag tag;
} tags[] = {
        {'n', FRAME_NAME},  {'l', FRAME_LINK},    {'w', FRAME_NETWORK}, {'m', FRAME_MAC},
        {'u', FRAME_MTU},   {'a', FRAME_ADDRESS}, {'p', FRAME_PORT},    {'t', FRAME_TARGET},
        {'f', FRAME_FLAGS}, {'r', FRAME_RATE},    {'e', FRAME_EGRESS},
};

static void add_line(FrameWriter *w, const char *line)
{
        for (size_t i = 0; i < ELEMENTSOF(tags); i++) {
                if (line[0] != tags[i].letter || line[1] != ' ')
                        continue;
                if (line[2] == '#')
                        frame_add_number(w, tags[i].tag, strtoull(line + 3, NULL, 0));
                else
                        frame_add_string(w, tags[i].tag, line + 2);
        }
}

/* As it is on the other side of a socket.
 * Return: is it there? Not if a field is of the wrong kind. */
static bool cross(FrameWriter *w, Frame *ret)
{
        int fds[2];

        PROMISE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == 0);
        PROMISE(frame_send(fds[0], w) == 0);
        int r = frame_receive(fds[1], ret);
        (void)close(fds[0]);
        (void)close(fds[1]);
        return r == 1;
}

static void try_network(const Frame *f)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        _cleanup_frame_ Frame second = {0};
        NetworkRecord n, again;

        if (network_record_read(f, &n) < 0)
                return;
        PROMISE(n.n_gateways <= NETWORK_SUBNETS_MAX && n.mtu <= 65535 && n.name[0] && n.bridge[0]);
        frame_begin(&w, FRAME_NETWORK_SET, 0);
        network_record_add(&w, &n);
        PROMISE(cross(&w, &second));
        PROMISE(network_record_read(&second, &again) == 0 && streq(n.name, again.name));
        PROMISE(n.flags == again.flags && n.mac == again.mac && n.n_gateways == again.n_gateways);
}

static void check_port(const MemberPort *p)
{
        PROMISE(p->protocol < _PORT_PROTOCOL_MAX && p->host.family && p->count >= 1);
        PROMISE(p->host_port >= 1 && p->host_port + p->count <= 65536);
        PROMISE(p->guest_port >= 1 && p->guest_port + p->count <= 65536);
        PROMISE(p->guest4.family || p->guest6.family);
}

static void try_member(const Frame *f)
{
        _cleanup_member_record_ MemberRecord m = {0}, again = {0};
        _cleanup_frame_writer_ FrameWriter w = {0};
        _cleanup_frame_ Frame second = {0};

        if (member_record_read(f, &m) < 0)
                return;
        PROMISE(m.n_links <= NETWORK_LINKS_MAX && m.n_ports <= NETWORK_PORTS_MAX);
        PROMISE(m.n_egress <= NETWORK_EGRESS_MAX);
        for (size_t i = 0; i < m.n_ports; i++)
                check_port(&m.ports[i]);
        frame_begin(&w, FRAME_MEMBER_SET, 0);
        member_record_add(&w, &m);
        PROMISE(cross(&w, &second));
        PROMISE(member_record_read(&second, &again) == 0 && again.n_links == m.n_links);
        PROMISE(again.n_ports == m.n_ports && again.n_egress == m.n_egress);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        _cleanup_free_ char *text = strndup((const char *)data, n);
        _cleanup_frame_writer_ FrameWriter w = {0};
        _cleanup_frame_ Frame f = {0};
        char *rest = text, *line;

        PROMISE(text);
        if (n > 16384)
                return 0;
        frame_begin(&w, FRAME_MEMBER_SET, 0);
        while ((line = strsep(&rest, "\n")))
                add_line(&w, line);
        if (!cross(&w, &f))
                return 0;
        try_network(&f);
        try_member(&f);
        return 0;
}
