/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libnss_lodge over files in a directory of its own; see meson.build for where it looks. */
#include "base/cleanup.h"
#include "unit/test.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <nss.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum nss_status _nss_lodge_gethostbyname4_r(const char *, struct gaih_addrtuple **, char *, size_t,
                                            int *, int *, int32_t *);
enum nss_status _nss_lodge_gethostbyname3_r(const char *, int, struct hostent *, char *, size_t,
                                            int *, int *, int32_t *, char **);
enum nss_status _nss_lodge_gethostbyname_r(const char *, struct hostent *, char *, size_t, int *,
                                           int *);
enum nss_status _nss_lodge_gethostbyaddr_r(const void *, socklen_t, int, struct hostent *, char *,
                                           size_t, int *, int *);

static char buffer[4096];
static int error, h_error;

static void write_hosts(const char *text)
{
        _cleanup_fclose_ FILE *f = fopen("hosts", "we");

        CHECK(f && fputs(text, f) >= 0);
}

static const char *text_of(int family, const void *address)
{
        static char text[INET6_ADDRSTRLEN];

        return inet_ntop(family, address, text, sizeof(text));
}

static const char *first_of(const char *name, int family)
{
        struct hostent h;

        if (_nss_lodge_gethostbyname3_r(name, family, &h, buffer, sizeof(buffer), &error, &h_error,
                                        NULL, NULL) != NSS_STATUS_SUCCESS)
                return NULL;
        CHECK_NUMBER(h.h_addrtype, family);
        return text_of(family, h.h_addr_list[0]);
}

static void test_names(void)
{
        write_hosts("10.214.0.5 web\n10.214.1.5 web\n10.0.0.7 Db.example\nfd00::5 web\n");
        CHECK_STRING(first_of("web", AF_INET), "10.214.0.5");
        CHECK_STRING(first_of("WEB.lodge", AF_INET), "10.214.0.5");
        CHECK_STRING(first_of("web.", AF_INET6), "fd00::5");
        CHECK_STRING(first_of("db.EXAMPLE", AF_INET), "10.0.0.7");
        CHECK_STRING(first_of("db.example", AF_INET6), NULL);
        CHECK_NUMBER(h_error, NO_DATA);
        CHECK_STRING(first_of("we", AF_INET), NULL);
        CHECK_NUMBER(h_error, HOST_NOT_FOUND);
        CHECK_STRING(first_of("webb", AF_INET), NULL);
        CHECK_STRING(first_of("", AF_INET), NULL);
        CHECK_STRING(first_of("lodge", AF_INET), NULL);
        CHECK_STRING(first_of(".lodge", AF_INET), NULL);
}

static void test_all_addresses(void)
{
        struct gaih_addrtuple mine, *t = NULL;
        struct hostent h;
        int32_t ttl = 0;
        unsigned n = 0;

        CHECK_NUMBER(_nss_lodge_gethostbyname4_r("web", &t, buffer, sizeof(buffer), &error,
                                                 &h_error, &ttl),
                     NSS_STATUS_SUCCESS);
        CHECK_STRING(t->name, "web");
        CHECK_STRING(text_of(t->next->next->family, t->next->next->addr), "fd00::5");
        CHECK(!t->next->next->next);
        t = &mine; /* as glibc does */
        CHECK_NUMBER(_nss_lodge_gethostbyname4_r("web", &t, buffer, sizeof(buffer), &error,
                                                 &h_error, NULL),
                     NSS_STATUS_SUCCESS);
        CHECK(t == &mine && mine.family == AF_INET && mine.next);
        CHECK_NUMBER(
                _nss_lodge_gethostbyname_r("web", &h, buffer, sizeof(buffer), &error, &h_error),
                NSS_STATUS_SUCCESS);
        for (char **a = h.h_addr_list; *a; a++)
                n++;
        CHECK_NUMBER(n, 2);
        CHECK(!h.h_aliases[0]);
}

