/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "relay/dns-message.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <arpa/nameser_compat.h>
#include <string.h>
#include <sys/socket.h>

#define ANSWER_TTL          5U /* seconds: addresses change hands when machines do */
#define OPT_SIZE            11U
#define POINTER_TO_QUESTION (0xc000U | DNS_HEADER_SIZE)

#define SUFFIX4 ".in-addr.arpa"
#define SUFFIX6 ".ip6.arpa"

/* ---- reading ---- */

/* Bytes of the question, whose name must be there in full: a compression would point at what we do
 * not copy into our answers. */
static size_t question_size(const uint8_t *message, size_t n)
{
        size_t i = DNS_HEADER_SIZE;

        while (i < n && message[i] != 0) {
                if (message[i] > NS_MAXLABEL)
                        return 0;
                i += 1U + message[i];
        }
        i += 1 + NS_QFIXEDSZ;
        return i <= n ? i - DNS_HEADER_SIZE : 0;
}

static uint8_t lower(uint8_t c)
{
        return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static void lower_case(char *name)
{
        for (; *name; name++)
                *name = (char)lower((uint8_t)*name);
}

static void read_edns(ns_msg *m, DnsQuery *q)
{
        ns_rr rr;

        for (int i = 0; i < ns_msg_count(*m, ns_s_ar); i++) {
                if (ns_parserr(m, ns_s_ar, i, &rr) < 0 || ns_rr_type(rr) != ns_t_opt)
                        continue;
                q->has_edns = true;
                if (ns_rr_class(rr) > DNS_UDP_PLAIN_MAX)
                        q->datagram_max = ns_rr_class(rr);
        }
}

int dns_query_parse(const uint8_t *message, size_t n, DnsQuery *ret)
{
        DnsQuery q = {.datagram_max = DNS_UDP_PLAIN_MAX};
        ns_msg m;
        ns_rr rr;

        /* this checks the sizes of all records */
        if (n > DNS_QUERY_MAX || ns_initparse(message, (int)n, &m) < 0 ||
            ns_msg_getflag(m, ns_f_qr))
                return -EBADMSG;
        q.id = ns_msg_id(m);
        if (ns_msg_getflag(m, ns_f_opcode) != ns_o_query || ns_msg_count(m, ns_s_qd) != 1) {
                *ret = q;
                return -EOPNOTSUPP;
        }
        q.question_size = question_size(message, n);
        if (q.question_size == 0 || ns_parserr(&m, ns_s_qd, 0, &rr) < 0)
                return -EBADMSG;
        q.type = ns_rr_type(rr);
        q.class = ns_rr_class(rr);
        if (!streq(ns_rr_name(rr), ".")) /* which is what libc calls the root */
                (void)memcpy(q.name, ns_rr_name(rr), strlen(ns_rr_name(rr)) + 1);
        lower_case(q.name);
        read_edns(&m, &q);
        *ret = q;
        return 0;
}

static bool is_same_question(const uint8_t *a, const uint8_t *b, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (a[i] != b[i] && lower(a[i]) != lower(b[i]))
                        return false;
        return true;
}

bool dns_reply_matches(const uint8_t *message, const DnsQuery *q, uint16_t id, const uint8_t *reply,
                       size_t n)
{
        HEADER h;

        if (n < DNS_HEADER_SIZE + q->question_size)
                return false;
        memcpy(&h, reply, sizeof(h));
        if (h.id != htons(id) || !h.qr || h.opcode != ns_o_query || h.qdcount != htons(1))
                return false;
        /* lengths of labels are below 'A', so that case means nothing to them; a type or class that
         * differs by 0x20 alone would do no harm either: the guest compares, too */
        return is_same_question(message + DNS_HEADER_SIZE, reply + DNS_HEADER_SIZE,
                                q->question_size);
}

void dns_set_id(uint8_t *message, uint16_t id)
{
        ns_put16(id, message);
}

static int nibble(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 32 nibbles, last one first. */
static int name_to_address6(const char *name, size_t n, NetAddress *ret)
{
        NetAddress a = {.family = AF_INET6, .prefix = 128};

        if (n != 63)
                return -EINVAL;
        for (size_t i = 0; i < 32; i++) {
                int v = nibble(name[2 * i]);

                if (v < 0 || (i < 31 && name[2 * i + 1] != '.'))
                        return -EINVAL;
                a.bytes[15 - i / 2] |= (uint8_t)(i % 2 ? v << 4 : v);
        }
        *ret = a;
        return 0;
}

static int name_to_address4(const char *name, size_t n, NetAddress *ret)
{
        unsigned v[4];
        char text[16], again[16];

        if (n >= sizeof(text))
                return -EINVAL;
        memcpy(text, name, n);
        text[n] = '\0';
        if (sscanf(text, "%3u.%3u.%3u.%3u", &v[3], &v[2], &v[1], &v[0]) != 4)
                return -EINVAL;
        (void)snprintf(again, sizeof(again), "%u.%u.%u.%u", v[3] & 255, v[2] & 255, v[1] & 255,
                       v[0] & 255);
        if (!streq(again, text)) /* leading zeros, numbers over 255, something behind */
                return -EINVAL;
        (void)snprintf(again, sizeof(again), "%u.%u.%u.%u", v[0], v[1], v[2], v[3]);
        return net_address_parse(again, NET_PREFIX_NONE, ret);
}

static size_t has_suffix(const char *name, const char *suffix)
{
        size_t n = strlen(name), k = strlen(suffix);

        return n > k && streq(name + n - k, suffix) ? n - k : 0;
}

int dns_name_to_address(const char *name, NetAddress *ret)
{
        size_t n = has_suffix(name, SUFFIX4);

        if (n > 0)
                return name_to_address4(name, n, ret);
        n = has_suffix(name, SUFFIX6);
        return n > 0 ? name_to_address6(name, n, ret) : -EINVAL;
}

/* ---- writing ---- */

typedef struct Writer {
        uint8_t *p, *end;
        unsigned n_answers;
        bool truncated;
} Writer;

static bool begin_record(Writer *w, unsigned type, size_t size)
{
        if ((size_t)(w->end - w->p) < 2 + NS_RRFIXEDSZ + size) {
                w->truncated = true;
                return false;
        }
        NS_PUT16(POINTER_TO_QUESTION, w->p);
        NS_PUT16(type, w->p);
        NS_PUT16(ns_c_in, w->p);
        NS_PUT32(ANSWER_TTL, w->p);
        NS_PUT16(size, w->p);
        w->n_answers++;
        return true;
}

static void add_address(Writer *w, const NetAddress *a)
{
        size_t size = net_address_size(a);

        if (begin_record(w, a->family == AF_INET ? ns_t_a : ns_t_aaaa, size)) {
                memcpy(w->p, a->bytes, size);
                w->p += size;
        }
}

static void add_pointer(Writer *w, const char *name)
{
        uint8_t wire[NS_MAXCDNAME];
        int size = ns_name_compress(name, wire, sizeof(wire), NULL, NULL);

        if (size > 0 && begin_record(w, ns_t_ptr, (size_t)size)) {
                memcpy(w->p, wire, (size_t)size);
                w->p += size;
        }
}

static void add_opt(uint8_t **p)
{
        *(*p)++ = 0;
        NS_PUT16(ns_t_opt, *p);
        NS_PUT16(DNS_UDP_MAX, *p);
        NS_PUT32(0, *p);
        NS_PUT16(0, *p);
}

static void write_header(const uint8_t *message, const DnsQuery *q, const DnsAnswer *answer,
                         const Writer *w, uint8_t *ret)
{
        HEADER asked, h = {0};

        memcpy(&asked, message, sizeof(asked));
        h.id = htons(q->id);
        h.qr = 1;
        h.opcode = asked.opcode;
        h.aa = answer->code == ns_r_noerror || answer->code == ns_r_nxdomain;
        h.tc = w->truncated;
        h.rd = asked.rd;
        h.ra = 1;
        h.rcode = (unsigned)answer->code & 15U;
        h.qdcount = htons(q->question_size > 0);
        h.ancount = htons((uint16_t)w->n_answers);
        h.arcount = htons(q->has_edns);
        memcpy(ret, &h, sizeof(h));
}

size_t dns_answer_write(const uint8_t *message, const DnsQuery *q, const DnsAnswer *answer,
                        uint8_t *ret, size_t size)
{
        size_t opt = q->has_edns ? OPT_SIZE : 0;

        if (size < DNS_HEADER_SIZE + q->question_size + opt)
                return 0;
        Writer w = {.p = ret + DNS_HEADER_SIZE + q->question_size, .end = ret + size - opt};
        memcpy(ret + DNS_HEADER_SIZE, message + DNS_HEADER_SIZE, q->question_size);
        for (size_t i = 0; i < answer->n_addresses; i++)
                add_address(&w, &answer->addresses[i]);
        if (answer->pointer[0])
                add_pointer(&w, answer->pointer);
        if (opt)
                add_opt(&w.p);
        write_header(message, q, answer, &w, ret);
        return (size_t)(w.p - ret);
}
