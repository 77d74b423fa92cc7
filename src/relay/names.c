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

/* Return: is it in that network at all? */
static bool take_member(DnsAnswer *answer, const DnsQuery *q, const MemberRecord *m,
                        const char *network)
{
        bool found = false;

        for (size_t i = 0; m && i < m->n_links; i++) {
                if (!streq(m->links[i].network, network))
                        continue;
                found = true;
                for (size_t k = 0; k < m->links[i].n_addresses; k++)
                        take(answer, q, &m->links[i].addresses[k]);
        }
        return found;
}

static bool answer_name(GHashTable *members, const NetworkRecord *network, const char *name,
                        const DnsQuery *q, DnsAnswer *ret)
{
        if (take_member(ret, q, g_hash_table_lookup(members, name), network->name))
                return true;
        if (!streq(name, "gateway") && !streq(q->name, "host" SUFFIX))
                return false;
        for (size_t i = 0; i < network->n_gateways; i++)
                take(ret, q, &network->gateways[i]);
        return true;
}

static bool has_address(const MemberRecord *m, const char *network, const NetAddress *a)
{
        for (size_t i = 0; i < m->n_links; i++)
                for (size_t k = 0; k < m->links[i].n_addresses; k++)
                        if (net_address_equal(&m->links[i].addresses[k], a))
                                return streq(m->links[i].network, network);
        return false;
}

static void answer_address(GHashTable *members, const NetworkRecord *network, const NetAddress *a,
                           DnsAnswer *ret)
{
        const char *found = NULL;
        GHashTableIter iter;
        void *p;

        for (size_t i = 0; i < network->n_gateways; i++)
                if (net_address_equal(&network->gateways[i], a))
                        found = "gateway";
        g_hash_table_iter_init(&iter, members);
        while (!found && g_hash_table_iter_next(&iter, NULL, &p))
                if (has_address(p, network->name, a))
                        found = ((MemberRecord *)p)->name;
        if (found)
                (void)snprintf(ret->pointer, sizeof(ret->pointer), "%s" SUFFIX, found);
        else
                ret->code = ns_r_nxdomain;
}

static bool is_in(const NetworkRecord *network, const NetAddress *a)
{
        for (size_t i = 0; i < network->n_gateways; i++)
                if (net_address_contains(&network->gateways[i], a))
                        return true;
        return false;
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

bool names_answer(GHashTable *members, const NetworkRecord *network, const DnsQuery *q,
                  DnsAnswer *ret)
{
        char name[DNS_NAME_MAX];
        NetAddress a;

        *ret = (DnsAnswer){.code = ns_r_noerror};
        memcpy(name, q->name, sizeof(name));
        bool ours = strip_domain(name);
        if (q->class != ns_c_in)
                ours = false;
        else if (answer_name(members, network, name, q, ret))
                return true;
        else if (q->type == ns_t_ptr && dns_name_to_address(name, &a) >= 0 && is_in(network, &a)) {
                answer_address(members, network, &a, ret);
                return true;
        }
        /* nothing of an internal network is asked outside; "no such name" ends a lookup at once,
         * where musl would wait for another answer after "refused" */
        if (!ours && !(network->flags & NETWORK_INTERNAL))
                return false;
        ret->code = ns_r_nxdomain;
        return true;
}
