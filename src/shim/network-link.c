/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/network-link.h"

#include "base/text.h"

#include <stdarg.h>
#include <string.h>

#define VETH_PREFIX  "ve-"
#define ATTEMPTS_MAX 3

int network_fail(NetworkContext *c, int r, const char *object, const Netlink *n, const char *format,
                 ...)
{
        FaultCode code = r == -EEXIST ? FAULT_EXISTS : FAULT_FAILED;
        const char *reason = n ? n->reason : "";
        _cleanup_free_ char *what = NULL, *sentence = NULL;
        va_list ap;

        va_start(ap, format);
        int n_what = vasprintf(&what, format, ap);
        va_end(ap);
        (void)failure_set(c->failure, code, r, "connect", object);
        if (n_what < 0 || asprintf(&sentence, "%s: %s%s%s%s", what, strerror(-r),
                                   reason[0] ? " (" : "", reason, reason[0] ? ")" : "") < 0)
                return r;
        return failure_reason(c->failure, code, r, "connect", sentence);
}

void network_complain(const char *what, const char *name, int r)
{
        (void)fprintf(stderr, "<4>cannot %s '%s': %s, ignoring\n", what, name, strerror(-r));
}

MachineLink *network_find_link(Network *n, const char *inside, const char *outside)
{
        for (size_t i = 0; i < n->n_links; i++)
                if (streq(n->links[i].inside, inside) || streq(n->links[i].outside, outside))
                        return &n->links[i];
        return NULL;
}

/* ---- making one ---- */

/* The host's end has a MAC that tells it from what others call "ve-", and that is higher than any
 * device's: a bridge without a MAC of its own has the lowest of its ports'. */
