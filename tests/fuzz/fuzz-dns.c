/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DNS messages: one of a guest, as the first bytes say how long, and one of a resolver behind it.
 */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "relay/names.h"

#include <sys/socket.h>

#define ANSWER_MAX 600U

static void try_answer(const uint8_t *message, const DnsQuery *q, size_t size)
{
        static MemberLink link = {.network = "net",
                                  .addresses = {{.family = AF_INET, .bytes = {10, 0, 0, 2}}},
                                  .n_addresses = 1};
        MemberRecord member = {.name = "web", .links = &link, .n_links = 1};
        NetworkRecord network = {
                .name = "net",
                .gateways = {{.family = AF_INET, .bytes = {10, 0, 0, 1}, .prefix = 24},
                             {.family = AF_INET6, .bytes = {0xfd, [15] = 1}, .prefix = 64}},
                .n_gateways = 2};
        GHashTable *members = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        char *reply = malloc(size ? size : 1);
        Names names = {.members = members, .network = &network, .asker = link.addresses[0]};
        DnsAnswer answer;
        ns_msg parsed;

        PROMISE(reply);
        g_hash_table_insert(members, names_key(member.name), &member);
        if (names_answer(&names, q, &answer)) {
                size_t n = dns_answer_write(message, q, &answer, (uint8_t *)reply, size);

                PROMISE(n <= size);
                PROMISE(n == 0 || ns_initparse((uint8_t *)reply, (int)n, &parsed) == 0);
                PROMISE(n == 0 || dns_reply_matches(message, q, q->id, (uint8_t *)reply, n));
        }
        free(reply);
        g_hash_table_unref(members);
}

static void try_both(const uint8_t *message, size_t n, const uint8_t *reply, size_t n_reply)
{
        DnsQuery q;
        int r = dns_query_parse(message, n, &q);

        PROMISE(r == 0 || r == -EBADMSG || r == -EOPNOTSUPP);
        if (r < 0)
                return;
        PROMISE(DNS_HEADER_SIZE + q.question_size <= n && strlen(q.name) < DNS_NAME_MAX);
        (void)dns_reply_matches(message, &q, q.id, reply, n_reply);
        for (size_t size = 0; size < ANSWER_MAX; size += 37)
                try_answer(message, &q, size);
}

static void try_name(const uint8_t *data, size_t n)
{
        _cleanup_free_ char *name = strndup((const char *)data, n);
        NetAddress a;

        PROMISE(name);
        if (dns_name_to_address(name, &a) == 0)
                PROMISE(a.prefix == net_address_size(&a) * 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        if (n < 2)
                return 0;
        size_t first = MIN2((size_t)(data[0] << 8 | data[1]), n - 2);
        char *message = fuzz_copy(data + 2, first),
             *reply = fuzz_copy(data + 2 + first, n - 2 - first);

        try_both((uint8_t *)message, first, (uint8_t *)reply, n - 2 - first);
        try_name(data + 2, n - 2);
        free(message);
        free(reply);
        return 0;
}
