/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes of the network of a machine that runs: first the services, then the shim (the other way
 * round when something is taken away), then what is written down. What fails is undone. One at a
 * time for a machine. */
#include "core/network-change.h"

#include "base/io.h"
#include "base/names.h"
#include "base/text.h"
#include "core/definition.h"
#include "core/machine-network.h"
#include "core/machine.h"
#include "core/manager.h"
#include "core/network-internal.h"
#include "core/network-persist.h"
#include "core/network-ports.h"
#include "plan/guest-network.h"

#include <string.h>
#include <sys/socket.h>

static const int families[] = {AF_INET, AF_INET6};

struct NetworkChange {
        Machine *machine;
        Request *request;
        NetworkEdit edit;
        bool persist;
        NetworkEntry entry;      /* of NETWORK_EDIT_ATTACH */
        NetworkParts *before;    /* what to go back to */
        char *inside;            /* the interface that goes */
        bool had_route[2];       /* and was the way out for families[] */
        GuestNetworkFiles files; /* what was written into the machine before */
        void (*next)(NetworkChange *c);
        NetworkTelling telling; /* to the services; its fault is that of the whole change */
};

static void change_free(NetworkChange *c)
{
        Manager *manager = c->machine->manager;

        network_prepare_forget(manager, c);
        network_telling_done(&c->telling);
        network_parts_free(c->before);
        network_edit_done(&c->edit);
        network_entry_done(&c->entry);
        g_free(c->inside);
        guest_network_files_done(&c->files);
        g_free(c);
}

static void on_told(void *userdata);

NetworkChange *network_change_new(Machine *m, NetworkEdit *edit, bool persist, AnswerFn done,
                                  void *userdata)
{
        NetworkChange *c = g_new0(NetworkChange, 1);

        *c = (NetworkChange){
                .machine = m,
                .request = request_new(m->manager, REQUEST_NETWORK, m->name, done, userdata),
                .edit = *edit,
                .persist = persist,
                .before = network_parts_copy(m->network),
                .telling = {.manager = m->manager, .done = on_told, .userdata = c},
        };
        edit->text = NULL;
        m->network->change = c;
        return c;
}

/* ---- its end ---- */

static void end(NetworkChange *c, const Fault *fault)
{
        Request *request = c->request;
        _cleanup_fault_ Fault f = {0};

        c->machine->network->change = NULL;
        if (fault)
                (void)fault_set(&f, fault->code ?: FAULT_FAILED, fault->error, "%s",
                                fault->message ?: "out of memory");
        change_free(c);
        if (fault)
                request_fail(request, &f);
        else
                request_answer(request, &(Answer){.terminal_fd = -EBADF});
}

void network_change_abort(NetworkChange *c)
{
        Request *request = c->request;
        _cleanup_fault_ Fault f = {0};

        (void)fault_set(&f, FAULT_NOT_RUNNING, ESRCH,
                        "Machine '%s' ended before its network was changed", c->machine->name);
        change_free(c);
        request_fail(request, &f);
}

static void undo(NetworkChange *c)
{
        network_parts_restore(c->machine->network, c->before);
        machine_network_changed(c->machine);
}

static void commit(NetworkChange *c)
{
        _cleanup_fault_ Fault f = {0};
        Machine *m = c->machine;
        int r = machine_network_save(m, &f);

        machine_network_update_use(m->manager, c->before->links); /* it may have left one */
        machine_network_changed(m);
        if (r >= 0 && c->persist)
                r = network_edit_persist(m, &c->edit, &f);
        end(c, r < 0 ? &f : NULL);
}

static void give_up(NetworkChange *c)
{
        undo(c);
        end(c, &c->telling.fault);
}

/* ---- the services ---- */

static void on_told(void *userdata)
{
        NetworkChange *c = userdata;

        if (c->telling.fault.code != FAULT_NONE)
                give_up(c);
        else
                c->next(c);
}

/* Tell the services what the machine has now, then go on. */
static void tell_services(NetworkChange *c, void (*next)(NetworkChange *c))
{
        c->next = next;
        network_telling_hold(&c->telling);
        network_tell(c->machine->network, &c->telling);
        network_telling_release(&c->telling, NULL);
}

/* ---- the shim ---- */

static bool is_refused(Frame *reply, const Fault *fault, Fault *ret)
{
        if (reply && reply->type == FRAME_ERROR)
                (void)frame_fault(reply, ret);
        else if (fault)
                (void)fault_set(ret, fault->code, fault->error, "%s", fault->message ?: "");
        return ret->code != FAULT_NONE;
}

