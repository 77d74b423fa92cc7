/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libnss_lodge.so.2: names of machines that run, for every program of the host that asks libc
 * (nsswitch.conf(5): "hosts: files lodge ..."). The functions' names and arguments are glibc's. */
#include "base/cleanup.h"
#include "base/names.h"
#include "nss/hosts-file.h"

#include <netdb.h>
#include <nss.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#ifndef NSS_HOSTS
#define NSS_HOSTS LODGE_RUNTIME_HOSTS
#endif
#define DOMAIN    ".lodge" /* names are also to be had below it, as inside of networks */
#define TTL       5        /* seconds */
#define EXPORTED  __attribute__((visibility("default")))
#define ALIGN8(n) (((n) + 7U) & ~(size_t)7)

/* Where an answer lies, and where the reason goes if there is none. */
typedef struct Answer {
        char *buffer;
        size_t left;
        int *errnop, *h_errnop;
} Answer;

/* Return: @n bytes, aligned; NULL: there is no room. */
static void *take(Answer *a, size_t n)
{
        size_t skip = -(uintptr_t)a->buffer & 7U;

        if (a->left < skip || a->left - skip < ALIGN8(n))
                return NULL;
        char *p = a->buffer + skip;
        a->buffer = p + ALIGN8(n);
        a->left -= skip + ALIGN8(n);
        return p;
}

static char *take_string(Answer *a, const char *s)
{
        char *copy = take(a, strlen(s) + 1);

        return copy ? memcpy(copy, s, strlen(s) + 1) : NULL;
}

static enum nss_status fail(const Answer *a, enum nss_status status, int error, int h_error)
{
        *a->errnop = error;
        *a->h_errnop = h_error;
        return status;
}

static enum nss_status no_room(const Answer *a)
{
        return fail(a, NSS_STATUS_TRYAGAIN, ERANGE, NETDB_INTERNAL); /* it comes again with more */
}

static enum nss_status succeed(const Answer *a)
{
        return fail(a, NSS_STATUS_SUCCESS, 0, NETDB_SUCCESS);
}

/* ---- finding ---- */

/* Without the domain and a last dot. */
static size_t bare_length(const char *name)
{
        size_t n = strlen(name), k = strlen(DOMAIN);

        if (n > 0 && name[n - 1] == '.')
                n--;
        if (n > k && strncasecmp(name + n - k, DOMAIN, k) == 0)
                n -= k;
        return n;
}

static bool has_name(const HostsEntry *e, const void *userdata)
{
        const char *name = userdata;
        size_t n = bare_length(name);

        return n == strlen(e->name) && strncasecmp(e->name, name, n) == 0;
}

static size_t find_name(const char *name, HostsEntry ret[static HOSTS_ENTRIES_MAX])
{
        return hosts_file_find(NSS_HOSTS, has_name, name, ret, HOSTS_ENTRIES_MAX);
}

static size_t address_size(int family)
{
        return family == AF_INET ? 4 : 16;
}

static bool has_address(const HostsEntry *e, const void *userdata)
{
        const HostsEntry *wanted = userdata;

        return e->family == wanted->family &&
               memcmp(e->address, wanted->address, address_size(e->family)) == 0;
}

/* ---- answers ---- */

/* What is of one family as a struct hostent. */
static enum nss_status fill_hostent(Answer *a, const HostsEntry *entries, size_t n, int family,
                                    struct hostent *ret)
{
        char **list = take(a, (n + 1) * sizeof(char *)), **aliases = take(a, sizeof(char *));
        char *name = take_string(a, entries[0].name);
        size_t used = 0;

        if (!list || !aliases || !name)
                return no_room(a);
        for (size_t i = 0; i < n; i++) {
                if (entries[i].family != family)
                        continue;
                list[used] = take(a, address_size(family));
                if (!list[used])
                        return no_room(a);
                memcpy(list[used++], entries[i].address, address_size(family));
        }
        if (used == 0)
                return fail(a, NSS_STATUS_NOTFOUND, ESRCH, NO_DATA);
        list[used] = NULL;
        aliases[0] = NULL;
        *ret = (struct hostent){.h_name = name,
                                .h_aliases = aliases,
                                .h_addrtype = family,
                                .h_length = (int)address_size(family),
                                .h_addr_list = list};
        return succeed(a);
}

EXPORTED enum nss_status _nss_lodge_gethostbyname4_r(const char *name, struct gaih_addrtuple **pat,
                                                     char *buffer, size_t buflen, int *errnop,
                                                     int *h_errnop, int32_t *ttlp);
EXPORTED enum nss_status _nss_lodge_gethostbyname3_r(const char *name, int af, struct hostent *host,
                                                     char *buffer, size_t buflen, int *errnop,
                                                     int *h_errnop, int32_t *ttlp, char **canonp);
EXPORTED enum nss_status _nss_lodge_gethostbyname2_r(const char *name, int af, struct hostent *host,
                                                     char *buffer, size_t buflen, int *errnop,
                                                     int *h_errnop);
