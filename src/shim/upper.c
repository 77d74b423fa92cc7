/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/upper.h"

#include "sys/file-system.h"
#include "sys/mountfd.h"
#include "sys/quota.h"
#include "wire/plan.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>

int upper_drop(const void *plan, size_t n_plan)
{
        _cleanup_free_ char *target = NULL;
        unsigned random = 0;
        PlanStep s;

        if (!plan_find(plan, n_plan, PLAN_UPPER, &s) || !s.t)
                return 0;
        if (getrandom(&random, sizeof(random), 0) < 0)
                return -errno;
        const char *base = strrchr(s.s, '/');
        if (asprintf(&target, "%s/%s.%08x", s.t, base ? base + 1 : s.s, random) < 0)
                return -ENOMEM;
        if (renameat2(AT_FDCWD, s.s, AT_FDCWD, target, RENAME_NOREPLACE) < 0 && errno != ENOENT)
                return -errno;
        return 0;
}

static int make_directory(const char *path, bool with_limit)
{
        _cleanup_free_ char *parent = strdup(path);
        char *slash = parent ? strrchr(parent, '/') : NULL;
        _cleanup_close_ int fd = -EBADF;

        if (!slash)
                return parent ? -EINVAL : -ENOMEM;
        if (!with_limit)
                return mkdir(path, 0700) < 0 ? -errno : 0;
        *slash = '\0';
        fd = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : quota_mkdir(fd, slash + 1);
}

static int limit_failed(const char *path, int dir, int r, Failure *f)
{
        const char *type = file_system_name(dir);
        char sentence[256];

        if (r == -EOPNOTSUPP)
                (void)snprintf(sentence, sizeof(sentence),
                               "WritableLayerSize= is not supported on this file system (%s)",
                               type);
        else if (r == -ESRCH)
                (void)snprintf(
                        sentence, sizeof(sentence),
                        "WritableLayerSize= is not supported on this file system (%s): %s", type,
                        strcmp(type, "btrfs") == 0 ? "switch its quotas on by 'btrfs quota enable'"
                                                   : "mount it with the option prjquota");
        else if (r == -ENOTEMPTY)
                (void)snprintf(
                        sentence, sizeof(sentence),
                        "WritableLayerSize= cannot bound a writable layer that was made without: "
                        "reset the machine first");
        else
                return failure_set(f, FAULT_START_FAILED, r, "limit the size of", path);
        (void)failure_set(f, r == -ENOTEMPTY ? FAULT_START_FAILED : FAULT_NOT_SUPPORTED, r,
                          "limit the size of", path);
        return failure_reason(f, FAULT_NOT_SUPPORTED, r, "limit the size of", sentence);
}

static int limit(const char *path, uint32_t project, uint64_t bytes, Failure *f)
{
        _cleanup_close_ int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r = dir < 0 ? -errno : quota_limit(dir, project, bytes);

        return r < 0 ? limit_failed(path, dir, r, f) : 0;
}

static int open_directory(const char *path, Failure *f)
{
        _cleanup_close_ int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        int fd = dir < 0 ? -errno : mountfd_clone(dir, "", 0);

        return fd < 0 ? failure_set(f, FAULT_START_FAILED, fd, "open directory", path) : fd;
}

static int open_on_disk(const void *plan, size_t n_plan, const PlanStep *s, bool is_reboot,
                        uint32_t project, Failure *f)
{
        PlanStep size = {0};
        bool has_limit = plan_find(plan, n_plan, PLAN_LIMIT, &size);
        int r = 0;

        if (s->flags & PLAN_FRESH && !is_reboot) /* the last run was killed before it could */
                r = upper_drop(plan, n_plan);
        if (r < 0)
                return failure_set(f, FAULT_START_FAILED, r, "drop the writable layer", s->s);
        r = make_directory(s->s, has_limit);
        if (r < 0 && r != -EEXIST)
                return failure_set(f, r == -ENOSPC ? FAULT_NO_SPACE : FAULT_START_FAILED, r,
                                   "make directory", s->s);
        /* one that was there may have had a limit, too */
        if (has_limit || r == -EEXIST)
                r = limit(s->s, project, size.a, f);
        return r < 0 ? r : open_directory(s->s, f);
}

int upper_open(const void *plan, size_t n_plan, bool is_reboot, uint32_t project, Upper *ret,
               Failure *f)
{
        PlanStep s;

        *ret = (Upper){.fd = -EBADF};
        if (plan_find(plan, n_plan, PLAN_MEMORY, &s)) {
                *ret = (Upper){.fd = -EBADF,
                               .is_memory = true,
                               .is_volatile = s.flags & PLAN_VOLATILE,
                               .memory_bytes = s.a};
                return 0;
        }
        if (!plan_find(plan, n_plan, PLAN_UPPER, &s))
                return failure_set(f, FAULT_START_FAILED, EPROTO, "use",
                                   "plan without writable layer");
        ret->fd = open_on_disk(plan, n_plan, &s, is_reboot, project, f);
        ret->is_volatile = s.flags & PLAN_VOLATILE;
        return ret->fd < 0 ? ret->fd : 0;
}

int upper_lock(const void *plan, size_t n_plan, LayerLocks *locks, Failure *f)
{
        _cleanup_close_ int fd = -EBADF;
        PlanStep s;

        if (!locks->is_complete && plan_find(plan, n_plan, PLAN_UPPER, &s) &&
            !(s.flags & PLAN_FRESH)) {
                fd = open(s.s, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                int r = fd < 0 ? -errno : layers_lock(fd, LOCK_EX);
                if (r == -EBUSY)
                        return failure_reason(f, FAULT_BUSY, r, "lock",
                                              "its writable layer is in use: files are being "
                                              "copied, or it runs");
                if (r < 0)
                        return failure_set(f, FAULT_START_FAILED, r, "lock", s.s);
                locks->fds[locks->n++] = TAKE_FD(fd);
        }
        locks->is_complete = true;
        return 0;
}

int upper_map(const Upper *u, int userns, const void *plan, size_t n_plan, Failure *f)
{
        PlanStep s;
        int r = u->is_memory ? 0 : mountfd_idmap(u->fd, userns, MOUNT_ATTR_NODEV);

        if (r >= 0 || !plan_find(plan, n_plan, PLAN_UPPER, &s))
                return r;
        return failure_set(f, r == -EINVAL ? FAULT_NOT_SUPPORTED : FAULT_START_FAILED, r,
                           "map the owners (does the file system take idmapped mounts?) of", s.s);
}
