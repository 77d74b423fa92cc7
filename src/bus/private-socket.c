/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/private-socket.h"

#include "base/cleanup.h"
#include "base/names.h"
#include "bus/bus-internal.h"
#include "bus/call.h"

#include <fcntl.h>
#include <sys/socket.h>

#define PEERS_MAX      64
#define ANSWERS_MAX    32 /* that wait for a peer to read, beside what its socket holds */
#define BURST_USEC     100000ULL
#define BURST          200 /* wake-ups in that time: without descriptors it stays readable */
#define PRIORITY_PEERS (SD_EVENT_PRIORITY_NORMAL - 2) /* before the calls of everybody else */

struct PrivateSocket {
        Bus *bus;
        int fd;
        sd_event_source *io;
        GPtrArray *peers; /* sd_bus, owned */
};

static void peer_free(void *bus)
{
        sd_bus_close_unref(bus);
}

/* One filter sees all that comes from a peer, and its end. */
static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        sd_bus *peer = sd_bus_message_get_bus(m);
        PrivateSocket *s = userdata;
        uint64_t n;

        if (sd_bus_message_is_signal(m, "org.freedesktop.DBus.Local", "Disconnected") > 0) {
                calls_forget(s->bus, peer, NULL);
                (void)g_ptr_array_remove_fast(s->peers, peer);
                return 1;
        }
        if (sd_bus_get_n_queued_write(peer, &n) >= 0 && n > ANSWERS_MAX)
                (void)shutdown(sd_bus_get_fd(peer), SHUT_RDWR); /* it is told as its end */
        return 0;
}

static bool is_root(int fd)
{
        struct ucred peer;
        socklen_t n = sizeof(peer);

        return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) >= 0 && peer.uid == 0;
}

/* busctl, gdbus and the like take what they are told to connect to for a bus, and greet it. */
static int on_hello(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        return sd_bus_reply_method_return(m, "s", ":1.1");
}

static const sd_bus_vtable greeting[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Hello", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", unique_name), on_hello,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static int serve(PrivateSocket *s, int *fd)
{
        _cleanup_(sd_bus_unrefp) sd_bus *peer = NULL;
        sd_id128_t id;
        int r = sd_bus_new(&peer);

        r = r < 0 ? r : sd_bus_set_fd(peer, *fd, *fd);
        if (r < 0)
                return r;
        (void)TAKE_FD(*fd);
        r = sd_id128_randomize(&id);
        r = r < 0 ? r : sd_bus_set_server(peer, true, id);
        r = r < 0 ? r : sd_bus_set_description(peer, "private");
        r = r < 0 ? r : sd_bus_add_filter(peer, NULL, on_message, s);
        r = r < 0 ? r : bus_export(s->bus, peer);
        r = r < 0 ? r
                  : sd_bus_add_object_vtable(peer, NULL, "/org/freedesktop/DBus",
                                             "org.freedesktop.DBus", greeting, NULL);
        r = r < 0 ? r : sd_bus_start(peer);
        r = r < 0 ? r : sd_bus_attach_event(peer, s->bus->manager->event, PRIORITY_PEERS);
        if (r >= 0)
                g_ptr_array_add(s->peers, TAKE_PTR(peer));
        return r;
}

static int on_connection(sd_event_source *source, int listen_fd, uint32_t revents, void *userdata)
{
        PrivateSocket *s = userdata;
        _cleanup_close_ int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        /* the socket's mode lets nobody else in anyway; who is refused finds the system bus */
        if (fd >= 0 && is_root(fd) && s->peers->len < PEERS_MAX)
                (void)serve(s, &fd);
        return 0;
}

int private_socket_new(Bus *b, int fd, PrivateSocket **ret)
{
        PrivateSocket *s = g_new0(PrivateSocket, 1);

        *s = (PrivateSocket){
                .bus = b, .fd = -EBADF, .peers = g_ptr_array_new_with_free_func(peer_free)};
        int r = fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0 ? -errno : 0;
        r = r < 0 ? r : sd_event_add_io(b->manager->event, &s->io, fd, EPOLLIN, on_connection, s);
        r = r < 0 ? r : sd_event_source_set_priority(s->io, PRIORITY_PEERS);
        r = r < 0 ? r : sd_event_source_set_ratelimit(s->io, BURST_USEC, BURST);
        if (r < 0) {
                private_socket_free(s);
                return r;
        }
        s->fd = fd;
        *ret = s;
        return 0;
}

void private_socket_free(PrivateSocket *s)
{
        if (!s)
                return;
        sd_event_source_disable_unref(s->io);
        for (guint i = 0; i < s->peers->len; i++)
                calls_forget(s->bus, g_ptr_array_index(s->peers, i), NULL);
        g_ptr_array_unref(s->peers);
        (void)close_fd(s->fd);
        g_free(s);
}
