/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/cgroup-stats.h"

#include "base/io.h"
#include "base/text.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define CGROUP_ROOT  "/sys/fs/cgroup"
#define FILE_MAX     65536U
#define DEVICES_MAX  256U
#define USEC_PER_SEC 1000000U

/* ---- files ---- */

/* "max" is UINT64_MAX. */
static bool parse_number(const char *s, uint64_t *ret)
{
        char *end;

        if (strncmp(s, "max", 3) == 0) {
                *ret = UINT64_MAX;
                return true;
        }
        if (*s < '0' || *s > '9')
                return false;
        *ret = g_ascii_strtoull(s, &end, 10);
        return *end == '\0' || *end == ' ' || *end == '\n';
}

static bool read_number(int dir, const char *file, uint64_t *ret)
{
        _cleanup_free_ char *text = NULL;

        return read_file_at(dir, file, 64, &text, NULL) >= 0 && parse_number(text, ret);
}

/* Lines "KEY VALUE" behind what is in @numbers. */
static void read_keyed(int dir, const char *file, GArray *numbers)
{
        _cleanup_free_ char *text = NULL;
        char *saved = NULL;

        if (read_file_at(dir, file, FILE_MAX, &text, NULL) < 0)
                return;
        for (char *line = strtok_r(text, "\n", &saved); line; line = strtok_r(NULL, "\n", &saved)) {
                char *blank = strchr(line, ' ');
                CgroupNumber n = {0};

                if (!blank || (size_t)(blank - line) >= sizeof(n.key) ||
                    !parse_number(blank + 1, &n.value))
                        continue;
                memcpy(n.key, line, (size_t)(blank - line));
                (void)g_array_append_val(numbers, n);
        }
}

static void add_number(CgroupStats *s, const char *name, uint64_t value)
{
        CgroupNumber n = {.value = value};

        (void)g_strlcpy(n.key, name, sizeof(n.key));
        (void)g_array_append_val(s->numbers, n);
}

/* ---- numbers ---- */

static void add_single(CgroupStats *s, int dir)
{
        static const struct {
                const char *name, *file;
        } files[] = {
                {"MemoryCurrent", "memory.current"},
                {"MemoryPeak", "memory.peak"},
                {"MemorySwapCurrent", "memory.swap.current"},
                {"MemorySwapPeak", "memory.swap.peak"},
                {"TasksCurrent", "pids.current"},
                {"TasksPeak", "pids.peak"},
        };
        uint64_t v;

        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                if (read_number(dir, files[i].file, &v))
                        add_number(s, files[i].name, v);
}

static void add_from_keyed(CgroupStats *s, int dir)
{
        static const struct {
                const char *name, *file, *key;
        } keys[] = {
                {"CPUUsageUSec", "cpu.stat", "usage_usec"},
                {"CPUUserUSec", "cpu.stat", "user_usec"},
                {"CPUSystemUSec", "cpu.stat", "system_usec"},
                {"CPUPeriods", "cpu.stat", "nr_periods"},
                {"CPUThrottledPeriods", "cpu.stat", "nr_throttled"},
                {"CPUThrottledUSec", "cpu.stat", "throttled_usec"},
                {"MemoryHighEvents", "memory.events", "high"},
                {"MemoryMaxEvents", "memory.events", "max"},
                {"OOMKills", "memory.events", "oom_kill"},
                {"TasksMaxEvents", "pids.events", "max"},
        };
        g_autoptr(GArray) numbers = g_array_new(FALSE, TRUE, sizeof(CgroupNumber));
        const char *file = NULL;

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                if (!streq(file, keys[i].file)) {
                        file = keys[i].file;
                        (void)g_array_set_size(numbers, 0);
                        read_keyed(dir, file, numbers);
                }
                for (guint k = 0; k < numbers->len; k++) {
                        const CgroupNumber *n = &g_array_index(numbers, CgroupNumber, k);

                        if (streq(n->key, keys[i].key))
                                add_number(s, keys[i].name, n->value);
                }
        }
}

/* ---- disks ---- */

