/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/link.h"

#include <glib.h>
#include <string.h>
#include <sys/socket.h>

/* How long a shim may take to answer; it does nothing slow before it does. */
#define REPLY_TIMEOUT_USEC (30 * UINT64_C(1000000))

typedef struct Pending {
        Link *link;
        uint64_t serial;
        LinkReplyFn reply;
        void *userdata;
        sd_event_source *deadline;
} Pending;

struct Link {
        unsigned n_ref; /* one for the owner, one while frames are handled */
        sd_event *event;
        int fd;
        sd_event_source *io;
        const LinkHandlers *handlers;
        void *userdata;
        uint64_t serial;
        GHashTable *pending; /* serial -> Pending */
};

static void pending_free(void *p)
{
        Pending *pending = p;

        sd_event_source_disable_unref(pending->deadline);
        g_free(pending);
}

static void link_unref(Link *link)
{
        if (--link->n_ref > 0)
                return;
        g_hash_table_unref(link->pending);
        sd_event_unref(link->event);
        g_free(link);
}

static void pending_fail(Pending *p, FaultCode code, int error, const char *message)
{
        _cleanup_fault_ Fault f = {0};
        LinkReplyFn reply = p->reply;
        void *userdata = p->userdata;

        (void)fault_set(&f, code, error, "%s", message);
        g_hash_table_remove(p->link->pending, &p->serial);
        reply(userdata, NULL, &f);
}

static void link_fail_all(Link *link)
{
        for (;;) {
                GHashTableIter i;
                void *p;

                g_hash_table_iter_init(&i, link->pending);
                if (!g_hash_table_iter_next(&i, NULL, &p))
                        return;
                pending_fail(p, FAULT_NOT_RUNNING, ESRCH,
                             "The machine ended before it could answer");
        }
}

static bool link_is_open(Link *link)
{
        return link->fd >= 0;
}

static void link_disconnect(Link *link)
{
        link->io = sd_event_source_disable_unref(link->io);
        link->fd = close_fd(link->fd);
        link_fail_all(link);
}

Link *link_close(Link *link)
{
        if (!link)
                return NULL;
        link->handlers = NULL;
        link_disconnect(link);
        link_unref(link);
        return NULL;
}

static void link_on_frame(Link *link, Frame *f)
{
        Pending *p = f->serial ? g_hash_table_lookup(link->pending, &f->serial) : NULL;

        if (p) {
                LinkReplyFn reply = p->reply;
                void *userdata = p->userdata;

                g_hash_table_remove(link->pending, &f->serial);
                reply(userdata, f, NULL);
        } else if (link->handlers) {
                link->handlers->frame(link->userdata, link, f);
        }
}

void link_hang_up(Link *link)
{
        link->n_ref++;
        link_disconnect(link);
        if (link->handlers)
                link->handlers->closed(link->userdata, link);
        link_unref(link);
}

/* Return: 1 there may be more; 0 nothing more now, or the connection has ended. */
static int link_receive(Link *link)
{
        _cleanup_frame_ Frame f = {0};
        int r = frame_receive(link->fd, &f);

        /* a shim that ended with a frame of ours unread: told once, before what it said last */
        if (r == -ECONNRESET)
                r = frame_receive(link->fd, &f);
        if (r == -EAGAIN || r == -EINTR)
                return 0;
        if (r > 0) {
                link_on_frame(link, &f);
                return 1;
        }
        link_hang_up(link);
        return 0;
}

pid_t link_peer(const Link *link)
{
        struct ucred peer = {0};
        socklen_t n = sizeof(peer);

        return getsockopt(link->fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) < 0 ? 0 : peer.pid;
}

void link_drain(Link *link)
{
        link->n_ref++;
        while (link_is_open(link) && link_receive(link) > 0)
                ;
        link_unref(link);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        Link *link = userdata;

        link->n_ref++;
        if (link_is_open(link))
                (void)link_receive(link); /* one at a time: no shim can keep the loop to itself */
        link_unref(link);
        return 0;
}

int link_new(sd_event *event, int fd, const LinkHandlers *handlers, void *userdata, Link **ret)
{
        Link *link = g_new(Link, 1);

        *link = (Link){
                .n_ref = 1,
                .event = sd_event_ref(event),
                .fd = fd,
                .handlers = handlers,
                .userdata = userdata,
                .pending = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, pending_free),
        };
        int r = sd_event_add_io(event, &link->io, fd, EPOLLIN, on_io, link);
        if (r < 0) {
                link->fd = -EBADF; /* stays the caller's */
                link_unref(link);
                return r;
        }
        /* the end of a machine is read before systemd's word about its unit */
        (void)sd_event_source_set_priority(link->io, SD_EVENT_PRIORITY_NORMAL - 5);
        *ret = link;
        return 0;
}

void link_set_handlers(Link *link, const LinkHandlers *handlers, void *userdata)
{
        link->handlers = handlers;
        link->userdata = userdata;
}

void link_begin(Link *link, FrameWriter *w, FrameType type)
{
        frame_begin(w, type, ++link->serial);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
        pending_fail(userdata, FAULT_TIMED_OUT, ETIMEDOUT,
                     "The machine's supervisor does not answer; see its unit's journal");
        return 0;
}

int link_send(Link *link, FrameWriter *w, LinkReplyFn reply, void *userdata, Fault *reterr)
{
        if (!link_is_open(link))
                return fault_set(reterr, FAULT_NOT_RUNNING, ESRCH,
                                 "The machine's supervisor is gone");

        int r = frame_send(link->fd, w);
        if (r == -EAGAIN)
                return fault_set(reterr, FAULT_BUSY, EBUSY,
                                 "The machine's supervisor takes no more requests now, try again");
        if (r < 0)
                return fault_set(reterr, FAULT_FAILED, r,
                                 "Cannot send the request to the machine's supervisor: %s",
                                 strerror(-r));
        if (!reply)
                return 0;

        Pending *p = g_new0(Pending, 1);
        *p = (Pending){link, link->serial, reply, userdata, NULL};
        g_hash_table_insert(link->pending, &p->serial, p);
        (void)sd_event_add_time_relative(link->event, &p->deadline, CLOCK_MONOTONIC,
                                         REPLY_TIMEOUT_USEC, 0, on_deadline, p);
        return 0;
}
