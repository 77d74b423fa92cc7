/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes of the network of a machine that runs: first the services, then the shim (the other way
 * round when something is taken away), then what is written down. What fails is undone. One at a
 * time for a machine. */
#include "core/network-change.h"

#include "base/io.h"
#include "base/text.h"
#include "core/definition.h"
#include "core/machine-network.h"
#include "core/machine.h"
#include "core/manager.h"
#include "core/network-internal.h"
#include "core/network-persist.h"
#include "core/network-ports.h"

#include <string.h>

struct NetworkChange {
        Machine *machine;
        Request *request;
        NetworkEdit edit;
        bool persist;
        NetworkEntry entry;   /* of NETWORK_EDIT_ATTACH */
        NetworkParts *before; /* what to go back to */
        char *inside;         /* the interface that goes */
        unsigned n_pending;   /* answers of the services */
        void (*next)(NetworkChange *c);
        char *taken_port;
        Fault fault;
};

static void change_free(NetworkChange *c)
{
        Manager *manager = c->machine->manager;

        network_services_forget(manager, c);
        network_prepare_forget(manager, c);
        network_parts_free(c->before);
        network_edit_done(&c->edit);
        network_entry_done(&c->entry);
        fault_done(&c->fault);
        g_free(c->taken_port);
        g_free(c->inside);
        g_free(c);
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

static void fail(NetworkChange *c, const Fault *fault)
{
        (void)fault_set(&c->fault, fault->code ?: FAULT_FAILED, fault->error, "%s",
                        fault->message ?: "out of memory");
}

static void give_up(NetworkChange *c)
{
        undo(c);
        end(c, &c->fault);
}

/* ---- the services ---- */

static void told_one(NetworkChange *c, const Fault *fault)
{
        c->n_pending--;
        if (fault)
                fail(c, fault);
        if (c->n_pending > 0)
                return;
        if (c->fault.code != FAULT_NONE)
                give_up(c);
        else
                c->next(c);
}

static void on_told(void *userdata, NetworkServiceKind service, Frame *reply, const Fault *fault)
{
        told_one(userdata, fault);
}

static void on_port_owner(void *userdata, NetworkServiceKind service, Frame *reply,
                          const Fault *fault)
{
        NetworkChange *c = userdata;
        _cleanup_fault_ Fault f = {0};

        ports_taken(c->taken_port, reply, &f);
        told_one(c, &f);
}

static void on_member_set(void *userdata, NetworkServiceKind service, Frame *reply,
                          const Fault *fault)
{
        NetworkChange *c = userdata;

        if (c->taken_port || !ports_is_taken(reply, fault, &c->taken_port)) {
                told_one(c, fault);
                return;
        }
        network_service_send(c->machine->manager, NETWORK_SERVICE_NET, FRAME_PORT_OWNER,
                             c->taken_port, on_port_owner, c);
}

/* Tell the services what the machine has now, then go on. */
static void tell_services(NetworkChange *c, void (*next)(NetworkChange *c))
{
        MachineNetwork *mn = c->machine->network;

        c->next = next;
        c->n_pending = 1; /* until all is asked */
        machine_network_tell(mn, &c->n_pending, on_told, on_member_set, c);
        told_one(c, NULL);
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

        if (is_refused(reply, fault, &c->fault))
                give_up(c);
        else
                c->next(c);
}

static void send_to_shim(NetworkChange *c, FrameWriter *w, void (*next)(NetworkChange *c))
{
        c->next = next;
        if (link_send(c->machine->link, w, on_shim, c, &c->fault) < 0)
                give_up(c);
}

static void send_plan(NetworkChange *c, PlanWriter *plan, void (*next)(NetworkChange *c))
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        _cleanup_close_ int fd = -EBADF;
        const void *bytes;
        size_t n;
        int r = machine_check_running(c->machine, &c->fault);

        r = r < 0 ? r : plan_finish(plan, &bytes, &n);
        if (r >= 0)
                r = fd = sealed_memfd("lodge-links", bytes, n);
        if (r < 0) {
                (void)fault_set(&c->fault, FAULT_FAILED, r, "Cannot make a plan: %s", strerror(-r));
                give_up(c);
                return;
        }
        link_begin(c->machine->link, &w, FRAME_LINK_APPLY);
        frame_add_fd(&w, fd);
        send_to_shim(c, &w, next);
}

