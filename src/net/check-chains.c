/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every chain of a hook must accept a packet: that ours does is not enough. */
#include "base/io.h"
#include "base/text.h"
#include "net/check-internal.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#define LEGACY_TABLES "/proc/net/ip_tables_names"
#define LEGACY_MAX    4096U

/* Of another one, with a policy of drop. */
typedef struct Chain {
        char *table, *name;
        const char *family;
        bool is_input;
} Chain;

static void chain_free(gpointer p)
{
        Chain *c = p;

        g_free(c->table);
        g_free(c->name);
        g_free(c);
}

static const char *family_name(uint8_t family)
{
        switch (family) {
        case NFPROTO_INET: return "inet";
        case NFPROTO_IPV4: return "ip";
        case NFPROTO_IPV6: return "ip6";
        default: return NULL; /* does not see what is routed */
        }
}

static uint32_t hook_number(const struct nlattr *hook)
{
        const struct nlattr *a;

        mnl_attr_for_each_nested(a, hook) if (mnl_attr_get_type(a) ==
                                              NFTA_HOOK_HOOKNUM) return ntohl(mnl_attr_get_u32(a));
        return NF_INET_NUMHOOKS;
}

static int on_chain(const struct nlmsghdr *h, void *userdata)
{
        const struct nfgenmsg *m = mnl_nlmsg_get_payload(h);
        const char *table = NULL, *name = NULL;
        uint32_t hook = NF_INET_NUMHOOKS, policy = NF_ACCEPT;
        const struct nlattr *a;

        mnl_attr_for_each(a, h, sizeof(*m)) switch (mnl_attr_get_type(a))
        {
        case NFTA_CHAIN_TABLE: table = mnl_attr_get_str(a); break;
        case NFTA_CHAIN_NAME: name = mnl_attr_get_str(a); break;
        case NFTA_CHAIN_HOOK: hook = hook_number(a); break;
        case NFTA_CHAIN_POLICY: policy = ntohl(mnl_attr_get_u32(a)); break;
        default: break;
        }
        if (!table || !name || policy != NF_DROP || !family_name(m->nfgen_family) ||
            (hook != NF_INET_FORWARD && hook != NF_INET_LOCAL_IN))
                return MNL_CB_OK;
        Chain *c = g_new0(Chain, 1);
        c->table = g_strdup(table);
        c->name = g_strdup(name);
        c->family = family_name(m->nfgen_family);
        c->is_input = hook == NF_INET_LOCAL_IN;
        g_ptr_array_add(userdata, c);
        return MNL_CB_OK;
}

static GPtrArray *list_dropping_chains(void)
{
        _cleanup_netlink_ Netlink *n = NULL;
        GPtrArray *chains = g_ptr_array_new_with_free_func(chain_free);
        char buf[NETLINK_REQUEST_MAX];
        struct nlmsghdr *h =
                netlink_begin(buf, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN, NLM_F_DUMP);
        struct nfgenmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

        m->nfgen_family = NFPROTO_UNSPEC;
        m->version = NFNETLINK_V0;
        if (netlink_open(NETLINK_NETFILTER, &n) >= 0)
                (void)netlink_ask(n, h, on_chain, chains);
        return chains;
}

/* The chain's table as text; NULL: it cannot be had. */
static const char *text_of_table(Engine *e, const Chain *c)
{
        g_autofree char *command = g_strdup_printf("list table %s %s", c->family, c->table);
        const char *text = NULL;

        return nft_print(engine_nft(e), command, &text) >= 0 ? text : NULL;
}

/* A rule that names the bridge is taken for one that lets it through. */
static bool names_bridge(const char *text, const char *bridge)
{
        g_autofree char *quoted = g_strdup_printf("\"%s\"", bridge);

        return text && strstr(text, quoted);
}

/* docker keeps this one for others' rules, and makes the others anew. */
static const char *iptables_chain(const Chain *c, const char *text)
{
        return !c->is_input && text && strstr(text, "chain DOCKER-USER ") ? "DOCKER-USER" : c->name;
}

