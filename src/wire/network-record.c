/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/network-record.h"

#include "base/machine-name.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static const char *const protocols[_PORT_PROTOCOL_MAX] = {
        [PORT_TCP] = "tcp",
        [PORT_UDP] = "udp",
};

const char *port_protocol_name(PortProtocol p)
{
        return (unsigned)p < _PORT_PROTOCOL_MAX ? protocols[p] : NULL;
}

/* ---- writing ---- */

static void add_addresses(FrameWriter *w, FrameTag tag, const NetAddress *a, size_t n)
{
        char text[NET_ADDRESS_TEXT_MAX];

        for (size_t i = 0; i < n; i++)
                frame_add_string(w, tag, net_address_format(&a[i], true, text));
}

void network_record_add(FrameWriter *w, const NetworkRecord *n)
{
        frame_add_string(w, FRAME_NAME, n->name);
        frame_add_string(w, FRAME_LINK, n->bridge);
        frame_add_number(w, FRAME_MAC, n->mac);
        frame_add_number(w, FRAME_MTU, n->mtu);
        frame_add_number(w, FRAME_FLAGS, n->flags);
        add_addresses(w, FRAME_ADDRESS, n->gateways, n->n_gateways);
}

static void add_port(FrameWriter *w, const MemberPort *p)
{
        char host[NET_ADDRESS_TEXT_MAX], text[NET_ADDRESS_TEXT_MAX + 64];

        (void)snprintf(text, sizeof(text), "%s %s %u %u %u", protocols[p->protocol],
                       net_address_format(&p->host, false, host), p->host_port, p->guest_port,
                       p->count);
        frame_add_string(w, FRAME_PORT, text);
        add_addresses(w, FRAME_TARGET, &p->guest4, p->guest4.family ? 1 : 0);
        add_addresses(w, FRAME_TARGET, &p->guest6, p->guest6.family ? 1 : 0);
}

static void add_egress(FrameWriter *w, const EgressRule *e)
{
        char to[NET_ADDRESS_TEXT_MAX], text[NET_ADDRESS_TEXT_MAX + 64];

        (void)snprintf(text, sizeof(text), "%s %s %u %u", net_address_format(&e->to, true, to),
                       e->protocol < 0 ? "any" : protocols[e->protocol], e->first, e->last);
        frame_add_string(w, FRAME_EGRESS, text);
}

void member_record_add(FrameWriter *w, const MemberRecord *m)
{
        frame_add_string(w, FRAME_NAME, m->name);
        frame_add_number(w, FRAME_RATE, m->rate);
        frame_add_number(w, FRAME_FLAGS, m->has_egress);
        for (size_t i = 0; i < m->n_egress; i++)
                add_egress(w, &m->egress[i]);
        for (size_t i = 0; i < m->n_links; i++) {
                frame_add_string(w, FRAME_LINK, m->links[i].link);
                frame_add_string(w, FRAME_NETWORK, m->links[i].network);
                frame_add_number(w, FRAME_MAC, m->links[i].mac);
                add_addresses(w, FRAME_ADDRESS, m->links[i].addresses, m->links[i].n_addresses);
        }
        for (size_t i = 0; i < m->n_ports; i++)
                add_port(w, &m->ports[i]);
}

/* ---- reading ---- */

/* Return: 0; -EBADMSG it is missing, too long, or what @is_valid does not take. */
static int read_text(const Frame *f, FrameTag tag, bool (*is_valid)(const char *), char *ret,
                     size_t size)
{
        const char *text = frame_string(f, tag);

        if (!text || strlen(text) >= size || !is_valid(text))
                return -EBADMSG;
        (void)memcpy(ret, text, strlen(text) + 1);
        return 0;
}

static int read_addresses(const Frame *f, FrameTag tag, NetAddress *ret, size_t max, size_t *ret_n)
{
        _cleanup_strv_free_ char **texts = NULL;
        int r = frame_strv(f, tag, &texts);

        if (r < 0)
                return r;
        size_t n = strv_length(texts);
        if (n > max)
                return -EBADMSG;
        for (size_t i = 0; i < n; i++)
                if (net_address_parse(texts[i], NET_PREFIX_REQUIRED, &ret[i]) < 0)
                        return -EBADMSG;
        *ret_n = n;
        return 0;
}

static int read_mac(const Frame *f, uint64_t *ret)
{
        *ret = frame_number(f, FRAME_MAC, 0);
        return *ret >> 48 || (*ret >> 40 & 1) ? -EBADMSG : 0;
}

int network_record_read(const Frame *f, NetworkRecord *ret)
{
        NetworkRecord n = {.flags = (uint32_t)frame_number(f, FRAME_FLAGS, 0)};
        uint64_t mtu = frame_number(f, FRAME_MTU, 0);
        int r = read_text(f, FRAME_NAME, machine_name_is_valid, n.name, sizeof(n.name));

        if (r >= 0)
                r = read_text(f, FRAME_LINK, link_name_is_valid, n.bridge, sizeof(n.bridge));
        if (r >= 0)
                r = read_mac(f, &n.mac);
        if (r >= 0)
                r = read_addresses(f, FRAME_ADDRESS, n.gateways, NETWORK_SUBNETS_MAX,
                                   &n.n_gateways);
        if (r < 0)
                return r;
        if (mtu > 65535 || (n.flags & ~(uint32_t)_NETWORK_FLAGS_ALL))
                return -EBADMSG;
        n.mtu = (uint32_t)mtu;
        *ret = n;
        return 0;
}

