/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/cgroup.h"

#include "base/io.h"
#include "base/text.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#define CGROUP_ROOT "/sys/fs/cgroup"
#define EVENTS_MAX  512 /* all of cgroup.events or memory.events */
/* How deep a guest may nest its cgroups: each level costs us two descriptors when we walk down, and
 * systemd, which works by paths, could not remove what is deeper than PATH_MAX. */
#define CGROUP_DEPTH      32
#define CGROUP_DEPTH_TEXT "32"

static int open_dir(int dirfd, const char *name)
{
        int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

        return fd < 0 ? -errno : fd;
}

int cgroup_open_own(void)
{
        static const char subgroup[] = "/supervisor";
        _cleanup_free_ char *text = NULL, *path = NULL;

        int r = read_file_at(AT_FDCWD, "/proc/self/cgroup", 65536, &text, NULL);
        if (r < 0)
                return r;
        char *own = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
        if (!own)
                return -ENOTSUP;
        own = strstr(own, "0::") + 3;
        own[strcspn(own, "\n")] = '\0';

        size_t n = strlen(own), m = strlen(subgroup);
        bool moved = n > m && streq(own + n - m, subgroup);
        if (moved)
                own[n - m] = '\0';
        if (asprintf(&path, CGROUP_ROOT "%s", own) < 0)
                return -ENOMEM;
        _cleanup_close_ int fd = open_dir(AT_FDCWD, path);
        if (fd < 0 || moved)
                return fd < 0 ? fd : TAKE_FD(fd);

        _cleanup_close_ int child = cgroup_open_child(fd, subgroup + 1);
        if (child < 0)
                return child;
        r = write_string_at(child, "cgroup.procs", "0");
        return r < 0 ? r : TAKE_FD(fd);
}

int cgroup_open_child(int parentfd, const char *name)
{
        if (mkdirat(parentfd, name, 0755) < 0 && errno != EEXIST)
                return -errno;
        return open_dir(parentfd, name);
}

static int enable_controllers(int unitfd)
{
        _cleanup_free_ char *have = NULL, *want = NULL;
        char *saved = NULL;
        size_t n = 0;

        int r = read_file_at(unitfd, "cgroup.controllers", 4096, &have, NULL);
        if (r < 0)
                return r;
        want = calloc(2, strlen(have) + 2);
        if (!want)
                return -ENOMEM;
        for (char *c = strtok_r(have, " \n", &saved); c; c = strtok_r(NULL, " \n", &saved))
                n += (size_t)sprintf(want + n, "%s+%s", n > 0 ? " " : "", c);
        return n > 0 ? write_string_at(unitfd, "cgroup.subtree_control", want) : 0;
}

int cgroup_create(int unitfd, const char *name, uid_t owner)
{
        /* what may be written in a delegated cgroup, /sys/kernel/cgroup/delegate; missing ones are
         * skipped */
        static const char *const files[] = {"cgroup.procs", "cgroup.threads",
                                            "cgroup.subtree_control", "memory.oom.group",
                                            "memory.reclaim"};

        int r = enable_controllers(unitfd);
        if (r < 0)
                return r;
        _cleanup_close_ int fd = cgroup_open_child(unitfd, name);
        if (fd < 0)
                return fd;
        r = write_string_at(fd, "cgroup.max.depth", CGROUP_DEPTH_TEXT);
        if (r < 0)
                return r;
        if (fchown(fd, owner, owner) < 0)
                return -errno;
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                if (fchownat(fd, files[i], owner, owner, AT_SYMLINK_NOFOLLOW) < 0 &&
                    errno != ENOENT)
                        return -errno;
        return TAKE_FD(fd);
}

int cgroup_kill(int fd)
{
        return write_string_at(fd, "cgroup.kill", "1");
}

int cgroup_freeze(int fd, bool freeze)
{
        return write_string_at(fd, "cgroup.freeze", freeze ? "1" : "0");
}

int cgroup_open_events(int fd)
{
        int events = openat(fd, "cgroup.events", O_RDONLY | O_CLOEXEC);

        return events < 0 ? -errno : events;
}

