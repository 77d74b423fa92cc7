/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What machines use now, again and again: a screen on a terminal, else a table or lines of JSON. */
#include "base/text.h"
#include "ctl/columns.h"
#include "ctl/machine-stats.h"
#include "ctl/report.h"
#include "ctl/top-screen.h"
#include "ctl/verbs.h"

#include <string.h>
#include <time.h>

#define INTERVAL_USEC     1000000U
#define INTERVAL_MIN_USEC 100000U
#define USEC_PER_SEC      1000000U

typedef struct Order {
        const char *name;
        char key; /* of the keyboard */
        const char *properties[3];
} Order;

static const Order orders[] = {
        {"cpu", 'c', {"CPU"}},
        {"memory", 'm', {"MemoryCurrent"}},
        {"tasks", 't', {"TasksCurrent"}},
        {"disk", 'd', {"IOReadBytesRate", "IOWrittenBytesRate"}},
        {"network", 'n', {"NetworkReceivedBytesRate", "NetworkSentBytesRate"}},
        {"name", 'a', {NULL}},
};

static const Column top_columns[] = {
        {"MACHINE", "Machine", NULL},
        {"CPU%", "CPU", NULL},
        {"MEMORY", "MemoryCurrent", NULL},
        {"LIMIT", "MemoryLimit", NULL},
        {"TASKS", "TasksCurrent", NULL},
        {"READ/S", "IOReadBytesRate", NULL},
        {"WRITTEN/S", "IOWrittenBytesRate", NULL},
        {"RECEIVED/S", "NetworkReceivedBytesRate", NULL},
        {"SENT/S", "NetworkSentBytesRate", NULL},
        {.heading = NULL},
};

typedef struct Top {
        Ctl *c;
        uint64_t interval_usec, n_left; /* UINT64_MAX: no end */
        const Order *order;
        json_t *before; /* stats by machine */
        json_t *rows;   /* as shown */
} Top;

/* ---- from counters to what is used now ---- */

static bool difference(const json_t *now, const json_t *before, const char *key, double *ret)
{
        const json_t *a = json_object_get(now, key), *b = json_object_get(before, key);

        if (!a || !b || json_integer_value(a) < json_integer_value(b))
                return false; /* it has been started again */
        *ret = (double)(json_integer_value(a) - json_integer_value(b));
        return true;
}

static void add_rates(json_t *row, const json_t *now, const json_t *before)
{
        static const char *const counters[] = {"IOReadBytes", "IOWrittenBytes",
                                               "NetworkReceivedBytes", "NetworkSentBytes"};
        double usec, n;

        if (!difference(now, before, "MonotonicUSec", &usec) || usec <= 0)
                return;
        if (difference(now, before, "CPUUsageUSec", &n))
                (void)json_object_set_new(row, "CPU",
                                          json_real((double)(int64_t)(n * 1000 / usec) / 10));
        for (size_t i = 0; i < ELEMENTSOF(counters); i++) {
                char name[40];

                if (!difference(now, before, counters[i], &n))
                        continue;
                (void)snprintf(name, sizeof(name), "%sRate", counters[i]);
                (void)json_object_set_new(row, name,
                                          json_integer((json_int_t)(n * USEC_PER_SEC / usec)));
        }
}

static json_t *row_of(const json_t *now, const json_t *before, uint64_t time_usec)
{
        static const char *const taken[] = {"Machine", "MemoryCurrent", "MemorySwapCurrent",
                                            "TasksCurrent", "OOMKills"};
        json_t *row = json_pack("{s:I}", "Timestamp", (json_int_t)time_usec);
        json_t *limit = machine_stats_limit(now, "MemoryMax");

        for (size_t i = 0; i < ELEMENTSOF(taken); i++)
                if (json_object_get(now, taken[i]))
                        (void)json_object_set(row, taken[i], json_object_get(now, taken[i]));
        if (limit)
                (void)json_object_set(row, "MemoryLimit", limit);
        add_rates(row, now, before);
        return row;
}

static double weight(const Order *order, const json_t *row)
{
        double sum = 0;

        for (const char *const *p = order->properties; *p; p++)
                sum += json_number_value(json_object_get(row, *p));
        return sum;
}

/* The heaviest first; machines come by name, and stay so where they are equal. */
static void sort_rows(const Top *t)
{
        for (size_t i = 1; i < json_array_size(t->rows); i++) {
                _cleanup_json_ json_t *row = json_incref(json_array_get(t->rows, i));
                size_t at = i;

                while (at > 0 &&
                       weight(t->order, json_array_get(t->rows, at - 1)) < weight(t->order, row))
                        at--;
                if (at == i)
                        continue;
                (void)json_array_remove(t->rows, i);
                (void)json_array_insert(t->rows, at, row);
        }
}

