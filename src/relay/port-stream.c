/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TCP through a published port: bytes go from socket to pipe to socket inside the kernel. An end of
 * stream is passed on alone, and who does not read stops who writes. */
#include "base/cleanup.h"
#include "relay/port.h"

#include <fcntl.h>
#include <netinet/tcp.h>

#define STEP_BYTES (1U << 20)
#define STEPS_MAX  16 /* before others have their turn */
#define N_SIDES    2

/* From side i to the other one. */
typedef struct Direction {
        Pipe pipe;
        bool ended; /* the end of stream has come in */
        bool shut;  /* and is passed on */
} Direction;

typedef struct Connection {
        Port *port;
        int fds[N_SIDES]; /* client, guest */
        sd_event_source *io[N_SIDES], *again;
        Direction directions[N_SIDES];
        bool connected, on_other_family;
        GList link;
} Connection;

static void disconnect_guest(Connection *c)
{
        c->io[1] = sd_event_source_disable_unref(c->io[1]);
        c->fds[1] = close_fd(c->fds[1]);
}

static void connection_free(Connection *c)
{
        Port *p = c->port;

        g_queue_unlink(&p->connections, &c->link);
        for (unsigned i = 0; i < N_SIDES; i++) {
                sd_event_source_disable_unref(c->io[i]);
                (void)close_fd(c->fds[i]);
                pipe_pool_give(p->pipes, &c->directions[i].pipe);
        }
        sd_event_source_disable_unref(c->again);
        g_free(c);
        if (p->acceptor && p->connections.length < PORT_CONNECTIONS_MAX)
                acceptor_hold(p->acceptor, false);
}

/* Each side is to see that the other was cut off, not that it has said all. */
static void connection_abort(Connection *c)
{
        static const struct linger at_once = {.l_onoff = 1};

        for (unsigned i = 0; i < N_SIDES; i++)
                if (c->fds[i] >= 0)
                        (void)setsockopt(c->fds[i], SOL_SOCKET, SO_LINGER, &at_once,
                                         sizeof(at_once));
        connection_free(c);
}

void port_streams_free(Port *p)
{
        while (p->connections.head)
                connection_abort(p->connections.head->data);
}

/* ---- bytes ---- */

