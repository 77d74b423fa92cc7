/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DNS over TCP: one question at a time of each connection. */
#include "base/cleanup.h"
#include "relay/dns-internal.h"

#include <glib.h>
#include <string.h>

#define IDLE_USEC     (10 * UINT64_C(1000000))
#define LENGTH_PREFIX 2U
#define ANSWER_MAX    4096U /* of our own */

typedef struct DnsStream {
        DnsServer *server;
        SocketAddress client;
        int fd;
        sd_event_source *io, *timer;
        uint8_t in[LENGTH_PREFIX + DNS_QUERY_MAX];
        size_t n_in;
        uint8_t *out; /* answer with its prefix, until it is sent */
        size_t n_out, n_sent;
        GList link;
} DnsStream;

static void stream_free(DnsStream *t)
{
        dns_forward_cancel(t->server->forwarder, t);
        g_queue_unlink(&t->server->streams, &t->link);
        sd_event_source_disable_unref(t->io);
        sd_event_source_disable_unref(t->timer);
        (void)close_fd(t->fd);
        g_free(t->out);
        g_free(t);
}

void dns_streams_free(DnsServer *s)
{
        while (s->streams.head)
                stream_free(s->streams.head->data);
}

/* Return: 1 all is sent; 0 not yet; negative errno. */
static int flush(DnsStream *t)
{
        ssize_t n = send(t->fd, t->out + t->n_sent, t->n_out - t->n_sent, MSG_NOSIGNAL);

        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        t->n_sent += (size_t)n;
        if (t->n_sent < t->n_out)
                return 0;
        g_clear_pointer(&t->out, g_free);
        return 1;
}

static void set_out(DnsStream *t, const uint8_t *reply, size_t n)
{
        t->out = g_malloc(n + LENGTH_PREFIX);
        ns_put16((unsigned)n, t->out);
        memcpy(t->out + LENGTH_PREFIX, reply, n);
        t->n_out = n + LENGTH_PREFIX;
        t->n_sent = 0;
}

/* What there is to wait for: room for an answer, or, unless one is awaited, the next question. */
static int wait_for(DnsStream *t, uint32_t events)
{
        int r = sd_event_source_set_io_events(t->io, events);

        return r < 0 ? r : sd_event_source_set_time_relative(t->timer, IDLE_USEC);
}

static void on_reply(void *owner, const SocketAddress *client, const uint8_t *reply, size_t n)
{
        DnsStream *t = owner;

        set_out(t, reply, n);
        if (wait_for(t, EPOLLOUT) < 0)
                stream_free(t);
}

/* Return: how many bytes the first question takes, prefix included; 0: it is not complete. */
static size_t first_question(const DnsStream *t)
{
        size_t n = t->n_in < LENGTH_PREFIX ? 0 : LENGTH_PREFIX + ns_get16(t->in);

        return n <= t->n_in ? n : 0;
}

/* Return: 0; negative errno: close it. */
static int take_question(DnsStream *t, size_t n)
{
        uint8_t reply[ANSWER_MAX];
        size_t n_reply;
        DnsRequest request = {.message = t->in + LENGTH_PREFIX,
                              .n = n - LENGTH_PREFIX,
                              .protocol = PORT_TCP,
                              .client = t->client,
                              .done = on_reply,
                              .owner = t};
        DnsOutcome outcome = dns_server_ask(t->server, &request, reply, sizeof(reply), &n_reply);

        t->n_in -= n;
        memmove(t->in, t->in + n, t->n_in);
        if (outcome == DNS_DROPPED)
                return -EBADMSG;
        if (outcome == DNS_FORWARDED)
                return wait_for(t, 0);
        set_out(t, reply, n_reply);
        return wait_for(t, EPOLLOUT);
}

/* Return: 1 there is something; 0 not now; negative errno: it has ended. */
static int fill(DnsStream *t)
{
        ssize_t n;

        if (t->n_in == sizeof(t->in))
                return -EMSGSIZE; /* a question larger than we take */
        n = recv(t->fd, t->in + t->n_in, sizeof(t->in) - t->n_in, 0);
        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        t->n_in += (size_t)n;
        return n > 0 ? 1 : -ECONNRESET;
}

static int on_stream(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        DnsStream *t = userdata;
        int r = t->out ? flush(t) : revents & EPOLLIN ? fill(t) : -ECONNRESET;

        if (r > 0) {
                size_t n = first_question(t);

                r = n > 0 ? take_question(t, n) : wait_for(t, EPOLLIN);
        }
        if (r < 0)
                stream_free(t);
        return 0;
}

static int on_idle(sd_event_source *source, uint64_t usec, void *userdata)
{
        stream_free(userdata);
        return 0;
}

static bool is_welcome(const DnsServer *s, const SocketAddress *client)
{
        NetAddress a = socket_address_get(client);
        unsigned n = 0;

        for (GList *i = s->streams.head; i; i = i->next) {
                NetAddress other = socket_address_get(&((DnsStream *)i->data)->client);

                n += net_address_equal(&a, &other);
        }
        return dns_server_is_client(s, client) && n < DNS_STREAMS_CLIENT_MAX &&
               s->streams.length < DNS_STREAMS_MAX;
}

void dns_stream_accepted(void *userdata, int fd, const SocketAddress *client)
{
        _cleanup_close_ int accepted = fd;
        DnsServer *s = userdata;

        if (!is_welcome(s, client))
                return;
        DnsStream *t = g_new0(DnsStream, 1);
        *t = (DnsStream){.server = s, .client = *client, .fd = TAKE_FD(accepted), .link.data = t};
        g_queue_push_head_link(&s->streams, &t->link);
        int r = sd_event_add_io(s->event, &t->io, t->fd, EPOLLIN, on_stream, t);
        if (r >= 0)
                r = sd_event_add_time_relative(s->event, &t->timer, CLOCK_MONOTONIC, IDLE_USEC, 0,
                                               on_idle, t);
        if (r < 0)
                stream_free(t);
}