/* ---- attach ---- */

static bool has_family(const PlanLink *links, size_t n, int family)
{
        for (size_t i = 0; i < n; i++)
                for (size_t k = 0; k < links[i].n_gateways; k++)
                        if (links[i].gateways[k].family == family)
                                return true;
        return false;
}

/* The link that was added last, with default routes only where there is none yet. */
static void add_last_link(PlanWriter *plan, const PlanNetwork *network)
{
        PlanLink link = network->links[network->n_links - 1];
        NetAddress gateways[2];
        size_t n = 0;

        for (size_t i = 0; i < link.n_gateways && n < ELEMENTSOF(gateways); i++)
                if (!has_family(network->links, network->n_links - 1, link.gateways[i].family))
                        gateways[n++] = link.gateways[i];
        link.gateways = gateways;
        link.n_gateways = n;
        plan_network_add_link(plan, &link);
}

static void make_link(NetworkChange *c)
{
        _cleanup_network_facts_ NetworkFacts facts = {0};
        PlanWriter plan = {0};

        if (network_facts_make(c->machine, &facts, &c->fault) < 0) {
                give_up(c);
                return;
        }
        add_last_link(&plan, &facts.plan);
        send_plan(c, &plan, commit);
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
                fail(c, fault);
        if (c->fault.code != FAULT_NONE || add_link(c, &c->fault) < 0)
                give_up(c);
        else
                tell_services(c, make_link);
}

static void begin_attach(NetworkChange *c)
{
        Manager *manager = c->machine->manager;

        if (c->entry.kind == NETWORK_KIND_NETWORK)
                network_prepare(network_ensure(manager, c->entry.argument), on_prepared, c);
        else
                on_prepared(c, NULL);
}

/* ---- detach ---- */

static void tell_of_loss(NetworkChange *c)
{
        tell_services(c, commit);
}

static void begin_detach(NetworkChange *c)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        MachineNetwork *mn = c->machine->network;

        machine_network_remove_link(mn, c->inside);
        if (ports_update(mn, &c->fault) < 0) { /* they lead nowhere without it */
                give_up(c);
                return;
        }
        link_begin(c->machine->link, &w, FRAME_LINK_REMOVE);
        frame_add_string(&w, FRAME_ITEM, c->inside);
        send_to_shim(c, &w, tell_of_loss);
}

/* ---- ports and bandwidth ---- */

