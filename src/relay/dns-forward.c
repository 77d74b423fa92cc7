/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "relay/dns-forward.h"

#include "base/cleanup.h"
#include "relay/resolv-conf.h"

#include <glib.h>
#include <string.h>
#include <sys/random.h>

#define TRY_USEC      (2 * UINT64_C(1000000)) /* for each resolver; guests wait for five seconds */
#define TRIES_MIN     2U
#define REPLY_MAX     65535U
#define LENGTH_PREFIX 2U /* of a message over TCP */

struct DnsForwarder {
        sd_event *event;
        ResolvConf *resolv_conf;
        GQueue exchanges; /* DnsExchange */
        unsigned first;   /* index of the resolver that has answered last */
        uint8_t *buffer;  /* of REPLY_MAX + 1 bytes: for datagrams */
};

/* One question. The message lies behind room for the prefix that TCP wants. */
typedef struct DnsExchange {
        DnsForwarder *forwarder;
        DnsForwardArgs args; /* .message and .query: our own copies */
        DnsQuery query;
        uint8_t *message;
        uint16_t id;
        Resolvers resolvers; /* as they were when it was asked */
        unsigned first, tries;
        int fd;
        sd_event_source *io, *timer;
        uint8_t *reply; /* TCP: being read, prefix included */
        size_t n_sent, n_reply;
        GList link;
} DnsExchange;

static void ask_next(DnsExchange *x);

/* ---- the end of one ---- */

static void close_socket(DnsExchange *x)
{
        x->io = sd_event_source_disable_unref(x->io);
        x->fd = close_fd(x->fd);
        g_clear_pointer(&x->reply, g_free);
        x->n_sent = x->n_reply = 0;
}

static void exchange_free(DnsExchange *x)
{
        close_socket(x);
        sd_event_source_disable_unref(x->timer);
        g_queue_unlink(&x->forwarder->exchanges, &x->link);
        g_free(x->message);
        g_free(x);
}

static void finish(DnsExchange *x, uint8_t *reply, size_t n)
{
        DnsForwardArgs args = x->args;
        _cleanup_free_ uint8_t *kept = TAKE_PTR(x->reply); /* @reply may lie in it */

        (void)kept; /* freed at the end; clang takes it for unused */
        dns_set_id(reply, x->query.id);
        exchange_free(x); /* first: the owner may go, and cancel what it has asked */
        args.done(args.owner, &args.client, reply, n);
}

static void fail(DnsExchange *x)
{
        uint8_t reply[DNS_UDP_PLAIN_MAX];
        DnsAnswer answer = {.code = ns_r_servfail};
        size_t n = dns_answer_write(x->args.message, &x->query, &answer, reply, sizeof(reply));

        if (n > 0)
                finish(x, reply, n);
        else
                exchange_free(x);
}

/* ---- answers ---- */

/* Another resolver may know better than one that cannot, or will not, say. */
static bool is_useless(const DnsExchange *x, const uint8_t *reply)
{
        unsigned code = reply[3] & 15U;

        return (code == ns_r_servfail || code == ns_r_refused) && x->tries < x->resolvers.n;
}

static void take_reply(DnsExchange *x, uint8_t *reply, size_t n)
{
        if (is_useless(x, reply)) {
                ask_next(x);
                return;
        }
        x->forwarder->first = (x->first + x->tries - 1) % (unsigned)x->resolvers.n;
        finish(x, reply, n);
}

static int on_datagram(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        DnsExchange *x = userdata;
        uint8_t *reply = x->forwarder->buffer;
        ssize_t n = recv(fd, reply, REPLY_MAX + 1, 0);

        if (n < 0 && errno != EAGAIN && errno != EINTR)
                ask_next(x); /* nobody listens there */
        else if (n > 0 && dns_reply_matches(x->args.message, &x->query, x->id, reply, (size_t)n))
                take_reply(x, reply, (size_t)n);
        return 0;
}

/* ---- the same over TCP ---- */