static ssize_t splice_some(int from, int to, size_t most)
{
        ssize_t n;

        do
                n = splice(from, NULL, to, NULL, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
        while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : n;
}

/* Into an empty pipe only: so EAGAIN means that the socket has nothing. Return: bytes; 0: nothing
 * now; negative errno. */
static ssize_t fill(Connection *c, Direction *d, int from)
{
        int r = pipe_pool_take(c->port->pipes, &d->pipe);

        if (r < 0)
                return r;
        ssize_t n = splice_some(from, d->pipe.write_fd, STEP_BYTES);
        if (n < 0)
                return n == -EAGAIN ? 0 : n;
        d->ended = n == 0;
        d->pipe.n = (size_t)n;
        return n;
}

/* Return: as fill(). */
static ssize_t drain(Direction *d, int to)
{
        ssize_t n = splice_some(d->pipe.read_fd, to, d->pipe.n);

        if (n < 0)
                return n == -EAGAIN ? 0 : n;
        d->pipe.n -= (size_t)n;
        return n;
}

/* Return: 1 there may be more at once; 0 not now; negative errno. */
static ssize_t step(Connection *c, Direction *d, int from, int to)
{
        ssize_t n = 0;

        if (d->pipe.n == 0 && !d->ended)
                n = fill(c, d, from);
        if (n >= 0 && d->pipe.n > 0) {
                n = drain(d, to);
                if (n == 0)
                        return 0;
        }
        if (n >= 0 && d->pipe.n == 0)
                pipe_pool_give(c->port->pipes, &d->pipe);
        if (n >= 0 && d->ended && d->pipe.n == 0 && !d->shut) {
                d->shut = true;
                /* not connected any more: it has gone in the same moment */
                return shutdown(to, SHUT_WR) < 0 && errno != ENOTCONN ? -errno : 0;
        }
        return n < 0 ? n : n > 0;
}

/* Return: as step(). */
static ssize_t pump(Connection *c, unsigned side)
{
        ssize_t r = 1;

        for (unsigned i = 0; r > 0 && i < STEPS_MAX; i++)
                r = step(c, &c->directions[side], c->fds[side], c->fds[!side]);
        return r;
}

static void move_bytes(Connection *c)
{
        ssize_t a = pump(c, 0), b = a < 0 ? 0 : pump(c, 1);

        if (a < 0 || b < 0)
                connection_abort(c);
        else if (c->directions[0].shut && c->directions[1].shut)
                connection_free(c);
        else if (a > 0 || b > 0) /* events are told once, when they begin */
                (void)sd_event_source_set_enabled(c->again, SD_EVENT_ONESHOT);
}

/* ---- the guest's side ---- */

static int connect_guest(Connection *c);

static int connect_other_family(Connection *c)
{
        disconnect_guest(c);
        if (c->on_other_family)
                return -ECONNREFUSED;
        c->on_other_family = true;
        return connect_guest(c);
}

static int finish_connecting(Connection *c)
{
        int error = 0;
        socklen_t size = sizeof(error);

        if (getsockopt(c->fds[1], SOL_SOCKET, SO_ERROR, &error, &size) < 0)
                return -errno;
        /* something that listens on IPv4 alone is to be reached by ::1, too */
        if (error)
                return connect_other_family(c);
        c->connected = true;
        return 0;
}

static int on_guest(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        Connection *c = userdata;

        if (!c->connected && finish_connecting(c) < 0)
                connection_abort(c);
        else if (c->connected)
                move_bytes(c);
        return 0;
}

static int on_client(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        Connection *c = userdata;

        if (c->connected)
                move_bytes(c);
        else if (revents & (EPOLLERR | EPOLLHUP))
                connection_abort(c);
        return 0;
}

static int on_again(sd_event_source *source, void *userdata)
{
        move_bytes(userdata);
        return 0;
}

static int watch(Connection *c, unsigned side, sd_event_io_handler_t callback)
{
        return sd_event_add_io(c->port->event, &c->io[side], c->fds[side],
                               EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, callback, c);
}

/* As the sender has cut them; and one whose other end has vanished goes, too, in the end. */
static void set_options(int fd)
{
        static const int one = 1;

        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
}

static int connect_guest(Connection *c)
{
        SocketAddress to;

        if (!port_target(c->port, c->on_other_family, &to))
                return -EHOSTUNREACH;
        int r = c->fds[1] = socket_open(PORT_TCP, to.any.sa_family);
        if (r < 0)
                return r;
        set_options(c->fds[1]);
        if (connect(c->fds[1], &to.any, socket_address_size(&to)) < 0 && errno != EINPROGRESS)
                return connect_other_family(c);
        return watch(c, 1, on_guest);
}

void port_stream_accepted(void *userdata, int fd, const SocketAddress *client)
{
        Connection *c = g_new0(Connection, 1);
        Port *p = userdata;

        *c = (Connection){.port = p, .fds = {fd, -EBADF}, .link.data = c};
        for (unsigned i = 0; i < N_SIDES; i++)
                c->directions[i].pipe = PIPE_NONE;
        g_queue_push_head_link(&p->connections, &c->link);
        if (p->connections.length >= PORT_CONNECTIONS_MAX)
                acceptor_hold(p->acceptor, true);
        set_options(fd);
        int r = sd_event_add_defer(p->event, &c->again, on_again, c);
        if (r >= 0)
                r = sd_event_source_set_enabled(c->again, SD_EVENT_OFF);
        if (r >= 0)
                r = connect_guest(c);
        if (r >= 0)
                r = watch(c, 0, on_client);
        if (r < 0)
                connection_abort(c);
}
