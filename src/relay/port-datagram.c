/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* UDP through a published port. Each client has a flow: a connected socket to the guest, whose
 * answers go back to that client; forgotten when it is silent. */
#include "base/cleanup.h"
#include "base/io.h"
#include "relay/port.h"

#include <string.h>

#define FLOWS_MAX    1024U
#define FLOW_USEC    (60 * UINT64_C(1000000))
#define BURST        32 /* datagrams before others have their turn */
#define DATAGRAM_MAX 65535U
#define FIRST_MAX    1500U /* a first datagram that is kept in case nobody gets it */

/* No padding: it is hashed as it lies in memory. */
typedef struct FlowKey {
        uint8_t client[16], local[16];
        uint32_t scope;
        uint16_t port, zero;
} FlowKey;

typedef struct Flow {
        FlowKey key;
        Port *port;
        SocketAddress client;
        NetAddress local; /* where the client has sent to; family 0: what the port is bound to */
        int fd;
        sd_event_source *io;
        uint64_t used; /* µs CLOCK_MONOTONIC */
        bool on_other_family;
        uint8_t *first; /* until there is an answer */
        size_t n_first;
        GList link; /* the one that has been silent longest is the head */
} Flow;

static guint flow_hash(gconstpointer key)
{
        return port_hash_bytes(key, sizeof(FlowKey));
}

static gboolean flow_equal(gconstpointer a, gconstpointer b)
{
        return memcmp(a, b, sizeof(FlowKey)) == 0;
}

static void flow_close(Flow *f)
{
        f->io = sd_event_source_disable_unref(f->io);
        f->fd = close_fd(f->fd);
}

static void flow_free(Flow *f)
{
        flow_close(f);
        g_hash_table_remove(f->port->flows, &f->key);
        g_queue_unlink(&f->port->connections, &f->link);
        g_free(f->first);
        g_free(f);
}

static int on_expiry(sd_event_source *source, uint64_t usec, void *userdata)
{
        uint64_t now = now_usec(CLOCK_MONOTONIC);
        Port *p = userdata;
        Flow *f;

        while ((f = g_queue_peek_head(&p->connections)) && f->used + FLOW_USEC <= now)
                flow_free(f);
        if (!f)
                return 0;
        (void)sd_event_source_set_time(source, f->used + FLOW_USEC);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void flow_used(Flow *f)
{
        f->used = now_usec(CLOCK_MONOTONIC);
        g_queue_unlink(&f->port->connections, &f->link);
        g_queue_push_tail_link(&f->port->connections, &f->link);
}

/* ---- from the guest ---- */

typedef union Control {
        struct cmsghdr align;
        char buf[CMSG_SPACE(sizeof(struct in6_pktinfo))];
} Control;

/* Answers must come from the address that was asked, which a socket for all addresses does not do
 * by itself. */
static void set_source(struct msghdr *m, Control *control, const NetAddress *local)
{
        struct in_pktinfo info4 = {0};
        struct in6_pktinfo info6 = {0};
        bool four = local->family == AF_INET;

        if (local->family == 0)
                return;
        memcpy(&info4.ipi_spec_dst, local->bytes, sizeof(info4.ipi_spec_dst));
        memcpy(&info6.ipi6_addr, local->bytes, sizeof(info6.ipi6_addr));
        control->align.cmsg_level = four ? IPPROTO_IP : IPPROTO_IPV6;
        control->align.cmsg_type = four ? IP_PKTINFO : IPV6_PKTINFO;
        control->align.cmsg_len = CMSG_LEN(four ? sizeof(info4) : sizeof(info6));
        memcpy(CMSG_DATA(&control->align), four ? (void *)&info4 : (void *)&info6,
               four ? sizeof(info4) : sizeof(info6));
        m->msg_control = control->buf;
        m->msg_controllen = CMSG_SPACE(four ? sizeof(info4) : sizeof(info6));
}

static void send_to_client(Flow *f, void *data, size_t n)
{
        struct iovec iov = {data, n};
        Control control = {0};
        struct msghdr m = {.msg_name = &f->client,
                           .msg_namelen = socket_address_size(&f->client),
                           .msg_iov = &iov,
                           .msg_iovlen = 1};

        set_source(&m, &control, &f->local);
        (void)sendmsg(f->port->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL); /* lost, as datagrams are */
}

static void flow_refused(Flow *f);

static int on_guest(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        uint8_t data[DATAGRAM_MAX];
        Flow *f = userdata;

        for (unsigned i = 0; i < BURST; i++) {
                ssize_t n = recv(fd, data, sizeof(data), 0);

                if (n < 0) {
                        if (errno == ECONNREFUSED)
                                flow_refused(f);
                        return 0;
                }
                g_clear_pointer(&f->first, g_free);
                send_to_client(f, data, (size_t)n);
                flow_used(f);
        }
        return 0;
}

/* ---- to the guest ---- */

static int flow_connect(Flow *f)
{
        SocketAddress to;

        if (!port_target(f->port, f->on_other_family, &to))
                return -EHOSTUNREACH;
        int r = f->fd = socket_open(PORT_UDP, to.any.sa_family);
        if (r >= 0 && connect(f->fd, &to.any, socket_address_size(&to)) < 0)
                r = -errno;
        if (r >= 0)
                r = sd_event_add_io(f->port->event, &f->io, f->fd, EPOLLIN, on_guest, f);
        return r;
}

/* Something that listens on IPv4 alone is to be reached by ::1, too. */
static void flow_refused(Flow *f)
{
        if (f->on_other_family || !f->first)
                return;
        f->on_other_family = true;
        flow_close(f);
        if (flow_connect(f) < 0) {
                flow_free(f);
                return;
        }
        (void)send(f->fd, f->first, f->n_first, MSG_DONTWAIT | MSG_NOSIGNAL);
        g_clear_pointer(&f->first, g_free);
}

static Flow *flow_new(Port *p, const FlowKey *key, const SocketAddress *client,
                      const NetAddress *local)
{
        if (p->connections.length >= FLOWS_MAX)
                flow_free(g_queue_peek_head(&p->connections));
        Flow *f = g_new0(Flow, 1);
        *f = (Flow){.key = *key, .port = p, .client = *client, .local = *local, .fd = -EBADF};
        f->link.data = f;
        if (p->connections.length == 0) {
                (void)sd_event_source_set_time_relative(p->expiry, FLOW_USEC);
                (void)sd_event_source_set_enabled(p->expiry, SD_EVENT_ONESHOT);
        }
        g_queue_push_tail_link(&p->connections, &f->link);
        g_hash_table_insert(p->flows, &f->key, f);
        if (flow_connect(f) < 0) {
                flow_free(f);
                return NULL;
        }
        return f;
}

static Flow *flow_of(Port *p, const SocketAddress *client, const NetAddress *local)
{
        NetAddress a = socket_address_get(client);
        FlowKey key = {.port = client->in.sin_port}; /* in the same place for either family */

        memcpy(key.client, a.bytes, sizeof(key.client));
        memcpy(key.local, local->bytes, sizeof(key.local));
        if (a.family == AF_INET6)
                key.scope = client->in6.sin6_scope_id;
        Flow *f = g_hash_table_lookup(p->flows, &key);
        return f ?: flow_new(p, &key, client, local);
}

static NetAddress source_of(struct msghdr *m)
{
        NetAddress a = {0};

        for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
                if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
                        struct in_pktinfo info;

                        memcpy(&info, CMSG_DATA(c), sizeof(info));
                        a.family = AF_INET;
                        memcpy(a.bytes, &info.ipi_spec_dst, sizeof(info.ipi_spec_dst));
                } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
                        struct in6_pktinfo info;

                        memcpy(&info, CMSG_DATA(c), sizeof(info));
                        a.family = AF_INET6;
                        memcpy(a.bytes, &info.ipi6_addr, sizeof(info.ipi6_addr));
                }
        }
        return a;
}

