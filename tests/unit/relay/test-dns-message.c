/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "relay/dns-message.h"

#include "unit/test.h"

#include <errno.h>
#include <sys/socket.h>

#define HEADER(flags, qd, an, ns, ar) "\x12\x34" flags "\0" qd "\0" an "\0" ns "\0" ar
#define ONE_QUESTION                  HEADER("\x01\0", "\1", "\0", "\0", "\0")
#define WEB                           "\3wEb\0"
#define A_IN                          "\0\1\0\1"
#define OPT                           "\0\0\x29\x10\0\0\0\0\0\0\0"

typedef struct Message {
        uint8_t *bytes; /* exactly as many on the heap, for sanitizers */
        size_t n;
} Message;

static Message message(const char *bytes, size_t n)
{
        Message m = {.bytes = malloc(n ? n : 1), .n = n};

        CHECK(m.bytes);
        memcpy(m.bytes, bytes, n);
        return m;
}
#define MESSAGE(literal) message(literal, sizeof(literal) - 1)

static int parse(Message m, DnsQuery *ret)
{
        int r = dns_query_parse(m.bytes, m.n, ret);

        free(m.bytes);
        return r;
}
#define PARSE(literal, ret) parse(MESSAGE(literal), ret)

static void test_query(void)
{
        DnsQuery q;

        CHECK_NUMBER(PARSE(ONE_QUESTION WEB A_IN, &q), 0);
        CHECK_STRING(q.name, "web");
        CHECK(q.id == 0x1234 && q.type == ns_t_a && q.class == ns_c_in);
        CHECK_NUMBER(q.question_size, 9);
        CHECK(!q.has_edns && q.datagram_max == 512);
        CHECK_NUMBER(PARSE(ONE_QUESTION "\0" A_IN, &q), 0);
        CHECK_STRING(q.name, "");
        CHECK_NUMBER(PARSE(HEADER("\x01\0", "\1", "\0", "\0", "\1") WEB A_IN OPT, &q), 0);
        CHECK(q.has_edns && q.datagram_max == 4096);
        /* a dot inside of a label is none between two */
        CHECK_NUMBER(PARSE(ONE_QUESTION "\7web.one\2xy\0" A_IN, &q), 0);
        CHECK_STRING(q.name, "web\\.one.xy");
}

static void test_no_query(void)
{
        DnsQuery q;

        CHECK_NUMBER(PARSE("", &q), -EBADMSG);
        CHECK_NUMBER(PARSE("\x12\x34\1\0\0\1\0\0\0\0\0", &q), -EBADMSG);
        CHECK_NUMBER(PARSE(ONE_QUESTION, &q), -EBADMSG);
        CHECK_NUMBER(PARSE(ONE_QUESTION WEB "\0\1\0", &q), -EBADMSG);
        CHECK_NUMBER(PARSE(ONE_QUESTION WEB A_IN "x", &q), -EBADMSG);
        CHECK_NUMBER(PARSE(ONE_QUESTION "\x3fweb\0" A_IN, &q), -EBADMSG);
        /* compressed: to itself, to the header, behind the end */
        CHECK_NUMBER(PARSE(ONE_QUESTION "\xc0\x0c" A_IN, &q), -EBADMSG);
        CHECK_NUMBER(PARSE(ONE_QUESTION "\xc0\x00" A_IN, &q), -EBADMSG);
        CHECK_NUMBER(PARSE(ONE_QUESTION "\xff\xff" A_IN, &q), -EBADMSG);
        CHECK_NUMBER(PARSE(ONE_QUESTION "\1a\xc0\x0c" A_IN, &q), -EBADMSG);
        CHECK_NUMBER(PARSE(HEADER("\x81\x80", "\1", "\0", "\0", "\0") WEB A_IN, &q), -EBADMSG);
        CHECK_NUMBER(PARSE(HEADER("\x01\0", "\1", "\0", "\0", "\1") WEB A_IN, &q), -EBADMSG);
        /* sound, but nothing for us */
        CHECK_NUMBER(PARSE(HEADER("\x01\0", "\0", "\0", "\0", "\0"), &q), -EOPNOTSUPP);
        CHECK_NUMBER(PARSE(HEADER("\x01\0", "\2", "\0", "\0", "\0") WEB A_IN WEB A_IN, &q),
                     -EOPNOTSUPP);
        CHECK_NUMBER(PARSE(HEADER("\x29\0", "\1", "\0", "\0", "\0") WEB A_IN, &q), -EOPNOTSUPP);
        CHECK_NUMBER(q.id, 0x1234);
}

