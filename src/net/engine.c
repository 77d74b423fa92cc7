/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/engine.h"

#include "base/io.h"
#include "base/text.h"
#include "net/bridge.h"
#include "net/rules.h"
#include "net/tables.h"

#include <linux/netlink.h>
#include <string.h>
#include <systemd/sd-daemon.h>

typedef struct Network {
        NetworkRecord record;
        GPtrArray *items;
        bool is_seen;     /* since the last begin of a sync */
        uint64_t gone_at; /* CLOCK_MONOTONIC; 0: it is wanted */
} Network;

typedef struct Member {
        MemberRecord record;
        GPtrArray *items;
        bool is_seen;
} Member;

struct Engine {
        Netlink *route;
        Nft *nft;
        Rules *rules;
        GHashTable *networks; /* name -> Network */
        GHashTable *records;  /* the same name -> its NetworkRecord */
        GHashTable *members;  /* name -> Member */
        bool has_tables;      /* we have made them */
        bool is_syncing;
};

/* Parts of a transaction. */
typedef struct Change {
        GPtrArray *old, *new; /* NULL: none */
        GPtrArray **place;    /* gets new when it is done; NULL: nowhere */
} Change;

static void network_free(gpointer p)
{
        Network *n = p;

        g_ptr_array_unref(n->items);
        g_free(n);
}

static void member_free(gpointer p)
{
        Member *m = p;

        member_record_done(&m->record);
        g_ptr_array_unref(m->items);
        g_free(m);
}

int engine_new(Engine **ret)
{
        Engine *e = g_new0(Engine, 1);
        int r = netlink_open(NETLINK_ROUTE, &e->route);

        if (r >= 0)
                r = nft_open(&e->nft);
        e->rules = rules_new();
        e->networks = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, network_free);
        e->records = g_hash_table_new(g_str_hash, g_str_equal);
        e->members = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, member_free);
        if (r < 0) {
                engine_free(e);
                return r;
        }
        *ret = e;
        return 0;
}

void engine_free(Engine *e)
{
        if (!e)
                return;
        g_hash_table_unref(e->members);
        g_hash_table_unref(e->records);
        g_hash_table_unref(e->networks);
        rules_free(e->rules);
        nft_close(e->nft);
        netlink_close(e->route);
        g_free(e);
}

bool engine_is_empty(const Engine *e)
{
        return g_hash_table_size(e->networks) == 0 && g_hash_table_size(e->members) == 0;
}

GHashTable *engine_networks(Engine *e)
{
        return e->records;
}

Netlink *engine_route(Engine *e)
{
        return e->route;
}

Nft *engine_nft(Engine *e)
{
        return e->nft;
}

/* ---- rules ---- */

static int make_tables(Engine *e, const char *what, Fault *reterr)
{
        g_autoptr(GString) text = g_string_new(NULL);

        if (rules_is_empty(e->rules))
                rules_print_removal(text);
        else
                rules_print(e->rules, text);
        int r = nft_run(e->nft, text->str, what, reterr);
        if (r >= 0)
                e->has_tables = !rules_is_empty(e->rules);
        return r;
}

/* The tables may not be as we have left them: others can change them. */
static int run_or_make_tables(Engine *e, const char *commands, const char *what, Fault *reterr)
{
        _cleanup_fault_ Fault unheard = {0};

        if (e->is_syncing && !e->has_tables)
                return 0; /* all at once at the end of it */
        if (e->has_tables && !rules_is_empty(e->rules)) {
                int r = *commands ? nft_run(e->nft, commands, what, &unheard) : 0;
                if (r >= 0)
                        return r;
        }
        return make_tables(e, what, reterr);
}

static void change_in_memory(Engine *e, const GArray *changes, bool back, GString *text)
{
        for (guint i = 0; i < changes->len; i++) {
                const Change *c = &g_array_index(changes, Change, i);

                rules_change(e->rules, back ? c->new : c->old, back ? c->old : c->new, text);
        }
}

static void changes_done(GArray *changes, bool is_done)
{
        for (guint i = 0; i < changes->len; i++) {
                Change *c = &g_array_index(changes, Change, i);

                if (is_done && c->place) {
                        g_ptr_array_unref(*c->place);
                        *c->place = c->new ?: g_ptr_array_new();
                } else if (c->new)
                        g_ptr_array_unref(c->new);
        }
}

