/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/io.h"
#include "base/text.h"
#include "net/check-internal.h"

#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#define SYSCTL_MAX 64U

/* Of the percentage that is in use. */
#define NEARLY_FULL 95U

int64_t check_sysctl(const char *name)
{
        g_autofree char *path = g_strdup_printf("/proc/sys/%s", name);
        _cleanup_free_ char *text = NULL;
        uint64_t value;

        if (read_file_at(AT_FDCWD, path, SYSCTL_MAX, &text, NULL) < 0 ||
            parse_u64(g_strstrip(text), INT64_MAX, &value) < 0)
                return -1;
        return (int64_t)value;
}

static bool wants_out(const NetworkRecord *n, int family)
{
        for (size_t i = 0; i < n->n_gateways; i++)
                if (n->gateways[i].family == family && !(n->flags & NETWORK_INTERNAL))
                        return true;
        return false;
}

static bool any_wants_out(Engine *e, int family)
{
        GHashTableIter iter;
        gpointer n;

        g_hash_table_iter_init(&iter, engine_networks(e));
        while (g_hash_table_iter_next(&iter, NULL, &n))
                if (wants_out(n, family))
                        return true;
        return false;
}

static int on_route(const struct nlmsghdr *h, void *userdata)
{
        const struct rtmsg *m = mnl_nlmsg_get_payload(h);

        if (m->rtm_dst_len == 0 && m->rtm_type == RTN_UNICAST)
                *(bool *)userdata = true;
        return MNL_CB_OK;
}

/* Without one the host itself reaches nobody by IPv6. */
static bool has_ipv6_way_out(Engine *e)
{
        char buf[NETLINK_REQUEST_MAX];
        struct nlmsghdr *h = netlink_begin(buf, RTM_GETROUTE, NLM_F_DUMP);
        struct rtmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
        bool found = false;

        m->rtm_family = AF_INET6;
        (void)netlink_ask(engine_route(e), h, on_route, &found);
        return found;
}

static void check_forwarding(Engine *e, Findings *f)
{
        /* also where no network is up: the next machine will want it */
        if ((any_wants_out(e, AF_INET) || g_hash_table_size(engine_networks(e)) == 0) &&
            check_sysctl("net/ipv4/ip_forward") == 0)
                findings_add(f, "sysctl -w net.ipv4.ip_forward=1",
                             "net.ipv4.ip_forward is 0, so machines reach this host and each other "
                             "but nothing beyond, and nobody beyond reaches their ports");
        if (any_wants_out(e, AF_INET6) && check_sysctl("net/ipv6/conf/all/forwarding") == 0 &&
            has_ipv6_way_out(e))
                findings_add(f, "sysctl -w net.ipv6.conf.all.forwarding=1",
                             "net.ipv6.conf.all.forwarding is 0, so machines reach nothing beyond "
                             "this host by IPv6 (before it is set to 1, interfaces that get their "
                             "address from a router need accept_ra=2)");
}

static void check_ipv6(Engine *e, Findings *f)
{
        if (any_wants_out(e, AF_INET6) && check_sysctl("net/ipv6/conf/all/disable_ipv6") == 1)
                findings_add(f, "sysctl -w net.ipv6.conf.all.disable_ipv6=0",
                             "IPv6 is off on this host (net.ipv6.conf.all.disable_ipv6), so "
                             "machines have IPv4 only");
}

static void check_conntrack(Findings *f)
{
        int64_t n = check_sysctl("net/netfilter/nf_conntrack_count"),
                max = check_sysctl("net/netfilter/nf_conntrack_max");

        if (n > 0 && max > 0 && n >= max / 100 * NEARLY_FULL) {
                g_autofree char *command = g_strdup_printf(
                        "sysctl -w net.netfilter.nf_conntrack_max=%lld", (long long)max * 2);

                findings_add(f, command,
                             "the kernel's table of connections is full (%lld of %lld), so new "
                             "ones are dropped",
                             (long long)n, (long long)max);
        }
}

void check_sysctls(Engine *e, Findings *f)
{
        check_forwarding(e, f);
        check_ipv6(e, f);
        check_conntrack(f);
}
