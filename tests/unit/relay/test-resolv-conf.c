/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "relay/resolv-conf.h"

#include "unit/test.h"

#include <arpa/inet.h>

static const char *nth(const Resolvers *r, size_t i)
{
        static char text[NET_ADDRESS_TEXT_MAX];
        NetAddress a = socket_address_get(&r->addresses[i]);

        return i < r->n ? net_address_format(&a, false, text) : NULL;
}

static void test_lines(void)
{
        Resolvers r;

        resolv_conf_parse(
                "# nameserver 1.1.1.1\n;nameserver 1.1.1.2\nsearch nameserver 1.1.1.3\n"
                " nameserver 1.1.1.4\nnameserver1.1.1.5\nnameservers 1.1.1.6\nnameserver\n"
                "nameserver \nnameserver example.org\nnameserver 1.1.1\n"
                "nameserver 192.0.2.1\nnameserver\t 192.0.2.2 \t# mine\r\n"
                "nameserver 2001:db8::1\nnameserver fe80::1%lo\nnameserver 192.0.2.3%lo",
                &r);
        CHECK_NUMBER(r.n, 5);
        CHECK_STRING(nth(&r, 0), "192.0.2.1");
        CHECK_STRING(nth(&r, 1), "192.0.2.2");
        CHECK_STRING(nth(&r, 2), "2001:db8::1");
        CHECK_STRING(nth(&r, 3), "fe80::1");
        CHECK_NUMBER(r.addresses[3].in6.sin6_scope_id, 1);
        CHECK_NUMBER(ntohs(r.addresses[3].in6.sin6_port), 53);
}

static void test_none(void)
{
        Resolvers r;

        resolv_conf_parse("", &r);
        CHECK_NUMBER(r.n, 1);
        CHECK_STRING(nth(&r, 0), "127.0.0.1");
}

static void test_many(void)
{
        char text[4096] = "";
        Resolvers r;

        for (unsigned i = 0; i < 100; i++)
                (void)sprintf(text + strlen(text), "nameserver 192.0.2.%u\n", i);
        resolv_conf_parse(text, &r);
        CHECK_NUMBER(r.n, RESOLVERS_MAX);
}

int main(void)
{
        test_lines();
        test_none();
        test_many();
        return 0;
}
