/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Elements of Publish= and Egress=, and Bandwidth=. */
#include "spec/network-entry.h"

#include "base/text.h"

#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>

#define PORT_TEXT_MAX 200 /* longer than anything that is right */

static const char *parse_port(const char *text, uint16_t *ret)
{
        uint64_t v;

        if (parse_u64(text, 65535, &v) < 0 || v == 0)
                return "a port is a number from 1 to 65535";
        *ret = (uint16_t)v;
        return NULL;
}

/* PORT or PORT-LAST, in place. */
static const char *parse_ports(char *text, uint16_t *ret_first, uint16_t *ret_last)
{
        const char *first = strsep(&text, "-"), *why = parse_port(first, ret_first);

        *ret_last = *ret_first;
        if (!why && text)
                why = parse_port(text, ret_last);
        if (!why && *ret_last < *ret_first)
                why = "a range of ports begins with the lower one";
        return why;
}

/* Cuts "/tcp" or "/udp" off. Return: is there a protocol? */
static bool cut_protocol(char *text, bool *ret_udp)
{
        char *slash = strrchr(text, '/');

        if (!slash || (!streq(slash, "/tcp") && !streq(slash, "/udp")))
                return false;
        *ret_udp = streq(slash, "/udp");
        *slash = '\0';
        return true;
}

/* Takes "[ADDRESS]" off the front of @text.
 * Return: the address and *@text behind the bracket; NULL: it does not begin with one that ends. */
static char *take_bracketed(char **text)
{
        char *inside = *text + 1, *end = strchr(*text, ']');

        if (**text != '[' || !end)
                return NULL;
        *end = '\0';
        *text = end + 1;
        return inside;
}

static bool is_mapped_or_link_local(const NetAddress *a)
{
        static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

        return a->family == AF_INET6 && (memcmp(a->bytes, mapped, sizeof(mapped)) == 0 ||
                                         (a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80));
}

/* ---- Publish= ---- */

static const char *parse_host_address(const char *text, bool bracketed, NetAddress *ret)
{
        if (net_address_parse(text, NET_PREFIX_NONE, ret) < 0 ||
            (ret->family == AF_INET6) != bracketed)
                return "the host's address is numeric, IPv6 in brackets, as in [::1]:8080:80";
        if (is_mapped_or_link_local(ret))
                return "the host's address must be neither link-local nor IPv4 written as IPv6";
        if (!net_address_is_unspecified(ret) && !net_address_is_loopback(ret) &&
            !net_address_is_usable(ret))
                return "the host's address must be one that an interface can have";
        return NULL;
}

/* Takes the address off the front. */
static const char *split_host_address(char **text, NetAddress *ret)
{
        const char *address = take_bracketed(text), *colon;

        if (address) {
                if (**text != ':')
                        return "the host's address is followed by ':' and a port";
                ++*text;
                return parse_host_address(address, true, ret);
        }
        colon = strchr(*text, ':');
        if (!colon || !strchr(colon + 1, ':'))
                return NULL;
        if (strchr(strchr(colon + 1, ':') + 1, ':'))
                return "an IPv6 address is written in brackets, as in [::1]:8080:80";
        return parse_host_address(strsep(text, ":"), false, ret);
}

static const char *parse_publish(char *text, PortEntry *e)
{
        static const char form[] = "give [ADDRESS:]HOST:GUEST, ports or ranges of them, with /tcp "
                                   "or /udp";
        uint16_t host_last, guest_last;

        (void)cut_protocol(text, &e->udp);
        const char *why = split_host_address(&text, &e->host);
        char *host = why ? NULL : strsep(&text, ":");

        if (why || !text || strpbrk(text, "/:"))
                return why ?: form;
        why = parse_ports(host, &e->host_port, &host_last);
        why = why ?: parse_ports(text, &e->guest_port, &guest_last);
        if (why)
                return why;
        if (host_last - e->host_port != guest_last - e->guest_port)
                return "the ranges of host and guest must have the same number of ports";
        e->count = (uint16_t)(host_last - e->host_port + 1);
        return NULL;
}

