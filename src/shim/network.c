/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/network.h"

#include "base/text.h"
#include "shim/network-link.h"

#include <string.h>
#include <sys/socket.h>

#define COUNTED_MAX       64 /* interfaces in one answer: a guest may have any number of its own */
#define CARRIER_TRIES_MAX 250
#define CARRIER_WAIT_USEC 200

void network_init(Network *n)
{
        *n = (Network){.host.fd = -EBADF, .guest.fd = -EBADF};
}

/* ---- the steps that hold ---- */

static bool is_link(PlanOp op)
{
        return op == PLAN_VETH || op == PLAN_MACVLAN || op == PLAN_LINK;
}

static bool is_inside(PlanOp op)
{
        return op == PLAN_LINK_UP || op == PLAN_ADDRESS || op == PLAN_ROUTE;
}

static bool is_ours(PlanOp op)
{
        return is_link(op) || is_inside(op) || op == PLAN_ALTNAME || op == PLAN_RATE;
}

/* Is this step about that interface? */
static bool concerns(const PlanStep *s, const MachineLink *l)
{
        if (is_link(s->op))
                return streq(s->t, l->inside);
        return streq(s->s, s->stage == PLAN_STAGE_INNER ? l->inside : l->outside);
}

/* Return: is there a limit for what @wanted limits? The last one counts. */
static bool find_rate(const void *plan, size_t n_plan, const PlanStep *wanted, uint64_t *ret)
{
        bool found = false;
        PlanStep s;

        PLAN_FOREACH (&s, plan, n_plan)
                if (s.op == PLAN_RATE && s.stage == wanted->stage && streq(s.s, wanted->s)) {
                        *ret = s.a;
                        found = true;
                }
        return found;
}

/* Those of @plan, but for what is about @without. */
static void copy_steps(PlanWriter *w, const void *plan, size_t n_plan, const MachineLink *without)
{
        PlanStep s;

        PLAN_FOREACH (&s, plan, n_plan)
                if (is_ours(s.op) && !(without && concerns(&s, without)))
                        plan_add(w, s);
}

/* Those that hold, but for limits that @later replaces. */
static void copy_steps_before(PlanWriter *w, const Network *n, const void *later, size_t n_later)
{
        uint64_t bits;
        PlanStep s;

        PLAN_FOREACH (&s, n->plan, n->n_plan)
                if (!(s.op == PLAN_RATE && find_rate(later, n_later, &s, &bits)))
                        plan_add(w, s);
}

int network_take(Network *n, const void *plan, size_t n_plan)
{
        PlanWriter w = {0};
        PlanStep s;

        n->is_own = plan_find(plan, n_plan, PLAN_NETNS, &s) && s.a;
        n->is_other = plan_find(plan, n_plan, PLAN_NETNS_PATH, &s);
        copy_steps(&w, plan, n_plan, NULL);
        return plan_writer_take(&w, &n->plan, &n->n_plan);
}

bool network_has_links(const Network *n)
{
        PlanStep s;
        size_t offset = 0;

        return n->plan && plan_next(n->plan, n->n_plan, &offset, &s);
}

/* ---- what there is ---- */

static int open_sockets(Network *n, int pidfd)
{
        _cleanup_close_ int own = -EBADF;

        int r = n->host.fd >= 0 ? 0 : rtnetlink_open(&n->host);
        if (r < 0 || n->guest.fd >= 0)
                return r;
        own = netlink_namespace(&n->host);
        return own < 0 ? own : rtnetlink_open_in(pidfd, own, &n->guest);
}

static int enter(NetworkContext *c, int pidfd)
{
        int r = open_sockets(c->network, pidfd);

        return r < 0 ? network_fail(c, r, c->machine, NULL,
                                    "cannot enter the network of machine '%s'", c->machine)
                     : 0;
}

static void close_sockets(Network *n)
{
        netlink_close(&n->host);
        netlink_close(&n->guest);
}

static void drop_links(Network *n, size_t first, bool all)
{
        for (; n->n_links > first; n->n_links--) {
                const MachineLink *l = &n->links[n->n_links - 1];
                int r = all || l->op == PLAN_LINK ? network_drop_link(n, l) : 0;

                if (r < 0)
                        network_complain(l->op == PLAN_LINK ? "give back interface"
                                                            : "remove interface",
                                         l->outside, r);
        }
}

