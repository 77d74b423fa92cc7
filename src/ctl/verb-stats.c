/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/size-text.h"
#include "base/text.h"
#include "ctl/columns.h"
#include "ctl/machine-stats.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

#include <inttypes.h>
#include <string.h>

/* One way to look at the numbers. */
typedef struct View {
        const char *name;
        const Column *columns;
        void (*append)(json_t *rows, json_t *stats); /* the rows of one machine */
} View;

/* ---- a row a machine ---- */

static void append_whole(json_t *rows, json_t *stats)
{
        json_t *limit = machine_stats_limit(stats, "MemoryMax");

        if (limit)
                (void)json_object_set(stats, "MemoryLimit", limit);
        (void)json_array_append(rows, stats);
}

static const Column whole_columns[] = {
        {"MACHINE", "Machine", NULL},        {"CPU", "CPUUsageUSec", NULL},
        {"MEMORY", "MemoryCurrent", NULL},   {"LIMIT", "MemoryLimit", NULL},
        {"TASKS", "TasksCurrent", NULL},     {"READ", "IOReadBytes", NULL},
        {"WRITTEN", "IOWrittenBytes", NULL}, {"RECEIVED", "NetworkReceivedBytes", NULL},
        {"SENT", "NetworkSentBytes", NULL},  {.heading = NULL},
};

/* The kernel's names are those of programmers. */
static void append_memory(json_t *rows, json_t *stats)
{
        static const struct {
                const char *kind, *name;
        } kinds[] = {
                {"anon", "AnonymousBytes"},   {"file", "FileBytes"}, {"shmem", "SharedBytes"},
                {"kernel", "KernelBytes"},    {"slab", "SlabBytes"}, {"sock", "SocketBytes"},
                {"file_dirty", "DirtyBytes"},
        };
        const json_t *all = json_object_get(stats, "MemoryStat");
        json_t *row = json_pack("{s:O}", "Machine", json_object_get(stats, "Machine"));

        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                if (json_object_get(all, kinds[i].kind))
                        (void)json_object_set(row, kinds[i].name,
                                              json_object_get(all, kinds[i].kind));
        if (json_object_get(stats, "MemorySwapCurrent"))
                (void)json_object_set(row, "SwapBytes",
                                      json_object_get(stats, "MemorySwapCurrent"));
        (void)json_array_append_new(rows, row);
}

static const Column memory_columns[] = {
        {"MACHINE", "Machine", NULL},    {"ANONYMOUS", "AnonymousBytes", NULL},
        {"FILE", "FileBytes", NULL},     {"SHARED", "SharedBytes", NULL},
        {"KERNEL", "KernelBytes", NULL}, {"SLAB", "SlabBytes", NULL},
        {"SOCKET", "SocketBytes", NULL}, {"DIRTY", "DirtyBytes", NULL},
        {"SWAP", "SwapBytes", NULL},     {.heading = NULL},
};

/* ---- several of them ---- */

static void append_each(json_t *rows, const json_t *stats, const char *list)
{
        json_t *element;
        size_t i;

        json_array_foreach(json_object_get(stats, list), i, element)
        {
                json_t *row = json_pack("{s:O}", "Machine", json_object_get(stats, "Machine"));

                (void)json_object_update(row, element);
                (void)json_array_append_new(rows, row);
        }
}

static void append_interfaces(json_t *rows, json_t *stats)
{
        append_each(rows, stats, "NetworkInterfaces");
}

static const Column interface_columns[] = {
        {"MACHINE", "Machine", NULL},
        {"INTERFACE", "Interface", NULL},
        {"RECEIVED", "ReceivedBytes", NULL},
        {"SENT", "SentBytes", NULL},
        {"PACKETS-IN", "ReceivedPackets", NULL},
        {"PACKETS-OUT", "SentPackets", NULL},
        {"DROPS-IN", "ReceivedDrops", NULL},
        {"DROPS-OUT", "SentDrops", NULL},
        {.heading = NULL},
};

static void append_disks(json_t *rows, json_t *stats)
{
        append_each(rows, stats, "IODevices");
}