EXPORTED enum nss_status _nss_lodge_gethostbyname_r(const char *name, struct hostent *host,
                                                    char *buffer, size_t buflen, int *errnop,
                                                    int *h_errnop);
EXPORTED enum nss_status _nss_lodge_gethostbyaddr2_r(const void *addr, socklen_t len, int af,
                                                     struct hostent *host, char *buffer,
                                                     size_t buflen, int *errnop, int *h_errnop,
                                                     int32_t *ttlp);
EXPORTED enum nss_status _nss_lodge_gethostbyaddr_r(const void *addr, socklen_t len, int af,
                                                    struct hostent *host, char *buffer,
                                                    size_t buflen, int *errnop, int *h_errnop);

enum nss_status _nss_lodge_gethostbyname4_r(const char *name, struct gaih_addrtuple **pat,
                                            char *buffer, size_t buflen, int *errnop, int *h_errnop,
                                            int32_t *ttlp)
{
        Answer a = {.buffer = buffer, .left = buflen, .errnop = errnop, .h_errnop = h_errnop};
        HostsEntry entries[HOSTS_ENTRIES_MAX];
        struct gaih_addrtuple *first = NULL, **next = &first;
        size_t n = find_name(name, entries);

        if (n == 0)
                return fail(&a, NSS_STATUS_NOTFOUND, ESRCH, HOST_NOT_FOUND);
        char *canonical = take_string(&a, entries[0].name);
        for (size_t i = 0; i < n; i++) {
                /* the caller may bring the first one */
                struct gaih_addrtuple *t = i == 0 && *pat ? *pat : take(&a, sizeof(*t));

                if (!canonical || !t)
                        return no_room(&a);
                *t = (struct gaih_addrtuple){.name = canonical, .family = entries[i].family};
                memcpy(t->addr, entries[i].address, address_size(entries[i].family));
                *next = t;
                next = &t->next;
        }
        *pat = first;
        if (ttlp)
                *ttlp = TTL;
        return succeed(&a);
}

enum nss_status _nss_lodge_gethostbyname3_r(const char *name, int af, struct hostent *host,
                                            char *buffer, size_t buflen, int *errnop, int *h_errnop,
                                            int32_t *ttlp, char **canonp)
{
        Answer a = {.buffer = buffer, .left = buflen, .errnop = errnop, .h_errnop = h_errnop};
        HostsEntry entries[HOSTS_ENTRIES_MAX];

        if (af == AF_UNSPEC)
                af = AF_INET;
        if (af != AF_INET && af != AF_INET6)
                return fail(&a, NSS_STATUS_UNAVAIL, EAFNOSUPPORT, NO_DATA);
        size_t n = find_name(name, entries);
        if (n == 0)
                return fail(&a, NSS_STATUS_NOTFOUND, ESRCH, HOST_NOT_FOUND);
        enum nss_status status = fill_hostent(&a, entries, n, af, host);
        if (status != NSS_STATUS_SUCCESS)
                return status;
        if (ttlp)
                *ttlp = TTL;
        if (canonp)
                *canonp = host->h_name;
        return status;
}

enum nss_status _nss_lodge_gethostbyname2_r(const char *name, int af, struct hostent *host,
                                            char *buffer, size_t buflen, int *errnop, int *h_errnop)
{
        return _nss_lodge_gethostbyname3_r(name, af, host, buffer, buflen, errnop, h_errnop, NULL,
                                           NULL);
}

enum nss_status _nss_lodge_gethostbyname_r(const char *name, struct hostent *host, char *buffer,
                                           size_t buflen, int *errnop, int *h_errnop)
{
        return _nss_lodge_gethostbyname3_r(name, AF_UNSPEC, host, buffer, buflen, errnop, h_errnop,
                                           NULL, NULL);
}

enum nss_status _nss_lodge_gethostbyaddr2_r(const void *addr, socklen_t len, int af,
                                            struct hostent *host, char *buffer, size_t buflen,
                                            int *errnop, int *h_errnop, int32_t *ttlp)
{
        Answer a = {.buffer = buffer, .left = buflen, .errnop = errnop, .h_errnop = h_errnop};
        HostsEntry wanted = {.family = af}, found;

        if ((af != AF_INET && af != AF_INET6) || len != address_size(af))
                return fail(&a, NSS_STATUS_UNAVAIL, EAFNOSUPPORT, NO_DATA);
        memcpy(wanted.address, addr, len);
        if (hosts_file_find(NSS_HOSTS, has_address, &wanted, &found, 1) == 0)
                return fail(&a, NSS_STATUS_NOTFOUND, ESRCH, HOST_NOT_FOUND);
        if (ttlp)
                *ttlp = TTL;
        return fill_hostent(&a, &found, 1, af, host);
}

enum nss_status _nss_lodge_gethostbyaddr_r(const void *addr, socklen_t len, int af,
                                           struct hostent *host, char *buffer, size_t buflen,
                                           int *errnop, int *h_errnop)
{
        return _nss_lodge_gethostbyaddr2_r(addr, len, af, host, buffer, buflen, errnop, h_errnop,
                                           NULL);
}
