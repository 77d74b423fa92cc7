/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "relay/dns-server.h"

#include "base/cleanup.h"
#include "relay/dns-internal.h"
#include "relay/names.h"

#include <linux/filter.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <stddef.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#define RETRY_USEC (10 * UINT64_C(1000000))
#define BURST      32 /* datagrams before others have their turn */

/* ---- questions ---- */

bool dns_server_is_client(const DnsServer *s, const SocketAddress *client)
{
        NetAddress a = socket_address_get(client);

        for (size_t i = 0; i < s->network.n_gateways; i++)
                if (net_address_contains(&s->network.gateways[i], &a))
                        return true;
        return false;
}

static bool is_gateway(const DnsServer *s, const SocketAddress *client)
{
        NetAddress a = socket_address_get(client);

        for (size_t i = 0; i < s->network.n_gateways; i++)
                if (net_address_equal(&s->network.gateways[i], &a))
                        return true;
        return false;
}

static DnsOutcome answer(const DnsRequest *request, const DnsQuery *q, const DnsAnswer *a,
                         uint8_t *ret, size_t size, size_t *ret_n)
{
        if (request->protocol == PORT_UDP)
                size = MIN2(size, MIN2(q->datagram_max, DNS_UDP_MAX));
        *ret_n = dns_answer_write(request->message, q, a, ret, size);
        return *ret_n > 0 ? DNS_ANSWERED : DNS_DROPPED;
}

/* The host has these resolvers itself; if we were one of them we would ask ourselves. And a machine
 * that nothing gets out of is not to send messages as names. */
static bool may_ask_host(const DnsServer *s, const DnsRequest *request, const Names *names)
{
        return !is_gateway(s, &request->client) && !names_is_shut_in(names);
}

DnsOutcome dns_server_ask(DnsServer *s, const DnsRequest *request, uint8_t *ret, size_t size,
                          size_t *ret_n)
{
        DnsQuery q;
        DnsAnswer a = {.code = ns_r_notimpl};
        Names names = {.members = s->members,
                       .network = &s->network,
                       .asker = socket_address_get(&request->client)};
        int r = dns_query_parse(request->message, request->n, &q);

        if (r == -EBADMSG)
                return DNS_DROPPED;
        if (r < 0 || names_answer(&names, &q, &a))
                return answer(request, &q, &a, ret, size, ret_n);
        if (!may_ask_host(s, request, &names)) {
                a = (DnsAnswer){.code = ns_r_refused};
                return answer(request, &q, &a, ret, size, ret_n);
        }
        DnsForwardArgs args = {.message = request->message,
                               .n = request->n,
                               .query = &q,
                               .protocol = request->protocol,
                               .client = request->client,
                               .done = request->done,
                               .owner = request->owner};
        return dns_forward(s->forwarder, &args) < 0 ? DNS_DROPPED : DNS_FORWARDED;
}

/* ---- datagrams ---- */

static void on_reply(void *owner, const SocketAddress *client, const uint8_t *reply, size_t n)
{
        DnsListener *l = owner;

        /* one that cannot be sent is lost, as datagrams are: the guest asks again */
        (void)sendto(l->fd, reply, n, MSG_DONTWAIT | MSG_NOSIGNAL, &client->any,
                     socket_address_size(client));
}

static int on_datagram(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        uint8_t message[DNS_QUERY_MAX + 1], reply[DNS_UDP_MAX];
        DnsListener *l = userdata;

        for (unsigned i = 0; i < BURST; i++) {
                DnsRequest request = {
                        .message = message, .protocol = PORT_UDP, .done = on_reply, .owner = l};
                socklen_t size = sizeof(request.client);
                ssize_t n = recvfrom(fd, message, sizeof(message), MSG_DONTWAIT,
                                     &request.client.any, &size);
                size_t n_reply = 0;

                if (n < 0)
                        return 0;
                request.n = (size_t)n;
                if (dns_server_is_client(l->server, &request.client) &&
                    dns_server_ask(l->server, &request, reply, sizeof(reply), &n_reply) ==
                            DNS_ANSWERED)
                        on_reply(l, &request.client, reply, n_reply);
        }
        return 0;
}

