/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/network-text.h"

#include <string.h>

/* "80", "80-89" */
static int range_text(uint16_t first, uint16_t count, char *buf, size_t size)
{
        return count > 1 ? snprintf(buf, size, "%u-%u", first, first + count - 1U)
                         : snprintf(buf, size, "%u", first);
}

const char *port_host_text(const ClientPort *p, char buf[static PORT_TEXT_MAX])
{
        bool brackets = strchr(p->address, ':');
        int n = snprintf(buf, PORT_TEXT_MAX, "%s%.48s%s:", brackets ? "[" : "", p->address,
                         brackets ? "]" : "");

        (void)range_text(p->host_port, p->count, buf + n, PORT_TEXT_MAX - (size_t)n);
        return buf;
}

const char *port_guest_text(const ClientPort *p, char buf[static PORT_TEXT_MAX])
{
        int n = range_text(p->guest_port, p->count, buf, PORT_TEXT_MAX);

        (void)snprintf(buf + n, PORT_TEXT_MAX - (size_t)n, "/%.8s", p->protocol);
        return buf;
}

static uint16_t number_in(const json_t *object, const char *key)
{
        return (uint16_t)json_integer_value(json_object_get(object, key));
}

ClientPort port_from_json(const json_t *port)
{
        const char *protocol = json_string_value(json_object_get(port, "Protocol"));
        const char *address = json_string_value(json_object_get(port, "Address"));

        return (ClientPort){
                .protocol = (char *)(protocol ?: "?"),
                .address = (char *)(address ?: "?"),
                .host_port = number_in(port, "HostPort"),
                .guest_port = number_in(port, "GuestPort"),
                .count = number_in(port, "Count"),
        };
}

char *network_element_text(const json_t *element)
{
        const char *address = json_string_value(json_object_get(element, "Address"));
        char host[PORT_TEXT_MAX], guest[PORT_TEXT_MAX], *text;

        if (!address)
                return NULL;
        if (!json_object_get(element, "HostPort"))
                return strndup(address, strcspn(address, "/"));
        ClientPort p = port_from_json(element);
        return asprintf(&text, "%s->%s", port_host_text(&p, host), port_guest_text(&p, guest)) < 0
                       ? NULL
                       : text;
}
