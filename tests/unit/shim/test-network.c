/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The interfaces of a machine, with a host and machines that are network namespaces of this test.
 */
#include "base/io.h"
#include "base/text.h"
#include "shim/network.h"
#include "sys/process.h"
#include "sys/userns.h"
#include "unit/test.h"

#include <fcntl.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#define SKIPPED 77
#define MAC     UINT64_C(0x02112233aabb)

/* A machine: a process in namespaces of its own. */
typedef struct Machine {
        pid_t pid;
        int pidfd;
} Machine;

static Netlink host;

static Machine machine_new(void)
{
        Machine m = {.pidfd = -EBADF};

        m.pid = process_clone(CLONE_NEWUSER | CLONE_NEWNET, -EBADF, &m.pidfd);
        if (m.pid == 0)
                for (;;)
                        (void)pause();
        CHECK(m.pid > 0);
        CHECK_NUMBER(userns_map_one(m.pid, 0, 0, 0, 0), 0);
        return m;
}

static void machine_end(Machine *m)
{
        if (m->pidfd < 0)
                return;
        CHECK_NUMBER(process_signal(m->pidfd, SIGKILL), 0);
        CHECK_NUMBER(waitid(P_PIDFD, (id_t)m->pidfd, &(siginfo_t){0}, WEXITED), 0);
        m->pidfd = close_fd(m->pidfd);
}

typedef struct Plan {
        PlanWriter w;
        const void *bytes;
        size_t n;
} Plan;

static Plan plan_new(const PlanStep *steps, size_t n_steps)
{
        Plan p = {0};

        for (size_t i = 0; i < n_steps; i++)
                plan_add(&p.w, steps[i]);
        CHECK_NUMBER(plan_finish(&p.w, &p.bytes, &p.n), 0);
        CHECK_NUMBER(plan_check(p.bytes, p.n), 0);
        return p;
}

#define NETNS                                                                                      \
        {                                                                                          \
                .op = PLAN_NETNS, .a = 1                                                           \
        }
#define VETH(o, i, br)                                                                             \
        {                                                                                          \
                .op = PLAN_VETH, .s = (o), .t = (i), .a = MAC, .b = 1400, .data = (br),            \
                .n_data = sizeof(br)                                                               \
        }
#define MACVLAN(below, i)                                                                          \
        {                                                                                          \
                .op = PLAN_MACVLAN, .s = (below), .t = (i), .a = MAC                               \
        }
#define DEVICE(o, i)                                                                               \
        {                                                                                          \
                .op = PLAN_LINK, .s = (o), .t = (i), .a = MAC, .b = 1300                           \
        }
#define ALTNAME(o, n)                                                                              \
        {                                                                                          \
                .op = PLAN_ALTNAME, .s = (o), .t = (n)                                             \
        }
#define RATE(o, bits)                                                                              \
        {                                                                                          \
                .op = PLAN_RATE, .s = (o), .a = (bits)                                             \
        }
#define RATE_INSIDE(i, bits)                                                                       \
        {                                                                                          \
                .op = PLAN_RATE, .stage = PLAN_STAGE_INNER, .s = (i), .a = (bits)                  \
        }
#define UP(i)                                                                                      \
        {                                                                                          \
                .op = PLAN_LINK_UP, .stage = PLAN_STAGE_INNER, .s = (i)                            \
        }
#define ADDRESS(i, text)                                                                           \
        {                                                                                          \
                .op = PLAN_ADDRESS, .stage = PLAN_STAGE_INNER, .s = (i), .t = (text)               \
        }
#define ROUTE(i, to, by)                                                                           \
        {                                                                                          \
                .op = PLAN_ROUTE, .stage = PLAN_STAGE_INNER, .s = (i), .t = (to), .data = (by),    \
                .n_data = sizeof(by)                                                               \
        }

static const PlanStep full[] = {
        NETNS,
        VETH("ve-web", "host0", "br7"),
        ALTNAME("ve-web", "ve-a-name-longer-than-fifteen"),
        RATE("ve-web", 10000000),
        RATE_INSIDE("host0", 9000000),
        ADDRESS("host0", "10.9.8.7/24"),
        ADDRESS("host0", "fd00:9::7/64"),
        UP("host0"),
        ROUTE("host0", "0.0.0.0/0", "10.9.8.1"),
        ROUTE("host0", "::/0", "fd00:9::1"),
};