static void on_shim(void *userdata, Frame *reply, const Fault *fault)
{
        NetworkChange *c = userdata;

        if (is_refused(reply, fault, &c->telling.fault))
                give_up(c);
        else
                c->next(c);
}

static void send_to_shim(NetworkChange *c, FrameWriter *w, void (*next)(NetworkChange *c))
{
        c->next = next;
        if (link_send(c->machine->link, w, on_shim, c, &c->telling.fault) < 0)
                give_up(c);
}

/* Return: 0 and @done is called; negative errno. */
static int post_plan(NetworkChange *c, PlanWriter *plan, FrameType type, LinkReplyFn done,
                     Fault *reterr)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        _cleanup_close_ int fd = -EBADF;
        const void *bytes;
        size_t n;
        int r = machine_check_running(c->machine, reterr);

        r = r < 0 ? r : plan_finish(plan, &bytes, &n);
        if (r >= 0)
                r = fd = sealed_memfd("lodge-change", bytes, n);
        if (r < 0)
                return fault_set(reterr, FAULT_FAILED, r, "Cannot make a plan: %s", strerror(-r));
        link_begin(c->machine->link, &w, type);
        frame_add_fd(&w, fd);
        return link_send(c->machine->link, &w, done, c, reterr);
}

static void send_plan(NetworkChange *c, PlanWriter *plan, void (*next)(NetworkChange *c))
{
        c->next = next;
        if (post_plan(c, plan, FRAME_LINK_APPLY, on_shim, &c->telling.fault) < 0)
                give_up(c);
}

/* The network is changed already, whatever becomes of the rest. */
static void warn(const NetworkChange *c, const char *what, const Fault *f)
{
        _cleanup_free_ char *text = g_strdup_printf("%s: %s", what, f->message);

        manager_warn(c->machine->manager, c->machine->name, text);
}

/* ---- the machine's files ---- */

/* What they say of the network that it has now. */
static int describe(const NetworkChange *c, GuestNetworkFiles *ret)
{
        _cleanup_network_facts_ NetworkFacts facts = {0};
        const Machine *m = c->machine;
        int r = network_facts_make(c->machine, &facts, NULL);

        return r < 0 ? r
                     : guest_network_files(
                               &(GuestNetwork){
                                       .mode = facts.plan.n_links > 0 ? NETWORK_MODE_LINKS
                                                                      : NETWORK_MODE_NONE,
                                       .network = &facts.plan,
                                       .hostname = m->settings.hostname ?: m->name,
                                       .name = m->name,
                               },
                               ret);
}

static void on_rewritten(void *userdata, Frame *reply, const Fault *fault)
{
        _cleanup_fault_ Fault f = {0};
        NetworkChange *c = userdata;

        if (is_refused(reply, fault, &f) && reply)
                warn(c,
                     LODGE_GUEST_HOSTS " and " LODGE_GUEST_RESOLV
                                       " in it do not follow the change of its network",
                     &f);
        commit(c);
}

static void rewrite_files(NetworkChange *c)
{
        _cleanup_(guest_network_files_done) GuestNetworkFiles files = {0};
        PlanWriter plan = {0};
        int r = describe(c, &files);

        if (r >= 0)
                guest_network_add_rewrite(&plan, &c->files, &files);
        if (r < 0 || plan.n_steps == 0 ||
            post_plan(c, &plan, FRAME_FILES_APPLY, on_rewritten, NULL) < 0)
                commit(c);
        plan_writer_done(&plan);
}

/* ---- attach ---- */

/* The link that was added last, with default routes only where there is none yet. */
static void add_last_link(PlanWriter *plan, const PlanNetwork *network)
{
        PlanLink link = network->links[network->n_links - 1];
        NetAddress gateways[2];
        size_t n = 0;

        for (size_t i = 0; i < link.n_gateways && n < ELEMENTSOF(gateways); i++)
                if (!plan_network_way_out(network->links, network->n_links - 1,
                                          link.gateways[i].family))
                        gateways[n++] = link.gateways[i];
        link.gateways = gateways;
        link.n_gateways = n;
        plan_network_add_link(plan, &link);
}

static void make_link(NetworkChange *c)
{
        _cleanup_network_facts_ NetworkFacts facts = {0};
        PlanWriter plan = {0};

        if (network_facts_make(c->machine, &facts, &c->telling.fault) < 0) {
                give_up(c);
                return;
        }
        add_last_link(&plan, &facts.plan);
        send_plan(c, &plan, rewrite_files);
        plan_writer_done(&plan);
}