static int copy_text(const char *text, char ret[static PORT_TEXT_MAX])
{
        size_t n = strlen(text);

        if (n >= PORT_TEXT_MAX)
                return -EINVAL;
        memcpy(ret, text, n + 1);
        return 0;
}

int port_entry_parse(const char *text, PortEntry *ret, const char **ret_why)
{
        char copy[PORT_TEXT_MAX];
        PortEntry e = {0};

        *ret_why = copy_text(text, copy) < 0 ? "it is too long" : parse_publish(copy, &e);
        if (*ret_why)
                return -EINVAL;
        *ret = e;
        return 0;
}

static void format_address(const NetAddress *a, bool bits, bool brackets,
                           char ret[static NET_ADDRESS_TEXT_MAX + 2])
{
        char text[NET_ADDRESS_TEXT_MAX];

        brackets = brackets && a->family == AF_INET6;
        (void)snprintf(ret, NET_ADDRESS_TEXT_MAX + 2, "%s%s%s", brackets ? "[" : "",
                       net_address_format(a, bits, text), brackets ? "]" : "");
}

static const char *format_ports(unsigned first, unsigned last, char ret[static 16])
{
        (void)snprintf(ret, 16, first == last ? "%u" : "%u-%u", first, last);
        return ret;
}

int port_entry_format(const PortEntry *e, char **ret)
{
        char address[NET_ADDRESS_TEXT_MAX + 2] = "", host[16], guest[16];
        unsigned more = e->count - 1U;

        if (e->host.family)
                format_address(&e->host, false, true, address);
        format_ports(e->host_port, e->host_port + more, host);
        format_ports(e->guest_port, e->guest_port + more, guest);
        return asprintf(ret, "%s%s%s:%s%s", address, e->host.family ? ":" : "", host, guest,
                        e->udp ? "/udp" : "") < 0
                       ? -ENOMEM
                       : 0;
}

/* Is @b one of the addresses that @a stands for? None at all is 127.0.0.1 and ::1. */
static bool covers(const NetAddress *a, const NetAddress *b)
{
        static const NetAddress loopback = {AF_INET, {127, 0, 0, 1}, 32};

        if (a->family)
                return a->family == b->family &&
                       (net_address_is_unspecified(a) || net_address_equal(a, b));
        return !b->family || net_address_is_unspecified(b) || net_address_equal(&loopback, b) ||
               (b->family == AF_INET6 && net_address_is_loopback(b));
}

bool port_entry_overlaps(const PortEntry *a, const PortEntry *b)
{
        return a->udp == b->udp && a->host_port <= b->host_port + (b->count - 1) &&
               b->host_port <= a->host_port + (a->count - 1) &&
               (covers(&a->host, &b->host) || covers(&b->host, &a->host));
}

/* ---- Egress= ---- */

/* The part behind an address and before a protocol: "", or ":PORT[-LAST]". */
static const char *parse_egress_ports(char *text, EgressEntry *e)
{
        e->first = 0;
        e->last = 65535;
        if (!*text)
                return NULL;
        if (*text != ':')
                return "behind the address comes nothing, or ':' and a port";
        return parse_ports(text + 1, &e->first, &e->last);
}

static const char *parse_egress(char *text, EgressEntry *e)
{
        bool udp = false, has_protocol = cut_protocol(text, &udp);
        char *rest = text, *address = take_bracketed(&rest), *colon = strchr(text, ':');

        if (!address) {
                address = text;
                /* with several it is IPv6, which has no port then */
                rest = colon && !strchr(colon + 1, ':') ? colon : strchr(text, '\0');
        }
        char ports[PORT_TEXT_MAX];
        (void)snprintf(ports, sizeof(ports), "%s", rest);
        *rest = '\0';
        const char *why = net_address_parse(address, NET_PREFIX_OPTIONAL, &e->to) < 0
                                  ? "give none, or ADDRESS, ADDRESS/BITS or [IPv6 ADDRESS/BITS], "
                                    "with :PORT and /tcp or /udp"
                                  : parse_egress_ports(ports, e);
        if (why)
                return why;
        e->to = net_address_network(&e->to);
        e->tcp = has_protocol ? !udp : *ports;
        e->udp = has_protocol ? udp : *ports;
        return NULL;
}