static uint64_t host_mac(const char *name)
{
        uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

        for (const char *c = name; *c; c++)
                hash = (hash ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
        return UINT64_C(0xfe) << 40 | ((hash ^ hash >> 40) & ((UINT64_C(1) << 40) - 1));
}

/* An earlier run's: the kernel takes its time to clear a namespace away.
 * Return: whether the name may be free now. */
static bool remove_stale(Network *n, const char *name)
{
        LinkInfo info;

        if (strncmp(name, VETH_PREFIX, strlen(VETH_PREFIX)) != 0)
                return false;
        int r = rtnetlink_link(&n->host, 0, name, &info);
        if (r < 0)
                return r == -ENODEV;
        if (!streq(info.kind, "veth") || info.mac != host_mac(name))
                return false;
        r = rtnetlink_delete(&n->host, info.index);
        return r >= 0 || r == -ENODEV;
}

static int make_veth(NetworkContext *c, const PlanStep *s, int bridge, int netns)
{
        Network *n = c->network;
        LinkTarget end = {.name = s->s, .mac = host_mac(s->s), .mtu = (uint32_t)s->b, .netns = -1};
        LinkTarget peer = {.name = s->t, .mac = s->a, .mtu = (uint32_t)s->b, .netns = netns};
        int r = -EEXIST;

        for (int i = 0; i < ATTEMPTS_MAX && r == -EEXIST; i++) {
                r = rtnetlink_add_veth(&n->host, &end, bridge, &peer);
                if (r == -EEXIST && !remove_stale(n, s->s))
                        break;
        }
        return r;
}

static int fail_veth(NetworkContext *c, const PlanStep *s, int r)
{
        const char *bridge = s->n_data > 0 ? s->data : NULL;
        Netlink *n = &c->network->host;

        if (r == -EEXIST || !bridge)
                return network_fail(c, r, s->s, n, "cannot connect machine '%s' by '%s' and '%s'",
                                    c->machine, s->s, s->t);
        if (r == -EXFULL)
                (void)snprintf(n->reason, sizeof(n->reason), "it has no port left");
        return network_fail(c, r, bridge, n, "cannot attach machine '%s' to bridge '%s'",
                            c->machine, bridge);
}

static int add_veth(NetworkContext *c, const PlanStep *s, MachineLink *ret)
{
        Network *n = c->network;
        LinkInfo bridge = {0};
        _cleanup_close_ int netns = netlink_namespace(&n->guest);

        int r = netns < 0 ? netns : 0;
        if (r >= 0 && s->n_data > 0)
                r = rtnetlink_link(&n->host, 0, s->data, &bridge);
        r = r < 0 ? r : make_veth(c, s, bridge.index, netns);
        if (r < 0)
                return fail_veth(c, s, r);
        r = rtnetlink_link(&n->host, 0, s->s, &ret->host);
        ret->index = ret->host.peer;
        return r < 0 ? fail_veth(c, s, r) : 0;
}

static int fail_on(NetworkContext *c, const PlanStep *s, int r)
{
        return network_fail(c, r, s->s, &c->network->host,
                            s->op == PLAN_LINK
                                    ? "cannot move interface '%s' into machine '%s' as '%s'"
                                    : "cannot give an interface on '%s' to machine '%s' as '%s'",
                            s->s, c->machine, s->t);
}

int network_find_inside(Network *n, const char *name, int *ret)
{
        LinkInfo info;

        int r = rtnetlink_link(&n->guest, 0, name, &info);
        *ret = info.index;
        return r;
}

static int add_macvlan(NetworkContext *c, const PlanStep *s, MachineLink *ret)
{
        Network *n = c->network;
        _cleanup_close_ int netns = netlink_namespace(&n->guest);
        LinkTarget end = {.name = s->t, .mac = s->a, .mtu = (uint32_t)s->b, .netns = netns};

        int r = netns < 0 ? netns : rtnetlink_link(&n->host, 0, s->s, &ret->host);
        r = r < 0 ? r : rtnetlink_add_macvlan(&n->host, ret->host.index, &end);
        r = r < 0 ? r : network_find_inside(n, s->t, &ret->index);
        return r < 0 ? fail_on(c, s, r) : 0;
}

static int add_device(NetworkContext *c, const PlanStep *s, MachineLink *ret)
{
        Network *n = c->network;
        _cleanup_close_ int netns = netlink_namespace(&n->guest);
        LinkTarget to = {.name = s->t, .mac = s->a, .mtu = (uint32_t)s->b, .netns = netns};

        int r = netns < 0 ? netns : rtnetlink_link(&n->host, 0, s->s, &ret->host);
        r = r < 0 ? r
                  : rtnetlink_addresses(&n->host, ret->host.index, ret->addresses,
                                        ELEMENTSOF(ret->addresses));
        ret->n_addresses = r < 0 ? 0 : (size_t)r;
        r = r < 0 ? r : rtnetlink_change(&n->host, ret->host.index, &to);
        r = r < 0 ? r : network_find_inside(n, s->t, &ret->index);
        return r < 0 ? fail_on(c, s, r) : 0;
}

int network_add_link(NetworkContext *c, const PlanStep *s)
{
        Network *n = c->network;
        MachineLink l = {.op = s->op};

        if (!link_name_is_valid(s->s) || !link_name_is_valid(s->t))
                return network_fail(c, -EINVAL, s->s, NULL,
                                    "cannot use '%s' and '%s' as names of interfaces", s->s, s->t);
        if (n->n_links >= NETWORK_LINKS_MAX ||
            network_find_link(n, s->t, s->op == PLAN_MACVLAN ? NULL : s->s))
                return fail_on(c, s, n->n_links >= NETWORK_LINKS_MAX ? -E2BIG : -EEXIST);
        (void)snprintf(l.outside, sizeof(l.outside), "%s", s->s);
        (void)snprintf(l.inside, sizeof(l.inside), "%s", s->t);
        int r = s->op == PLAN_VETH      ? add_veth(c, s, &l)
                : s->op == PLAN_MACVLAN ? add_macvlan(c, s, &l)
                                        : add_device(c, s, &l);
        if (r >= 0)
                n->links[n->n_links++] = l;
        return r;
}

/* ---- taking one away ---- */

static int restore_settings(Network *n, const LinkInfo *was, const LinkInfo *is)
{
        LinkTarget to = {
                .mac = is->mac != was->mac ? was->mac : 0,
                .mtu = is->mtu != was->mtu ? was->mtu : 0,
                .netns = -1,
        };
        int r = to.mac || to.mtu ? rtnetlink_change(&n->host, is->index, &to) : 0;

        if (r >= 0 && was->master > 0)
                r = rtnetlink_set_master(&n->host, is->index, was->master);
        return r >= 0 && was->is_up ? rtnetlink_up(&n->host, is->index) : r;
}

/* What the host knew of it before. */
static int restore(Network *n, const MachineLink *l)
{
        LinkInfo is;

        int r = rtnetlink_link(&n->host, 0, l->outside, &is);
        r = r < 0 ? r : restore_settings(n, &l->host, &is);
        for (size_t i = 0; i < l->n_addresses && r >= 0; i++) {
                r = rtnetlink_add_address(&n->host, is.index, &l->addresses[i]);
                r = r == -EEXIST ? 0 : r; /* whoever manages the host's network was faster */
        }
        return r;
}

static int give_back(Network *n, const MachineLink *l)
{
        _cleanup_close_ int netns = netlink_namespace(&n->host);
        LinkTarget to = {.name = l->outside, .netns = netns};

        int r = netns < 0 ? netns : rtnetlink_change(&n->guest, l->index, &to);
        return r < 0 ? r : restore(n, l);
}

int network_drop_link(Network *n, const MachineLink *l)
{
        int r = l->op == PLAN_VETH      ? rtnetlink_delete(&n->host, l->host.index)
                : l->op == PLAN_MACVLAN ? rtnetlink_delete(&n->guest, l->index)
                                        : give_back(n, l);

        return l->op != PLAN_LINK && r == -ENODEV ? 0 : r; /* the guest was before us */
}