static char *iptables_remedy(const Chain *c, const char *text, const char *bridge)
{
        const char *tool = streq(c->family, "ip6") ? "ip6tables" : "iptables";
        const char *chain = iptables_chain(c, text);

        if (c->is_input)
                return g_strdup_printf("%s -I %s -i %s -j ACCEPT", tool, chain, bridge);
        return g_strdup_printf("%s -I %s -i %s -j ACCEPT && %s -I %s -o %s -j ACCEPT", tool, chain,
                               bridge, tool, chain, bridge);
}

static char *nft_remedy(const Chain *c, const char *bridge)
{
        g_autofree char *rule =
                g_strdup_printf("insert rule %s %s %s", c->family, c->table, c->name);

        if (c->is_input)
                return g_strdup_printf("nft %s iifname %s accept", rule, bridge);
        return g_strdup_printf("nft '%s iifname %s accept; %s oifname %s accept'", rule, bridge,
                               rule, bridge);
}

/* What who made the chain would have one do. */
static char *remedy(const Chain *c, const char *text, const char *bridge)
{
        if (text && strstr(text, "chain ufw-") && c->is_input)
                return g_strdup_printf("ufw allow in on %s", bridge);
        if (text && strstr(text, "chain ufw-"))
                return g_strdup_printf("ufw route allow in on %s && ufw route allow out on %s",
                                       bridge, bridge);
        if (streq(c->name, "FORWARD") || streq(c->name, "INPUT"))
                return iptables_remedy(c, text, bridge);
        return nft_remedy(c, bridge);
}

static bool bridges_are_filtered(void)
{
        _cleanup_free_ char *text = NULL;

        return read_file_at(AT_FDCWD, "/proc/sys/net/bridge/bridge-nf-call-iptables", 16, &text,
                            NULL) >= 0 &&
               text[0] == '1';
}

static void check_chain(Engine *e, const Chain *c, const NetworkRecord *n, Findings *f)
{
        const char *text = text_of_table(e, c);
        g_autofree char *command = NULL;

        if (names_bridge(text, n->bridge))
                return;
        command = remedy(c, text, n->bridge);
        if (c->is_input)
                findings_add(f, command,
                             "the chain %s of the nftables table %s %s drops what machines of "
                             "network %s send to this host, such as questions for names: it has no "
                             "rule for the bridge %s",
                             c->name, c->family, c->table, n->name, n->bridge);
        else
                findings_add(f, command,
                             "the chain %s of the nftables table %s %s drops what machines of "
                             "network %s send beyond this host%s and what comes to their ports: it "
                             "has no rule for the bridge %s",
                             c->name, c->family, c->table, n->name,
                             bridges_are_filtered() ? " and to each other" : "", n->bridge);
}

static bool concerns(const Chain *c, const NetworkRecord *n)
{
        return c->is_input ? n->flags & NETWORK_NAMES : !(n->flags & NETWORK_INTERNAL);
}

/* They are older than nftables, and it does not show them. */
static void check_legacy(Findings *f)
{
        _cleanup_free_ char *text = NULL;

        if (read_file_at(AT_FDCWD, LEGACY_TABLES, LEGACY_MAX, &text, NULL) >= 0 &&
            strstr(text, "filter\n"))
                findings_add(
                        f, "iptables-legacy -S FORWARD",
                        "this host has rules of iptables-legacy, which may drop the traffic "
                        "of machines: their FORWARD chain must accept what comes from and goes "
                        "to the bridges of lodge");
}

void check_chains(Engine *e, Findings *f)
{
        g_autoptr(GPtrArray) chains = list_dropping_chains();
        GHashTableIter iter;
        gpointer n;

        g_hash_table_iter_init(&iter, engine_networks(e));
        while (g_hash_table_iter_next(&iter, NULL, &n))
                for (guint i = 0; i < chains->len; i++)
                        if (concerns(chains->pdata[i], n))
                                check_chain(e, chains->pdata[i], n, f);
        check_legacy(f);
}
