/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/port-owner.h"

#include "base/text.h"
#include "net/netlink.h"

#include <arpa/inet.h>
#include <ftw.h>
#include <glib.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#define CGROUPS  "/sys/fs/cgroup"
#define OPEN_MAX 16 /* descriptors of nftw(3) */

typedef struct Search {
        const NetAddress *address;
        bool is_found;
        uint32_t uid;
        uint64_t cgroup; /* 0: the kernel does not tell */
} Search;

/* ---- the socket ---- */

static NetAddress source_of(const struct inet_diag_msg *m)
{
        NetAddress a = {.family = m->idiag_family};

        if (a.family == AF_INET || a.family == AF_INET6)
                (void)memcpy(a.bytes, m->id.idiag_src, net_address_size(&a));
        return a;
}

/* A socket on :: has the port of all IPv4 addresses, too, unless it is for IPv6 only. */
static bool is_in_the_way(const struct inet_diag_msg *m, bool is_v6only, const NetAddress *wanted)
{
        NetAddress a = source_of(m);

        if (a.family != wanted->family)
                return a.family == AF_INET6 ? net_address_is_unspecified(&a) && !is_v6only
                                            : net_address_is_unspecified(wanted);
        return net_address_is_unspecified(&a) || net_address_is_unspecified(wanted) ||
               net_address_equal(&a, wanted);
}

static int on_socket(const struct nlmsghdr *h, void *userdata)
{
        const struct inet_diag_msg *m = mnl_nlmsg_get_payload(h);
        Search *s = userdata;
        bool is_v6only = false;
        uint64_t cgroup = 0;
        const struct nlattr *a;

        mnl_attr_for_each(a, h, sizeof(*m)) if (mnl_attr_get_type(a) == INET_DIAG_SKV6ONLY)
                is_v6only = mnl_attr_get_u8(a);
        else if (mnl_attr_get_type(a) == INET_DIAG_CGROUP_ID) cgroup = mnl_attr_get_u64(a);
        if (s->is_found || !is_in_the_way(m, is_v6only, s->address))
                return MNL_CB_OK;
        s->is_found = true;
        s->uid = m->idiag_uid;
        s->cgroup = cgroup;
        return MNL_CB_OK;
}

/* TCP that listens; UDP that is bound and has no peer. */
static int ask(Netlink *diag, PortProtocol protocol, int family, uint16_t port, Search *s)
{
        char buf[NETLINK_REQUEST_MAX];
        struct nlmsghdr *h = netlink_begin(buf, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
        struct inet_diag_req_v2 *q = mnl_nlmsg_put_extra_header(h, sizeof(*q));

        q->sdiag_family = (uint8_t)family;
        q->sdiag_protocol = protocol == PORT_TCP ? IPPROTO_TCP : IPPROTO_UDP;
        q->idiag_states = 1U << (protocol == PORT_TCP ? TCP_LISTEN : TCP_CLOSE);
        q->id.idiag_sport = htons(port);
        return netlink_ask(diag, h, on_socket, s);
}

/* ---- its unit ---- */

typedef struct Walk {
        uint64_t cgroup;
        char *path;
} Walk;

/* nftw(3) has no place for it. */
static Walk walk;

static int on_cgroup(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
        if (type == FTW_D && st->st_ino == walk.cgroup) {
                walk.path = g_strdup(path);
                return 1;
        }
        return 0;
}

static bool is_unit(const char *name)
{
        return g_str_has_suffix(name, ".service") || g_str_has_suffix(name, ".scope") ||
               g_str_has_suffix(name, ".socket");
}

/* The deepest: "user@1000.service/app.slice/web.service" is web.service. */
static char *unit_of(const char *path)
{
        g_auto(GStrv) parts = g_strsplit(path, "/", 0);

        for (guint i = g_strv_length(parts); i-- > 0;)
                if (is_unit(parts[i]))
                        return text_for_display(parts[i], 256);
        return NULL;
}

/* The number of a cgroup is that of its directory's inode. */
static char *unit_of_cgroup(uint64_t cgroup)
{
        char *unit = NULL;

        walk = (Walk){.cgroup = cgroup};
        if (cgroup != 0 && nftw(CGROUPS, on_cgroup, OPEN_MAX, FTW_PHYS | FTW_MOUNT) > 0)
                unit = unit_of(walk.path);
        g_free(walk.path);
        return unit;
}

int port_owner(PortProtocol protocol, const NetAddress *address, uint16_t port, char **ret)
{
        _cleanup_netlink_ Netlink *diag = NULL;
        _cleanup_free_ char *unit = NULL;
        Search s = {.address = address};

        *ret = NULL;
        int r = netlink_open(NETLINK_SOCK_DIAG, &diag);
        if (r >= 0)
                r = ask(diag, protocol, AF_INET, port, &s);
        if (r >= 0 && !s.is_found)
                r = ask(diag, protocol, AF_INET6, port, &s);
        if (r < 0 || !s.is_found)
                return r == -ENOENT ? 0 : r;
        unit = unit_of_cgroup(s.cgroup);
        if (unit)
                *ret = g_strdup_printf("%s (uid %u)", unit, s.uid);
        else
                *ret = g_strdup_printf("a program of uid %u", s.uid);
        return 0;
}
