/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's files of a cgroup, and of those above it, as they are and as they should not be. */
#include "core/cgroup-stats.h"

#include "base/text.h"
#include "unit/test.h"

#include <stdlib.h>
#include <string.h>

#define UNIT  "lodge@a.service"
#define SLICE "/sys/fs/cgroup/machine.slice"
#define DIR   SLICE "/" UNIT

static char root[] = "/tmp/test-cgroup-stats.XXXXXX";

static void put(const char *path, const char *text)
{
        _cleanup_free_ char *full = g_strconcat(root, path, NULL), *dir = g_path_get_dirname(full);

        CHECK(g_mkdir_with_parents(dir, 0755) == 0);
        CHECK(g_file_set_contents(full, text, -1, NULL));
}

/* "NAME=VALUE .. " of what it has. */
static char *shown(const CgroupStats *s)
{
        GString *text = g_string_new("");

        for (guint i = 0; i < s->numbers->len; i++) {
                const CgroupNumber *n = &g_array_index(s->numbers, CgroupNumber, i);

                g_string_append_printf(text, "%s=%" G_GUINT64_FORMAT " ", n->key, n->value);
        }
        return g_string_free(text, FALSE);
}

static void test_nothing(void)
{
        _cleanup_cgroup_stats_ CgroupStats s = {0};
        _cleanup_free_ char *text = NULL;

        CHECK_NUMBER(cgroup_stats_read(root, 7, UNIT, &s), -ENOENT);
        put("/proc/7/cgroup", "0::/machine.slice/lodge@b.service/supervisor\n");
        CHECK_NUMBER(cgroup_stats_read(root, 7, UNIT, &s), -ESRCH);
        put("/proc/7/cgroup", "9:freezer:/x\n0::/machine.slice/" UNIT "/supervisor\n");
        CHECK_NUMBER(cgroup_stats_read(root, 7, UNIT, &s), -ENOENT);
        put(DIR "/cgroup.procs", "");
        CHECK_NUMBER(cgroup_stats_read(root, 7, UNIT, &s), 0);
        text = shown(&s);
        CHECK_STRING(text, "");
        CHECK_NUMBER(s.limits->len, 0);
        CHECK(s.cpus == NULL && s.now_usec > 0);
}

static void put_all(void)
{
        put(DIR "/memory.current", "4096\n");
        put(DIR "/memory.peak", "max\n");
        put(DIR "/memory.swap.current", "what\n");
        put(DIR "/memory.stat",
            "anon 10\nfile 20\nbroken\n bad 1\nthis_is_a_name_that_is_much_too_long_to_be_one 5\nslab x\n");
        put(DIR "/memory.events", "low 0\nhigh 1\nmax 2\noom 3\noom_kill 4\noom_group_kill 0\n");
        put(DIR "/cpu.stat",
            "usage_usec 5\nuser_usec 3\nsystem_usec 2\nnr_periods 9\nnr_throttled 8\nthrottled_usec 7\n");
        put(DIR "/pids.current", "3\n");
        put(DIR "/io.stat",
            "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n8:16 \n\n7:1 rbytes=10 wbytes=x cost=3\n");
        put(DIR "/cpu.pressure",
            "some avg10=1.50 avg60=0.25 avg300=0.00 total=77\nfull avg10=0.10 avg60=0.00 avg300=0.00 total=5\n");
        put(DIR "/memory.pressure", "nothing\n");
        put(DIR "/cpuset.cpus.effective", "0-1\n");
        put(DIR "/memory.max", "1000\n");
        put(DIR "/memory.high", "max\n");
        put(DIR "/pids.max", "50\n");
        put(DIR "/cpu.max", "max 100000\n");
        put(SLICE "/memory.max", "2000\n");
        put(SLICE "/memory.high", "500\n");
        put(SLICE "/pids.max", "50\n");
        put(SLICE "/cpu.max", "20000 100000\n");
}

static void check_limit(const CgroupStats *s, guint i, const char *name, uint64_t value,
                        const char *cgroup)
{
        const CgroupLimit *l = &g_array_index(s->limits, CgroupLimit, i);

        CHECK_STRING(l->name, name);
        CHECK_NUMBER(l->value, value);
        CHECK_STRING(l->cgroup, cgroup);
}

static void test_all(void)
{
        _cleanup_cgroup_stats_ CgroupStats s = {0};
        _cleanup_free_ char *text = NULL;

        put_all();
        CHECK_NUMBER(cgroup_stats_read(root, 7, UNIT, &s), 0);
        text = shown(&s);
        CHECK_STRING(text, "MemoryCurrent=4096 MemoryPeak=18446744073709551615 TasksCurrent=3 "
                           "CPUUsageUSec=5 CPUUserUSec=3 CPUSystemUSec=2 CPUPeriods=9 "
                           "CPUThrottledPeriods=8 CPUThrottledUSec=7 MemoryHighEvents=1 "
                           "MemoryMaxEvents=2 OOMKills=4 IOReadBytes=11 IOWrittenBytes=2 "
                           "IOReads=3 IOWrites=4 ");
        CHECK_NUMBER(s.memory->len, 2);
        CHECK_STRING(g_array_index(s.memory, CgroupNumber, 1).key, "file");
        CHECK_NUMBER(s.devices->len, 2);
        CHECK_STRING(g_array_index(s.devices, CgroupDevice, 0).name, "8:0");
        CHECK_NUMBER(g_array_index(s.devices, CgroupDevice, 0).discards, 6);
        CHECK_NUMBER(s.pressures->len, 2);
        const CgroupPressure *p = &g_array_index(s.pressures, CgroupPressure, 0);
        CHECK(p->some.average10 > 1.49 && p->some.average10 < 1.51);
        CHECK_NUMBER(p->some.total_usec, 77);
        CHECK_NUMBER(p->full.total_usec, 5);
        CHECK_STRING(s.cpus, "0-1");

        /* the least of all, and of two that are equal the nearer */
        CHECK_NUMBER(s.limits->len, 4);
        check_limit(&s, 0, "MemoryMax", 1000, "/machine.slice/" UNIT);
        check_limit(&s, 1, "TasksMax", 50, "/machine.slice/" UNIT);
        check_limit(&s, 2, "MemoryHigh", 500, "/machine.slice");
        check_limit(&s, 3, "CPUQuotaPerSecUSec", 200000, "/machine.slice");
}

int main(void)
{
        CHECK(mkdtemp(root) != NULL);
        test_nothing();
        test_all();
        _cleanup_free_ char *command = g_strdup_printf("rm -rf '%s'", root);
        return system(command) != 0;
}
