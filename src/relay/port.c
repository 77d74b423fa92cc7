/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "relay/port.h"

#include "base/cleanup.h"

#include <string.h>

/* FNV-1a. */
guint port_hash_bytes(const void *p, size_t n)
{
        const uint8_t *bytes = p;
        uint32_t hash = 2166136261U;

        for (size_t i = 0; i < n; i++)
                hash = (hash ^ bytes[i]) * 16777619U;
        return hash;
}

bool port_target(const Port *p, bool other, SocketAddress *ret)
{
        bool want6 = (p->key.family == AF_INET6) != other;
        const NetAddress *first = want6 ? &p->guest6 : &p->guest4;
        const NetAddress *second = want6 ? &p->guest4 : &p->guest6;

        /* without the family it has come by, the first try is the other one already */
        if (first->family == 0 && !other)
                first = second;
        else if (other && second->family == 0)
                return false;
        if (first->family == 0)
                return false;
        *ret = socket_address_make(first, p->guest_port);
        return true;
}

void port_free(Port *p)
{
        if (!p)
                return;
        p->acceptor = acceptor_free(p->acceptor);
        if (p->key.protocol == PORT_TCP)
                port_streams_free(p);
        else
                port_datagrams_free(p);
        sd_event_source_disable_unref(p->io);
        sd_event_source_disable_unref(p->expiry);
        (void)close_fd(p->fd);
        sd_event_unref(p->event);
        g_free(p->machine);
        g_free(p);
}

int port_open(sd_event *event, PipePool *pipes, const PortKey *key, const char *machine, Port **ret)
{
        NetAddress a = {.family = key->family};
        Port *p = g_new0(Port, 1);

        *p = (Port){.key = *key,
                    .event = sd_event_ref(event),
                    .pipes = pipes,
                    .machine = g_strdup(machine)};
        memcpy(a.bytes, key->address, sizeof(a.bytes));
        int r = p->fd = socket_listen((PortProtocol)key->protocol, &a, key->port, false);
        if (r >= 0)
                r = key->protocol == PORT_TCP
                            ? acceptor_new(event, p->fd, port_stream_accepted, p, &p->acceptor)
                            : port_datagrams_open(p);
        if (r < 0) {
                port_free(p);
                return r;
        }
        *ret = p;
        return 0;
}
