/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/egress.h"

#include "unit/test.h"

#include <netinet/in.h>

static uint32_t random_state = 1;

static unsigned random_below(unsigned n)
{
        random_state = random_state * 1664525U + 1013904223U;
        return (random_state >> 8) % n;
}

static bool lets_through(const EgressRule *e, const NetAddress *to, int protocol, unsigned port)
{
        bool is_known = protocol == IPPROTO_TCP || protocol == IPPROTO_UDP;
        int number = protocol == IPPROTO_TCP ? PORT_TCP : PORT_UDP;

        return net_address_contains(&e->to, to) &&
               (e->protocol < 0 || (is_known && e->protocol == number)) && port >= e->first &&
               port <= e->last;
}

static unsigned boxes_with(GArray *boxes, const NetAddress *to, int protocol, unsigned port)
{
        unsigned n = 0;

        for (guint i = 0; i < boxes->len; i++) {
                const EgressBox *b = &g_array_index(boxes, EgressBox, i);

                n += net_address_contains(&b->to, to) && protocol >= b->protocol_first &&
                     protocol <= b->protocol_last && port >= b->first && port <= b->last;
        }
        return n;
}

static NetAddress random_address(void)
{
        return (NetAddress){.family = AF_INET,
                            .bytes = {10, (uint8_t)random_below(2), (uint8_t)random_below(4),
                                      (uint8_t)random_below(4)},
                            .prefix = 32};
}

static EgressRule random_rule(void)
{
        static const uint8_t prefixes[] = {0, 8, 16, 23, 24, 31, 32};
        EgressRule e = {
                .to = random_address(), .protocol = (int)random_below(3) - 1, .last = 65535};

        e.to.prefix = prefixes[random_below(ELEMENTSOF(prefixes))];
        if (e.protocol >= 0) {
                e.first = (uint16_t)random_below(30);
                e.last = (uint16_t)(e.first + random_below(20));
        }
        return e;
}

/* Every packet is in one box if a rule lets it through, else in none. */
static void check_packets(const EgressRule *rules, size_t n, GArray *boxes)
{
        static const int protocols[] = {0, 1, IPPROTO_TCP, IPPROTO_UDP, 16, 18, 255};

        for (unsigned i = 0; i < 500; i++) {
                NetAddress to = random_address();
                int protocol = protocols[random_below(ELEMENTSOF(protocols))];
                unsigned port = random_below(2) ? random_below(60) : random_below(65536);
                bool expected = false;

                for (size_t k = 0; k < n; k++)
                        expected = expected || lets_through(&rules[k], &to, protocol, port);
                CHECK_NUMBER(boxes_with(boxes, &to, protocol, port), expected);
        }
}

static void test_random(void)
{
        for (unsigned round = 0; round < 300; round++) {
                EgressRule rules[12];
                size_t n = random_below(ELEMENTSOF(rules) + 1);

                for (size_t i = 0; i < n; i++)
                        rules[i] = random_rule();
                g_autoptr(GArray) boxes = egress_boxes(rules, n);
                check_packets(rules, n, boxes);
        }
}

static void test_families_are_apart(void)
{
        EgressRule rules[] = {
                {.to = {.family = AF_INET}, .protocol = -1, .last = 65535},
                {.to = {.family = AF_INET6}, .protocol = PORT_TCP, .first = 80, .last = 80},
        };
        g_autoptr(GArray) boxes = egress_boxes(rules, ELEMENTSOF(rules));

        CHECK_NUMBER(boxes->len, 6);
}

static void test_edges_of_ports(void)
{
        EgressRule rules[] = {
                {.to = {.family = AF_INET}, .protocol = PORT_TCP, .first = 0, .last = 0},
                {.to = {.family = AF_INET}, .protocol = PORT_TCP, .first = 65535, .last = 65535},
                {.to = {.family = AF_INET}, .protocol = PORT_TCP, .first = 0, .last = 65535},
        };
        g_autoptr(GArray) boxes = egress_boxes(rules, ELEMENTSOF(rules));

        CHECK_NUMBER(boxes->len, 3);
        CHECK_NUMBER(g_array_index(boxes, EgressBox, 2).first, 1);
        CHECK_NUMBER(g_array_index(boxes, EgressBox, 2).last, 65534);
}

int main(void)
{
        test_random();
        test_families_are_apart();
        test_edges_of_ports();
        return 0;
}