/* @changes consumed: what they hold is where it belongs, or gone. */
static int commit(Engine *e, GArray *changes, const char *what, Fault *reterr)
{
        g_autoptr(GString) text = g_string_new(NULL);

        change_in_memory(e, changes, false, text);
        int r = run_or_make_tables(e, text->str, what, reterr);
        if (r < 0)
                change_in_memory(e, changes, true, NULL);
        changes_done(changes, r >= 0);
        return r;
}

static void add_change(GArray *changes, GPtrArray *old, GPtrArray *new, GPtrArray **place)
{
        Change c = {old, new, place};

        g_array_append_val(changes, c);
}

static bool is_in(const MemberRecord *m, const char *network)
{
        for (size_t i = 0; i < m->n_links; i++)
                if (streq(m->links[i].network, network))
                        return true;
        return false;
}

bool engine_has_members(Engine *e, const char *network)
{
        GHashTableIter iter;
        gpointer m;

        g_hash_table_iter_init(&iter, e->members);
        while (g_hash_table_iter_next(&iter, NULL, &m))
                if (is_in(&((Member *)m)->record, network))
                        return true;
        return false;
}

/* The rules of machines name the bridges. */
static void add_members_of(Engine *e, GArray *changes, const char *network)
{
        GHashTableIter iter;
        gpointer value;

        g_hash_table_iter_init(&iter, e->members);
        while (g_hash_table_iter_next(&iter, NULL, &value)) {
                Member *m = value;

                if (is_in(&m->record, network))
                        add_change(changes, m->items, rules_of_member(&m->record, e->records),
                                   &m->items);
        }
}

/* ---- networks ---- */

/* Of what stands in a rule: anything else could end a string there. */
static int check_link_name(const char *name, const char *of, Fault *reterr)
{
        if (strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._") ==
            strlen(name))
                return 0;
        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                         "the interface name \"%s\" of %s cannot be used in nftables' rules", name,
                         of);
}

static int commit_network(Engine *e, Network *n, GPtrArray *items, Fault *reterr)
{
        g_autoptr(GArray) changes = g_array_new(false, false, sizeof(Change));
        g_autofree char *what = g_strdup_printf("change the rules of network %s", n->record.name);

        add_change(changes, n->items, items, &n->items);
        add_members_of(e, changes, n->record.name);
        return commit(e, changes, what, reterr);
}

static Network *add_network(Engine *e, const NetworkRecord *record)
{
        Network *n = g_new0(Network, 1);

        n->record = *record;
        n->items = g_ptr_array_new();
        (void)g_hash_table_replace(e->networks, n->record.name, n);
        (void)g_hash_table_replace(e->records, n->record.name, &n->record);
        return n;
}

static void forget_network(Engine *e, Network *n)
{
        (void)g_hash_table_remove(e->records, n->record.name);
        (void)g_hash_table_remove(e->networks, n->record.name);
}

/* Another bridge, or none, where a change failed. */
static void restore_bridge(Engine *e, const Network *n, const NetworkRecord *failed, bool was_there)
{
        if (!was_there || !streq(n->record.bridge, failed->bridge))
                (void)bridge_remove(e->route, failed->bridge, failed->name, NULL);
        if (was_there)
                (void)bridge_set(e->route, &n->record, NULL);
}

static void warn(const Fault *f)
{
        (void)fprintf(stderr, SD_WARNING "%s\n", f->message ? f->message : "Out of memory");
}

static void remove_bridge(Engine *e, const NetworkRecord *n)
{
        _cleanup_fault_ Fault f = {0};

        if (bridge_remove(e->route, n->bridge, n->name, &f) < 0)
                warn(&f);
}

int engine_set_network(Engine *e, const NetworkRecord *record, Fault *reterr)
{
        Network *n = g_hash_table_lookup(e->networks, record->name);
        bool was_there = n != NULL;
        NetworkRecord old;

        int r = check_link_name(record->bridge, record->name, reterr);
        if (r >= 0)
                r = bridge_set(e->route, record, reterr);
        if (r < 0)
                return r;
        n = n ?: add_network(e, record);
        old = n->record;
        n->record = *record;
        r = commit_network(e, n, rules_of_network(record), reterr);
        if (r < 0) {
                n->record = old;
                restore_bridge(e, n, record, was_there);
                if (!was_there)
                        forget_network(e, n);
                return r;
        }
        if (!streq(old.bridge, record->bridge))
                remove_bridge(e, &old);
        n->is_seen = true;
        n->gone_at = 0;
        return 0;
}