static bool is_there(Netlink *n, const char *name)
{
        LinkInfo info;

        int r = rtnetlink_link(n, 0, name, &info);
        CHECK(r == 0 || r == -ENODEV);
        return r == 0;
}

static LinkInfo look(Netlink *n, const char *name)
{
        LinkInfo info;

        CHECK_NUMBER(rtnetlink_link(n, 0, name, &info), 0);
        return info;
}

/* The kernel clears namespaces away in its own time. */
static void expect_gone(const char *name)
{
        for (int i = 0; i < 500 && is_there(&host, name); i++)
                (void)usleep(20000);
        CHECK(!is_there(&host, name));
}

static int count(const LinkInfo *l, void *arg)
{
        ++*(int *)arg;
        return 0;
}

static int n_links(void)
{
        int n = 0;

        CHECK_NUMBER(rtnetlink_links(&host, count, &n), 0);
        return n;
}

static void delete_link(const char *name)
{
        CHECK_NUMBER(rtnetlink_delete(&host, look(&host, name).index), 0);
}

static void add_bridge(const char *name)
{
        struct ifinfomsg i = {0};
        NetlinkRequest q;

        netlink_begin(&q, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &i, sizeof(i));
        netlink_add_string(&q, IFLA_IFNAME, name);
        size_t info = netlink_nest(&q, IFLA_LINKINFO, NULL, 0);
        netlink_add_string(&q, IFLA_INFO_KIND, "bridge");
        netlink_nest_end(&q, info);
        CHECK_NUMBER(netlink_call(&host, &q, NULL, NULL), 0);
        CHECK_NUMBER(rtnetlink_up(&host, look(&host, name).index), 0);
}

static void add_pair(const char *one, const char *other)
{
        CHECK_NUMBER(rtnetlink_add_veth(&host, &(LinkTarget){.name = one, .netns = -1}, 0,
                                        &(LinkTarget){.name = other, .netns = -1}),
                     0);
}

static void add_address(const char *name, const char *text)
{
        NetAddress a;

        CHECK_NUMBER(net_address_parse(text, NET_PREFIX_REQUIRED, &a), 0);
        CHECK_NUMBER(rtnetlink_add_address(&host, look(&host, name).index, &a), 0);
}

static int n_descriptors(void)
{
        int n = 0;

        for (int fd = 0; fd < 256; fd++)
                n += fcntl(fd, F_GETFD) >= 0;
        return n;
}

static void network_new(Network *ret, const PlanStep *steps, size_t n_steps)
{
        Plan p = plan_new(steps, n_steps);

        network_init(ret);
        CHECK_NUMBER(network_take(ret, p.bytes, p.n), 0);
        plan_writer_done(&p.w);
}

static void network_end(Network *n, Machine *m)
{
        network_detach(n);
        machine_end(m);
        free(n->plan);
}

static void attach(Network *n, const Machine *m)
{
        Failure f = {0};

        if (network_attach(n, "web", m->pidfd, &f) < 0) {
                (void)fprintf(stderr, "%s\n", failure_message(&f));
                exit(1);
        }
}

static void expect_refused(Network *n, const Machine *m, int error, const char *sentence)
{
        Failure f = {0};

        CHECK_NUMBER(network_attach(n, "web", m->pidfd, &f), error);
        CHECK_NUMBER(f.code, FAULT_START_FAILED);
        _cleanup_free_ char *message = failure_message(&f);
        CHECK_STRING(message, sentence);
}

static int apply(Network *n, const Machine *m, const PlanStep *steps, size_t n_steps, Failure *f)
{
        Plan p = plan_new(steps, n_steps);

        *f = (Failure){0};
        int r = network_apply(n, "web", m->pidfd, p.bytes, p.n, f);
        plan_writer_done(&p.w);
        return r;
}

