/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "relay/names.h"

#include "base/text.h"

#include <string.h>
#include <sys/socket.h>

#define SUFFIX "." NAMES_DOMAIN

char *names_key(const char *name)
{
        return g_ascii_strdown(name, -1);
}

static void take(DnsAnswer *answer, const DnsQuery *q, const NetAddress *a)
{
        bool wanted = q->type == ns_t_any || (q->type == ns_t_a && a->family == AF_INET) ||
                      (q->type == ns_t_aaaa && a->family == AF_INET6);

        if (wanted && answer->n_addresses < DNS_ANSWERS_MAX)
                answer->addresses[answer->n_addresses++] = *a;
}

static const MemberLink *find_link(const MemberRecord *m, const NetAddress *a)
{
        for (size_t i = 0; i < m->n_links; i++)
                for (size_t k = 0; k < m->links[i].n_addresses; k++)
                        if (net_address_equal(&m->links[i].addresses[k], a))
                                return &m->links[i];
        return NULL;
}

/* Addresses of machines cannot be forged: lodge-net sees to that. */
static const MemberRecord *find_address(const Names *names, const NetAddress *a,
                                        const MemberLink **ret_link)
{
        GHashTableIter iter;
        void *p;

        g_hash_table_iter_init(&iter, names->members);
        while (g_hash_table_iter_next(&iter, NULL, &p)) {
                *ret_link = find_link(p, a);
                if (*ret_link)
                        return p;
        }
        return NULL;
}

bool names_is_shut_in(const Names *names)
{
        const MemberLink *unused;
        const MemberRecord *asker = find_address(names, &names->asker, &unused);

        return asker && asker->has_egress && asker->n_egress == 0;
}

/* May who asks know what is in that network? It is the one that it asks in, or another one of its
 * own: a machine's resolver is that of its first network alone. */
static bool may_know(const Names *names, const char *network)
{
        const MemberLink *unused;
        const MemberRecord *asker;

        if (streq(network, names->network->name))
                return true;
        asker = find_address(names, &names->asker, &unused);
        for (size_t i = 0; asker && i < asker->n_links; i++)
                if (streq(asker->links[i].network, network))
                        return true;
        return false;
}

static bool take_links(DnsAnswer *answer, const DnsQuery *q, const MemberRecord *m,
                       const char *network)
{
        bool found = false;

        for (size_t i = 0; i < m->n_links; i++) {
                if (!streq(m->links[i].network, network))
                        continue;
                found = true;
                for (size_t k = 0; k < m->links[i].n_addresses; k++)
                        take(answer, q, &m->links[i].addresses[k]);
        }
        return found;
}

/* The addresses in the network where it was asked for, or else in one that both are in.
 * Return: is it known there at all? */
static bool take_member(DnsAnswer *answer, const DnsQuery *q, const MemberRecord *m,
                        const Names *names)
{
        if (!m)
                return false;
        if (take_links(answer, q, m, names->network->name))
                return true;
        for (size_t i = 0; i < m->n_links; i++)
                if (may_know(names, m->links[i].network))
                        return take_links(answer, q, m, m->links[i].network);
        return false;
}

static bool answer_name(const Names *names, const char *name, const DnsQuery *q, DnsAnswer *ret)
{
        const NetworkRecord *network = names->network;

        if (take_member(ret, q, g_hash_table_lookup(names->members, name), names))
                return true;
        if (!streq(name, "gateway") && !streq(q->name, "host" SUFFIX))
                return false;
        for (size_t i = 0; i < network->n_gateways; i++)
                take(ret, q, &network->gateways[i]);
        return true;
}

static bool is_in(const NetworkRecord *network, const NetAddress *a)
{
        for (size_t i = 0; i < network->n_gateways; i++)
                if (net_address_contains(&network->gateways[i], a))
                        return true;
        return false;
}

/* Return: is it ours to say? */
static bool answer_address(const Names *names, const NetAddress *a, DnsAnswer *ret)
{
        const NetworkRecord *network = names->network;
        const MemberLink *link = NULL;
        const MemberRecord *m = find_address(names, a, &link);
        const char *found = m && may_know(names, link->network) ? m->name : NULL;

        for (size_t i = 0; i < network->n_gateways; i++)
                if (net_address_equal(&network->gateways[i], a))
                        found = "gateway";
        if (!found && !is_in(network, a))
                return false;
        if (found)
                (void)snprintf(ret->pointer, sizeof(ret->pointer), "%s" SUFFIX, found);
        else
                ret->code = ns_r_nxdomain;
        return true;
}

/* "web.lodge" and "web" are the same; "lodge" itself has nothing but what is below it. */
static bool strip_domain(char *name)
{
        size_t n = strlen(name), k = strlen(SUFFIX);

        if (n <= k || !streq(name + n - k, SUFFIX))
                return false;
        name[n - k] = '\0';
        return true;
}

/* A word without a dot is meant to be a machine: if there is none, resolvers of the world are not
 * told what somebody here looks for. They have no addresses for a word anyway. */
static bool is_word(const DnsQuery *q)
{
        return q->class == ns_c_in && (q->type == ns_t_a || q->type == ns_t_aaaa) && q->name[0] &&
               !strchr(q->name, '.');
}

bool names_answer(const Names *names, const DnsQuery *q, DnsAnswer *ret)
{
        char name[DNS_NAME_MAX];
        NetAddress a;

        *ret = (DnsAnswer){.code = ns_r_noerror};
        memcpy(name, q->name, sizeof(name));
        bool ours = strip_domain(name);
        if (q->class != ns_c_in)
                ours = false;
        else if (answer_name(names, name, q, ret))
                return true;
        else if (q->type == ns_t_ptr && dns_name_to_address(name, &a) >= 0 &&
                 answer_address(names, &a, ret))
                return true;
        /* nothing of an internal network is asked outside; "no such name" ends a lookup at once,
         * where musl would wait for another answer after "refused" */
        if (!ours && !is_word(q) && !(names->network->flags & NETWORK_INTERNAL))
                return false;
        ret->code = ns_r_nxdomain;
        return true;
}