static void begin_ports(NetworkChange *c)
{
        if (ports_update(c->machine->network, &c->fault) < 0)
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

static void begin_bandwidth(NetworkChange *c)
{
        MachineNetwork *mn = c->machine->network;

        if (machine_network_check_bandwidth(mn, &c->edit.bandwidth, &c->fault) < 0) {
                give_up(c);
                return;
        }
        mn->bandwidth = c->edit.bandwidth;
        tell_services(c, rate_links);
}

/* ---- what callers ask for ---- */

static int check_stopped(const Machine *m, bool persist, Fault *reterr)
{
        if (persist)
                return 0;
        return fault_set(reterr, FAULT_NOT_RUNNING, ESRCH,
                         "Machine '%s' does not run, it is %s: only its definition can be changed, "
                         "with Persist",
                         m->name, machine_state_name(m));
}

static int check_running(Machine *m, Fault *reterr)
{
        NetworkMode mode = settings_network_mode(&m->settings);
        int r = machine_check_running(m, reterr);

        if (r < 0)
                return r;
        if (mode == NETWORK_MODE_HOST || mode == NETWORK_MODE_NETNS)
                return fault_set(reterr, FAULT_NOT_SUPPORTED, EOPNOTSUPP,
                                 "Machine '%s' has no network of its own: it runs in %s", m->name,
                                 mode == NETWORK_MODE_HOST ? "the host's" : "another one");
        if (m->network && m->network->change)
                return fault_set(reterr, FAULT_BUSY, EBUSY,
                                 "The network of machine '%s' is being changed already", m->name);
        if (m->network)
                return 0;
        m->network = machine_network_new(m);
        m->network->is_ready = true;
        return 0;
}

/* Return: 0, and @edit is emptied. */
static int change_definition(Machine *m, NetworkEdit *edit, AnswerFn done, void *userdata,
                             Fault *reterr)
{
        int r = network_edit_persist(m, edit, reterr);

        if (r < 0)
                return r;
        network_edit_done(edit);
        request_answer(request_new(m->manager, REQUEST_NETWORK, m->name, done, userdata),
                       &(Answer){.terminal_fd = -EBADF});
        return 0;
}

/* Can what is to be kept be kept? Asked before anything is changed. */
static int check_definition(Machine *m, const NetworkEdit *edit, bool persist, Fault *reterr)
{
        _cleanup_settings_ Settings s = {0};
        DefinitionPlace place = definition_find(m->manager->root, m->name);
        int r = persist ? definition_load(m->manager->root, place, m->name, &s, reterr) : 0;

        return r < 0 || !persist ? r : network_edit_apply(m, edit, &s, reterr);
}

static NetworkChange *change_new(Machine *m, NetworkEdit *edit, bool persist, AnswerFn done,
                                 void *userdata)
{
        NetworkChange *c = g_new0(NetworkChange, 1);

        *c = (NetworkChange){
                .machine = m,
                .request = request_new(m->manager, REQUEST_NETWORK, m->name, done, userdata),
                .edit = *edit,
                .persist = persist,
                .before = network_parts_copy(m->network),
        };
        edit->text = NULL;
        m->network->change = c;
        return c;
}

static bool inside_is_taken(const MachineNetwork *mn, const char *name)
{
        for (guint i = 0; i < mn->links->len; i++)
                if (streq(machine_network_link(mn, i)->inside, name))
                        return true;
        return false;
}

/* Return: 0 and @e has a name that no other interface of the machine has. */
static int name_inside(const MachineNetwork *mn, NetworkEntry *e, Fault *reterr)
{
        const char *machine = mn->machine->name;

        if (mn->links->len >= NETWORK_ENTRIES_MAX)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "Machine '%s' has %d interfaces already", machine,
                                 NETWORK_ENTRIES_MAX);
        if (e->name && inside_is_taken(mn, e->name))
                return fault_set(reterr, FAULT_EXISTS, EEXIST,
                                 "Machine '%s' has an interface %s already", machine, e->name);
        for (unsigned i = 0; !e->name; i++) {
                _cleanup_free_ char *name = g_strdup_printf("host%u", i);

                if (!inside_is_taken(mn, name))
                        e->name = TAKE_PTR(name);
        }
        return 0;
}

static const MachineLink *find_link(const MachineNetwork *mn, const char *name)
{
        for (guint i = 0; mn && i < mn->links->len; i++) {
                const MachineLink *l = machine_network_link(mn, i);

                if (streq(l->inside, name) || streq(l->network, name))
                        return l;
        }
        return NULL;
}

static int parse_entry(const char *text, NetworkEntry *ret, NetworkEdit *edit, Fault *reterr)
{
        _cleanup_free_ char *shown = text_for_display(text, 256);
        const char *why = "";
        int r = network_entry_parse(text, ret, &why);

        if (r < 0)
                return fault_set(reterr, FAULT_INVALID_OPTION, r, "Network '%s' is not valid: %s",
                                 shown ?: "", why);
        if (!network_kind_has_link(ret->kind))
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "'%s' is no network that a machine can be attached to",
                                 shown ?: "");
        return network_entry_format(ret, &edit->text);
}