int egress_entry_parse(const char *text, EgressEntry *ret, const char **ret_why)
{
        char copy[PORT_TEXT_MAX];
        EgressEntry e = {.none = streq(text, "none")};

        if (e.none)
                *ret_why = NULL;
        else
                *ret_why = copy_text(text, copy) < 0 ? "it is too long" : parse_egress(copy, &e);
        if (*ret_why)
                return -EINVAL;
        *ret = e;
        return 0;
}

int egress_entry_format(const EgressEntry *e, char **ret)
{
        bool has_ports = e->first > 0 || e->last < 65535, bits;
        char address[NET_ADDRESS_TEXT_MAX + 2], ports[16] = "";

        if (e->none) {
                *ret = strdup("none");
                return *ret ? 0 : -ENOMEM;
        }
        bits = e->to.prefix < net_address_size(&e->to) * 8;
        format_address(&e->to, bits, has_ports, address);
        if (has_ports)
                format_ports(e->first, e->last, ports);
        return asprintf(ret, "%s%s%s%s", address, has_ports ? ":" : "", ports,
                        e->tcp == e->udp ? ""
                        : e->udp         ? "/udp"
                                         : "/tcp") < 0
                       ? -ENOMEM
                       : 0;
}

/* ---- Bandwidth= ---- */

static const char rate_units[] = "KMG";

static int parse_rate(const char *text, uint64_t *ret)
{
        size_t n = strspn(text, "0123456789");
        char digits[16] = "";
        const char *unit = text[n] ? strchr(rate_units, text[n]) : NULL;
        uint64_t v, scale = 1;

        if (n == 0 || n >= sizeof(digits) || (text[n] && (!unit || text[n + 1])))
                return -EINVAL;
        memcpy(digits, text, n);
        for (const char *u = rate_units; unit && u <= unit; u++)
                scale *= 1000;
        if (parse_u64(digits, BANDWIDTH_MAX / scale, &v) < 0 || v * scale < BANDWIDTH_MIN)
                return -EINVAL;
        *ret = v * scale;
        return 0;
}

int bandwidth_parse(const char *text, Bandwidth *ret)
{
        char copy[PORT_TEXT_MAX], *rest = copy, *part;
        Bandwidth b = {0};
        int r = copy_text(text, copy);

        while (r >= 0 && (part = strsep(&rest, ","))) {
                if (strncmp(part, "in=", 3) == 0 && b.in == 0)
                        r = parse_rate(part + 3, &b.in);
                else if (strncmp(part, "out=", 4) == 0 && b.out == 0)
                        r = parse_rate(part + 4, &b.out);
                else
                        r = -EINVAL;
        }
        if (r >= 0)
                *ret = b;
        return r;
}

static const char *format_rate(uint64_t v, char ret[static 32])
{
        unsigned unit = 0;

        while (v % 1000 == 0 && rate_units[unit]) {
                v /= 1000;
                unit++;
        }
        if (unit == 0)
                (void)snprintf(ret, 32, "%" PRIu64, v);
        else
                (void)snprintf(ret, 32, "%" PRIu64 "%c", v, rate_units[unit - 1]);
        return ret;
}

int bandwidth_format(const Bandwidth *b, char **ret)
{
        char in[32], out[32];

        *ret = NULL;
        if (b->in == 0 && b->out == 0)
                return 0;
        return asprintf(ret, "%s%s%s%s%s", b->in ? "in=" : "", b->in ? format_rate(b->in, in) : "",
                        b->in && b->out ? "," : "", b->out ? "out=" : "",
                        b->out ? format_rate(b->out, out) : "") < 0
                       ? -ENOMEM
                       : 0;
}