static int take_rate(const struct nlmsghdr *h, void *arg)
{
        const struct tcmsg *t = NLMSG_DATA(h);
        const struct tc_tbf_qopt *tbf;
        uint64_t *ret = arg;
        size_t n = h->nlmsg_len - NLMSG_SPACE(sizeof(*t)), n_kind, n_options, n_tbf;
        const char *kind =
                netlink_attribute((const char *)h + NLMSG_SPACE(sizeof(*t)), n, TCA_KIND, &n_kind);
        const void *options = netlink_attribute((const char *)h + NLMSG_SPACE(sizeof(*t)), n,
                                                TCA_OPTIONS, &n_options);

        if (t->tcm_ifindex != (int)*ret || !streq(kind, "tbf"))
                return 0;
        tbf = netlink_attribute(options, n_options, TCA_TBF_PARMS, &n_tbf);
        CHECK(tbf && n_tbf == sizeof(*tbf));
        *ret = UINT64_C(1) << 63 | tbf->rate.rate;
        return 0;
}

/* In bit/s; 0: no limit. */
static uint64_t rate_of(Netlink *where, const char *name)
{
        uint64_t rate = (uint64_t)look(where, name).index;
        struct tcmsg t = {.tcm_ifindex = (int)rate};
        NetlinkRequest q;

        netlink_begin(&q, RTM_GETQDISC, NLM_F_DUMP, &t, sizeof(t));
        CHECK_NUMBER(netlink_call(where, &q, take_rate, &rate), 0);
        return rate >> 63 ? (rate & ~(UINT64_C(1) << 63)) * 8 : 0;
}

static void test_veth(void)
{
        Machine m = machine_new();
        Network n;

        network_new(&n, full, ELEMENTSOF(full));
        CHECK(network_has_links(&n));
        attach(&n, &m);
        LinkInfo end = look(&host, "ve-web"), inside = look(&n.guest, "host0"),
                 bridge = look(&host, "br7");
        CHECK_STRING(end.kind, "veth");
        CHECK_NUMBER(end.master, bridge.index);
        CHECK_NUMBER(end.mtu, 1400);
        CHECK_NUMBER(end.mac >> 40, 0xfe);
        CHECK_NUMBER(end.peer, inside.index);
        CHECK(end.is_up && inside.is_up);
        CHECK_NUMBER(inside.mac, MAC);
        CHECK_NUMBER(inside.mtu, 1400);
        CHECK_NUMBER(look(&host, "ve-web").index, n.links[0].host.index);
        CHECK_NUMBER(rate_of(&host, "ve-web"), 10000000);
        network_detach(&n);
        CHECK(n.host.fd < 0 && n.guest.fd < 0);
        network_end(&n, &m);
        expect_gone("ve-web");
}

