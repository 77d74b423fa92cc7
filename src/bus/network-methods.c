/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the methods of networks, and those of machines that are about their network, read, ask of
 * core and reply. */
#include "base/text.h"
#include "bus/call.h"
#include "core/network.h"
#include "spec/network-entry.h"

#define WELL_KNOWN_PORTS 1024

/* ---- what takes more than managing the machine ---- */

static bool is_exposed(const char *port)
{
        PortEntry e;
        const char *why;

        if (port_entry_parse(port, &e, &why) < 0)
                return false; /* refused by core */
        return e.host_port < WELL_KNOWN_PORTS ||
               (e.host.family != 0 && !net_address_is_loopback(&e.host));
}

static bool is_of_host(const char *network)
{
        _cleanup_network_entry_ NetworkEntry e = {0};
        const char *why;

        return network_entry_parse(network, &e, &why) >= 0 && e.kind != NETWORK_KIND_NONE &&
               e.kind != NETWORK_KIND_NETWORK;
}

bool bus_ports_are_exposed(char *const *ports)
{
        STRV_FOREACH (port, ports)
                if (is_exposed(*port))
                        return true;
        return false;
}

bool bus_networks_are_of_host(char *const *networks)
{
        STRV_FOREACH (network, networks)
                if (is_of_host(*network))
                        return true;
        return false;
}

/* ---- machines ---- */

static int bad_entry(const char *entry, const char *what, const char *why, Fault *reterr)
{
        _cleanup_free_ char *shown = text_for_display(entry, 128);

        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "%s '%s': %s", what, shown ?: "",
                         why);
}

int bus_read_network_entry(Call *c, Fault *reterr)
{
        _cleanup_network_entry_ NetworkEntry e = {0};
        const char *why;
        int r = call_read_text(c, reterr);

        if (r < 0)
                return r;
        r = network_entry_parse(c->text, &e, &why);
        if (r == -EINVAL)
                return bad_entry(c->text, "the network", why, reterr);
        c->networks = r < 0 ? NULL : g_strsplit(c->text, "\n", 1);
        return r;
}

int bus_read_port_entry(Call *c, Fault *reterr)
{
        PortEntry e;
        const char *why;
        int r = call_read_text(c, reterr);

        if (r < 0)
                return r;
        r = port_entry_parse(c->text, &e, &why);
        if (r == -EINVAL)
                return bad_entry(c->text, "the port", why, reterr);
        c->ports = r < 0 ? NULL : g_strsplit(c->text, "\n", 1);
        return r;
}

int bus_run_attach_network(Call *c, Fault *reterr)
{
        return call_change_machine(c, machine_attach_network, reterr);
}

int bus_run_detach_network(Call *c, Fault *reterr)
{
        return call_change_machine(c, machine_detach_network, reterr);
}

int bus_run_add_port(Call *c, Fault *reterr)
{
        return call_change_machine(c, machine_add_port, reterr);
}

int bus_run_remove_port(Call *c, Fault *reterr)
{
        return call_change_machine(c, machine_remove_port, reterr);
}

int bus_run_set_bandwidth(Call *c, Fault *reterr)
{
        return call_change_machine(c, machine_set_bandwidth, reterr);
}

int bus_run_get_stats(Call *c, Fault *reterr)
{
        Machine *m;
        int r = call_get_machine(c, &m, reterr);

        return r < 0 ? r : machine_read_stats(m, call_answered, c, reterr);
}

/* ---- networks ---- */

static int set_network(void *target, const char *key, const SettingValue *v, Fault *reterr)
{
        return network_settings_set(target, key, v, reterr);
}

static int read_create(Call *c, Fault *reterr)
{
        int r = call_read_text(c, reterr);

        if (r < 0)
                return r;
        c->kind = OBJECT_NETWORK; /* for polkit */
        c->object = g_strdup(c->text);
        network_settings_init(&c->network);
        c->has_network = true;
        return call_read_settings(c, set_network, &c->network, reterr);
}

static int run_create(Call *c, Fault *reterr)
{
        c->network.owner = c->uid;
        return network_create(c->bus->manager, c->object, &c->network, call_answered, c, reterr);
}

static int reply_created(Call *c, const Answer *a, sd_bus_message *reply)
{
        _cleanup_free_ char *path = bus_object_path(OBJECT_NETWORK, c->object);

        return path ? sd_bus_message_append(reply, "o", path) : -ENOMEM;
}

static int run_remove(Call *c, Fault *reterr)
{
        void *n;
        int r = call_get_object(c, &n, reterr);

        r = r < 0 ? r : network_remove(n, reterr);
        return r < 0 ? r : call_done(c);
}

static int run_check(Call *c, Fault *reterr)
{
        return network_check(c->bus->manager, call_answered, c, reterr);
}

const Method bus_create_network_method = {"CreateNetwork",      "configure", "create",
                                          OPTIONS_ARE_SETTINGS, read_create, run_create,
                                          reply_created,        NULL};

const Method bus_check_network_method = {"CheckNetwork", "inspect", "check the network of",  0,
                                         NULL,           run_check, call_reply_answer_lines, NULL};

const Method bus_network_methods[] = {
        {"Remove", "configure", "remove", 0, NULL, run_remove, NULL, NULL},
        {NULL},
};