static void test_reverse(void)
{
        struct in6_addr six;
        struct in_addr four;
        struct hostent h;

        CHECK(inet_pton(AF_INET6, "fd00::5", &six) == 1 &&
              inet_pton(AF_INET, "10.0.0.7", &four) == 1);
        CHECK_NUMBER(_nss_lodge_gethostbyaddr_r(&six, sizeof(six), AF_INET6, &h, buffer,
                                                sizeof(buffer), &error, &h_error),
                     NSS_STATUS_SUCCESS);
        CHECK_STRING(h.h_name, "web");
        CHECK_NUMBER(_nss_lodge_gethostbyaddr_r(&four, sizeof(four), AF_INET, &h, buffer,
                                                sizeof(buffer), &error, &h_error),
                     NSS_STATUS_SUCCESS);
        CHECK_STRING(h.h_name, "Db.example");
        four.s_addr++;
        CHECK_NUMBER(_nss_lodge_gethostbyaddr_r(&four, sizeof(four), AF_INET, &h, buffer,
                                                sizeof(buffer), &error, &h_error),
                     NSS_STATUS_NOTFOUND);
        CHECK_NUMBER(_nss_lodge_gethostbyaddr_r(&six, sizeof(six), AF_INET, &h, buffer,
                                                sizeof(buffer), &error, &h_error),
                     NSS_STATUS_UNAVAIL);
}

/* With every size of buffer: enough, or the caller is told to come again; at no alignment more than
 * there is. */
static void test_small_buffers(void)
{
        for (size_t n = 0; n < 256; n++)
                for (size_t skip = 0; skip < 8; skip++) {
                        _cleanup_free_ char *exact = malloc(n + skip + 1);
                        struct gaih_addrtuple *t = NULL;
                        struct hostent h;

                        CHECK(exact);
                        int s = _nss_lodge_gethostbyname_r("web", &h, exact + skip, n, &error,
                                                           &h_error);
                        CHECK(s == NSS_STATUS_SUCCESS ||
                              (s == NSS_STATUS_TRYAGAIN && error == ERANGE &&
                               h_error == NETDB_INTERNAL));
                        s = _nss_lodge_gethostbyname4_r("web", &t, exact + skip, n, &error,
                                                        &h_error, NULL);
                        CHECK(s == NSS_STATUS_SUCCESS ||
                              (s == NSS_STATUS_TRYAGAIN && error == ERANGE));
                        CHECK(n < 240 || s == NSS_STATUS_SUCCESS);
                }
}

static void test_bad_lines(void)
{
        char many[64 * 40] = "", *end = many;

        write_hosts(
                "\n \n10.0.0.1\n10.0.0.2 \n 10.0.0.3 web\n10.0.0.4  web\n10.0.0 web\n"
                "10.0.0.5 w/b\n10.0.0.6 web\r\n10.0.0.7/8 web\n::1%lo web\n"
                "10.0.0.8 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa web\n"
                "10.0.0.9 web");
        CHECK_STRING(first_of("web", AF_INET), "10.0.0.9");
        for (unsigned i = 1; i <= 60; i++)
                end += sprintf(end, "10.0.0.%u many\n", i);
        write_hosts(many);
        CHECK_STRING(first_of("many", AF_INET), "10.0.0.1");
}

static void test_no_file(void)
{
        CHECK(unlink("hosts") == 0);
        CHECK_STRING(first_of("web", AF_INET), NULL);
        CHECK(mkfifo("hosts", 0600) == 0); /* does not hang */
        CHECK_STRING(first_of("web", AF_INET), NULL);
        CHECK(unlink("hosts") == 0 && symlink("/etc/passwd", "hosts") == 0);
        CHECK_STRING(first_of("web", AF_INET), NULL);
        CHECK(unlink("hosts") == 0 && mkdir("hosts", 0700) == 0);
        CHECK_STRING(first_of("web", AF_INET), NULL);
        CHECK(rmdir("hosts") == 0);
}

int main(void)
{
        char directory[] = "/tmp/test-nss.XXXXXX";

        CHECK(mkdtemp(directory) && chdir(directory) == 0);
        test_names();
        test_all_addresses();
        test_reverse();
        test_small_buffers();
        test_bad_lines();
        test_no_file();
        CHECK(rmdir(directory) == 0);
        return 0;
}
