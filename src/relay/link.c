/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "relay/link.h"

#include "base/cleanup.h"
#include "relay/connector.h"
#include "wire/frame.h"

#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#define RECONNECT_USEC UINT64_C(200000)

struct Link {
        sd_event *event;
        Relay *relay;
        int connector, fd;
        char taken_port[PORT_TEXT_MAX]; /* why the request at hand has failed; "": not so */
        sd_event_source *connected, *io, *again;
};

static void disconnect(Link *l)
{
        l->io = sd_event_source_disable_unref(l->io);
        l->fd = close_fd(l->fd);
        (void)sd_event_source_set_time_relative(l->again, RECONNECT_USEC);
        (void)sd_event_source_set_enabled(l->again, SD_EVENT_ONESHOT);
}

/* ---- what lodged wants ---- */

/* Return: 1 to be answered by FRAME_DONE; 0 not; negative errno: by FRAME_ERROR, or, without a
 * sentence, it is not what we understand. */
static int on_sync(Link *l, const Frame *f, Fault *reterr)
{
        if (frame_number(f, FRAME_BEGIN, 0)) {
                relay_sync_begin(l->relay);
                return 0;
        }
        relay_sync_end(l->relay);
        return 1;
}

static int on_network_set(Link *l, const Frame *f, Fault *reterr)
{
        NetworkRecord network;
        int r = network_record_read(f, &network);

        if (r < 0)
                return r;
        relay_set_network(l->relay, &network);
        return 1;
}

static int on_network_unset(Link *l, const Frame *f, Fault *reterr)
{
        const char *name = frame_string(f, FRAME_NAME);

        if (!name)
                return -EBADMSG;
        relay_unset_network(l->relay, name);
        return 1;
}

static int on_member_set(Link *l, const Frame *f, Fault *reterr)
{
        _cleanup_member_record_ MemberRecord member = {0};
        int r = member_record_read(f, &member);

        r = r < 0 ? r : relay_set_member(l->relay, &member, l->taken_port, reterr);
        return r < 0 ? r : 1;
}

static int on_member_unset(Link *l, const Frame *f, Fault *reterr)
{
        const char *name = frame_string(f, FRAME_NAME);

        if (!name)
                return -EBADMSG;
        relay_unset_member(l->relay, name);
        return 1;
}

static const struct {
        FrameType type;
        int (*run)(Link *l, const Frame *f, Fault *reterr);
} requests[] = {
        {FRAME_NETWORK_SYNC, on_sync},           {FRAME_NETWORK_SET, on_network_set},
        {FRAME_NETWORK_UNSET, on_network_unset}, {FRAME_MEMBER_SET, on_member_set},
        {FRAME_MEMBER_UNSET, on_member_unset},
};

static int run(Link *l, const Frame *f, Fault *reterr)
{
        for (size_t i = 0; i < ELEMENTSOF(requests); i++)
                if (requests[i].type == f->type)
                        return requests[i].run(l, f, reterr);
        return -EBADMSG;
}

/* Return: 0; negative errno: the connection is of no more use. */
static int reply(Link *l, const Frame *f, int result, const Fault *fault)
{
        _cleanup_frame_writer_ FrameWriter w = {0};

        if (result == 0)
                return 0;
        frame_begin(&w, result > 0 ? FRAME_DONE : FRAME_ERROR, f->serial);
        if (result < 0) {
                frame_add_number(&w, FRAME_CODE, fault->code ? fault->code : FAULT_FAILED);
                frame_add_number(&w, FRAME_ERRNO, (uint64_t)-result);
                frame_add_string(&w, FRAME_MESSAGE,
                                 fault->message ?: "lodge-relay does not understand the request");
                if (l->taken_port[0])
                        frame_add_string(&w, FRAME_ITEM, l->taken_port);
        }
        return frame_send(l->fd, &w);
}

static int on_frame(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        _cleanup_fault_ Fault fault = {0};
        _cleanup_frame_ Frame f = {0};
        Link *l = userdata;
        int r = frame_receive(fd, &f);

        if (r == -EAGAIN)
                return 0;
        l->taken_port[0] = '\0';
        r = r <= 0 ? -ECONNRESET : reply(l, &f, run(l, &f, &fault), &fault);
        if (r < 0)
                disconnect(l);
        return 0;
}

/* ---- connecting ---- */

static int hello(Link *l)
{
        _cleanup_frame_writer_ FrameWriter w = {0};

        frame_begin(&w, FRAME_NETWORK_HELLO, 0);
        return frame_send(l->fd, &w);
}

static int on_connected(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        Link *l = userdata;
        int r = l->fd = connector_take(fd);

        if (r == -EPIPE) {
                (void)fputs(SD_ERR "The process that connects to lodged has gone, ending\n",
                            stderr);
                return sd_event_exit(l->event, 1); /* systemd starts us again, both of us */
        }
        if (r >= 0 && fcntl(l->fd, F_SETFL, O_NONBLOCK) < 0)
                r = -errno;
        if (r >= 0)
                r = sd_event_add_io(l->event, &l->io, l->fd, EPOLLIN, on_frame, l);
        if (r >= 0)
                r = hello(l);
        if (r < 0)
                disconnect(l);
        else
                (void)sd_notify(0, "READY=1");
        return 0;
}

static int on_again(sd_event_source *source, uint64_t usec, void *userdata)
{
        Link *l = userdata;
        int r = connector_ask(l->connector);

        return r < 0 ? sd_event_exit(l->event, 1) : 0;
}

int link_new(sd_event *event, int connector, Relay *relay, Link **ret)
{
        Link *l = g_new0(Link, 1);

        *l = (Link){
                .event = sd_event_ref(event), .relay = relay, .connector = connector, .fd = -EBADF};
        int r = sd_event_add_io(event, &l->connected, connector, EPOLLIN, on_connected, l);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &l->again, CLOCK_MONOTONIC, 0, 0, on_again,
                                               l);
        if (r < 0) {
                link_free(l);
                return r;
        }
        *ret = l;
        return 0;
}

void link_free(Link *l)
{
        if (!l)
                return;
        sd_event_source_disable_unref(l->connected);
        sd_event_source_disable_unref(l->io);
        sd_event_source_disable_unref(l->again);
        (void)close_fd(l->fd);
        sd_event_unref(l->event);
        g_free(l);
}