static int send_stream(DnsExchange *x)
{
        size_t n = x->args.n + LENGTH_PREFIX;
        ssize_t k = send(x->fd, x->message + x->n_sent, n - x->n_sent, MSG_NOSIGNAL);

        if (k < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        x->n_sent += (size_t)k;
        return x->n_sent < n ? 0 : sd_event_source_set_io_events(x->io, EPOLLIN);
}

/* Return: 1 it is complete; 0 not yet; negative errno. */
static int receive_stream(DnsExchange *x)
{
        size_t wanted = LENGTH_PREFIX;

        if (!x->reply)
                x->reply = g_malloc(LENGTH_PREFIX);
        if (x->n_reply >= LENGTH_PREFIX)
                wanted += ns_get16(x->reply);
        ssize_t n = recv(x->fd, x->reply + x->n_reply, wanted - x->n_reply, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        if (n <= 0)
                return n < 0 ? -errno : -ECONNRESET;
        x->n_reply += (size_t)n;
        if (x->n_reply == LENGTH_PREFIX) {
                if (ns_get16(x->reply) < DNS_HEADER_SIZE)
                        return -EBADMSG;
                x->reply = g_realloc(x->reply, LENGTH_PREFIX + ns_get16(x->reply));
        }
        return x->n_reply > LENGTH_PREFIX && x->n_reply == LENGTH_PREFIX + ns_get16(x->reply);
}

static int on_stream(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        DnsExchange *x = userdata;
        bool sent = x->n_sent == x->args.n + LENGTH_PREFIX;
        int r = sent ? receive_stream(x) : send_stream(x);

        if (r > 0) {
                uint8_t *reply = x->reply + LENGTH_PREFIX;
                size_t n = x->n_reply - LENGTH_PREFIX;

                if (dns_reply_matches(x->args.message, &x->query, x->id, reply, n))
                        take_reply(x, reply, n);
                else
                        r = -EBADMSG;
        }
        if (r < 0)
                ask_next(x);
        return 0;
}

/* ---- asking ---- */

static int new_id(DnsExchange *x)
{
        if (getrandom(&x->id, sizeof(x->id), 0) != sizeof(x->id))
                return -EIO;
        dns_set_id(x->message + LENGTH_PREFIX, x->id);
        return 0;
}

static int ask(DnsExchange *x, const SocketAddress *resolver)
{
        bool stream = x->args.protocol == PORT_TCP;

        int r = x->fd = socket_open(x->args.protocol, resolver->any.sa_family);
        if (r >= 0)
                r = new_id(x);
        /* the kernel chooses a port, at random; nobody else's datagrams get in */
        if (r >= 0 && connect(x->fd, &resolver->any, socket_address_size(resolver)) < 0 &&
            errno != EINPROGRESS)
                r = -errno;
        if (r >= 0)
                r = sd_event_add_io(x->forwarder->event, &x->io, x->fd, stream ? EPOLLOUT : EPOLLIN,
                                    stream ? on_stream : on_datagram, x);
        if (r >= 0 && !stream && send(x->fd, x->args.message, x->args.n, MSG_NOSIGNAL) < 0)
                r = -errno;
        if (r >= 0)
                r = sd_event_source_set_time_relative(x->timer, TRY_USEC);
        return r < 0 ? r : sd_event_source_set_enabled(x->timer, SD_EVENT_ONESHOT);
}

static void ask_next(DnsExchange *x)
{
        unsigned most = MAX(TRIES_MIN, (unsigned)x->resolvers.n);
        int r = -ENOENT;

        while (r < 0 && x->tries < most) {
                unsigned i = (x->first + x->tries++) % (unsigned)x->resolvers.n;

                close_socket(x);
                r = ask(x, &x->resolvers.addresses[i]);
        }
        if (r < 0)
                fail(x);
}

static int on_timeout(sd_event_source *source, uint64_t usec, void *userdata)
{
        DnsExchange *x = userdata;

        ask_next(x);
        return 0;
}

static unsigned count_of(const DnsForwarder *f, const SocketAddress *client)
{
        NetAddress a = socket_address_get(client);
        unsigned n = 0;

        for (GList *i = f->exchanges.head; i; i = i->next) {
                NetAddress other = socket_address_get(&((DnsExchange *)i->data)->args.client);

                n += net_address_equal(&a, &other);
        }
        return n;
}

int dns_forward(DnsForwarder *f, const DnsForwardArgs *args)
{
        if (f->exchanges.length >= DNS_FORWARD_MAX ||
            count_of(f, &args->client) >= DNS_FORWARD_CLIENT_MAX)
                return -EBUSY;
        DnsExchange *x = g_new0(DnsExchange, 1);
        *x = (DnsExchange){.forwarder = f,
                           .args = *args,
                           .query = *args->query,
                           .first = f->first,
                           .fd = -EBADF,
                           .link.data = x,
                           .resolvers = *resolv_conf_get(f->resolv_conf)};
        g_queue_push_head_link(&f->exchanges, &x->link);
        x->message = g_malloc(args->n + LENGTH_PREFIX);
        ns_put16((unsigned)args->n, x->message);
        memcpy(x->message + LENGTH_PREFIX, args->message, args->n);
        x->args.message = x->message + LENGTH_PREFIX;
        x->args.query = &x->query;
        int r = sd_event_add_time_relative(f->event, &x->timer, CLOCK_MONOTONIC, 0, 0, on_timeout,
                                           x);
        if (r < 0)
                exchange_free(x);
        return r;
}

void dns_forward_cancel(DnsForwarder *f, const void *owner)
{
        for (GList *i = f->exchanges.head, *next; i; i = next) {
                DnsExchange *x = i->data;

                next = i->next;
                if (!owner || x->args.owner == owner)
                        exchange_free(x);
        }
}

DnsForwarder *dns_forwarder_new(sd_event *event, const char *resolv_conf)
{
        DnsForwarder *f = g_new0(DnsForwarder, 1);

        f->event = sd_event_ref(event);
        f->resolv_conf = resolv_conf_new(resolv_conf);
        f->buffer = g_malloc(REPLY_MAX + 1);
        return f;
}

void dns_forwarder_free(DnsForwarder *f)
{
        if (!f)
                return;
        dns_forward_cancel(f, NULL);
        resolv_conf_free(f->resolv_conf);
        sd_event_unref(f->event);
        g_free(f->buffer);
        g_free(f);
}