void network_detach(Network *n)
{
        drop_links(n, 0, !n->is_own);
        close_sockets(n);
}

/* ---- carrying out steps ---- */

static int set_rate(Network *n, const PlanStep *s, uint64_t bits)
{
        bool inside = s->stage == PLAN_STAGE_INNER;
        const MachineLink *l = network_find_link(n, inside ? s->s : NULL, inside ? NULL : s->s);

        if (!l || l->op != PLAN_VETH)
                return -ENODEV;
        return inside ? rtnetlink_set_rate(&n->guest, l->index, bits, l->host.mtu)
                      : rtnetlink_set_rate(&n->host, l->host.index, bits, l->host.mtu);
}

/* What is said of the ends is about some that we made. */
static int adjust(NetworkContext *c, const PlanStep *s)
{
        Network *n = c->network;
        Netlink *end = s->stage == PLAN_STAGE_INNER ? &n->guest : &n->host;

        end->reason[0] = '\0';
        if (s->op == PLAN_ALTNAME) {
                const MachineLink *l = network_find_link(n, NULL, s->s);
                int r = l && l->op == PLAN_VETH ? 0 : -ENODEV;

                r = r < 0 ? r : rtnetlink_add_altname(&n->host, l->host.index, s->t);
                return r < 0 ? network_fail(c, r, s->s, &n->host,
                                            "cannot call interface '%s' '%s', too", s->s, s->t)
                             : 0;
        }
        int r = set_rate(n, s, s->a);
        return r < 0 ? network_fail(c, r, s->s, end,
                                    "cannot limit the bandwidth of machine '%s' at '%s'",
                                    c->machine, s->s)
                     : 0;
}

static int index_inside(Network *n, const char *name, int *ret)
{
        const MachineLink *l = network_find_link(n, name, NULL);

        if (!l)
                return network_find_inside(n, name, ret);
        *ret = l->index;
        return 0;
}

/* Where IPv6 is turned off (EACCES), or the kernel has none, a machine runs without. */
static int without_ipv6(NetworkContext *c, const NetAddress *a, const char *text, int r)
{
        if (a->family != AF_INET6 || (r != -EACCES && r != -EOPNOTSUPP && r != -EAFNOSUPPORT))
                return r;
        c->is_without_ipv6 = true;
        network_complain("use IPv6 for", text, r);
        return 0;
}

static int configure_address(NetworkContext *c, const PlanStep *s, int index)
{
        Network *n = c->network;
        NetAddress a;

        int r = net_address_parse(s->t, NET_PREFIX_REQUIRED, &a);
        r = r < 0 ? r : without_ipv6(c, &a, s->t, rtnetlink_add_address(&n->guest, index, &a));
        return r < 0 ? network_fail(c, r, s->t, &n->guest,
                                    "cannot give '%s' of machine '%s' the address '%s'", s->s,
                                    c->machine, s->t)
                     : 0;
}

static int configure_route(NetworkContext *c, const PlanStep *s, int index)
{
        NetAddress to, gateway = {0};
        Network *n = c->network;

        int r = net_address_parse(s->t, NET_PREFIX_REQUIRED, &to);
        if (r >= 0 && s->n_data > 0)
                r = net_address_parse(s->data, NET_PREFIX_NONE, &gateway);
        if (r >= 0 && to.family == AF_INET6 && c->is_without_ipv6)
                return 0;
        r = r < 0 ? r : rtnetlink_add_route(&n->guest, index, &to, &gateway);
        if (r == -EEXIST) /* somebody inside has got there first */
                return 0;
        return r < 0 ? network_fail(c, r, s->t, &n->guest,
                                    "cannot set the route of machine '%s' to '%s' over '%s'",
                                    c->machine, s->t, s->s)
                     : 0;
}

