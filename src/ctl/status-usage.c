/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/status-usage.h"

#include "base/size-text.h"
#include "ctl/fields.h"
#include "ctl/machine-stats.h"

#include <inttypes.h>

static bool get_number(const json_t *stats, const char *key, uint64_t *ret)
{
        const json_t *value = json_object_get(stats, key);

        *ret = (uint64_t)json_integer_value(value);
        return json_is_integer(value);
}

/* The least that counts for it, be it its own or that of a slice above. */
static bool get_limit(const json_t *stats, const char *name, uint64_t *ret)
{
        const json_t *value = machine_stats_limit(stats, name);

        *ret = (uint64_t)json_integer_value(value);
        return json_is_integer(value);
}

static void print_tasks(const json_t *stats)
{
        uint64_t n, limit;

        if (!get_number(stats, "TasksCurrent", &n))
                return;
        field_begin("Tasks");
        (void)printf("%" PRIu64, n);
        if (get_limit(stats, "TasksMax", &limit))
                (void)printf(" (limit: %" PRIu64 ")", limit);
        (void)putchar('\n');
}

/* @n counts what has been printed in the parentheses */
static void print_more(const char *what, uint64_t bytes, size_t *n)
{
        char text[SIZE_TEXT_MAX];

        (void)printf("%s%s: %s", (*n)++ > 0 ? ", " : " (", what, size_text(bytes, text));
}

static void print_memory(const json_t *stats)
{
        static const struct {
                const char *word, *limit;
        } limits[] = {{"high", "MemoryHigh"}, {"max", "MemoryMax"}, {"swap max", "MemorySwapMax"}};
        char text[SIZE_TEXT_MAX];
        uint64_t bytes;
        size_t n = 0;

        if (!get_number(stats, "MemoryCurrent", &bytes))
                return;
        field_begin("Memory");
        (void)fputs(size_text(bytes, text), stdout);
        for (size_t i = 0; i < ELEMENTSOF(limits); i++)
                if (get_limit(stats, limits[i].limit, &bytes))
                        print_more(limits[i].word, bytes, &n);
        if (get_number(stats, "MemoryPeak", &bytes))
                print_more("peak", bytes, &n);
        if (get_number(stats, "MemorySwapCurrent", &bytes) && bytes > 0)
                print_more("swap", bytes, &n);
        if (n > 0)
                (void)putchar(')');
        if (get_number(stats, "OOMKills", &bytes) && bytes > 0)
                (void)printf("; %" PRIu64 " process%s killed for want of memory", bytes,
                             bytes == 1 ? " was" : "es were");
        (void)putchar('\n');
}

static void print_cpu(const json_t *stats)
{
        uint64_t usec, quota, throttled;

        if (!get_number(stats, "CPUUsageUSec", &usec))
                return;
        field_begin("CPU");
        (void)printf("%" PRIu64 ".%03us", usec / 1000000, (unsigned)(usec / 1000 % 1000));
        if (get_limit(stats, "CPUQuotaPerSecUSec", &quota))
                (void)printf(" (quota: %" PRIu64 "%%)", quota / 10000);
        if (get_number(stats, "CPUThrottledUSec", &throttled) && throttled > 0)
                (void)printf("; held back for %" PRIu64 ".%03us", throttled / 1000000,
                             (unsigned)(throttled / 1000 % 1000));
        (void)putchar('\n');
}

static void print_pair(const json_t *stats, const char *label, const char *in, const char *out,
                       const char *verbs[static 2])
{
        char a[SIZE_TEXT_MAX], b[SIZE_TEXT_MAX];
        uint64_t n, m;

        if (!get_number(stats, in, &n) || !get_number(stats, out, &m) || (n == 0 && m == 0))
                return;
        field_begin(label);
        (void)printf("%s %s, %s %s\n", size_text(n, a), verbs[0], size_text(m, b), verbs[1]);
}

void status_usage_print(const Ctl *c, const char *name)
{
        const char *disk[] = {"read", "written"}, *net[] = {"received", "sent"};
        _cleanup_json_ json_t *stats = NULL;

        if (machine_stats_get(c, name, &stats, NULL) < 0)
                return;
        print_tasks(stats);
        print_memory(stats);
        print_cpu(stats);
        print_pair(stats, "IO", "IOReadBytes", "IOWrittenBytes", disk);
        print_pair(stats, "Traffic", "NetworkReceivedBytes", "NetworkSentBytes", net);
}