/* ---- sockets ---- */

static void listener_close(DnsListener *l)
{
        dns_forward_cancel(l->server->forwarder, l);
        l->acceptor = acceptor_free(l->acceptor);
        l->io = sd_event_source_disable_unref(l->io);
        l->fd = close_fd(l->fd);
}

/* Which of the sockets gets a datagram is said by the guest's address: who sends too much fills a
 * queue that it has to itself, or shares with few. Without this, they are chosen by address and
 * port. */
static void share_by_client(const DnsListener *l)
{
        uint32_t source = l->gateway.family == AF_INET ? offsetof(struct iphdr, saddr)
                                                       : offsetof(struct ip6_hdr, ip6_src) + 12;
        struct sock_filter code[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_NET_OFF + source),
                BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, DNS_QUEUES),
                BPF_STMT(BPF_RET | BPF_A, 0),
        };
        struct sock_fprog program = {.len = ELEMENTSOF(code), .filter = code};

        (void)setsockopt(l->fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program));
}

static int listener_open(DnsListener *l)
{
        int r = l->fd = socket_listen(l->protocol, &l->gateway, NS_DEFAULTPORT, true);

        if (r >= 0 && l->protocol == PORT_UDP)
                share_by_client(l);
        if (r >= 0)
                r = l->protocol == PORT_UDP
                            ? sd_event_add_io(l->server->event, &l->io, l->fd, EPOLLIN, on_datagram,
                                              l)
                            : acceptor_new(l->server->event, l->fd, dns_stream_accepted, l->server,
                                           &l->acceptor);
        if (r < 0)
                listener_close(l);
        return r;
}

static void warn_once(DnsServer *s, const DnsListener *l, int error)
{
        char text[NET_ADDRESS_TEXT_MAX];

        if (!s->has_warned)
                (void)fprintf(stderr,
                              SD_WARNING
                              "Names of network %s cannot be answered at %s, %s port 53: %s\n",
                              s->network.name, net_address_format(&l->gateway, false, text),
                              port_protocol_name(l->protocol), strerror(-error));
        s->has_warned = true;
}

static int open_all(DnsServer *s)
{
        int error = 0;

        for (size_t i = 0; i < s->n_listeners; i++) {
                DnsListener *l = &s->listeners[i];
                int r = l->fd < 0 ? listener_open(l) : 0;

                if (r < 0) {
                        warn_once(s, l, r);
                        error = r;
                }
        }
        return error;
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
        DnsServer *s = userdata;

        if (open_all(s) >= 0) {
                s->has_warned = false;
                s->retry = sd_event_source_disable_unref(s->retry);
                return 0;
        }
        (void)sd_event_source_set_time_relative(source, RETRY_USEC);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

DnsServer *dns_server_new(const DnsServerArgs *args, const NetworkRecord *network)
{
        DnsServer *s = g_new0(DnsServer, 1);

        *s = (DnsServer){.event = sd_event_ref(args->event),
                         .forwarder = args->forwarder,
                         .members = args->members,
                         .network = *network};
        for (size_t i = 0; i < network->n_gateways; i++)
                for (unsigned k = 0; k <= DNS_QUEUES; k++)
                        s->listeners[s->n_listeners++] =
                                (DnsListener){.server = s,
                                              .gateway = network->gateways[i],
                                              .protocol = k < DNS_QUEUES ? PORT_UDP : PORT_TCP,
                                              .fd = -EBADF};
        if (open_all(s) < 0)
                (void)sd_event_add_time_relative(s->event, &s->retry, CLOCK_MONOTONIC, RETRY_USEC,
                                                 0, on_retry, s);
        return s;
}

void dns_server_free(DnsServer *s)
{
        if (!s)
                return;
        for (size_t i = 0; i < s->n_listeners; i++)
                listener_close(&s->listeners[i]);
        dns_streams_free(s);
        sd_event_source_disable_unref(s->retry);
        sd_event_unref(s->event);
        g_free(s);
}