static void name_device(const char *root, const char *number, char ret[static CGROUP_KEY_MAX])
{
        _cleanup_free_ char *link = g_strconcat(root, "/sys/dev/block/", number, NULL);
        char target[PATH_MAX];
        ssize_t n = readlink(link, target, sizeof(target) - 1);
        const char *name = number;

        if (n > 0) {
                target[n] = '\0';
                name = strrchr(target, '/') ? strrchr(target, '/') + 1 : target;
        }
        (void)g_strlcpy(ret, name, CGROUP_KEY_MAX);
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6" */
static void add_device(CgroupStats *s, const char *root, char *line)
{
        CgroupDevice d = {0};
        const struct {
                const char *key;
                uint64_t *value;
        } keys[] = {
                {"rbytes=", &d.read_bytes}, {"wbytes=", &d.written_bytes},   {"rios=", &d.reads},
                {"wios=", &d.writes},       {"dbytes=", &d.discarded_bytes}, {"dios=", &d.discards},
        };
        char *saved = NULL, *number = strtok_r(line, " ", &saved);
        bool any = false;

        for (char *word; number && (word = strtok_r(NULL, " ", &saved));)
                for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                        size_t n = strlen(keys[i].key);

                        if (strncmp(word, keys[i].key, n) == 0)
                                any = parse_number(word + n, keys[i].value) || any;
                }
        if (!any || s->devices->len >= DEVICES_MAX)
                return;
        name_device(root, number, d.name);
        (void)g_array_append_val(s->devices, d);
}

static void add_disks(CgroupStats *s, const char *root, int dir)
{
        _cleanup_free_ char *text = NULL;
        CgroupDevice sum = {0};
        char *saved = NULL;

        if (read_file_at(dir, "io.stat", FILE_MAX, &text, NULL) < 0)
                return;
        for (char *line = strtok_r(text, "\n", &saved); line; line = strtok_r(NULL, "\n", &saved))
                add_device(s, root, line);
        for (guint i = 0; i < s->devices->len; i++) {
                const CgroupDevice *d = &g_array_index(s->devices, CgroupDevice, i);

                sum.read_bytes += d->read_bytes;
                sum.written_bytes += d->written_bytes;
                sum.reads += d->reads;
                sum.writes += d->writes;
        }
        add_number(s, "IOReadBytes", sum.read_bytes);
        add_number(s, "IOWrittenBytes", sum.written_bytes);
        add_number(s, "IOReads", sum.reads);
        add_number(s, "IOWrites", sum.writes);
}

/* ---- pressure ---- */

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" */
static void parse_stall(const char *text, const char *kind, CgroupStall *ret)
{
        const char *line = strstr(text, kind);
        const struct {
                const char *key;
                double *value;
        } averages[] = {
                {"avg10=", &ret->average10},
                {"avg60=", &ret->average60},
                {"avg300=", &ret->average300},
        };

        for (size_t i = 0; line && i < ELEMENTSOF(averages); i++) {
                const char *p = strstr(line, averages[i].key);

                *averages[i].value = p ? g_ascii_strtod(p + strlen(averages[i].key), NULL) : 0;
        }
        const char *total = line ? strstr(line, "total=") : NULL;
        if (total)
                (void)parse_number(total + strlen("total="), &ret->total_usec);
}

static void add_pressures(CgroupStats *s, int dir)
{
        static const struct {
                const char *name, *file;
        } files[] = {
                {"CPUPressure", "cpu.pressure"},
                {"MemoryPressure", "memory.pressure"},
                {"IOPressure", "io.pressure"},
        };

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                CgroupPressure p = {.name = files[i].name};
                _cleanup_free_ char *text = NULL;

                if (read_file_at(dir, files[i].file, 1024, &text, NULL) < 0)
                        continue;
                parse_stall(text, "some ", &p.some);
                parse_stall(text, "full ", &p.full);
                (void)g_array_append_val(s->pressures, p);
        }
}

/* ---- limits ---- */

/* cpu.max is "QUOTA PERIOD". */
static bool read_quota(int dir, uint64_t *ret)
{
        _cleanup_free_ char *text = NULL;
        uint64_t quota, period;

        if (read_file_at(dir, "cpu.max", 64, &text, NULL) < 0 || !strchr(text, ' ') ||
            !parse_number(text, &quota) || !parse_number(strchr(text, ' ') + 1, &period) ||
            quota == UINT64_MAX || period == 0)
                return false;
        *ret = quota * USEC_PER_SEC / period;
        return true;
}

static void lower_limit(CgroupStats *s, const char *name, uint64_t value, const char *cgroup)
{
        CgroupLimit fresh = {.name = name, .value = UINT64_MAX}, *l = NULL;

        for (guint i = 0; !l && i < s->limits->len; i++)
                if (streq(g_array_index(s->limits, CgroupLimit, i).name, name))
                        l = &g_array_index(s->limits, CgroupLimit, i);
        if (!l) {
                (void)g_array_append_val(s->limits, fresh);
                l = &g_array_index(s->limits, CgroupLimit, s->limits->len - 1);
        }
        if (l->cgroup && value >= l->value)
                return;
        l->value = value;
        g_free(l->cgroup);
        l->cgroup = g_strdup(cgroup);
}

