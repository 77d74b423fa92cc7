/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/fake-network.h"

#include "base/text.h"
#include "wire/frame.h"
#include "wire/network-record.h"

#include <glib.h>
#include <sys/socket.h>

FakeNetwork *fake_network_new(sd_event *event, const char *unit)
{
        FakeNetwork *s = g_new0(FakeNetwork, 1);

        *s = (FakeNetwork){.event = event, .fd = -EBADF, .unit = unit, .log = g_string_new(NULL)};
        return s;
}

void fake_network_hang_up(FakeNetwork *s)
{
        s->io = sd_event_source_disable_unref(s->io);
        s->fd = close_fd(s->fd);
}

void fake_network_free(FakeNetwork *s)
{
        if (!s)
                return;
        fake_network_hang_up(s);
        g_string_free(s->log, TRUE);
        g_free(s);
}

const char *fake_network_told(FakeNetwork *s)
{
        static char *told;

        g_free(told);
        told = g_strdup(g_strchomp(s->log->str));
        g_string_truncate(s->log, 0);
        return told;
}

/* ---- what it notes ---- */

static void note_network(FakeNetwork *s, const Frame *f)
{
        char text[NET_ADDRESS_TEXT_MAX];
        NetworkRecord n;

        g_assert(network_record_read(f, &n) == 0);
        g_string_append_printf(s->log, "network %s %s", n.name, n.bridge);
        for (size_t i = 0; i < n.n_gateways; i++)
                if (n.gateways[i].prefix < 64)
                        g_string_append_printf(s->log, " %s",
                                               net_address_format(&n.gateways[i], true, text));
        g_string_append_c(s->log, '\n');
}

static void note_member(FakeNetwork *s, const Frame *f)
{
        _cleanup_member_record_ MemberRecord m = {0};
        char text[NET_ADDRESS_TEXT_MAX];

        g_assert(member_record_read(f, &m) == 0);
        g_string_append_printf(s->log, "member %s", m.name);
        for (size_t i = 0; i < m.n_links; i++)
                g_string_append_printf(s->log, " %s@%s", m.links[i].link, m.links[i].network);
        for (size_t i = 0; i < m.n_ports; i++)
                g_string_append_printf(s->log, " %s:%u:%u",
                                       net_address_format(&m.ports[i].host, false, text),
                                       m.ports[i].host_port, m.ports[i].guest_port);
        if (m.rate > 0)
                g_string_append_printf(s->log, " rate %u", (unsigned)m.rate);
        if (m.has_egress)
                g_string_append_printf(s->log, " egress %u", (unsigned)m.n_egress);
        g_string_append_c(s->log, '\n');
}

static void note(FakeNetwork *s, const Frame *f)
{
        switch (f->type) {
        case FRAME_NETWORK_SYNC:
                g_string_append(s->log, frame_number(f, FRAME_BEGIN, 0) ? "begin\n" : "end\n");
                break;
        case FRAME_NETWORK_SET: note_network(s, f); break;
        case FRAME_MEMBER_SET: note_member(s, f); break;
        case FRAME_NETWORK_UNSET:
                g_string_append_printf(s->log, "no network %s\n", frame_string(f, FRAME_NAME));
                break;
        case FRAME_MEMBER_UNSET:
                g_string_append_printf(s->log, "no member %s\n", frame_string(f, FRAME_NAME));
                break;
        case FRAME_NETWORK_FACTS: g_string_append(s->log, "facts\n"); break;
        case FRAME_PORT_OWNER:
                g_string_append_printf(s->log, "who has %s\n", frame_string(f, FRAME_ITEM));
                break;
        default: break;
        }
}

/* ---- what it answers ---- */

static void answer(FakeNetwork *s, const Frame *f)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        const char *taken = f->type == FRAME_MEMBER_SET ? TAKE_PTR(s->taken) : NULL;
        const char *refusal = f->type == FRAME_NETWORK_SET ? s->refuses : NULL;

        frame_begin(&w, taken || refusal ? FRAME_ERROR : FRAME_DONE, f->serial);
        if (taken) {
                frame_add_number(&w, FRAME_CODE, FAULT_BUSY);
                frame_add_number(&w, FRAME_ERRNO, EADDRINUSE);
                frame_add_string(&w, FRAME_MESSAGE, "taken");
                frame_add_string(&w, FRAME_ITEM, taken);
        }
        if (refusal)
                frame_add_string(&w, FRAME_MESSAGE, refusal);
        if (f->type == FRAME_NETWORK_FACTS)
                frame_add_strv(&w, FRAME_HAVE, s->facts);
        if (f->type == FRAME_PORT_OWNER)
                frame_add_string(&w, FRAME_MESSAGE, s->holder);
        if (f->type == FRAME_NETWORK_CHECK && s->finding)
                frame_add_string(&w, FRAME_LINE, s->finding);
        g_assert(frame_send(s->fd, &w) >= 0);
}

static int on_frame(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        FakeNetwork *s = userdata;
        _cleanup_frame_ Frame f = {0};
        int r = frame_receive(fd, &f);
        bool begins = r > 0 && f.type == FRAME_NETWORK_SYNC && frame_number(&f, FRAME_BEGIN, 0);

        if (r > 0)
                note(s, &f);
        if (r > 0 && !s->is_mute && !begins)
                answer(s, &f);
        else if (r <= 0 && r != -EAGAIN)
                fake_network_hang_up(s);
        return 0;
}

void fake_network_connect(FakeNetwork *s, Manager *manager)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        int pair[2];

        g_assert(s->fd < 0);
        g_assert(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
        s->fd = pair[0];
        g_assert(sd_event_add_io(s->event, &s->io, s->fd, EPOLLIN, on_frame, s) >= 0);
        manager_accept(manager, pair[1], s->unit);
        frame_begin(&w, FRAME_NETWORK_HELLO, 1);
        g_assert(frame_send(s->fd, &w) >= 0);
}