static const Column disk_columns[] = {
        {"MACHINE", "Machine", NULL},
        {"DISK", "Disk", NULL},
        {"READ", "ReadBytes", NULL},
        {"WRITTEN", "WrittenBytes", NULL},
        {"READS", "Reads", NULL},
        {"WRITES", "Writes", NULL},
        {"DISCARDED", "DiscardedBytes", NULL},
        {.heading = NULL},
};

static void shown_limit(const char *name, uint64_t value, char text[static 32])
{
        char size[SIZE_TEXT_MAX];

        if (strncmp(name, "Memory", 6) == 0)
                (void)snprintf(text, 32, "%s", size_text(value, size));
        else if (strncmp(name, "CPU", 3) == 0) /* µs of a second */
                (void)snprintf(text, 32, "%.4g%%", (double)value / 10000);
        else
                (void)snprintf(text, 32, "%" PRIu64, value);
}

static void append_limits(json_t *rows, json_t *stats)
{
        size_t i, before = json_array_size(rows);
        json_t *row;

        append_each(rows, stats, "EffectiveLimits");
        json_array_foreach(rows, i, row)
        {
                const char *name = json_string_value(json_object_get(row, "Limit"));
                json_int_t value = json_integer_value(json_object_get(row, "Value"));
                char text[32];

                if (i < before || !name || value < 0)
                        continue;
                shown_limit(name, (uint64_t)value, text);
                (void)json_object_set_new(row, "Shown", json_string(text));
        }
}

static const Column limit_columns[] = {
        {"MACHINE", "Machine", NULL}, {"LIMIT", "Limit", NULL}, {"VALUE", "Shown", NULL},
        {"OF", "Cgroup", NULL},       {.heading = NULL},
};

static void append_pressure(json_t *rows, json_t *stats)
{
        static const char *const resources[] = {"CPU", "Memory", "IO"};

        for (size_t i = 0; i < ELEMENTSOF(resources); i++) {
                char name[32];

                (void)snprintf(name, sizeof(name), "%sPressure", resources[i]);
                const json_t *pressure = json_object_get(stats, name);
                if (!pressure)
                        continue;
                json_t *row = json_pack("{s:O, s:s}", "Machine", json_object_get(stats, "Machine"),
                                        "Resource", resources[i]);
                (void)json_object_update(row, (json_t *)pressure);
                (void)json_array_append_new(rows, row);
        }
}

static const Column pressure_columns[] = {
        {"MACHINE", "Machine", NULL},
        {"OF", "Resource", NULL},
        {"SOME-10S", "Some10", NULL},
        {"SOME-60S", "Some60", NULL},
        {"SOME-300S", "Some300", NULL},
        {"SOME-TOTAL", "SomeUSec", NULL},
        {"FULL-10S", "Full10", NULL},
        {"FULL-60S", "Full60", NULL},
        {"FULL-300S", "Full300", NULL},
        {"FULL-TOTAL", "FullUSec", NULL},
        {.heading = NULL},
};

/* ---- */

static const View views[] = {
        {"machine", whole_columns, append_whole},
        {"interface", interface_columns, append_interfaces},
        {"disk", disk_columns, append_disks},
        {"memory", memory_columns, append_memory},
        {"limit", limit_columns, append_limits},
        {"pressure", pressure_columns, append_pressure},
};

static const View *find_view(const Ctl *c)
{
        const char *by = args_value(&c->args, "by") ?: "machine";

        for (size_t i = 0; i < ELEMENTSOF(views); i++)
                if (streq(views[i].name, by))
                        return &views[i];
        (void)report_usage(c->verb,
                           "--by wants machine, interface, disk, memory, limit or pressure, not "
                           "'%s'",
                           by);
        return NULL;
}

int verb_stats(Ctl *c)
{
        _cleanup_json_ json_t *all = NULL, *rows = json_array();
        const View *view = find_view(c);
        json_t *stats;
        size_t i;

        if (!view)
                return EXIT_USAGE;
        int status = machine_stats_all(c, false, &all);
        if (!all)
                return status;
        json_array_foreach(all, i, stats) view->append(rows, stats);
        int printed = columns_print(c, rows, view->columns);
        return status != EXIT_OK ? status : printed;
}