static double now(void)
{
        struct timespec t;

        (void)clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int tcp_socket_in(int netns)
{
        _cleanup_close_ int own = netlink_namespace(&host);

        CHECK_NUMBER(setns(netns, CLONE_NEWNET), 0);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        CHECK_NUMBER(setns(own, CLONE_NEWNET), 0);
        CHECK(fd >= 0);
        return fd;
}

/* What PID 1 sends first is not lost: TCP would try again after a second. */
static void test_first_packet(void)
{
        const struct sockaddr_in sa = {
                .sin_family = AF_INET, .sin_port = htons(80), .sin_addr.s_addr = htonl(0x0a090801)};
        _cleanup_close_ int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        add_address("br7", "10.9.8.1/24");
        CHECK_NUMBER(bind(listener, (const struct sockaddr *)&sa, sizeof(sa)), 0);
        CHECK_NUMBER(listen(listener, 32), 0);
        for (int i = 0; i < 20; i++) {
                Machine m = machine_new();
                Network n;

                network_new(&n, full, ELEMENTSOF(full));
                attach(&n, &m);
                double begin = now();
                _cleanup_close_ int fd = tcp_socket_in(m.pidfd);
                CHECK_NUMBER(connect(fd, (const struct sockaddr *)&sa, sizeof(sa)), 0);
                CHECK(now() - begin < 0.8);
                network_end(&n, &m);
        }
        expect_gone("ve-web");
}

/* Nothing is left of a start that failed, wherever it did. */
static void test_faults(void)
{
        int n_before = n_links(), fds_before = n_descriptors();

        for (size_t i = 1; i < ELEMENTSOF(full); i++) {
                PlanStep steps[ELEMENTSOF(full)];
                Machine m = machine_new();
                Failure f = {0};
                Network n;

                memcpy(steps, full, sizeof(full));
                if (steps[i].op == PLAN_VETH)
                        steps[i].data = "br8";
                else if (steps[i].op == PLAN_ALTNAME)
                        steps[i].t = "br7";
                else if (steps[i].op == PLAN_ROUTE)
                        steps[i].t = "10.9.8.0/33";
                else if (steps[i].op == PLAN_ADDRESS)
                        steps[i].t = "10.9.8.7/33";
                else
                        steps[i].s = "nothing";
                network_new(&n, steps, ELEMENTSOF(steps));
                CHECK(network_attach(&n, "web", m.pidfd, &f) < 0);
                CHECK(f.reason[0]);
                network_end(&n, &m);
                expect_gone("ve-web");
        }
        CHECK_NUMBER(n_links(), n_before);
        CHECK_NUMBER(n_descriptors(), fds_before);
}

static void test_sentences(void)
{
        const PlanStep no_bridge[] = {NETNS, VETH("ve-web", "host0", "br8")};
        const PlanStep no_master[] = {NETNS, VETH("ve-web", "host0", "lo")};
        const PlanStep no_below[] = {NETNS, MACVLAN("eth9", "host0")};
        const PlanStep no_device[] = {NETNS, DEVICE("eth9", "host0")};
        const PlanStep no_route[] = {NETNS, VETH("ve-web", "host0", "br7"),
                                     ROUTE("host0", "0.0.0.0/0", "10.9.8.1")};
        const struct {
                const PlanStep *steps;
                size_t n;
                int error;
                const char *sentence;
        } cases[] = {
                {no_bridge, 2, -ENODEV,
                 "cannot attach machine 'web' to bridge 'br8': No such device"},
                {no_master, 2, -EOPNOTSUPP,
                 "cannot attach machine 'web' to bridge 'lo': Operation not supported"},
                {no_below, 2, -ENODEV,
                 "cannot give an interface on 'eth9' to machine 'web' as 'host0': No such device"},
                {no_device, 2, -ENODEV,
                 "cannot move interface 'eth9' into machine 'web' as 'host0': No such device"},
                {no_route, 3, -ENETUNREACH,
                 "cannot set the route of machine 'web' to '0.0.0.0/0' over 'host0': Network is unreachable "
                 "(Nexthop has invalid gateway)"},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Machine m = machine_new();
                Network n;

                network_new(&n, cases[i].steps, cases[i].n);
                expect_refused(&n, &m, cases[i].error, cases[i].sentence);
                network_end(&n, &m);
        }
        expect_gone("ve-web");
}

/* A new run need not wait until the kernel has cleared an earlier one away. */
static void test_stale(void)
{
        Machine old = machine_new(), m = machine_new();
        Network n_old, n;

        network_new(&n_old, full, ELEMENTSOF(full));
        attach(&n_old, &old);
        network_new(&n, full, ELEMENTSOF(full));
        attach(&n, &m);
        CHECK(!is_there(&n_old.guest, "host0"));
        CHECK_NUMBER(look(&n.guest, "host0").index, look(&host, "ve-web").peer);
        network_end(&n_old, &old);
        network_end(&n, &m);
        expect_gone("ve-web");
}

/* What others call "ve-" is theirs. */
static void test_not_ours(void)
{
        const char *sentence = "cannot connect machine 'web' by 've-web' and 'host0': File exists";
        Machine m = machine_new();
        Network n;

        add_pair("ve-web", "nspawns");
        network_new(&n, full, ELEMENTSOF(full));
        expect_refused(&n, &m, -EEXIST, sentence);
        network_detach(&n);
        CHECK(is_there(&host, "nspawns"));
        delete_link("ve-web");
        add_bridge("ve-web");
        expect_refused(&n, &m, -EEXIST, sentence);
        network_end(&n, &m);
        delete_link("ve-web");
}

static void test_macvlan(void)
{
        const PlanStep steps[] = {NETNS, MACVLAN("wire0", "host0"), MACVLAN("wire0", "host1"),
                                  UP("host0")};
        Machine m = machine_new();
        Network n;

        add_pair("wire0", "wire1");
        network_new(&n, steps, ELEMENTSOF(steps));
        attach(&n, &m);
        LinkInfo inside = look(&n.guest, "host0");
        CHECK_STRING(inside.kind, "macvlan");
        CHECK_NUMBER(inside.mac, MAC);
        CHECK_NUMBER(inside.index, n.links[0].index);
        network_end(&n, &m);
        delete_link("wire0");
}

static void expect_address(const LinkInfo *l, const char *text)
{
        char shown[NET_ADDRESS_TEXT_MAX];
        NetAddress a[2];

        CHECK_NUMBER(rtnetlink_addresses(&host, l->index, a, ELEMENTSOF(a)), 2);
        CHECK(streq(net_address_format(&a[0], true, shown), text) ||
              streq(net_address_format(&a[1], true, shown), text));
}

static void expect_given_back(uint64_t mac)
{
        LinkInfo back = look(&host, "wire0");
        struct ifinfomsg i = {0};
        NetlinkRequest q;

        CHECK_NUMBER(back.mac, mac);
        CHECK_NUMBER(back.mtu, 1500);
        CHECK_NUMBER(back.master, look(&host, "br7").index);
        CHECK(back.is_up);
        CHECK(!is_there(&host, "host0"));
        expect_address(&back, "192.0.2.3/24");
        expect_address(&back, "2001:db8::3/64");
        netlink_begin(&q, RTM_GETLINK, 0, &i, sizeof(i));
        netlink_add_string(&q, IFLA_ALT_IFNAME, "the-wire-of-this-test");
        CHECK_NUMBER(netlink_call(&host, &q, NULL, NULL), 0);
}

static void test_device(void)
{
        /* not up: before Linux 6.2 it could not be renamed then */
        const PlanStep steps[] = {NETNS, DEVICE("wire0", "host0"), ADDRESS("host0", "10.9.8.7/24")};
        const PlanStep bad[] = {NETNS, DEVICE("wire0", "host0"), ADDRESS("host0", "nonsense")};
        const LinkTarget other_name = {.name = "mine", .mac = MAC + 1, .netns = -1};
        Machine m = machine_new();
        Failure f = {0};
        Network n;

        add_pair("wire0", "wire1");
        add_pair("mine", "mine1"); /* what the guest calls it is taken on the host */
        LinkInfo was = look(&host, "wire0");
        CHECK_NUMBER(rtnetlink_set_master(&host, was.index, look(&host, "br7").index), 0);
        CHECK_NUMBER(rtnetlink_add_altname(&host, was.index, "the-wire-of-this-test"), 0);
        CHECK_NUMBER(rtnetlink_up(&host, was.index), 0);
        add_address("wire0", "192.0.2.3/24");
        add_address("wire0", "2001:db8::3/64");
        network_new(&n, steps, ELEMENTSOF(steps));
        for (int i = 0; i < 2; i++) { /* as when the machine reboots */
                attach(&n, &m);
                CHECK(!is_there(&host, "wire0"));
                CHECK_NUMBER(look(&n.guest, "host0").mac, MAC);
                CHECK_NUMBER(look(&n.guest, "host0").mtu, 1300);
                /* the guest's root may call it what it likes */
                CHECK_NUMBER(rtnetlink_change(&n.guest, n.links[0].index, &other_name), 0);
                CHECK_NUMBER(rtnetlink_up(&n.guest, n.links[0].index), 0);
                network_detach(&n);
                expect_given_back(was.mac);
                machine_end(&m);
                m = machine_new();
        }
        network_end(&n, &m);

        m = machine_new();
        network_new(&n, bad, ELEMENTSOF(bad));
        CHECK_NUMBER(network_attach(&n, "web", m.pidfd, &f), -EINVAL);
        network_end(&n, &m);
        expect_given_back(was.mac);
        delete_link("wire0");
        delete_link("mine");
}

static void test_live(void)
{
        const PlanStep more[] = {VETH("ve-web-1", "host1", "br7"), ADDRESS("host1", "10.9.7.7/24"),
                                 UP("host1")};
        const PlanStep slower[] = {RATE("ve-web", 5000000), RATE_INSIDE("host0", 4000000)};
        const PlanStep bad[] = {RATE("ve-web", 1000000), RATE_INSIDE("host0", 1000000),
                                VETH("ve-web-2", "host2", "br7"), DEVICE("wire0", "host3"),
                                ADDRESS("host2", "10.9.6.7/40")};
        const PlanStep foreign[] = {ADDRESS("host0", "10.9.5.7/24")};
        const PlanStep mount[] = {{.op = PLAN_HOSTNAME, .stage = PLAN_STAGE_PAYLOAD, .s = "x"}};
        const PlanStep again[] = {VETH("ve-web-3", "host0", "br7")};
        const PlanStep lent[] = {DEVICE("wire0", "host5"), MACVLAN("wire1", "host6"), UP("host5")};
        const PlanStep same[] = {VETH("ve-web", "host4", "br7")};
        Machine m = machine_new();
        Network n;
        Failure f;

        add_pair("wire0", "wire1");
        network_new(&n, full, ELEMENTSOF(full));
        attach(&n, &m);
        CHECK_NUMBER(apply(&n, &m, more, ELEMENTSOF(more), &f), 0);
        CHECK_NUMBER(apply(&n, &m, slower, ELEMENTSOF(slower), &f), 0);
        CHECK_NUMBER(rate_of(&host, "ve-web"), 5000000);
        CHECK_NUMBER(rate_of(&n.guest, "host0"), 4000000);
        CHECK(apply(&n, &m, bad, ELEMENTSOF(bad), &f) < 0);
        CHECK_STRING(f.reason, "cannot give 'host2' of machine 'web' the address '10.9.6.7/40': "
                               "Invalid argument");
        CHECK_NUMBER(rate_of(&host, "ve-web"), 5000000);
        CHECK_NUMBER(rate_of(&n.guest, "host0"), 4000000);
        CHECK(!is_there(&host, "ve-web-2") && is_there(&host, "wire0"));
        CHECK_NUMBER(apply(&n, &m, foreign, ELEMENTSOF(foreign), &f), -EPROTO);
        CHECK_NUMBER(apply(&n, &m, mount, ELEMENTSOF(mount), &f), -EPROTO);
        CHECK_NUMBER(apply(&n, &m, again, ELEMENTSOF(again), &f), -EEXIST);
        CHECK_NUMBER(f.code, FAULT_EXISTS);
        CHECK_NUMBER(apply(&n, &m, same, ELEMENTSOF(same), &f), -EEXIST);
        CHECK(is_there(&host, "ve-web"));
        CHECK_NUMBER(n.n_links, 2);

        CHECK_NUMBER(apply(&n, &m, lent, ELEMENTSOF(lent), &f), 0);
        CHECK(!is_there(&host, "wire0") && is_there(&n.guest, "host6"));
        CHECK_NUMBER(network_remove(&n, "web", "host6", &f), 0);
        CHECK_NUMBER(network_remove(&n, "web", "host5", &f), 0);
        CHECK(is_there(&host, "wire0") && !is_there(&n.guest, "host6"));

        network_detach(&n); /* it reboots */
        machine_end(&m);
        m = machine_new();
        attach(&n, &m);
        CHECK_NUMBER(n.n_links, 2);
        CHECK_NUMBER(rate_of(&host, "ve-web"), 5000000);
        CHECK_NUMBER(rate_of(&n.guest, "host0"), 4000000);
        CHECK(is_there(&n.guest, "host1"));
        f = (Failure){0};
        CHECK_NUMBER(network_remove(&n, "web", "host0", &f), 0);
        CHECK(!is_there(&host, "ve-web") && !is_there(&n.guest, "host0"));
        CHECK_NUMBER(network_remove(&n, "web", "host0", &f), -ENODEV);
        CHECK_STRING(f.reason,
                     "cannot take interface 'host0' away from machine 'web': No such device");
        network_detach(&n);
        machine_end(&m);
        m = machine_new();
        attach(&n, &m);
        CHECK_NUMBER(n.n_links, 1);
        network_end(&n, &m);
        expect_gone("ve-web-1");
        delete_link("wire0");
}

/* A host may have IPv6 turned off in all that begins on it. */
static void test_without_ipv6(void)
{
        _cleanup_close_ int own = netlink_namespace(&host);
        Machine m = machine_new();
        Network n;

        CHECK_NUMBER(setns(m.pidfd, CLONE_NEWNET), 0);
        CHECK_NUMBER(write_string_at(AT_FDCWD, "/proc/sys/net/ipv6/conf/default/disable_ipv6", "1"),
                     0);
        CHECK_NUMBER(setns(own, CLONE_NEWNET), 0);
        network_new(&n, full, ELEMENTSOF(full));
        attach(&n, &m);
        CHECK(look(&n.guest, "host0").is_up);
        network_end(&n, &m);
        expect_gone("ve-web");
}

/* The end of a machine in somebody else's namespace leaves that as it was. */
static void test_other_namespace(void)
{
        const PlanStep steps[] = {{.op = PLAN_NETNS_PATH, .s = "/run/netns/x"},
                                  VETH("ve-web", "host0", "br7")};
        Machine m = machine_new();
        Network n;

        network_new(&n, steps, ELEMENTSOF(steps));
        attach(&n, &m);
        network_detach(&n);
        CHECK(!is_there(&host, "ve-web"));
        network_end(&n, &m);
}

static void test_telling(void)
{
        const PlanStep steps[] = {NETNS, VETH("ve-web", "host0", "br7"), UP("host0"),
                                  MACVLAN("wire0", "host1")};
        Machine m = machine_new();
        _cleanup_frame_writer_ FrameWriter w = {0};
        size_t offset = 0;
        int link[2];
        Frame f, group;
        Network n;

        add_pair("wire0", "wire1");
        network_new(&n, steps, ELEMENTSOF(steps));
        attach(&n, &m);
        frame_begin(&w, FRAME_LINKS, 1);
        network_add_counters(&n, m.pidfd, &w);
        network_add_indices(&n, &w);
        CHECK_NUMBER(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, link), 0);
        CHECK_NUMBER(frame_send(link[0], &w), 0);
        CHECK_NUMBER(frame_receive(link[1], &f), 1);
        CHECK(frame_next_group(&f, FRAME_ITEM, &offset, &group));
        CHECK_STRING(frame_string(&group, FRAME_ITEM), "host0");
        CHECK(frame_number(&group, FRAME_TX_PACKETS, UINT64_MAX) < 100);
        CHECK(frame_next_group(&f, FRAME_ITEM, &offset, &group));
        CHECK_STRING(frame_string(&group, FRAME_ITEM), "host1");
        CHECK_NUMBER(frame_number(&f, FRAME_IFINDEX, 0), look(&host, "ve-web").index);
        frame_done(&f);
        (void)close(link[0]);
        (void)close(link[1]);
        network_end(&n, &m);
        expect_gone("ve-web");
        delete_link("wire0");
}

static int enter_host(void)
{
        uid_t uid = geteuid();
        gid_t gid = getegid();

        if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
                return -errno;
        int fd = open("/proc/self/setgroups", O_WRONLY | O_CLOEXEC);
        (void)!write(fd, "deny", 4);
        (void)close(fd);
        return userns_map_one(getpid(), 0, uid, 0, gid);
}

int main(void)
{
        (void)alarm(120);
        if (enter_host() < 0 || rtnetlink_open(&host) < 0) {
                (void)fprintf(stderr, "no namespaces here\n");
                return SKIPPED;
        }
        add_bridge("br7");
        test_veth();
        test_first_packet();
        test_faults();
        test_sentences();
        test_stale();
        test_not_ours();
        test_macvlan();
        test_device();
        test_live();
        test_without_ipv6();
        test_other_namespace();
        test_telling();
        return 0;
}
