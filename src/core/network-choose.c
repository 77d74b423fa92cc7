/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* New subnets: what the host uses already is asked of lodge-net, so they come a little later. And
 * networks that are made and removed. */
#include "core/network-internal.h"

#include "base/io.h"
#include "base/names.h"
#include "base/text.h"
#include "core/machine.h"
#include "core/manager.h"

#include <string.h>

#define FACTS_MAX 65536U

/* ---- what is in use ---- */

static int add_facts(const Frame *reply, UsedSubnets *used)
{
        _cleanup_strv_free_ char **have = NULL;
        int r = frame_strv(reply, FRAME_HAVE, &have);
        size_t n = 0;

        STRV_FOREACH (text, have) {
                NetAddress a;

                if (++n > FACTS_MAX || net_address_parse(*text, NET_PREFIX_REQUIRED, &a) < 0)
                        return -EBADMSG;
                if (a.prefix > 0) /* the default route leads to everything */
                        used_subnets_add(used, &a, "in use on this host");
        }
        return r;
}

static int find_used(Manager *manager, const Network *but, const Frame *reply, UsedSubnets *ret,
                     Fault *reterr)
{
        used_subnets_init(ret);
        networks_add_used(manager, but, ret);
        if (reply && add_facts(reply, ret) < 0)
                return fault_set(reterr, FAULT_FAILED, EBADMSG,
                                 "What lodge-net says of this host's routes makes no sense");
        return 0;
}

int network_parse_subnets(const NetworkSettings *s, NetAddress ret[static NETWORK_SUBNETS_MAX])
{
        const char *why;
        int n = 0;

        STRV_FOREACH (text, s->subnets) {
                if (streq(*text, "none"))
                        return 0;
                if (n == NETWORK_SUBNETS_MAX || subnet_parse(*text, &ret[n], &why) < 0)
                        return -EINVAL;
                n++;
        }
        return n;
}

/* Without the kernel's IPv6 there is no use for it. */
bool network_host_has_ipv6(void)
{
        return access("/proc/net/if_inet6", F_OK) == 0;
}

/* ---- a network that is used for the first time ---- */

typedef struct Preparation {
        Manager *manager;
        char *network;
        NetworkPreparedFn done;
        void *userdata;
} Preparation;

static void preparation_free(Preparation *p)
{
        g_ptr_array_remove(p->manager->preparations, p);
        g_free(p->network);
        g_free(p);
}

static int choose(Network *n, const Frame *reply, Fault *reterr)
{
        _cleanup_used_subnets_ UsedSubnets used = {0};
        int r = find_used(n->manager, n, reply, &used, reterr);

        if (r >= 0)
                r = subnets_choose(n->name, n->manager->host_id, network_host_has_ipv6(), &used,
                                   n->subnets, &n->n_subnets, reterr);
        if (r >= 0)
                r = network_write_state(n, reterr);
        if (r < 0)
                n->n_subnets = 0;
        network_note(n);
        return r;
}

static void on_facts(void *userdata, NetworkServiceKind service, Frame *reply, const Fault *fault)
{
        Preparation *p = userdata;
        Network *n = g_hash_table_lookup(p->manager->networks, p->network);
        NetworkPreparedFn done = p->done;
        void *waiter = p->userdata;
        _cleanup_fault_ Fault f = {0};

        if (!fault && !n)
                (void)fault_set(&f, FAULT_NO_SUCH_NETWORK, ENOENT, "Network '%s' was removed",
                                p->network);
        else if (!fault && !network_has_subnets(n)) /* another machine may have asked, too */
                (void)choose(n, reply, &f);
        preparation_free(p);
        if (done)
                done(waiter, fault ?: f.code != FAULT_NONE ? &f : NULL);
}

void network_prepare(Network *n, NetworkPreparedFn done, void *userdata)
{
        Preparation *p;

        if (network_has_subnets(n)) {
                done(userdata, NULL);
                return;
        }
        p = g_new0(Preparation, 1);
        *p = (Preparation){n->manager, g_strdup(n->name), done, userdata};
        g_ptr_array_add(n->manager->preparations, p);
        network_service_send(n->manager, NETWORK_SERVICE_NET, FRAME_NETWORK_FACTS, NULL, on_facts,
                             p);
}

void network_prepare_forget(Manager *manager, const void *userdata)
{
        for (guint i = 0; i < manager->preparations->len; i++) {
                Preparation *p = g_ptr_array_index(manager->preparations, i);

                if (p->userdata == userdata)
                        p->done = NULL;
        }
}

/* ---- making one ---- */

typedef struct Creation {
        Request *request;
        char *name;
        NetworkSettings settings;
} Creation;

static void creation_free(Creation *c)
{
        g_free(c->name);
        network_settings_done(&c->settings);
        g_free(c);
}