static void test_long_names(void)
{
        char bytes[DNS_QUERY_MAX + 1] = ONE_QUESTION, *p = bytes + DNS_HEADER_SIZE;
        DnsQuery q;

        /* 255 bytes are a name, 256 are none; each as long as it gets with escapes */
        for (unsigned i = 0; i < 4; i++) {
                *p++ = i < 3 ? 63 : 61;
                p = (char *)memset(p, 1, 63) + (i < 3 ? 63 : 61);
        }
        memcpy(p, "\0\0\1\0\1", 5);
        CHECK_NUMBER(parse(message(bytes, (size_t)(p + 5 - bytes)), &q), 0);
        CHECK_NUMBER(strlen(q.name), 3 * 63 * 4 + 61 * 4 + 3);
        p[-62] = 62;
        memcpy(p, "x\0\0\1\0\1", 6);
        CHECK_NUMBER(parse(message(bytes, (size_t)(p + 6 - bytes)), &q), -EBADMSG);
        CHECK_NUMBER(parse(message(bytes, sizeof(bytes)), &q), -EBADMSG);
}

static DnsAnswer addresses(unsigned n)
{
        DnsAnswer a = {.n_addresses = n};

        for (unsigned i = 0; i < n; i++)
                a.addresses[i] =
                        (NetAddress){.family = AF_INET6, .bytes = {0xfd, [15] = (uint8_t)i}};
        return a;
}

static void test_answer(void)
{
        Message m = MESSAGE(HEADER("\x01\0", "\1", "\0", "\0", "\1") WEB A_IN OPT);
        DnsAnswer a = addresses(3);
        uint8_t reply[512];
        DnsQuery q;

        CHECK_NUMBER(dns_query_parse(m.bytes, m.n, &q), 0);
        size_t n = dns_answer_write(m.bytes, &q, &a, reply, sizeof(reply));
        CHECK_NUMBER(n, 12 + 9 + 3 * 28 + 11);
        CHECK(dns_reply_matches(m.bytes, &q, 0x1234, reply, n));

        ns_msg parsed; /* by libc, which does not know how we wrote it */
        ns_rr rr;
        CHECK(ns_initparse(reply, (int)n, &parsed) == 0);
        CHECK_NUMBER(ns_msg_count(parsed, ns_s_an), 3);
        CHECK(ns_parserr(&parsed, ns_s_an, 2, &rr) == 0);
        CHECK_STRING(ns_rr_name(rr), "wEb");
        CHECK(ns_rr_type(rr) == ns_t_aaaa && ns_rr_rdlen(rr) == 16 && ns_rr_rdata(rr)[15] == 2);
        CHECK(ns_parserr(&parsed, ns_s_ar, 0, &rr) == 0 && ns_rr_type(rr) == ns_t_opt);

        /* what does not fit is left out, and the answer says so; it is never longer */
        for (size_t size = 0; size < n; size++) {
                uint8_t *exact = malloc(size ? size : 1);

                CHECK(exact);
                size_t k = dns_answer_write(m.bytes, &q, &a, exact, size);
                CHECK(k <= size && (k == 0) == (size < 12 + 9 + 11));
                CHECK(k == 0 || (exact[2] & 2));
                CHECK(k == 0 || ns_initparse(exact, (int)k, &parsed) == 0);
                free(exact);
        }
        free(m.bytes);
}

