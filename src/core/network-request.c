/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What callers ask to change of a machine's network: checked here; of a machine that runs carried
 * out by core/network-change.h, else written into its definition. */
#include "base/text.h"
#include "core/definition.h"
#include "core/machine-network.h"
#include "core/machine.h"
#include "core/manager.h"
#include "core/network-change.h"
#include "core/network-persist.h"

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
        return persist ? network_edit_check(m, edit, reterr) : 0;
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
        network_change_attach(network_change_new(m, edit, persist, done, userdata), e);
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
        network_change_detach(network_change_new(m, &edit, persist, done, userdata), l->inside);
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
        NetworkChange *c = network_change_new(m, &edit, persist, done, userdata);
        if (kind == NETWORK_EDIT_ADD_PORT)
                g_array_append_val(m->network->published, e);
        else
                g_array_remove_index(m->network->published, find_published(m->network, &e));
        network_change_ports(c);
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
        network_change_bandwidth(network_change_new(m, &edit, persist, done, userdata));
        return 0;
}
