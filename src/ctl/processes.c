/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/processes.h"

#include "base/io.h"
#include "base/text.h"
#include "ctl/report.h"
#include "ctl/terminal.h"

#include <fcntl.h>
#include <string.h>

#define PROCESSES_MAX 200U
#define DEPTH_MAX     16U
#define TITLE_MAX     160U

typedef struct Tree {
        const char *indent;
        unsigned n_printed, n_left_out;
} Tree;

/* The line of the unified hierarchy in /proc/PID/cgroup, cut behind the unit. */
static int unit_cgroup(pid_t pid, const char *unit, char **ret)
{
        _cleanup_free_ char *file = NULL, *line = NULL;
        _cleanup_fclose_ FILE *f = NULL;
        size_t n = 0, length = strlen(unit);

        if (asprintf(&file, "/proc/%d/cgroup", (int)pid) < 0)
                return -ENOMEM;
        f = fopen(file, "re");
        if (!f)
                return -errno;
        while (getline(&line, &n, f) > 0) {
                char *found = strncmp(line, "0::/", 4) == 0 ? strstr(line, unit) : NULL;

                if (!found || found[-1] != '/' || !strchr("/\n", found[length]))
                        continue;
                found[length] = '\0';
                *ret = strdup(line + 3);
                return *ret ? 0 : -ENOMEM;
        }
        return -ENOENT;
}

static int open_cgroup(const char *path)
{
        static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};

        for (size_t i = 0; i < ELEMENTSOF(mounts); i++) {
                _cleanup_close_ int mount = open(mounts[i], O_DIRECTORY | O_CLOEXEC | O_PATH);
                int fd = openat(mount, path + 1, O_DIRECTORY | O_CLOEXEC | O_RDONLY);

                if (fd >= 0)
                        return fd;
        }
        return -errno;
}

static const char *branch(bool more_follow)
{
        if (!terminal_takes_utf8())
                return more_follow ? "|-" : "`-";
        return more_follow ? "├─" : "└─";
}

static const char *trunk(void)
{
        return terminal_takes_utf8() ? "│ " : "| ";
}

/* The command line, or the name in brackets where there is none (kernel threads, zombies). */
static void print_process(const char *pid)
{
        _cleanup_free_ char *file = NULL;
        _cleanup_fclose_ FILE *f = NULL;
        char text[TITLE_MAX + 1];
        size_t n;

        if (asprintf(&file, "/proc/%s/cmdline", pid) < 0) {
                file = NULL;
                return;
        }
        f = fopen(file, "re");
        n = f ? fread(text, 1, TITLE_MAX, f) : 0;
        while (n > 0 && text[n - 1] == '\0')
                n--;
        for (size_t i = 0; i < n; i++)
                if (text[i] == '\0')
                        text[i] = ' ';
        text[n] = '\0';
        (void)printf("%s ", pid);
        print_clean(stdout, n > 0 ? text : "(no command line)");
        (void)putchar('\n');
}

static int read_pids(int cgroup, char ***ret)
{
        _cleanup_close_ int fd = openat(cgroup, "cgroup.procs", O_RDONLY | O_CLOEXEC);
        _cleanup_fclose_ FILE *f = fd >= 0 ? fdopen(fd, "re") : NULL;
        _cleanup_strv_free_ char **pids = NULL;
        _cleanup_free_ char *line = NULL;
        size_t n = 0;

        if (!f)
                return -errno;
        (void)TAKE_FD(fd);
        while (getline(&line, &n, f) > 0) {
                line[strcspn(line, "\n")] = '\0';
                if (strv_push(&pids, line) < 0)
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(pids);
        return 0;
}

static int compare_strings(const void *a, const void *b)
{
        return strverscmp(*(char *const *)a, *(char *const *)b);
}

/* Guests leave many cgroups behind that are empty. */
static bool is_populated(int cgroup, const char *child)
{
        _cleanup_close_ int fd = openat(cgroup, child, O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        _cleanup_free_ char *events = NULL;

        return read_file_at(fd, "cgroup.events", 4096, &events, NULL) >= 0 &&
               strstr(events, "populated 1");
}

static int read_children(int cgroup, char ***ret)
{
        _cleanup_closedir_ DIR *d = NULL;
        _cleanup_strv_free_ char **names = NULL;
        int fd = openat(cgroup, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        d = fd >= 0 ? fdopendir(fd) : NULL;
        if (!d)
                return -errno;
        for (struct dirent *e; (e = readdir(d));)
                if (e->d_type == DT_DIR && e->d_name[0] != '.' && is_populated(cgroup, e->d_name) &&
                    strv_push(&names, e->d_name) < 0)
                        return -ENOMEM;
        if (names)
                qsort(names, strv_length(names), sizeof(*names), compare_strings);
        *ret = TAKE_PTR(names);
        return 0;
}

static void print_pids(Tree *t, char *const *pids, const char *prefix, bool more_follow)
{
        STRV_FOREACH (pid, pids) {
                if (t->n_printed >= PROCESSES_MAX) {
                        t->n_left_out++;
                        continue;
                }
                t->n_printed++;
                (void)printf("%s%s%s", t->indent, prefix, branch(pid[1] || more_follow));
                print_process(*pid);
        }
}

static void print_cgroup(Tree *t, int cgroup, const char *prefix, unsigned depth)
{
        _cleanup_strv_free_ char **pids = NULL, **children = NULL;

        (void)read_pids(cgroup, &pids); /* it may be gone by now */
        if (depth < DEPTH_MAX)
                (void)read_children(cgroup, &children);
        print_pids(t, pids, prefix, strv_length(children) > 0);
        STRV_FOREACH (child, children) {
                _cleanup_close_ int fd =
                        openat(cgroup, *child, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
                _cleanup_free_ char *deeper = NULL;

                if (fd < 0 || asprintf(&deeper, "%s%s", prefix, child[1] ? trunk() : "  ") < 0) {
                        deeper = NULL;
                        continue;
                }
                (void)printf("%s%s%s", t->indent, prefix, branch(child[1]));
                print_clean(stdout, *child);
                (void)putchar('\n');
                print_cgroup(t, fd, deeper, depth + 1);
        }
}

int processes_print(pid_t pid, const char *unit, const char *indent)
{
        _cleanup_free_ char *path = NULL;
        Tree t = {.indent = indent};

        int r = unit_cgroup(pid, unit, &path);
        if (r < 0)
                return r;
        _cleanup_close_ int fd = open_cgroup(path);
        if (fd < 0)
                return fd;
        print_clean(stdout, path);
        (void)putchar('\n');
        print_cgroup(&t, fd, "", 0);
        if (t.n_left_out > 0)
                (void)printf("%s... and %u more\n", indent, t.n_left_out);
        return 0;
}
