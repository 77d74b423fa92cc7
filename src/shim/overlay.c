/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/overlay.h"

#include "base/names.h"
#include "shim/stage.h"
#include "sys/mountfd.h"
#include "sys/process.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

typedef struct Work {
        const OverlayArgs *args;
        Failure *failure;
} Work;

/* Attaches a layer in the scratch directory. Overlayfs takes its layers by path, and before
 * Linux 6.15 only from mounts of the caller's namespace. */
static int attach_layer(int scratch, const char *name, int layer)
{
        _cleanup_close_ int target = -EBADF;

        if (mkdirat(scratch, name, 0700) < 0)
                return -errno;
        target = openat(scratch, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
        return target < 0 ? -errno : mountfd_attach(layer, target);
}

/* The merged root directory shows the owner and mode of the upper one: make them those of the
 * image. */
static int make_upper(int scratch)
{
        _cleanup_close_ int upper = openat(scratch, "upper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct stat st;

        if (upper < 0)
                return -errno;
        if (mkdirat(upper, "work", 0700) < 0 && errno != EEXIST)
                return -errno;
        if (mkdirat(upper, "upper", 0755) < 0)
                return errno == EEXIST ? 0 : -errno;
        if (fstatat(scratch, "0", &st, 0) < 0 ||
            fchownat(upper, "upper", st.st_uid, st.st_gid, 0) < 0 ||
            fchmodat(upper, "upper", st.st_mode & 07777, 0) < 0)
                return -errno;
        return 0;
}

static int make_options(const OverlayArgs *a, char **ret)
{
        char lower[OVERLAY_LAYERS_MAX * 4] = "";
        size_t n = 0;

        for (size_t i = 0; i < a->n_layers; i++)
                n += (size_t)snprintf(lower + n, sizeof(lower) - n, "%s%zu", i > 0 ? ":" : "", i);
        if (asprintf(ret, "lowerdir=%s,upperdir=upper/upper,workdir=upper/work,userxattr%s", lower,
                     a->is_volatile ? ",volatile" : "") < 0)
                return -ENOMEM;
        return 0;
}

/* Everything below happens in a directory of a tmpfs that nobody else sees and that goes with us.
 */
static int prepare_scratch(const OverlayArgs *a, Failure *f)
{
        _cleanup_close_ int scratch = mountfd_new("tmpfs", "mode=0700,size=1m", 0), at = -EBADF;
        char name[24];

        if (scratch < 0)
                return failure_set(f, FAULT_START_FAILED, scratch, "mount", "tmpfs");
        at = open(LODGE_RUNTIME, O_PATH | O_DIRECTORY | O_CLOEXEC);
        int r = at < 0 ? -errno : mountfd_attach(scratch, at);
        if (r < 0 || fchdir(scratch) < 0)
                return failure_set(f, FAULT_START_FAILED, r < 0 ? r : errno, "mount",
                                   LODGE_RUNTIME);
        for (size_t i = 0; i < a->n_layers; i++) {
                (void)snprintf(name, sizeof(name), "%zu", i);
                r = attach_layer(scratch, name, a->layers[i]);
                if (r < 0)
                        return failure_set(f, FAULT_START_FAILED, r, "attach", "image layer");
        }
        r = attach_layer(scratch, "upper", a->upper);
        r = r < 0 ? r : make_upper(scratch);
        return r < 0 ? failure_set(f, FAULT_START_FAILED, r, "prepare", "writable layer") : 0;
}

static int mount_and_furnish(void *arg)
{
        Work *w = arg;
        const OverlayArgs *a = w->args;
        _cleanup_free_ char *options = NULL;
        _cleanup_close_ int fd = -EBADF;

        int r = prepare_scratch(a, w->failure);
        if (r < 0)
                return r;
        r = make_options(a, &options);
        fd = r < 0 ? r : mountfd_new("overlay", options, MOUNT_ATTR_NODEV);
        if (fd < 0)
                return failure_set(w->failure, FAULT_START_FAILED, fd, "mount", "overlay");
        StageContext c = {.plan = a->plan, .n_plan = a->n_plan, .root = fd, .leader_pidfd = -EBADF};
        r = stage_execute(&c, PLAN_STAGE_TREE, w->failure);
        return r < 0 ? r : TAKE_FD(fd);
}

int overlay_mount(const OverlayArgs *args, Failure *f)
{
        Work w = {.args = args, .failure = f};

        int r = process_call(CLONE_NEWNS, mount_and_furnish, &w);
        return r < 0 ? failure_set(f, FAULT_START_FAILED, r, "mount", "overlay") : r;
}
