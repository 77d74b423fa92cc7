/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "relay/resolv-conf.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <arpa/nameser.h>
#include <fcntl.h>
#include <glib.h>
#include <net/if.h>
#include <string.h>
#include <sys/stat.h>

#define SIZE_MAX_BYTES (64U << 10)
#define KEYWORD        "nameserver"

struct ResolvConf {
        char *path;
        struct stat seen;
        Resolvers resolvers;
};

static void add_resolver(char *text, Resolvers *ret)
{
        char *scope = strchr(text, '%');
        NetAddress a;

        if (scope)
                *scope++ = '\0';
        if (ret->n == RESOLVERS_MAX || net_address_parse(text, NET_PREFIX_NONE, &a) < 0)
                return;
        SocketAddress *s = &ret->addresses[ret->n++];
        *s = socket_address_make(&a, NS_DEFAULTPORT);
        if (scope && a.family == AF_INET6)
                s->in6.sin6_scope_id = if_nametoindex(scope);
}

static void parse_line(char *line, Resolvers *ret)
{
        static const char blanks[] = " \t\r";
        char *saveptr;

        /* a keyword begins its line, as libc has it */
        if (strncmp(line, KEYWORD, strlen(KEYWORD)) != 0 || !strchr(blanks, line[strlen(KEYWORD)]))
                return;
        char *address = strtok_r(line + strlen(KEYWORD), blanks, &saveptr);
        if (address)
                add_resolver(address, ret);
}

void resolv_conf_parse(const char *text, Resolvers *ret)
{
        _cleanup_free_ char *copy = g_strdup(text);
        char *saveptr;

        *ret = (Resolvers){0};
        for (char *line = strtok_r(copy, "\n", &saveptr); line;
             line = strtok_r(NULL, "\n", &saveptr))
                parse_line(line, ret);
        if (ret->n == 0) {
                char loopback[] = "127.0.0.1";

                add_resolver(loopback, ret);
        }
}

ResolvConf *resolv_conf_new(const char *path)
{
        ResolvConf *c = g_new0(ResolvConf, 1);

        c->path = g_strdup(path);
        resolv_conf_parse("", &c->resolvers);
        return c;
}

void resolv_conf_free(ResolvConf *c)
{
        if (!c)
                return;
        g_free(c->path);
        g_free(c);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
        return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
               a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Not read_file_at(): it follows no links, and this file is one more often than not. */
static void read_again(ResolvConf *c)
{
        _cleanup_close_ int fd = open(c->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        _cleanup_free_ char *text = g_malloc(SIZE_MAX_BYTES + 1);

        if (fd < 0)
                return; /* what we knew may still be right */
        ssize_t n = read(fd, text, SIZE_MAX_BYTES);
        text[n < 0 ? 0 : n] = '\0';
        resolv_conf_parse(text, &c->resolvers);
}

const Resolvers *resolv_conf_get(ResolvConf *c)
{
        struct stat st;

        if (stat(c->path, &st) >= 0 && !is_same(&st, &c->seen)) {
                read_again(c);
                c->seen = st;
        }
        return &c->resolvers;
}
