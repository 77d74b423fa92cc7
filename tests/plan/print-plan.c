/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* print-plan CASE.machine: the plan of a definition, as text. Facts about the host come from its
 * section [X-Facts], which settings_parse() leaves to others: Layers= (blanks between),
 * LayerStore=, Image= (a disk image), Usr=yes, Init=, Systemd=yes; Link0=, Link1= .. (words
 * KEY=VALUE, keys as in PlanLink), DNS= (addresses), ResolvConf=. */
#include "base/io.h"
#include "base/text.h"
#include "plan/plan-compile.h"
#include "spec/words.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>

/* The value of a line "KEY=..." of @text; NULL if there is none. */
static char *fact(const char *text, const char *key)
{
        const char *section = strstr(text, "[X-Facts]\n");
        size_t n = strlen(key);

        for (const char *line = section; line && *line; line = strchrnul(line, '\n')) {
                line += *line == '\n';
                if (strncmp(line, key, n) == 0 && line[n] == '=')
                        return strndup(line + n + 1, strcspn(line + n + 1, "\n"));
        }
        return NULL;
}

/* ---- network ---- */

#define LINKS_MAX     4
#define ADDRESSES_MAX 4

typedef struct LinkFact {
        char **words;
        NetAddress addresses[ADDRESSES_MAX], gateways[ADDRESSES_MAX];
} LinkFact;

typedef struct NetworkFacts {
        LinkFact facts[LINKS_MAX];
        PlanLink links[LINKS_MAX];
        NetAddress dns[ADDRESSES_MAX];
        char *resolv_conf;
        PlanNetwork network;
} NetworkFacts;

static int add_address(const char *text, NetAddress *list, size_t *n)
{
        return *n < ADDRESSES_MAX ? net_address_parse(text, NET_PREFIX_OPTIONAL, &list[(*n)++])
                                  : -E2BIG;
}

static int apply_word(const char *word, LinkFact *fact, PlanLink *l)
{
        const char *value = strchrnul(word, '=') + 1;
        const struct {
                const char *key;
                const char **field;
        } strings[] = {
                {"host=", &l->host},
                {"altname=", &l->altname},
                {"parent=", &l->parent},
                {"inside=", &l->inside},
        };

        for (size_t i = 0; i < ELEMENTSOF(strings); i++)
                if (strncmp(word, strings[i].key, strlen(strings[i].key)) == 0)
                        *strings[i].field = value;
        if (strncmp(word, "kind=", 5) == 0)
                l->kind = streq(value, "macvlan")     ? NETWORK_KIND_MACVLAN
                          : streq(value, "interface") ? NETWORK_KIND_INTERFACE
                                                      : NETWORK_KIND_NETWORK;
        if (strncmp(word, "mac=", 4) == 0)
                return mac_parse(value, &l->mac);
        if (strncmp(word, "mtu=", 4) == 0)
                l->mtu = (uint32_t)strtoul(value, NULL, 10);
        if (strncmp(word, "bandwidth=", 10) == 0)
                return bandwidth_parse(value, &l->bandwidth);
        if (strncmp(word, "address=", 8) == 0)
                return add_address(value, fact->addresses, &l->n_addresses);
        if (strncmp(word, "gateway=", 8) == 0)
                return add_address(value, fact->gateways, &l->n_gateways);
        return 0;
}

static int read_link_fact(const char *line, LinkFact *fact, PlanLink *l)
{
        int r = words_split(line, 100, &fact->words);

        l->addresses = fact->addresses;
        l->gateways = fact->gateways;
        STRV_FOREACH (word, fact->words)
                r = r < 0 ? r : apply_word(*word, fact, l);
        return r;
}

static int read_network(const char *text, NetworkFacts *n)
{
        _cleanup_free_ char *dns = fact(text, "DNS");
        _cleanup_strv_free_ char **servers = NULL;
        int r = words_split(dns ?: "", ADDRESSES_MAX, &servers);

        n->resolv_conf = fact(text, "ResolvConf");
        n->network = (PlanNetwork){.links = n->links, .dns = n->dns, .resolv_conf = n->resolv_conf};
        STRV_FOREACH (server, servers)
                r = r < 0 ? r : add_address(*server, n->dns, &n->network.n_dns);
        for (size_t i = 0; r >= 0 && i < LINKS_MAX; i++) {
                char key[16];

                (void)snprintf(key, sizeof(key), "Link%zu", i);
                _cleanup_free_ char *line = fact(text, key);
                if (!line)
                        break;
                r = read_link_fact(line, &n->facts[i], &n->links[i]);
                n->network.n_links++;
        }
        return r;
}

static void network_facts_done(NetworkFacts *n)
{
        for (size_t i = 0; i < LINKS_MAX; i++)
                strv_free(n->facts[i].words);
        free(n->resolv_conf);
}

/* ---- all of it ---- */

static int compile(const char *text, const Settings *s, PlanWriter *w, Fault *reterr)
{
        /* in place of the real one, whose size depends on the installed libseccomp */
        static const struct sock_filter filter[] = {
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        _cleanup_free_ char *layers = fact(text, "Layers"), *init = fact(text, "Init"),
                            *systemd = fact(text, "Systemd"), *store = fact(text, "LayerStore"),
                            *image = fact(text, "Image"), *usr = fact(text, "Usr");
        _cleanup_strv_free_ char **paths = NULL;
        _cleanup_(network_facts_done) NetworkFacts network = {0};
        int r = read_network(text, &network);

        r = r < 0 ? r
                  : words_split(layers
                                        ?: image ? ""
                                                 : "/var/lib/lodge/images/debian",
                                100, &paths);

        if (r < 0)
                return r;
        PlanFacts facts = {
                .name = "web",
                .layers = (const char *const *)paths,
                .image = image,
                .image_has_usr = parse_bool(usr) > 0,
                .layer_store = store,
                .volumes = "/var/lib/lodge/volumes",
                .writable_layer = "/var/lib/lodge/machines/web",
                .trash = "/var/lib/lodge/trash",
                .uid_base = 0x80000,
                .init = init,
                .init_is_systemd = parse_bool(systemd) > 0,
                .seccomp = filter,
                .n_seccomp = sizeof(filter),
                .network = &network.network,
        };
        return plan_compile(s, &facts, w, reterr);
}

static int print(const char *path, const char *text, Fault *reterr)
{
        _cleanup_settings_ Settings s = {0};
        PlanWriter w = {0};
        const void *plan;
        size_t n;

        int r = settings_parse(basename(path), text, strlen(text), &s, reterr);
        r = r < 0 ? r : settings_validate(&s, reterr);
        r = r < 0 ? r : compile(text, &s, &w, reterr);
        r = r < 0 ? r : plan_finish(&w, &plan, &n);
        r = r < 0 ? r : plan_check(plan, n);
        if (r >= 0)
                plan_print(plan, n, stdout);
        plan_writer_done(&w);
        return r;
}

int main(int argc, char **argv)
{
        _cleanup_free_ char *text = NULL;
        _cleanup_fault_ Fault f = {0};

        if (argc != 2 || read_file_at(AT_FDCWD, argv[1], SETTINGS_FILE_MAX, &text, NULL) < 0) {
                (void)fprintf(stderr, "usage: print-plan CASE.machine\n");
                return 1;
        }
        int r = print(argv[1], text, &f);
        if (r < 0) /* a case may be about the message */
                (void)printf("error: %s (%s)\n", f.message ?: strerror(-r),
                             fault_code_name(f.code) ?: "no fault");
        return 0;
}