static int protocol_from_name(const char *name)
{
        for (int p = 0; p < _PORT_PROTOCOL_MAX; p++)
                if (streq(protocols[p], name))
                        return p;
        return -1;
}

static int read_link(const Frame *group, MemberRecord *m)
{
        MemberLink *l = &m->links[m->n_links];
        int r = read_text(group, FRAME_LINK, link_name_is_valid, l->link, sizeof(l->link));

        if (r >= 0)
                r = read_text(group, FRAME_NETWORK, machine_name_is_valid, l->network,
                              sizeof(l->network));
        if (r >= 0)
                r = read_mac(group, &l->mac);
        if (r >= 0)
                r = read_addresses(group, FRAME_ADDRESS, l->addresses, NETWORK_SUBNETS_MAX,
                                   &l->n_addresses);
        if (r >= 0)
                m->n_links++;
        return r;
}

static int read_targets(const Frame *group, MemberPort *p)
{
        NetAddress a[2];
        size_t n = 0;
        int r = read_addresses(group, FRAME_TARGET, a, ELEMENTSOF(a), &n);

        for (size_t i = 0; r >= 0 && i < n; i++)
                *(a[i].family == AF_INET ? &p->guest4 : &p->guest6) = a[i];
        return r < 0 ? r : n > 0 ? 0 : -EBADMSG;
}

static int read_port(const Frame *group, MemberRecord *m)
{
        MemberPort *p = &m->ports[m->n_ports];
        char protocol[8], host[NET_ADDRESS_TEXT_MAX], end;
        unsigned host_port, guest_port, count;

        if (sscanf(frame_string(group, FRAME_PORT), "%7s %51s %u %u %u%c", protocol, host,
                   &host_port, &guest_port, &count, &end) != 5)
                return -EBADMSG;
        int number = protocol_from_name(protocol);
        if (number < 0 || net_address_parse(host, NET_PREFIX_NONE, &p->host) < 0 || host_port < 1 ||
            host_port > 65535 || guest_port < 1 || guest_port > 65535 || count < 1 ||
            count > 65536 - host_port || count > 65536 - guest_port)
                return -EBADMSG;
        p->protocol = (PortProtocol)number;
        p->host_port = (uint16_t)host_port;
        p->guest_port = (uint16_t)guest_port;
        p->count = (uint16_t)count;
        int r = read_targets(group, p);
        if (r >= 0)
                m->n_ports++;
        return r;
}

static int read_egress(const char *text, EgressRule *ret)
{
        char to[NET_ADDRESS_TEXT_MAX], protocol[8], end;
        unsigned first, last;

        if (sscanf(text, "%51s %7s %u %u%c", to, protocol, &first, &last, &end) != 4 ||
            net_address_parse(to, NET_PREFIX_REQUIRED, &ret->to) < 0 || last > 65535 ||
            first > last)
                return -EBADMSG;
        ret->protocol = protocol_from_name(protocol);
        if (ret->protocol < 0 && (!streq(protocol, "any") || first != 0 || last != 65535))
                return -EBADMSG;
        ret->first = (uint16_t)first;
        ret->last = (uint16_t)last;
        return 0;
}

static int read_egress_list(const Frame *f, MemberRecord *m)
{
        _cleanup_strv_free_ char **texts = NULL;
        int r = frame_strv(f, FRAME_EGRESS, &texts);
        size_t n = r < 0 ? 0 : strv_length(texts);

        if (n > NETWORK_EGRESS_MAX)
                return -EBADMSG;
        m->egress = n > 0 ? calloc(n, sizeof(*m->egress)) : NULL;
        if (n > 0 && !m->egress)
                return -ENOMEM;
        for (; r >= 0 && m->n_egress < n; m->n_egress++)
                r = read_egress(texts[m->n_egress], &m->egress[m->n_egress]);
        return r;
}

static int read_groups(const Frame *f, FrameTag tag, size_t max,
                       int (*read_one)(const Frame *, MemberRecord *), MemberRecord *m)
{
        size_t offset = 0, n = 0;
        Frame group;
        int r = 0;

        while (r >= 0 && frame_next_group(f, tag, &offset, &group))
                r = n++ < max ? read_one(&group, m) : -EBADMSG;
        return r;
}

int member_record_read(const Frame *f, MemberRecord *ret)
{
        _cleanup_member_record_ MemberRecord m = {
                .links = calloc(NETWORK_LINKS_MAX, sizeof(MemberLink)),
                .ports = calloc(NETWORK_PORTS_MAX, sizeof(MemberPort)),
                .rate = frame_number(f, FRAME_RATE, 0),
                .has_egress = frame_number(f, FRAME_FLAGS, 0),
        };
        int r = m.links && m.ports ? 0 : -ENOMEM;

        if (r >= 0)
                r = read_text(f, FRAME_NAME, machine_name_is_valid, m.name, sizeof(m.name));
        if (r >= 0)
                r = read_egress_list(f, &m);
        if (r >= 0)
                r = read_groups(f, FRAME_LINK, NETWORK_LINKS_MAX, read_link, &m);
        if (r >= 0)
                r = read_groups(f, FRAME_PORT, NETWORK_PORTS_MAX, read_port, &m);
        if (r < 0)
                return r;
        *ret = m;
        m = (MemberRecord){0};
        return 0;
}

void member_record_done(MemberRecord *m)
{
        free(m->links);
        free(m->ports);
        free(m->egress);
        *m = (MemberRecord){0};
}
