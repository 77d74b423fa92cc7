/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "relay/acceptor.h"

#include "base/cleanup.h"

#include <glib.h>

#define PAUSE_USEC UINT64_C(200000)

struct Acceptor {
        sd_event *event;
        sd_event_source *io, *pause;
        bool held;
        AcceptFn accepted;
        void *userdata;
};

static void update(Acceptor *a)
{
        (void)sd_event_source_set_enabled(a->io, a->held || a->pause ? SD_EVENT_OFF : SD_EVENT_ON);
}

static int on_pause_over(sd_event_source *source, uint64_t usec, void *userdata)
{
        Acceptor *a = userdata;

        a->pause = sd_event_source_disable_unref(a->pause);
        update(a);
        return 0;
}

/* The connection stays where it is, and would wake us all the time. */
static void pause_accepting(Acceptor *a)
{
        (void)sd_event_add_time_relative(a->event, &a->pause, CLOCK_MONOTONIC, PAUSE_USEC, 0,
                                         on_pause_over, a);
        update(a);
}

static int on_connection(sd_event_source *source, int listen_fd, uint32_t revents, void *userdata)
{
        Acceptor *a = userdata;
        SocketAddress client;
        socklen_t size = sizeof(client);
        int fd = accept4(listen_fd, &client.any, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd >= 0)
                a->accepted(a->userdata, fd, &client);
        else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                pause_accepting(a);
        return 0;
}

int acceptor_new(sd_event *event, int fd, AcceptFn accepted, void *userdata, Acceptor **ret)
{
        Acceptor *a = g_new0(Acceptor, 1);

        *a = (Acceptor){.event = sd_event_ref(event), .accepted = accepted, .userdata = userdata};
        int r = sd_event_add_io(event, &a->io, fd, EPOLLIN, on_connection, a);
        if (r < 0) {
                acceptor_free(a);
                return r;
        }
        *ret = a;
        return 0;
}

Acceptor *acceptor_free(Acceptor *a)
{
        if (!a)
                return NULL;
        sd_event_source_disable_unref(a->io);
        sd_event_source_disable_unref(a->pause);
        sd_event_unref(a->event);
        g_free(a);
        return NULL;
}

void acceptor_hold(Acceptor *a, bool hold)
{
        a->held = hold;
        update(a);
}