static int check_free(Manager *manager, const char *name, Fault *reterr)
{
        if (!g_hash_table_contains(manager->networks, name) &&
            !place_find(&definition_of_network, manager->root, name))
                return 0;
        return fault_set(reterr, FAULT_EXISTS, EEXIST, "There is a network '%s' already", name);
}

static int check_bridge(Manager *manager, const char *bridge, Fault *reterr)
{
        GHashTableIter i;
        void *p;

        g_hash_table_iter_init(&i, manager->networks);
        while (bridge && g_hash_table_iter_next(&i, NULL, &p))
                if (streq(((Network *)p)->bridge, bridge))
                        return fault_set(reterr, FAULT_INVALID_OPTION, EEXIST,
                                         "Bridge %s is network '%s''s", bridge,
                                         ((Network *)p)->name);
        return 0;
}

/* @reply NULL: the host's routes are not known yet. */
static int check_subnets(Manager *manager, const NetworkSettings *s, const Frame *reply,
                         Fault *reterr)
{
        _cleanup_used_subnets_ UsedSubnets used = {0};
        NetAddress subnets[NETWORK_SUBNETS_MAX];
        int n = network_parse_subnets(s, subnets);
        int r = find_used(manager, NULL, reply, &used, reterr);

        for (int i = 0; i < n && r >= 0; i++)
                r = used_subnets_check(&used, &subnets[i], reterr);
        return r;
}

static int check_new(Manager *manager, const char *name, const NetworkSettings *s,
                     const Frame *reply, Fault *reterr)
{
        int r = check_free(manager, name, reterr);

        r = r < 0 ? r : check_bridge(manager, s->bridge, reterr);
        return r < 0 ? r : check_subnets(manager, s, reply, reterr);
}

static int make(Manager *manager, Creation *c, const Frame *reply, Network **ret, Fault *reterr)
{
        _cleanup_free_ char *text = NULL;
        int r = check_new(manager, c->name, &c->settings, reply, reterr);

        if (r < 0)
                return r;
        c->settings.created_usec = now_usec(CLOCK_REALTIME);
        text = network_settings_format(&c->settings);
        r = place_write(&definition_of_network, manager->root, DEFINITION_ETC, c->name, text,
                        reterr);
        if (r < 0)
                return r;
        *ret = network_ensure(manager, c->name);
        if (network_has_subnets(*ret))
                return 0;
        r = choose(*ret, reply, reterr);
        if (r < 0) {
                (void)place_remove(&definition_of_network, manager->root, c->name, NULL);
                network_drop(*ret);
        }
        return r;
}

static void on_creation_facts(void *userdata, NetworkServiceKind service, Frame *reply,
                              const Fault *fault)
{
        Creation *c = userdata;
        Request *request = c->request;
        _cleanup_fault_ Fault f = {0};
        Network *n = NULL;

        if (!fault && make(request->manager, c, reply, &n, &f) < 0)
                fault = &f;
        creation_free(c);
        if (fault)
                request_fail(request, fault);
        else
                request_answer(request, &(Answer){.network = n, .terminal_fd = -EBADF});
}

int network_create(Manager *manager, const char *name, NetworkSettings *s, AnswerFn done,
                   void *userdata, Fault *reterr)
{
        Network *other;
        Creation *c;
        int r = network_get(manager, name, &other, NULL);

        if (r == -EINVAL)
                return network_get(manager, name, &other, reterr);
        r = network_settings_validate(s, reterr);
        r = r < 0 ? r : check_new(manager, name, s, NULL, reterr);
        if (r < 0)
                return r;
        c = g_new0(Creation, 1);
        *c = (Creation){
                .request = request_new(manager, REQUEST_NETWORK, NULL, done, userdata),
                .name = g_strdup(name),
                .settings = *s,
        };
        network_settings_init(s);
        network_service_send(manager, NETWORK_SERVICE_NET, FRAME_NETWORK_FACTS, NULL,
                             on_creation_facts, c);
        return 0;
}

/* ---- removing one ---- */

int network_remove(Network *network, Fault *reterr)
{
        Manager *manager = network->manager;
        const Machine *user = network_find_user(network);
        int r;

        if (!network->path)
                return fault_set(reterr, FAULT_BUSY, EBUSY,
                                 "Network '%s' is built in and has no file to remove",
                                 network->name);
        if (user)
                return fault_set(reterr, FAULT_BUSY, EBUSY, "Network '%s' is used by machine '%s'",
                                 network->name, user->name);
        r = place_remove(&definition_of_network, manager->root, network->name, reterr);
        if (r >= 0)
                networks_load_name(manager, network->name); /* frees it, but the default one */
        return r;
}