static int attach(Machine *m, NetworkEntry *e, NetworkEdit *edit, bool persist, AnswerFn done,
                  void *userdata, Fault *reterr)
{
        Network *network;
        int r = check_running(m, reterr);

        if (r >= 0 && e->kind == NETWORK_KIND_NETWORK)
                r = network_get(m->manager, e->argument, &network, reterr);
        if (r >= 0 && e->kind == NETWORK_KIND_NETWORK && find_link(m->network, e->argument))
                r = fault_set(reterr, FAULT_EXISTS, EEXIST,
                              "Machine '%s' is in network '%s' already", m->name, e->argument);
        if (r >= 0 && e->kind != NETWORK_KIND_NETWORK && m->network->egress_entries)
                r = fault_set(
                        reterr, FAULT_INVALID_OPTION, EINVAL,
                        "Machine '%s' has Egress=, and what leaves by '%s' would go around it",
                        m->name, edit->text);
        r = r < 0 ? r : name_inside(m->network, e, reterr);
        r = r < 0 ? r : check_definition(m, edit, persist, reterr);
        if (r < 0)
                return r;
        NetworkChange *c = change_new(m, edit, persist, done, userdata);
        c->entry = *e;
        *e = (NetworkEntry){0};
        begin_attach(c);
        return 0;
}

int machine_attach_network(Machine *m, const char *entry, bool persist, AnswerFn done,
                           void *userdata, Fault *reterr)
{
        _cleanup_network_entry_ NetworkEntry e = {0};
        _cleanup_(network_edit_done) NetworkEdit edit = {NETWORK_EDIT_ATTACH};
        int r = parse_entry(entry, &e, &edit, reterr);

        if (r < 0)
                return r;
        if (!machine_is_stopped(m))
                return attach(m, &e, &edit, persist, done, userdata, reterr);
        r = check_stopped(m, persist, reterr);
        return r < 0 ? r : change_definition(m, &edit, done, userdata, reterr);
}

int machine_detach_network(Machine *m, const char *name, bool persist, AnswerFn done,
                           void *userdata, Fault *reterr)
{
        _cleanup_(network_edit_done) NetworkEdit edit = {NETWORK_EDIT_DETACH, g_strdup(name)};
        const MachineLink *l;
        int r = machine_is_stopped(m) ? check_stopped(m, persist, reterr)
                                      : check_running(m, reterr);

        if (r < 0)
                return r;
        if (machine_is_stopped(m))
                return change_definition(m, &edit, done, userdata, reterr);
        l = find_link(m->network, name);
        if (!l) {
                _cleanup_free_ char *shown = text_for_display(name, 80);

                return fault_set(reterr, FAULT_NO_SUCH_NETWORK, ENOENT,
                                 "Machine '%s' has no network or interface '%s'", m->name,
                                 shown ?: "");
        }
        r = check_definition(m, &edit, persist, reterr);
        if (r < 0)
                return r;
        NetworkChange *c = change_new(m, &edit, persist, done, userdata);
        c->inside = g_strdup(l->inside);
        begin_detach(c);
        return 0;
}

static int parse_port(const char *text, PortEntry *ret, NetworkEdit *edit, Fault *reterr)
{
        _cleanup_free_ char *shown = text_for_display(text, 256);
        const char *why = "";
        int r = port_entry_parse(text, ret, &why);

        if (r < 0)
                return fault_set(reterr, FAULT_INVALID_OPTION, r, "Port '%s' is not valid: %s",
                                 shown ?: "", why);
        return port_entry_format(ret, &edit->text);
}

/* Return: its place among what is published; the array's length: it is not there. */
static guint find_published(const MachineNetwork *mn, const PortEntry *e)
{
        guint i = 0;

        while (i < mn->published->len &&
               !port_entry_equal(&g_array_index(mn->published, PortEntry, i), e))
                i++;
        return i;
}

/* Another entry that takes a port of the host that @e wants; NULL: none. */
static const PortEntry *find_overlap(const MachineNetwork *mn, const PortEntry *e)
{
        for (guint i = 0; i < mn->published->len; i++) {
                const PortEntry *other = &g_array_index(mn->published, PortEntry, i);

                if (port_entry_overlaps(other, e))
                        return other;
        }
        return NULL;
}