/* Read through that descriptor, it tells poll(2) of the next change only. */
static int read_events(int events, char ret[static EVENTS_MAX])
{
        ssize_t n = pread(events, ret, EVENTS_MAX - 1, 0);

        if (n < 0)
                return -errno;
        ret[n] = '\0';
        return 0;
}

int cgroup_events_frozen(int events)
{
        char text[EVENTS_MAX];
        int r = read_events(events, text);

        return r < 0 ? r : strstr(text, "frozen 1") != NULL;
}

static int signal_procs(int fd, int sig)
{
        _cleanup_close_ int procs = openat(fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
        _cleanup_fclose_ FILE *f = procs >= 0 ? fdopen(procs, "re") : NULL;
        char line[32];
        int n = 0;

        if (!f)
                return -errno;
        (void)TAKE_FD(procs);
        while (fgets(line, sizeof(line), f)) {
                pid_t pid = (pid_t)strtol(line, NULL, 10);

                if (pid > 1 && kill(pid, sig) >= 0)
                        n++;
        }
        return n;
}

/* Calls @visit for each child directory; deepest first is up to @visit. */
static int for_each_child(int fd, int (*visit)(int parentfd, const char *name, void *arg),
                          void *arg)
{
        _cleanup_close_ int copy = open_dir(fd, ".");
        _cleanup_closedir_ DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
        struct dirent *e;
        int r = 0;

        if (!d)
                return copy < 0 ? copy : -errno;
        (void)TAKE_FD(copy);
        while (r >= 0 && (e = readdir(d)))
                if (e->d_type == DT_DIR && e->d_name[0] != '.')
                        r = visit(fd, e->d_name, arg);
        return r;
}

typedef struct Walk {
        int sig, n, depth;
} Walk;

static int visit_signal(int parentfd, const char *name, void *arg)
{
        Walk *w = arg;
        _cleanup_close_ int fd = open_dir(parentfd, name);

        if (fd < 0 || w->depth >= CGROUP_DEPTH)
                return 0; /* it was removed meanwhile */
        int n = signal_procs(fd, w->sig);
        w->n += n > 0 ? n : 0;
        w->depth++;
        int r = for_each_child(fd, visit_signal, w);
        w->depth--;
        return r;
}

int cgroup_signal(int fd, int sig)
{
        Walk w = {.sig = sig};

        int r = visit_signal(fd, ".", &w);
        return r < 0 ? r : w.n;
}

/* Of lines "KEY NUMBER". */
static uint64_t number_in(const char *text, const char *key)
{
        for (const char *p = text; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
                if (strncmp(p, key, strlen(key)) == 0 && p[strlen(key)] == ' ')
                        return strtoull(p + strlen(key) + 1, NULL, 10);
        return 0;
}

static uint64_t file_number(int fd, const char *file, const char *key)
{
        _cleanup_free_ char *text = NULL;

        return read_file_at(fd, file, 4096, &text, NULL) < 0 ? 0 : number_in(text, key);
}

int cgroup_is_populated(int fd)
{
        return faccessat(fd, "cgroup.events", F_OK, 0) < 0
                       ? -errno
                       : file_number(fd, "cgroup.events", "populated") > 0;
}

int cgroup_open_memory_events(int fd)
{
        int events = openat(fd, "memory.events", O_RDONLY | O_CLOEXEC);

        return events < 0 ? -errno : events;
}

uint64_t cgroup_oom_kills(int events)
{
        char text[EVENTS_MAX];

        return read_events(events, text) < 0 ? 0 : number_in(text, "oom_kill");
}

static int visit_remove(int parentfd, const char *name, void *arg)
{
        Walk *w = arg;
        _cleanup_close_ int fd = open_dir(parentfd, name);

        if (unlinkat(parentfd, name, AT_REMOVEDIR) >= 0)
                return 0;
        if (fd < 0 || w->depth >= CGROUP_DEPTH)
                return -EBUSY;
        w->depth++;
        int r = for_each_child(fd, visit_remove, w);
        w->depth--;
        if (r >= 0 && unlinkat(parentfd, name, AT_REMOVEDIR) < 0)
                r = -errno;
        return r;
}

int cgroup_remove(int parentfd, const char *name)
{
        Walk w = {0};

        if (faccessat(parentfd, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        return visit_remove(parentfd, name, &w);
}
