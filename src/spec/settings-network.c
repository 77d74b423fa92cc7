/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the settings of a machine's network come to, and which of them do not go together. */
#include "spec/settings.h"

#include "base/text.h"

#include <string.h>

static int refuse(Fault *reterr, const char *message)
{
        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "%s", message);
}

NetworkMode settings_network_mode(const Settings *s)
{
        const char *first = s->networks ? s->networks[0] : NULL;

        if (!first)
                return s->private_network == 0 ? NETWORK_MODE_HOST : NETWORK_MODE_NONE;
        if (streq(first, "none"))
                return NETWORK_MODE_NONE;
        if (streq(first, "host"))
                return NETWORK_MODE_HOST;
        return strncmp(first, "netns=", 6) == 0 ? NETWORK_MODE_NETNS : NETWORK_MODE_LINKS;
}

/* ---- entries ---- */

void network_entries_free(NetworkEntry *entries, size_t n)
{
        for (size_t i = 0; i < n; i++)
                network_entry_done(&entries[i]);
        free(entries);
}

static bool has_name(const NetworkEntry *entries, size_t n, const char *name)
{
        for (size_t i = 0; i < n; i++)
                if (streq(entries[i].name, name))
                        return true;
        return false;
}

static int name_entries(NetworkEntry *entries, size_t n)
{
        unsigned number = 0;

        for (size_t i = 0; i < n; i++) {
                char name[16];

                if (entries[i].name)
                        continue;
                do
                        (void)snprintf(name, sizeof(name), "host%u", number++);
                while (has_name(entries, n, name));
                entries[i].name = strdup(name);
                if (!entries[i].name)
                        return -ENOMEM;
        }
        return 0;
}

static int parse_entries(char *const *texts, NetworkEntry *entries, size_t *n, Fault *reterr)
{
        STRV_FOREACH (text, texts) {
                const char *why = NULL;
                int r = network_entry_parse(*text, &entries[*n], &why);

                if (r == -EINVAL)
                        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "Network=: %s", why);
                if (r < 0)
                        return r;
                ++*n;
        }
        return 0;
}

int settings_network_entries(const Settings *s, NetworkEntry **ret, size_t *ret_n, Fault *reterr)
{
        size_t max = strv_length(s->networks), n = 0;
        NetworkEntry *entries = NULL;

        *ret = NULL;
        *ret_n = 0;
        if (settings_network_mode(s) != NETWORK_MODE_LINKS)
                return 0;
        if (max > NETWORK_ENTRIES_MAX)
                return refuse(reterr, "Network= can be given at most 16 times");
        entries = calloc(max, sizeof(*entries));
        int r = entries ? parse_entries(s->networks, entries, &n, reterr) : -ENOMEM;
        r = r < 0 ? r : name_entries(entries, n);
        if (r < 0) {
                network_entries_free(entries, n);
                return r;
        }
        *ret = entries;
        *ret_n = n;
        return 0;
}

/* ---- do they go together? ---- */

/* Everything that two entries must not share. */
static const char *check_pair(const NetworkEntry *a, const NetworkEntry *b)
{
        bool same = streq(a->argument, b->argument);

        if (same && a->kind == NETWORK_KIND_NETWORK && b->kind == a->kind)
                return "a machine can be in a network once, but Network= names one twice";
        if (same && (a->kind == NETWORK_KIND_INTERFACE || b->kind == NETWORK_KIND_INTERFACE) &&
            a->kind != NETWORK_KIND_NETWORK && b->kind != NETWORK_KIND_NETWORK)
                return "an interface that is moved in by Network=interface= is not there for "
                       "another entry of Network=";
        if (streq(a->name, b->name))
                return "two entries of Network= have the same name= for the interface inside";
        if (a->mac && a->mac == b->mac)
                return "two entries of Network= have the same mac=";
        for (size_t i = 0; i < a->n_addresses; i++)
                for (size_t k = 0; k < b->n_addresses; k++)
                        if (net_address_equal(&a->addresses[i], &b->addresses[k]))
                                return "two entries of Network= have the same address=";
        return NULL;
}