static int configure(NetworkContext *c, const PlanStep *s)
{
        Network *n = c->network;
        int index;

        int r = index_inside(n, s->s, &index);
        if (r >= 0 && s->op == PLAN_LINK_UP)
                r = rtnetlink_up(&n->guest, index);
        if (r < 0)
                return network_fail(c, r, s->s, &n->guest,
                                    "cannot bring up interface '%s' of machine '%s'", s->s,
                                    c->machine);
        if (s->op == PLAN_ADDRESS)
                return configure_address(c, s, index);
        return s->op == PLAN_ROUTE ? configure_route(c, s, index) : 0;
}

/* After the limits: to give a queue to an interface that is up costs a grace period. */
static int up_ends(NetworkContext *c, size_t first)
{
        Network *n = c->network;

        for (size_t i = first; i < n->n_links; i++) {
                const LinkInfo *end = &n->links[i].host;

                if (n->links[i].op != PLAN_VETH)
                        continue;
                int r = end->master > 0 ? rtnetlink_up_port(&n->host, end->index)
                                        : rtnetlink_up(&n->host, end->index);
                if (r < 0)
                        return network_fail(c, r, end->name, &n->host,
                                            "cannot bring up interface '%s' of machine '%s'",
                                            end->name, c->machine);
        }
        return 0;
}

static bool is_running(Netlink *n, int index)
{
        LinkInfo info;

        return rtnetlink_link(n, index, NULL, &info) < 0 || !info.is_up || info.is_running;
}

static bool is_connected(Network *n, const MachineLink *l)
{
        return l->op != PLAN_VETH ||
               (is_running(&n->guest, l->index) && is_running(&n->host, l->host.index) &&
                (l->host.master == 0 || is_running(&n->host, l->host.master)));
}

/* The kernel sees to it later, by a work queue, that there are queues at both ends, that the port
 * forwards and that its bridge has a carrier; what is sent before is lost, and TCP tries again
 * after a second. To ask does that work on a new kernel (6.8); on an old one we can but wait. */
static void await_carrier(Network *n, size_t first)
{
        size_t i = first;

        for (int tries = 0; i < n->n_links && tries < CARRIER_TRIES_MAX;)
                if (is_connected(n, &n->links[i]))
                        i++;
                else {
                        tries++;
                        (void)usleep(CARRIER_WAIT_USEC);
                }
}

static int execute(NetworkContext *c, const void *plan, size_t n_plan)
{
        size_t first = c->network->n_links;
        PlanStep s;
        int r = 0;

        PLAN_FOREACH (&s, plan, n_plan) {
                if (is_link(s.op))
                        r = network_add_link(c, &s);
                else if (s.op == PLAN_ALTNAME || s.op == PLAN_RATE)
                        r = adjust(c, &s);
                if (r < 0)
                        return r;
        }
        r = up_ends(c, first);
        if (r < 0)
                return r;
        PLAN_FOREACH (&s, plan, n_plan) {
                r = is_inside(s.op) ? configure(c, &s) : 0;
                if (r < 0)
                        return r;
        }
        await_carrier(c->network, first);
        return 0;
}

int network_attach(Network *n, const char *machine, int pidfd, Failure *f)
{
        NetworkContext c = {.network = n, .machine = machine, .failure = f};

        int r = enter(&c, pidfd);
        r = r < 0 ? r : execute(&c, n->plan, n->n_plan);
        if (r < 0)
                f->code = FAULT_START_FAILED;
        return r;
}

/* ---- while the machine runs ---- */

static bool plan_makes(const void *plan, size_t n_plan, const PlanStep *wanted)
{
        PlanStep s;

        PLAN_FOREACH (&s, plan, n_plan)
                if (is_link(s.op) && streq(wanted->s, is_inside(wanted->op) ? s.t : s.s))
                        return true;
        return false;
}

/* What is done to an interface that is there already could not be undone, but for its limit; a
 * route over it does no harm. */
static int check_live(NetworkContext *c, const void *plan, size_t n_plan)
{
        PlanStep s;

        PLAN_FOREACH (&s, plan, n_plan)
                if (!is_link(s.op) && s.op != PLAN_RATE && s.op != PLAN_ROUTE &&
                    !(is_ours(s.op) && plan_makes(plan, n_plan, &s)))
                        return network_fail(c, -EPROTO, plan_op_name(s.op), NULL,
                                            "cannot carry out '%s' while machine '%s' runs",
                                            plan_op_name(s.op), c->machine);
        return 0;
}