void engine_unset_network(Engine *e, const char *name)
{
        Network *n = g_hash_table_lookup(e->networks, name);

        if (n)
                n->gone_at = now_usec(CLOCK_MONOTONIC);
}

static void remove_network(Engine *e, Network *n)
{
        g_autofree NetworkRecord *record = g_memdup2(&n->record, sizeof(n->record));
        _cleanup_fault_ Fault f = {0};

        (void)g_hash_table_remove(e->records, record->name);
        remove_bridge(e, record);
        if (commit_network(e, n, NULL, &f) < 0)
                warn(&f);
        (void)g_hash_table_remove(e->networks, record->name);
}

unsigned engine_collect(Engine *e, uint64_t age_usec)
{
        g_autoptr(GList) networks = g_hash_table_get_values(e->networks);
        uint64_t now = now_usec(CLOCK_MONOTONIC);
        unsigned left = 0;

        for (GList *i = networks; i; i = i->next) {
                Network *n = i->data;

                if (n->gone_at > 0 && now - n->gone_at >= age_usec)
                        remove_network(e, n);
                else if (n->gone_at > 0)
                        left++;
        }
        return left;
}

/* ---- members ---- */

static int check_member(Engine *e, const MemberRecord *m, Fault *reterr)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < m->n_links; i++) {
                const Network *n = g_hash_table_lookup(e->networks, m->links[i].network);

                if (!n)
                        return fault_set(reterr, FAULT_NO_SUCH_NETWORK, ENOENT,
                                         "network %s of machine %s is not up", m->links[i].network,
                                         m->name);
                r = check_link_name(m->links[i].link, m->name, reterr);
        }
        return r;
}

static int commit_member(Engine *e, const char *name, GPtrArray *old, GPtrArray *new,
                         GPtrArray **place, Fault *reterr)
{
        g_autoptr(GArray) changes = g_array_new(false, false, sizeof(Change));
        g_autofree char *what = g_strdup_printf("change the rules of machine %s", name);

        add_change(changes, old, new, place);
        return commit(e, changes, what, reterr);
}

int engine_set_member(Engine *e, MemberRecord *record, Fault *reterr)
{
        Member *m = g_hash_table_lookup(e->members, record->name), *fresh = NULL;

        int r = check_member(e, record, reterr);
        if (r < 0)
                return r;
        if (!m) {
                m = fresh = g_new0(Member, 1);
                m->items = g_ptr_array_new();
        }
        r = commit_member(e, record->name, m->items, rules_of_member(record, e->records), &m->items,
                          reterr);
        if (r < 0) {
                if (fresh)
                        member_free(fresh);
                return r;
        }
        if (!fresh)
                (void)g_hash_table_steal(e->members, m->record.name);
        member_record_done(&m->record);
        m->record = *record;
        *record = (MemberRecord){0};
        m->is_seen = true;
        (void)g_hash_table_insert(e->members, m->record.name, m);
        return 0;
}

int engine_unset_member(Engine *e, const char *name, Fault *reterr)
{
        Member *m = g_hash_table_lookup(e->members, name);

        if (!m)
                return 0;
        int r = commit_member(e, name, m->items, NULL, NULL, reterr);
        if (r >= 0)
                (void)g_hash_table_remove(e->members, name);
        return r;
}

/* ---- all of it ---- */

void engine_begin_sync(Engine *e)
{
        GHashTableIter iter;
        gpointer value;

        e->is_syncing = true;
        g_hash_table_iter_init(&iter, e->networks);
        while (g_hash_table_iter_next(&iter, NULL, &value))
                ((Network *)value)->is_seen = false;
        g_hash_table_iter_init(&iter, e->members);
        while (g_hash_table_iter_next(&iter, NULL, &value))
                ((Member *)value)->is_seen = false;
}

static gboolean is_unseen(gpointer name, gpointer member, gpointer userdata)
{
        return !((Member *)member)->is_seen;
}