static int check_port(const Machine *m, const NetworkEdit *edit, const PortEntry *e, Fault *reterr)
{
        bool adds = edit->kind == NETWORK_EDIT_ADD_PORT;
        const PortEntry *other = adds ? find_overlap(m->network, e) : NULL;
        _cleanup_free_ char *text = NULL;
        bool found = find_published(m->network, e) < m->network->published->len;

        if (found && adds)
                return fault_set(reterr, FAULT_EXISTS, EEXIST, "Machine '%s' publishes %s already",
                                 m->name, edit->text);
        if (other && port_entry_format(other, &text) >= 0)
                return fault_set(reterr, FAULT_EXISTS, EEXIST,
                                 "Machine '%s' publishes %s already, which takes the same port",
                                 m->name, text);
        if (!found && !adds)
                return fault_set(reterr, FAULT_NO_SUCH_PORT, ENOENT,
                                 "Machine '%s' does not publish %s", m->name, edit->text);
        return 0;
}

static int change_port(Machine *m, const char *entry, NetworkEditKind kind, bool persist,
                       AnswerFn done, void *userdata, Fault *reterr)
{
        _cleanup_(network_edit_done) NetworkEdit edit = {kind};
        PortEntry e;
        int r = parse_port(entry, &e, &edit, reterr);

        if (r >= 0)
                r = machine_is_stopped(m) ? check_stopped(m, persist, reterr)
                                          : check_running(m, reterr);
        if (r < 0)
                return r;
        if (machine_is_stopped(m))
                return change_definition(m, &edit, done, userdata, reterr);
        r = check_port(m, &edit, &e, reterr);
        r = r < 0 ? r : check_definition(m, &edit, persist, reterr);
        if (r < 0)
                return r;
        NetworkChange *c = change_new(m, &edit, persist, done, userdata);
        if (kind == NETWORK_EDIT_ADD_PORT)
                g_array_append_val(m->network->published, e);
        else
                g_array_remove_index(m->network->published, find_published(m->network, &e));
        begin_ports(c);
        return 0;
}

int machine_add_port(Machine *m, const char *entry, bool persist, AnswerFn done, void *userdata,
                     Fault *reterr)
{
        return change_port(m, entry, NETWORK_EDIT_ADD_PORT, persist, done, userdata, reterr);
}

int machine_remove_port(Machine *m, const char *entry, bool persist, AnswerFn done, void *userdata,
                        Fault *reterr)
{
        return change_port(m, entry, NETWORK_EDIT_REMOVE_PORT, persist, done, userdata, reterr);
}

static int parse_bandwidth(const char *value, Bandwidth *ret, Fault *reterr)
{
        _cleanup_free_ char *shown = NULL;

        *ret = (Bandwidth){0};
        if (!value || !*value || bandwidth_parse(value, ret) >= 0)
                return 0;
        shown = text_for_display(value, 256);
        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                         "Bandwidth '%s' is not valid: write in=RATE,out=RATE, in bit/s with K, M "
                         "or G, at least 8K",
                         shown ?: "");
}

int machine_set_bandwidth(Machine *m, const char *value, bool persist, AnswerFn done,
                          void *userdata, Fault *reterr)
{
        _cleanup_(network_edit_done) NetworkEdit edit = {NETWORK_EDIT_BANDWIDTH};
        int r = parse_bandwidth(value, &edit.bandwidth, reterr);

        if (r >= 0)
                r = machine_is_stopped(m) ? check_stopped(m, persist, reterr)
                                          : check_running(m, reterr);
        if (r < 0)
                return r;
        if (machine_is_stopped(m))
                return change_definition(m, &edit, done, userdata, reterr);
        if (m->network->links->len == 0)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "Machine '%s' has no interface whose bandwidth could be limited",
                                 m->name);
        r = check_definition(m, &edit, persist, reterr);
        if (r < 0)
                return r;
        begin_bandwidth(change_new(m, &edit, persist, done, userdata));
        return 0;
}