static void test_pointer(void)
{
        Message m = MESSAGE(ONE_QUESTION "\1x\4arpa\0\0\x0c\0\1");
        DnsAnswer a = {.pointer = "web.example.lodge"};
        uint8_t reply[512];
        ns_msg parsed;
        DnsQuery q;
        ns_rr rr;
        char name[NS_MAXDNAME];

        CHECK_NUMBER(dns_query_parse(m.bytes, m.n, &q), 0);
        size_t n = dns_answer_write(m.bytes, &q, &a, reply, sizeof(reply));
        CHECK(ns_initparse(reply, (int)n, &parsed) == 0);
        CHECK(ns_parserr(&parsed, ns_s_an, 0, &rr) == 0);
        CHECK(ns_name_uncompress(reply, reply + n, ns_rr_rdata(rr), name, sizeof(name)) > 0);
        CHECK_STRING(name, "web.example.lodge");
        free(m.bytes);
}

static void test_matches(void)
{
        Message m = MESSAGE(ONE_QUESTION WEB A_IN);
        uint8_t reply[] = HEADER("\x81\x80", "\1", "\0", "\0", "\0") "\3WEB\0" A_IN;
        size_t n = sizeof(reply) - 1;
        DnsQuery q;

        CHECK_NUMBER(dns_query_parse(m.bytes, m.n, &q), 0);
        CHECK(dns_reply_matches(m.bytes, &q, 0x1234, reply, n));
        CHECK(!dns_reply_matches(m.bytes, &q, 0x1235, reply, n));
        for (size_t i = 0; i < n; i++) {
                CHECK(!dns_reply_matches(m.bytes, &q, 0x1234, reply, i));
                reply[i] ^= 0x10;
                bool indifferent = (i == 3 || (i >= 6 && i < 12)); /* code, and counts of records */
                CHECK(dns_reply_matches(m.bytes, &q, 0x1234, reply, n) == indifferent);
                reply[i] ^= 0x10;
        }
        reply[2] &= 0x7f; /* a question is no answer */
        CHECK(!dns_reply_matches(m.bytes, &q, 0x1234, reply, n));
        free(m.bytes);
}

#define ZEROES "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."

static void test_reverse_names(void)
{
        static const char *const bad[] = {"",
                                          ".in-addr.arpa",
                                          "in-addr.arpa",
                                          "1.2.3.in-addr.arpa",
                                          "1.2.3.4.5.in-addr.arpa",
                                          "01.2.3.4.in-addr.arpa",
                                          "256.2.3.4.in-addr.arpa",
                                          "1.2.3.4x.in-addr.arpa",
                                          "1.2.3.-4.in-addr.arpa",
                                          " 1.2.3.4.in-addr.arpa",
                                          "4.3.2.1.in-addr.arpa.x",
                                          "1.2.0." ZEROES ".ip6.arpa",
                                          "1.2.0." ZEROES "0.f.ip6.arpa",
                                          "1.2.0." ZEROES "g.ip6.arpa",
                                          "1.2.0." ZEROES "0f.ip6.arpa"};
        char text[NET_ADDRESS_TEXT_MAX];
        NetAddress a;

        CHECK_NUMBER(dns_name_to_address("4.3.2.10.in-addr.arpa", &a), 0);
        CHECK_STRING(net_address_format(&a, true, text), "10.2.3.4/32");
        CHECK_NUMBER(dns_name_to_address("b.0.0.0." ZEROES "f.ip6.arpa", &a), -EINVAL);
        CHECK_NUMBER(dns_name_to_address("b.0.0." ZEROES "f.ip6.arpa", &a), 0);
        CHECK_STRING(net_address_format(&a, true, text), "f000::b/128");
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                if (dns_name_to_address(bad[i], &a) != -EINVAL)
                        test_fail_value(__FILE__, __LINE__, "taken", bad[i], "-EINVAL");
}

int main(void)
{
        test_query();
        test_no_query();
        test_long_names();
        test_answer();
        test_pointer();
        test_matches();
        test_reverse_names();
        return 0;
}