static const char *check_entry(const NetworkEntry *entries, size_t i)
{
        const char *why = NULL;

        if (!network_kind_has_link(entries[i].kind))
                return "Network=none, Network=host and Network=netns= stand alone: no other "
                       "network beside them";
        for (size_t k = 0; !why && k < i; k++)
                why = check_pair(&entries[k], &entries[i]);
        return why;
}

/* Which of the kinds there are, as bits. */
static int check_entries(const Settings *s, unsigned *ret_kinds, Fault *reterr)
{
        NetworkEntry *entries = NULL;
        const char *why = NULL;
        size_t n = 0;
        int r = settings_network_entries(s, &entries, &n, reterr);

        *ret_kinds = 0;
        for (size_t i = 0; r >= 0 && !why && i < n; i++) {
                *ret_kinds |= 1U << entries[i].kind;
                why = check_entry(entries, i);
        }
        network_entries_free(entries, n);
        return why ? refuse(reterr, why) : r;
}

static const char *check_mode(const Settings *s)
{
        NetworkMode mode = settings_network_mode(s);

        if (mode != NETWORK_MODE_LINKS && strv_length(s->networks) > 1)
                return "Network=none, Network=host and Network=netns= stand alone: no other "
                       "network beside them";
        if (s->private_network == 1 && mode == NETWORK_MODE_HOST)
                return "PrivateNetwork=yes and Network=host contradict each other";
        if (s->private_network == 0 && mode != NETWORK_MODE_HOST)
                return "PrivateNetwork=no is the host's network, and contradicts every Network= "
                       "but host";
        return NULL;
}

static int check_ports(const Settings *s, Fault *reterr)
{
        PortEntry *ports = NULL;
        size_t n = 0, max = strv_length(s->publish);
        int r = 0;

        if (max > PORT_ENTRIES_MAX)
                return refuse(reterr, "Publish= can be given at most 128 times");
        ports = calloc(max + 1, sizeof(*ports));
        if (!ports)
                return -ENOMEM;
        for (; r >= 0 && n < max; n++) {
                const char *why;

                if (port_entry_parse(s->publish[n], &ports[n], &why) < 0)
                        r = fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "Publish=: %s", why);
                for (size_t k = 0; r >= 0 && k < n; k++)
                        if (port_entry_overlaps(&ports[k], &ports[n]))
                                r = fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                              "Publish=%s and Publish=%s want the same port of "
                                              "the host",
                                              s->publish[k], s->publish[n]);
        }
        free(ports);
        return r;
}

static const char *check_egress(const Settings *s)
{
        return strv_length(s->egress) > EGRESS_ENTRIES_MAX
                       ? "Egress= can be given at most 128 times"
                       : NULL;
}

static const char *check_needs(const Settings *s, unsigned kinds)
{
        bool network = kinds & 1U << NETWORK_KIND_NETWORK;
        bool veth = network || kinds & 1U << NETWORK_KIND_BRIDGE;

        if (s->publish && !network)
                return "Publish= needs a network of lodge's: add Network=private";
        if (s->publish_exposed && !network)
                return "PublishExposed=yes needs a network of lodge's: add Network=private";
        if (s->egress && !network)
                return "Egress= needs a network of lodge's: add Network=private";
        if (s->egress && kinds != 1U << NETWORK_KIND_NETWORK)
                return "Egress= holds in networks of lodge's only: what leaves by a bridge or an "
                       "interface of the host would go around it";
        if ((s->bandwidth.in || s->bandwidth.out) && !veth)
                return "Bandwidth= needs a network of lodge's or a bridge: add Network=private";
        if (s->bandwidth.out && kinds & 1U << NETWORK_KIND_BRIDGE)
                return "Bandwidth=out= holds in networks of lodge's only: what is sent over a "
                       "bridge of the host cannot be limited";
        return NULL;
}

int settings_network_validate(const Settings *s, Fault *reterr)
{
        const char *why = check_mode(s);
        unsigned kinds = 0;
        int r = why ? refuse(reterr, why) : check_entries(s, &kinds, reterr);

        if (r < 0)
                return r;
        why = check_needs(s, kinds);
        why = why ?: check_egress(s);
        return why ? refuse(reterr, why) : check_ports(s, reterr);
}