/* Together: each change of a large set takes its time. */
static int remove_unseen_members(Engine *e, Fault *reterr)
{
        g_autoptr(GArray) changes = g_array_new(false, false, sizeof(Change));
        GHashTableIter iter;
        gpointer value;

        g_hash_table_iter_init(&iter, e->members);
        while (g_hash_table_iter_next(&iter, NULL, &value))
                if (!((Member *)value)->is_seen)
                        add_change(changes, ((Member *)value)->items, NULL, NULL);
        if (changes->len == 0)
                return 0;
        int r = commit(e, changes, "remove the rules of machines that are gone", reterr);
        if (r >= 0)
                (void)g_hash_table_foreach_remove(e->members, is_unseen, NULL);
        return r;
}

/* Of ours in the kernel, whoever has made them. */
static int remove_stray_bridges(Engine *e, Fault *reterr)
{
        g_autoptr(GHashTable) found = NULL;
        GHashTableIter iter;
        gpointer bridge, network;
        int r = bridge_list(e->route, &found);

        if (r < 0)
                return fault_set(reterr, FAULT_FAILED, r,
                                 "cannot list the interfaces of this host: %s", strerror(-r));
        g_hash_table_iter_init(&iter, found);
        while (g_hash_table_iter_next(&iter, &bridge, &network)) {
                const Network *n = g_hash_table_lookup(e->networks, network);

                if (!n || !streq(n->record.bridge, bridge))
                        r = MIN(r, bridge_remove(e->route, bridge, network, reterr));
        }
        return r;
}

int engine_end_sync(Engine *e, Fault *reterr)
{
        GHashTableIter iter;
        gpointer value;

        e->is_syncing = false;
        int r = remove_unseen_members(e, reterr);
        g_hash_table_iter_init(&iter, e->networks);
        while (g_hash_table_iter_next(&iter, NULL, &value))
                if (!((Network *)value)->is_seen)
                        engine_unset_network(e, ((Network *)value)->record.name);
        (void)engine_collect(e, 0);
        if (r >= 0 && !e->has_tables)
                r = make_tables(e, "make the rules of all networks", reterr);
        return r < 0 ? r : remove_stray_bridges(e, reterr);
}

int engine_repair(Engine *e, bool is_sure, Fault *reterr)
{
        if (!e->has_tables || (!is_sure && tables_exist() != 0))
                return 0;
        int r = make_tables(e, "make the rules anew that somebody has removed", reterr);
        return r < 0 ? r : 1;
}

static const Network *network_with_bridge(const Engine *e, const char *bridge)
{
        GHashTableIter iter;
        gpointer value;

        g_hash_table_iter_init(&iter, e->networks);
        while (g_hash_table_iter_next(&iter, NULL, &value))
                if (streq(((Network *)value)->record.bridge, bridge))
                        return value;
        return NULL;
}

bool engine_has_bridge(const Engine *e, const char *bridge)
{
        return network_with_bridge(e, bridge) != NULL;
}

static bool has_link(const MemberRecord *m, const char *link)
{
        for (size_t i = 0; i < m->n_links; i++)
                if (streq(m->links[i].link, link))
                        return true;
        return false;
}

bool engine_has_link(const Engine *e, const char *link)
{
        GHashTableIter iter;
        gpointer m;

        g_hash_table_iter_init(&iter, e->members);
        while (g_hash_table_iter_next(&iter, NULL, &m))
                if (has_link(&((Member *)m)->record, link))
                        return true;
        return false;
}

static void attach_links(Engine *e, const MemberRecord *m, const NetworkRecord *n)
{
        for (size_t i = 0; i < m->n_links; i++)
                if (streq(m->links[i].network, n->name)) /* one that is not there comes yet */
                        (void)bridge_attach(e->route, n->bridge, m->links[i].link);
}

int engine_repair_bridge(Engine *e, const char *bridge, Fault *reterr)
{
        const Network *n = network_with_bridge(e, bridge);
        GHashTableIter iter;
        gpointer m;

        if (!n)
                return 0;
        int r = bridge_set(e->route, &n->record, reterr);
        g_hash_table_iter_init(&iter, e->members);
        while (r >= 0 && g_hash_table_iter_next(&iter, NULL, &m))
                attach_links(e, &((Member *)m)->record, &n->record);
        return r < 0 ? r : 1;
}