static int take_sample(Top *t)
{
        _cleanup_json_ json_t *all = NULL, *seen = json_object();
        struct timespec ts;
        json_t *stats;
        size_t i;
        int status = machine_stats_all(t->c, true, &all);

        if (status != EXIT_OK)
                return status;
        (void)clock_gettime(CLOCK_REALTIME, &ts);
        uint64_t now = (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
        json_decref(t->rows);
        t->rows = json_array();
        json_array_foreach(all, i, stats)
        {
                const char *name = json_string_value(json_object_get(stats, "Machine"));

                (void)json_array_append_new(t->rows,
                                            row_of(stats, json_object_get(t->before, name), now));
                (void)json_object_set(seen, name, stats);
        }
        json_decref(t->before);
        t->before = TAKE_PTR(seen);
        sort_rows(t);
        return EXIT_OK;
}

/* ---- showing it ---- */

static int print_rows(const Top *t)
{
        json_t *row;
        size_t i;

        if (t->c->json == JSON_OFF)
                return columns_print(t->c, t->rows, top_columns);
        json_array_foreach(t->rows, i, row) json_print_line(stdout, row);
        return EXIT_OK;
}

static int print_screen(void *userdata, unsigned n_rows)
{
        const Top *t = userdata;
        _cleanup_json_ json_t *shown = json_array();
        char clock[32];
        time_t now = time(NULL);
        struct tm tm;

        (void)strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&now, &tm));
        (void)printf(
                "%s  %zu running, by %s   c CPU  m memory  t tasks  d disk  n network  a name  "
                "q quit\n\n",
                clock, json_array_size(t->rows), t->order->name);
        for (size_t i = 0; i < MIN2(json_array_size(t->rows), n_rows); i++)
                (void)json_array_append(shown, json_array_get(t->rows, i));
        return columns_print(t->c, shown, top_columns);
}

static int on_key(void *userdata, char key)
{
        Top *t = userdata;

        if (key == 'q')
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(orders); i++)
                if (orders[i].key == key)
                        t->order = &orders[i];
        sort_rows(t);
        return 1;
}

static int sample_screen(void *userdata)
{
        Top *t = userdata;

        if (t->n_left == 0)
                return -1;
        if (t->n_left != UINT64_MAX)
                t->n_left--;
        return take_sample(t);
}

/* Rates are of the interval before: the first sample only begins it. */
static int print_on(Top *t)
{
        struct timespec pause = {
                .tv_sec = (time_t)(t->interval_usec / USEC_PER_SEC),
                .tv_nsec = (long)(t->interval_usec % USEC_PER_SEC * 1000),
        };
        int status = take_sample(t);

        while (status == EXIT_OK && t->n_left > 0) {
                (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
                status = take_sample(t);
                if (status == EXIT_OK)
                        status = print_rows(t);
                if (fflush(stdout) != 0)
                        break; /* nobody reads it any more */
                if (t->n_left != UINT64_MAX)
                        t->n_left--;
                if (t->c->json == JSON_OFF && t->n_left > 0)
                        (void)putchar('\n');
        }
        return status;
}

/* ---- */

static int read_options(const Ctl *c, Top *t)
{
        const char *interval = args_value(&c->args, "interval");
        const char *count = args_value(&c->args, "count");
        const char *sort = args_value(&c->args, "sort") ?: "cpu";

        if (interval && (parse_usec(interval, &t->interval_usec) < 0 ||
                         t->interval_usec < INTERVAL_MIN_USEC || t->interval_usec == UINT64_MAX))
                return report_usage(c->verb, "--interval wants a time of at least 100ms, not '%s'",
                                    interval);
        if (count && (parse_u64(count, UINT64_MAX - 1, &t->n_left) < 0 || t->n_left == 0))
                return report_usage(c->verb, "--count wants a number above 0, not '%s'", count);
        for (size_t i = 0; i < ELEMENTSOF(orders); i++)
                if (streq(orders[i].name, sort))
                        t->order = &orders[i];
        return t->order ? EXIT_OK
                        : report_usage(c->verb,
                                       "--sort wants cpu, memory, tasks, disk, network or name, "
                                       "not '%s'",
                                       sort);
}

int verb_top(Ctl *c)
{
        Top t = {.c = c, .interval_usec = INTERVAL_USEC, .n_left = UINT64_MAX};
        int status = read_options(c, &t);
        const TopScreen screen = {
                .userdata = &t,
                .sample = sample_screen,
                .draw = print_screen,
                .key = on_key,
        };

        if (status == EXIT_OK) {
                c->no_pager = true;
                status = columns_are_plain(c) && top_screen_is_possible()
                                 ? top_screen_run(&screen, t.interval_usec)
                                 : print_on(&t);
        }
        json_decref(t.before);
        json_decref(t.rows);
        return status;
}
