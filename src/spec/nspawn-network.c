/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/nspawn-internal.h"

#include "base/text.h"

#include <inttypes.h>
#include <string.h>

#define LINK_NAME_MAX 15U

static int push_network(Nspawn *n, const char *element, const char *key, const char *value)
{
        _cleanup_free_ char *shown = NULL;

        if (asprintf(&shown, "%s=%s", key, value) < 0)
                return -ENOMEM;
        return nspawn_push(n, "Network", element, shown);
}

/* ---- interfaces of the host ---- */

/* IF, or IF:NAME as it is to be called inside; if not given, @prefix and IF. */
static int push_link(Nspawn *n, const char *kind, const char *prefix, const char *word,
                     const char *key)
{
        size_t length = strcspn(word, ":");
        const char *given = word[length] ? word + length + 1 : NULL;
        _cleanup_free_ char *name = NULL, *element = NULL;

        if (asprintf(&name, "%s%.*s", given ? "" : prefix, (int)(given ? strlen(given) : length),
                     given ?: word) < 0) {
                name = NULL;
                return -ENOMEM;
        }
        if (!given && strlen(name) > LINK_NAME_MAX)
                name[LINK_NAME_MAX] = '\0';
        if (asprintf(&element, "%s=%.*s:name=%s", kind, (int)length, word, name) < 0) {
                element = NULL;
                return -ENOMEM;
        }
        return push_network(n, element, key, word);
}

static int put_links(Nspawn *n)
{
        int r = 0;

        STRV_FOREACH (word, n->interfaces) {
                r = push_link(n, "interface", "", *word, "Interface");
                if (r < 0)
                        return r;
        }
        STRV_FOREACH (word, n->macvlans) {
                r = push_link(n, "macvlan", "mv-", *word, "MACVLAN");
                if (r < 0)
                        return r;
        }
        STRV_FOREACH (word, n->ipvlans) {
                r = nspawn_note(n, "IPVLAN=%s has no counterpart; Network=macvlan= comes near",
                                *word);
                if (r < 0)
                        return r;
        }
        STRV_FOREACH (pair, n->extra_links) {
                r = nspawn_note(n,
                                "VirtualEthernetExtra=%s has no counterpart; another network of "
                                "lodge's comes near: lodgectl network attach",
                                *pair);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- the veth ---- */

static int put_zone(Nspawn *n)
{
        _cleanup_free_ char *element = NULL;

        if (asprintf(&element, "network=%s", n->zone) < 0)
                return -ENOMEM;
        int r = push_network(n, element, "Zone", n->zone);
        return r < 0 || !n->settings->networks
                       ? r
                       : nspawn_note(n,
                                     "Zone=%s becomes a network of lodge's, which has to be there: "
                                     "lodgectl network create %s",
                                     n->zone, n->zone);
}

static int put_veth(Nspawn *n)
{
        _cleanup_free_ char *element = NULL;

        if (n->bridge) {
                if (asprintf(&element, "bridge=%s", n->bridge) < 0)
                        return -ENOMEM;
                return push_network(n, element, "Bridge", n->bridge);
        }
        if (n->zone)
                return put_zone(n);
        return n->virtual_ethernet > 0 ? push_network(n, "private", "VirtualEthernet", "yes") : 0;
}

/* ---- ports ---- */

static bool parse_port(const char *s, uint64_t *ret)
{
        return parse_u64(s, UINT16_MAX, ret) >= 0 && *ret > 0;
}

/* All addresses of the host, as nspawn does it, and its own, which it does not. */
static int push_port(Nspawn *n, const char *value)
{
        static const char *const addresses[] = {"0.0.0.0", "[::]"};
        bool udp = strncmp(value, "udp:", 4) == 0, tcp = strncmp(value, "tcp:", 4) == 0;
        const char *numbers = value + (udp || tcp ? 4 : 0), *colon = strchr(numbers, ':');
        _cleanup_free_ char *first = strndup(numbers, strcspn(numbers, ":")), *shown = NULL;
        uint64_t host, guest;
        int r = 0;

        if (!first || asprintf(&shown, "Port=%s", value) < 0)
                return -ENOMEM;
        if (!parse_port(first, &host) || !parse_port(colon ? colon + 1 : first, &guest))
                return nspawn_note(n, "%s is left out: ports are numbers from 1 to 65535", shown);
        for (size_t i = 0; i < ELEMENTSOF(addresses) && r >= 0; i++) {
                _cleanup_free_ char *element = NULL;

                if (asprintf(&element, "%s:%" PRIu64 ":%" PRIu64 "/%s", addresses[i], host, guest,
                             udp ? "udp" : "tcp") < 0)
                        return -ENOMEM;
                r = nspawn_push(n, "Publish", element, shown);
        }
        return r;
}

static int put_ports(Nspawn *n, bool has_network)
{
        int r = 0;

        STRV_FOREACH (value, n->ports) {
                r = has_network ? push_port(n, *value)
                                : nspawn_note(n,
                                              "Port=%s is left out: only machines in a network of "
                                              "lodge's can publish ports",
                                              *value);
                if (r < 0)
                        break;
        }
        return r;
}

/* Does the file ask for a network stack of the machine's own? */
static bool wants_own_network(const Nspawn *n)
{
        return n->private > 0 || n->virtual_ethernet > 0 || n->bridge || n->zone ||
               n->namespace_path || n->interfaces || n->macvlans || n->ipvlans || n->extra_links;
}

static int put_namespace(Nspawn *n)
{
        _cleanup_free_ char *element = NULL;

        if (asprintf(&element, "netns=%s", n->namespace_path) < 0)
                return -ENOMEM;
        return push_network(n, element, "NamespacePath", n->namespace_path);
}

int nspawn_network(Nspawn *n)
{
        bool given = n->private >= 0 || n->virtual_ethernet >= 0 || wants_own_network(n);
        int r;

        if (!given)
                n->virtual_ethernet = 1; /* systemd-nspawn@.service has --network-veth */
        if (n->namespace_path)
                r = put_namespace(n);
        else {
                r = put_veth(n);
                r = r < 0 ? r : put_links(n);
        }
        /* what was refused above leaves it none rather than the host's */
        if (r >= 0 && !n->settings->networks)
                r = push_network(n, wants_own_network(n) ? "none" : "host", "Private", "");
        bool has_network = !n->namespace_path && !n->bridge && n->settings->networks &&
                           (n->zone || n->virtual_ethernet > 0);
        return r < 0 ? r : put_ports(n, has_network);
}