static void add_limits_of(CgroupStats *s, int dir, const char *cgroup)
{
        static const struct {
                const char *name, *file;
        } files[] = {
                {"MemoryMax", "memory.max"},
                {"MemoryHigh", "memory.high"},
                {"MemorySwapMax", "memory.swap.max"},
                {"TasksMax", "pids.max"},
        };
        uint64_t v;

        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                if (read_number(dir, files[i].file, &v) && v != UINT64_MAX)
                        lower_limit(s, files[i].name, v, cgroup);
        if (read_quota(dir, &v))
                lower_limit(s, "CPUQuotaPerSecUSec", v, cgroup);
}

static int open_cgroup(const char *root, const char *cgroup)
{
        _cleanup_free_ char *path = g_strconcat(root, CGROUP_ROOT, cgroup, NULL);
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

/* From the unit up: of two that are equal, the nearer one is named. */
static void add_limits(CgroupStats *s, const char *root, const char *unit_cgroup)
{
        _cleanup_free_ char *cgroup = g_strdup(unit_cgroup);

        while (*cgroup) {
                _cleanup_close_ int dir = open_cgroup(root, cgroup);

                if (dir >= 0)
                        add_limits_of(s, dir, cgroup);
                *strrchr(cgroup, '/') = '\0';
        }
}

/* ---- all of it ---- */

/* "0::/machine.slice/lodge@NAME.service/supervisor" */
static int find_cgroup(const char *root, uint32_t pid, const char *unit, char **ret)
{
        _cleanup_free_ char *file = g_strdup_printf("%s/proc/%u/cgroup", root, pid), *text = NULL,
                            *end = g_strdup_printf("/%s/", unit);
        int r = read_file_at(AT_FDCWD, file, FILE_MAX, &text, NULL);

        if (r < 0)
                return r;
        char *path = g_str_has_prefix(text, "0::") ? text : strstr(text, "\n0::");
        if (!path)
                return -ENOTSUP;
        path = strchr(path, ':') + 2;
        path[strcspn(path, "\n")] = '\0';
        char *at = strstr(path, end);
        if (!at) /* another process has its number by now */
                return -ESRCH;
        at[strlen(end) - 1] = '\0';
        *ret = g_strdup(path);
        return 0;
}

int cgroup_stats_read(const char *root, uint32_t pid, const char *unit, CgroupStats *ret)
{
        _cleanup_free_ char *cgroup = NULL, *cpus = NULL;
        int r = find_cgroup(root, pid, unit, &cgroup);
        _cleanup_close_ int dir = r < 0 ? r : open_cgroup(root, cgroup);

        if (dir < 0)
                return dir;
        *ret = (CgroupStats){
                .now_usec = now_usec(CLOCK_MONOTONIC),
                .numbers = g_array_new(FALSE, TRUE, sizeof(CgroupNumber)),
                .memory = g_array_new(FALSE, TRUE, sizeof(CgroupNumber)),
                .devices = g_array_new(FALSE, TRUE, sizeof(CgroupDevice)),
                .pressures = g_array_new(FALSE, TRUE, sizeof(CgroupPressure)),
                .limits = g_array_new(FALSE, TRUE, sizeof(CgroupLimit)),
        };
        add_single(ret, dir);
        add_from_keyed(ret, dir);
        add_disks(ret, root, dir);
        read_keyed(dir, "memory.stat", ret->memory);
        add_pressures(ret, dir);
        add_limits(ret, root, cgroup);
        if (read_file_at(dir, "cpuset.cpus.effective", FILE_MAX, &cpus, NULL) >= 0)
                ret->cpus = g_strdup(g_strstrip(cpus));
        return 0;
}

void cgroup_stats_done(CgroupStats *s)
{
        if (!s->numbers)
                return;
        for (guint i = 0; i < s->limits->len; i++)
                g_free(g_array_index(s->limits, CgroupLimit, i).cgroup);
        g_array_unref(s->numbers);
        g_array_unref(s->memory);
        g_array_unref(s->devices);
        g_array_unref(s->pressures);
        g_array_unref(s->limits);
        g_free(s->cpus);
        *s = (CgroupStats){0};
}
