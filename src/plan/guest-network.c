/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/guest-network.h"

#include "base/names.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* What programs look up by name before there is any network. */
#define LOCALHOST "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"

#define NETWORKD_FILE "/run/systemd/network/10-lodge.network"

bool guest_network_is_own(const GuestNetwork *g)
{
        return g->mode == NETWORK_MODE_NONE || g->mode == NETWORK_MODE_LINKS;
}

static void add(PlanWriter *w, PlanStage stage, PlanStep step)
{
        step.stage = stage;
        plan_add(w, step);
}

typedef void (*PutFn)(FILE *f, const GuestNetwork *g);

/* What @put writes. */
static int make_text(PutFn put, const GuestNetwork *g, char **ret)
{
        _cleanup_free_ char *text = NULL;
        size_t n = 0;
        FILE *f = open_memstream(&text, &n);

        if (f)
                put(f, g);
        bool failed = !f || ferror(f);
        if (f && fclose(f) != 0)
                failed = true;
        *ret = failed ? NULL : TAKE_PTR(text);
        return failed ? -ENOMEM : 0;
}

/* A file that says so. */
static void add_text(PlanWriter *w, PlanStage stage, const char *path, const char *text)
{
        add(w, stage,
            (PlanStep){PLAN_FILE, .s = path, .a = 0644, .data = text,
                       .n_data = (uint32_t)strlen(text)});
}

/* ---- /etc/hosts ---- */

/* The host name, its first label, and what other machines know it by. */
static void put_names(FILE *f, const char *address, const GuestNetwork *g)
{
        int label = (int)strcspn(g->hostname, ".");
        bool has_domain = g->hostname[label];

        (void)fprintf(f, "%s %s", address, g->hostname);
        if (has_domain)
                (void)fprintf(f, " %.*s", label, g->hostname);
        if (!streq(g->name, g->hostname) && (!has_domain || strlen(g->name) != (size_t)label ||
                                             strncmp(g->name, g->hostname, (size_t)label) != 0))
                (void)fprintf(f, " %s", g->name);
        (void)fputc('\n', f);
}

static void put_hosts(FILE *f, const GuestNetwork *g)
{
        char address[NET_ADDRESS_TEXT_MAX];
        size_t n = 0;

        (void)fputs(LOCALHOST, f);
        for (size_t i = 0; i < g->network->n_links; i++) {
                const PlanLink *l = &g->network->links[i];

                for (size_t k = 0; k < l->n_addresses; k++, n++)
                        put_names(f, net_address_format(&l->addresses[k], false, address), g);
        }
        if (n == 0) /* as Debian has it: sudo and the like want to know their host */
                put_names(f, "127.0.1.1", g);
}

/* ---- /etc/resolv.conf ---- */

static void put_resolv_conf(FILE *f, const GuestNetwork *g)
{
        char address[NET_ADDRESS_TEXT_MAX];

        for (size_t i = 0; i < g->network->n_dns; i++)
                (void)fprintf(f, "nameserver %s\n",
                              net_address_format(&g->network->dns[i], false, address));
        if (g->network->n_dns == 0)
                (void)fputs(g->network->resolv_conf, f);
}

/* ---- both ---- */

int guest_network_files(const GuestNetwork *g, GuestNetworkFiles *ret)
{
        *ret = (GuestNetworkFiles){0};
        int r = make_text(put_hosts, g, &ret->hosts);
        if (r >= 0 && g->mode != NETWORK_MODE_NONE &&
            (g->network->n_dns > 0 || g->network->resolv_conf))
                r = make_text(put_resolv_conf, g, &ret->resolv_conf);
        return r;
}

void guest_network_files_done(GuestNetworkFiles *f)
{
        free(f->hosts);
        free(f->resolv_conf);
        *f = (GuestNetworkFiles){0};
}

void guest_network_add_tree(PlanWriter *w, const GuestNetwork *g)
{
        _cleanup_(guest_network_files_done) GuestNetworkFiles files;
        int r = guest_network_files(g, &files);

        if (r < 0) {
                w->error = w->error ?: r;
                return;
        }
        add_text(w, PLAN_STAGE_TREE, LODGE_GUEST_HOSTS, files.hosts);
        if (files.resolv_conf)
                add_text(w, PLAN_STAGE_TREE, LODGE_GUEST_RESOLV, files.resolv_conf);
}

static void add_rewrite(PlanWriter *w, const char *path, const char *before, const char *after)
{
        if (after && !streq(before, after))
                add(w, PLAN_STAGE_TREE,
                    (PlanStep){PLAN_REWRITE, .s = path, .t = before ?: "", .data = after,
                               .n_data = (uint32_t)strlen(after)});
}

void guest_network_add_rewrite(PlanWriter *w, const GuestNetworkFiles *before,
                               const GuestNetworkFiles *after)
{
        add_rewrite(w, LODGE_GUEST_HOSTS, before->hosts, after->hosts);
        add_rewrite(w, LODGE_GUEST_RESOLV, before->resolv_conf, after->resolv_conf);
}

/* ---- systemd-networkd inside ---- */

static bool has_address(const PlanLink *l)
{
        return l->n_addresses > 0;
}

/* host0, host1 .. also of what is attached later; but an interface that has no address from us is
 * the guest's to configure. Kept, not unmanaged: with nothing to manage network-online.target waits
 * for two minutes, and fails. */
static void put_networkd(FILE *f, const GuestNetwork *g)
{
        bool all = true;

        for (size_t i = 0; i < g->network->n_links; i++)
                all = all && has_address(&g->network->links[i]);
        (void)fprintf(f, "[Match]\nName=%s", all ? "host*" : "");
        for (size_t i = 0; i < g->network->n_links; i++) {
                const PlanLink *l = &g->network->links[i];

                if (has_address(l) && (!all || strncmp(l->inside, "host", 4) != 0))
                        (void)fprintf(f, " %s", l->inside);
        }
        (void)fputs("\n\n[Network]\nLinkLocalAddressing=ipv6\nIPv6AcceptRA=no\n"
                    "KeepConfiguration=yes\n",
                    f);
}

void guest_network_add_outer(PlanWriter *w, const GuestNetwork *g)
{
        bool any = g->network->n_links == 0;
        _cleanup_free_ char *text = NULL;

        for (size_t i = 0; i < g->network->n_links; i++)
                any = any || has_address(&g->network->links[i]);
        if (!guest_network_is_own(g) || !any)
                return;
        add(w, PLAN_STAGE_OUTER, (PlanStep){PLAN_DIRECTORY, .s = "/run/systemd", .a = 0755});
        add(w, PLAN_STAGE_OUTER,
            (PlanStep){PLAN_DIRECTORY, .s = "/run/systemd/network", .a = 0755});
        int r = make_text(put_networkd, g, &text);
        if (r < 0)
                w->error = w->error ?: r;
        else
                add_text(w, PLAN_STAGE_OUTER, NETWORKD_FILE, text);
}

/* ---- sysctls ---- */

/* ping without CAP_NET_RAW, as podman and docker have it: the kernel's default lets nobody. */
void guest_network_add_inner(PlanWriter *w, const GuestNetwork *g)
{
        static const char all_groups[] = "0 65535";

        if (guest_network_is_own(g))
                add(w, PLAN_STAGE_INNER,
                    (PlanStep){PLAN_SYSCTL, .s = "/proc/sys/net/ipv4/ping_group_range",
                               .data = all_groups, .n_data = sizeof(all_groups),
                               .flags = PLAN_OPTIONAL});
}
