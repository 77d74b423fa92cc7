/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/egress.h"

#include <netinet/in.h>
#include <stdlib.h>

/* Each protocol with ports is a class of its own; the third are all others, in three ranges. */
typedef enum Class {
        CLASS_TCP = PORT_TCP,
        CLASS_UDP = PORT_UDP,
        CLASS_OTHER = _PORT_PROTOCOL_MAX,
        _CLASS_MAX,
} Class;

typedef struct Range {
        unsigned first, last;
} Range;

static const struct {
        Class class;
        uint8_t first, last;
} protocols[] = {
        {CLASS_TCP, IPPROTO_TCP, IPPROTO_TCP}, {CLASS_UDP, IPPROTO_UDP, IPPROTO_UDP},
        {CLASS_OTHER, 0, IPPROTO_TCP - 1},     {CLASS_OTHER, IPPROTO_TCP + 1, IPPROTO_UDP - 1},
        {CLASS_OTHER, IPPROTO_UDP + 1, 255},
};

static int shortest_first(const void *a, const void *b)
{
        const EgressRule *x = a, *y = b;

        return (int)x->to.prefix - (int)y->to.prefix;
}

static bool is_of_class(const EgressRule *e, Class class)
{
        return e->protocol < 0 || (Class)e->protocol == class;
}

/* Take the ports of @hole out of @ranges. */
static void subtract(GArray *ranges, Range hole)
{
        for (guint i = ranges->len; i-- > 0;) {
                Range r = g_array_index(ranges, Range, i);
                Range below = {r.first, hole.first - 1};
                Range above = {hole.last + 1, r.last};

                if (hole.last < r.first || hole.first > r.last)
                        continue;
                g_array_remove_index(ranges, i);
                if (r.first < hole.first)
                        g_array_append_val(ranges, below);
                if (r.last > hole.last)
                        g_array_append_val(ranges, above);
        }
}

static bool has_all_of(const EgressRule *outer, const EgressRule *inner)
{
        return outer->to.prefix <= inner->to.prefix && net_address_contains(&outer->to, &inner->to);
}

static void append_boxes(GArray *boxes, const EgressRule *e, Class class, Range r)
{
        for (size_t i = 0; i < ELEMENTSOF(protocols); i++) {
                EgressBox b = {.to = net_address_network(&e->to),
                               .protocol_first = protocols[i].first,
                               .protocol_last = protocols[i].last,
                               .first = (uint16_t)r.first,
                               .last = (uint16_t)r.last};

                if (protocols[i].class == class)
                        g_array_append_val(boxes, b);
        }
}

/* Subnets are nested or disjoint, so only what comes with a wider or the same one can overlap. */
static void append_rule(GArray *boxes, const EgressRule *rules, size_t at, Class class)
{
        const EgressRule *e = &rules[at];
        g_autoptr(GArray) ranges = g_array_new(false, false, sizeof(Range));
        Range all = {e->first, e->last};

        g_array_append_val(ranges, all);
        for (size_t i = 0; i < at; i++)
                if (is_of_class(&rules[i], class) && has_all_of(&rules[i], e))
                        subtract(ranges, (Range){rules[i].first, rules[i].last});
        for (guint i = 0; i < ranges->len; i++)
                append_boxes(boxes, e, class, g_array_index(ranges, Range, i));
}

GArray *egress_boxes(const EgressRule *rules, size_t n)
{
        GArray *boxes = g_array_new(false, false, sizeof(EgressBox));
        g_autofree EgressRule *sorted = g_memdup2(rules, n * sizeof(*rules));

        if (n > 0)
                qsort(sorted, n, sizeof(*sorted), shortest_first);
        for (Class class = 0; class < _CLASS_MAX; class ++)
                for (size_t i = 0; i < n; i++)
                        if (is_of_class(&sorted[i], class))
                                append_rule(boxes, sorted, i, class);
        return boxes;
}