static void send_to_guest(Flow *f, const uint8_t *data, size_t n)
{
        bool is_first = !f->first && f->used == 0;

        flow_used(f);
        if (is_first && n <= FIRST_MAX && !f->on_other_family) {
                f->first = g_memdup2(data, n);
                f->n_first = n;
        }
        if (send(f->fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == ECONNREFUSED)
                flow_refused(f);
}

static int on_client(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        uint8_t data[DATAGRAM_MAX];
        Port *p = userdata;

        for (unsigned i = 0; i < BURST; i++) {
                struct iovec iov = {data, sizeof(data)};
                SocketAddress client;
                Control control;
                struct msghdr m = {.msg_name = &client,
                                   .msg_namelen = sizeof(client),
                                   .msg_iov = &iov,
                                   .msg_iovlen = 1,
                                   .msg_control = control.buf,
                                   .msg_controllen = sizeof(control.buf)};
                ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT);

                if (n < 0)
                        return 0;
                NetAddress local = source_of(&m);
                Flow *f = flow_of(p, &client, &local);
                if (f)
                        send_to_guest(f, data, (size_t)n);
        }
        return 0;
}

int port_datagrams_open(Port *p)
{
        static const int one = 1;
        NetAddress host = {.family = p->key.family};
        bool four = host.family == AF_INET;

        memcpy(host.bytes, p->key.address, sizeof(host.bytes));
        if (net_address_is_unspecified(&host) &&
            setsockopt(p->fd, four ? IPPROTO_IP : IPPROTO_IPV6,
                       four ? IP_PKTINFO : IPV6_RECVPKTINFO, &one, sizeof(one)) < 0)
                return -errno;
        p->flows = g_hash_table_new(flow_hash, flow_equal);
        int r = sd_event_add_time_relative(p->event, &p->expiry, CLOCK_MONOTONIC, FLOW_USEC, 0,
                                           on_expiry, p);
        if (r >= 0)
                r = sd_event_source_set_enabled(p->expiry, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_add_io(p->event, &p->io, p->fd, EPOLLIN, on_client, p);
        return r;
}

void port_datagrams_free(Port *p)
{
        if (!p->flows)
                return;
        while (p->connections.head)
                flow_free(p->connections.head->data);
        g_hash_table_unref(p->flows);
}
