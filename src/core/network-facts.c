/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the plan is told of a machine's network. */
#include "core/machine-network.h"

#include "base/io.h"
#include "base/names.h"
#include "base/text.h"
#include "core/machine.h"
#include "core/manager.h"
#include "core/network-internal.h"
#include "core/network-names.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define RESOLV_CONF_UPSTREAM "/run/systemd/resolve/resolv.conf"
#define RESOLV_CONF_MAX      65536U

/* ---- the host's name servers ---- */

/* The file is a link on most hosts. */
static char *read_followed(const char *path)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        _cleanup_free_ char *text = malloc(RESOLV_CONF_MAX + 1);
        struct stat st;
        size_t n = 0;

        if (fd < 0 || !text || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
                return NULL;
        while (n < RESOLV_CONF_MAX) {
                ssize_t r = read(fd, text + n, RESOLV_CONF_MAX - n);

                if (r < 0)
                        return NULL;
                if (r == 0)
                        break;
                n += (size_t)r;
        }
        text[n] = '\0';
        return strlen(text) == n && utf8_is_valid(text) ? TAKE_PTR(text) : NULL;
}

/* A name server on the host's loopback is none for a machine with a network of its own. */
static char *host_resolv_conf(bool shares_loopback)
{
        _cleanup_free_ char *text = read_followed(LODGE_HOST_RESOLV);

        if (!shares_loopback && text && strstr(text, "nameserver 127.")) {
                char *upstream = read_followed(RESOLV_CONF_UPSTREAM);

                if (upstream)
                        return upstream;
        }
        return TAKE_PTR(text);
}

/* ---- links ---- */

static void append_dns(NetworkFacts *f, const NetAddress *a)
{
        if (f->dns->len < NETWORK_ENTRY_DNS_MAX)
                g_array_append_vals(f->dns, a, 1);
}

/* Routes lead nowhere from a network without a way out. */
static size_t find_gateways(const Network *n, NetAddress ret[static 2])
{
        size_t n_gateways = 0;

        for (size_t i = 0; i < n->n_subnets && !n->settings.internal && n_gateways < 2; i++) {
                NetAddress gateway = network_gateway(n, i);

                if (n_gateways == 0 || ret[0].family != gateway.family)
                        ret[n_gateways++] = gateway;
        }
        return n_gateways;
}

/* Of the first network that answers for names; one without a way out knows but its own, so that
 * any other goes before it. */
static void take_dns(NetworkFacts *f, const Network *n)
{
        bool better = f->dns->len == 0 || (f->dns_is_internal && !n->settings.internal);

        if (!n->settings.names || n->n_subnets == 0 || !better)
                return;
        g_array_set_size(f->dns, 0);
        f->dns_is_internal = n->settings.internal;
        for (size_t i = 0; i < n->n_subnets; i++) {
                NetAddress gateway = network_gateway(n, i);

                append_dns(f, &gateway);
        }
}

static void add_network(NetworkFacts *f, const Network *n, PlanLink *to, NetAddress *gateways)
{
        to->parent = n->bridge;
        to->mtu = to->mtu ?: n->settings.mtu;
        to->n_gateways = find_gateways(n, gateways);
        take_dns(f, n);
}

static void add_foreign(NetworkFacts *f, const NetworkEntry *e, PlanLink *to, NetAddress *gateways)
{
        to->parent = e->argument;
        to->n_gateways = e->n_gateways;
        (void)memcpy(gateways, e->gateways, sizeof(e->gateways));
        if (e->n_dns > 0 && f->dns_is_internal)
                g_array_set_size(f->dns, 0);
        f->dns_is_internal = f->dns_is_internal && e->n_dns == 0;
        for (size_t i = 0; i < e->n_dns; i++)
                append_dns(f, &e->dns[i]);
}

static int add_link(NetworkFacts *f, const MachineNetwork *mn, const MachineLink *l, Fault *reterr)
{
        const Machine *m = mn->machine;
        NetworkEntry *e = g_new0(NetworkEntry, 1);
        NetAddress *gateways = g_new0(NetAddress, 2);
        const char *why = "";

        g_ptr_array_add(f->parts, gateways);
        g_ptr_array_add(f->entries, e);
        if (network_entry_parse(l->entry, e, &why) < 0)
                return fault_set(reterr, FAULT_FAILED, EINVAL, "Network='%s' is not valid: %s",
                                 l->entry, why);
        PlanLink to = {
                .kind = e->kind,
                .host = l->is_veth ? l->host : NULL,
                .inside = l->inside,
                .mac = l->mac,
                .mtu = e->mtu,
                .bandwidth = l->is_veth ? mn->bandwidth : (Bandwidth){0},
                .addresses = l->addresses,
                .n_addresses = l->n_addresses,
                .gateways = gateways,
        };
        if (l->is_veth)
                to.altname = network_link_altname(m->name, l->number, l->host);
        g_ptr_array_add(f->parts, (char *)to.altname);
        if (l->network)
                add_network(f, network_ensure(m->manager, l->network), &to, gateways);
        else
                add_foreign(f, e, &to, gateways);
        g_array_append_val(f->links, to);
        return 0;
}

static void entry_free(void *p)
{
        network_entry_done(p);
        g_free(p);
}

static void facts_init(NetworkFacts *f)
{
        *f = (NetworkFacts){
                .links = g_array_new(FALSE, TRUE, sizeof(PlanLink)),
                .entries = g_ptr_array_new_with_free_func(entry_free),
                .parts = g_ptr_array_new_with_free_func(g_free),
                .dns = g_array_new(FALSE, TRUE, sizeof(NetAddress)),
        };
}

/* The arrays move while they grow. */
static void facts_finish(NetworkFacts *f)
{
        f->plan = (PlanNetwork){
                .links = (const PlanLink *)(void *)f->links->data,
                .n_links = f->links->len,
                .dns = (const NetAddress *)(void *)f->dns->data,
                .n_dns = f->dns->len,
                .resolv_conf = f->resolv_conf,
        };
}

int network_facts_make(Machine *m, NetworkFacts *ret, Fault *reterr)
{
        NetworkMode mode = settings_network_mode(&m->settings);
        _cleanup_fault_ Fault f = {0};
        const MachineNetwork *mn = m->network;
        int r = 0;

        facts_init(ret);
        if (!mn && mode == NETWORK_MODE_LINKS)
                mn = ret->imagined = machine_network_imagine(m, &f);
        if (f.code != FAULT_NONE)
                return fault_set(reterr, f.code, f.error, "%s", f.message);
        for (guint i = 0; mn && i < mn->links->len && r >= 0; i++)
                r = add_link(ret, mn, machine_network_link(mn, i), reterr);
        if (mode != NETWORK_MODE_NONE && ret->dns->len == 0)
                ret->resolv_conf = host_resolv_conf(mode == NETWORK_MODE_HOST);
        facts_finish(ret);
        return r;
}

void network_facts_done(NetworkFacts *f)
{
        if (!f->links)
                return;
        g_array_unref(f->links);
        g_ptr_array_unref(f->entries);
        g_ptr_array_unref(f->parts);
        g_array_unref(f->dns);
        free(f->resolv_conf);
        machine_network_drop(f->imagined);
        *f = (NetworkFacts){0};
}