/* The limits that held before @plan changed them. */
static void restore_rates(Network *n, const void *plan, size_t n_plan)
{
        PlanStep s;

        PLAN_FOREACH (&s, plan, n_plan) {
                uint64_t bits = 0;

                if (s.op != PLAN_RATE)
                        continue;
                (void)find_rate(n->plan, n->n_plan, &s, &bits);
                int r = set_rate(n, &s, bits);
                if (r < 0 && r != -ENODEV) /* one that came and went with the plan */
                        network_complain("restore the bandwidth of", s.s, r);
        }
}

int network_apply(Network *n, const char *machine, int pidfd, const void *plan, size_t n_plan,
                  Failure *f)
{
        NetworkContext c = {.network = n, .machine = machine, .failure = f};
        size_t n_before = n->n_links;
        PlanWriter w = {0};

        int r = check_live(&c, plan, n_plan);
        r = r < 0 ? r : enter(&c, pidfd);
        if (r < 0)
                return r;
        r = execute(&c, plan, n_plan);
        if (r >= 0) {
                copy_steps_before(&w, n, plan, n_plan);
                copy_steps(&w, plan, n_plan, NULL);
                r = plan_writer_take(&w, &n->plan, &n->n_plan);
                if (r < 0)
                        (void)failure_set(f, FAULT_FAILED, r, "note the interfaces of", machine);
        }
        if (r < 0) {
                drop_links(n, n_before, true);
                restore_rates(n, plan, n_plan);
        }
        return r;
}

int network_remove(Network *n, const char *machine, const char *inside, Failure *f)
{
        NetworkContext c = {.network = n, .machine = machine, .failure = f};
        MachineLink *l = network_find_link(n, inside, NULL);
        PlanWriter w = {0};

        int r = l ? network_drop_link(n, l) : -ENODEV;
        if (r < 0)
                return network_fail(&c, r, inside, NULL,
                                    "cannot take interface '%s' away from machine '%s'", inside,
                                    machine);
        copy_steps(&w, n->plan, n->n_plan, l);
        r = plan_writer_take(&w, &n->plan, &n->n_plan);
        n->n_links--;
        memmove(l, l + 1, (size_t)(n->links + n->n_links - l) * sizeof(*l));
        return r < 0 ? failure_set(f, FAULT_FAILED, r, "forget interface", inside) : 0;
}

/* ---- telling ---- */

typedef struct Counting {
        FrameWriter *w;
        size_t n;
} Counting;

static void add_counters(FrameWriter *w, const char *name, const LinkStats *s)
{
        frame_add_string(w, FRAME_ITEM, name);
        frame_add_number(w, FRAME_RX_BYTES, s->rx_bytes);
        frame_add_number(w, FRAME_RX_PACKETS, s->rx_packets);
        frame_add_number(w, FRAME_RX_DROPS, s->rx_drops);
        frame_add_number(w, FRAME_TX_BYTES, s->tx_bytes);
        frame_add_number(w, FRAME_TX_PACKETS, s->tx_packets);
        frame_add_number(w, FRAME_TX_DROPS, s->tx_drops);
}

static int count_link(const LinkInfo *l, void *arg)
{
        Counting *c = arg;

        if (!l->is_loopback && c->n < COUNTED_MAX) {
                add_counters(c->w, l->name, &l->stats);
                c->n++;
        }
        return 0;
}

void network_add_counters(Network *n, int pidfd, FrameWriter *w)
{
        Counting counting = {.w = w};
        LinkInfo info;

        for (size_t i = 0; i < n->n_links; i++)
                if (rtnetlink_link(&n->guest, n->links[i].index, NULL, &info) >= 0)
                        add_counters(w, n->links[i].inside, &info.stats);
        if (n->is_other && open_sockets(n, pidfd) >= 0)
                (void)rtnetlink_links(&n->guest, count_link, &counting);
}

void network_add_indices(const Network *n, FrameWriter *w)
{
        for (size_t i = 0; i < n->n_links; i++)
                if (n->links[i].op == PLAN_VETH)
                        frame_add_number(w, FRAME_IFINDEX, (uint64_t)n->links[i].host.index);
}