static int add_link(NetworkChange *c, Fault *reterr)
{
        MachineNetwork *mn = c->machine->network;
        MachineLink *l;
        int r = machine_network_add_link(mn, &c->entry, c->edit.text, reterr);

        if (r < 0)
                return r;
        l = machine_network_link(mn, mn->links->len - 1);
        if (l->network)
                r = machine_network_take_lease(mn, l, &c->entry, true, reterr);
        r = r < 0 ? r : machine_network_check_bandwidth(mn, &mn->bandwidth, reterr);
        return r < 0 ? r : ports_update(mn, reterr);
}

static void on_prepared(void *userdata, const Fault *fault)
{
        NetworkChange *c = userdata;

        if (fault)
                network_telling_fail(&c->telling, fault);
        if (c->telling.fault.code != FAULT_NONE || add_link(c, &c->telling.fault) < 0)
                give_up(c);
        else
                tell_services(c, make_link);
}

void network_change_attach(NetworkChange *c, NetworkEntry *entry)
{
        Manager *manager = c->machine->manager;

        (void)describe(c, &c->files);
        c->entry = *entry;
        *entry = (NetworkEntry){0};
        if (c->entry.kind == NETWORK_KIND_NETWORK)
                network_prepare(network_ensure(manager, c->entry.argument), on_prepared, c);
        else
                on_prepared(c, NULL);
}

/* ---- detach ---- */

/* Which default routes go with it. */
static void find_lost_routes(NetworkChange *c)
{
        _cleanup_network_facts_ NetworkFacts facts = {0};

        if (network_facts_make(c->machine, &facts, NULL) < 0)
                return;
        for (size_t i = 0; i < ELEMENTSOF(families); i++) {
                const PlanLink *l =
                        plan_network_way_out(facts.plan.links, facts.plan.n_links, families[i]);

                c->had_route[i] = l && streq(l->inside, c->inside);
        }
}

static void on_rerouted(void *userdata, Frame *reply, const Fault *fault)
{
        _cleanup_fault_ Fault f = {0};
        NetworkChange *c = userdata;

        if (is_refused(reply, fault, &f) && reply)
                warn(c, "It has no default route any more", &f);
        rewrite_files(c);
}

/* Another network's way out takes over. */
static void reroute(NetworkChange *c)
{
        _cleanup_network_facts_ NetworkFacts facts = {0};
        PlanWriter plan = {0};
        int r = network_facts_make(c->machine, &facts, NULL);

        for (size_t i = 0; i < ELEMENTSOF(families) && r >= 0; i++)
                if (c->had_route[i])
                        plan_network_add_way_out(&plan, &facts.plan, families[i]);
        if (r < 0 || plan.n_steps == 0 ||
            post_plan(c, &plan, FRAME_LINK_APPLY, on_rerouted, NULL) < 0)
                rewrite_files(c);
        plan_writer_done(&plan);
}

static void tell_of_loss(NetworkChange *c)
{
        tell_services(c, reroute);
}

void network_change_detach(NetworkChange *c, const char *inside)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        MachineNetwork *mn = c->machine->network;

        (void)describe(c, &c->files);
        c->inside = g_strdup(inside);
        find_lost_routes(c);
        machine_network_remove_link(mn, c->inside);
        if (ports_update(mn, &c->telling.fault) < 0) { /* they lead nowhere without it */
                give_up(c);
                return;
        }
        link_begin(c->machine->link, &w, FRAME_LINK_REMOVE);
        frame_add_string(&w, FRAME_ITEM, c->inside);
        send_to_shim(c, &w, tell_of_loss);
}

/* ---- ports and bandwidth ---- */

void network_change_ports(NetworkChange *c)
{
        if (ports_update(c->machine->network, &c->telling.fault) < 0)
                give_up(c);
        else
                tell_services(c, commit);
}

static void rate_links(NetworkChange *c)
{
        const MachineNetwork *mn = c->machine->network;
        PlanWriter plan = {0};

        for (guint i = 0; i < mn->links->len; i++) {
                const MachineLink *l = machine_network_link(mn, i);

                if (!l->is_veth)
                        continue;
                plan_add(&plan, (PlanStep){PLAN_RATE, PLAN_STAGE_HOST, .s = l->host,
                                           .a = mn->bandwidth.in});
                plan_add(&plan, (PlanStep){PLAN_RATE, PLAN_STAGE_INNER, .s = l->inside,
                                           .a = mn->bandwidth.out});
        }
        send_plan(c, &plan, commit);
        plan_writer_done(&plan);
}

void network_change_bandwidth(NetworkChange *c)
{
        MachineNetwork *mn = c->machine->network;

        if (machine_network_check_bandwidth(mn, &c->edit.bandwidth, &c->telling.fault) < 0) {
                give_up(c);
                return;
        }
        mn->bandwidth = c->edit.bandwidth;
        tell_services(c, rate_links);
}
