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
#include <sys/xattr.h>

typedef struct Work {
        const OverlayArgs *args;
        Failure *failure;
} Work;

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

/* fsconfig(2) takes at most 255 bytes of a value, and overlayfs a list of layers in one value
 * (before Linux 6.7), so a layer's name is a single byte. All but '.', '/', and what overlayfs
 * takes for itself. */
static void layer_name(size_t i, char ret[static 2])
{
        static const char digits[] =
                "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                "_-+=@%^~!?;|&*()[]{}<>#$'`";

        ret[0] = i < sizeof(digits) - 1 ? digits[i] : (char)(0x80 + i - (sizeof(digits) - 1));
        ret[1] = '\0';
}

static int make_options(const OverlayArgs *a, char **ret)
{
        char lower[LAYERS_MAX * 2] = "", *out = lower;

        for (size_t i = 0; i < a->layers->n; i++) {
                if (i > 0)
                        *out++ = ':';
                layer_name(i, out++);
        }
        if (asprintf(ret, "lowerdir=%s,upperdir=upper/upper,workdir=upper/work,userxattr%s", lower,
                     a->upper->is_volatile ? ",volatile" : "") < 0)
                return -ENOMEM;
        return 0;
}

/* A layer of the store is a link into the one mount of them all. */
static int place_layer(int scratch, const Layer *layer, const char *name)
{
        char target[256];

        if (layer->fd >= 0)
                return mountfd_attach_new(layer->fd, scratch, name);
        if (snprintf(target, sizeof(target), "store/%s/tree", layer->name) >= (int)sizeof(target))
                return -ENAMETOOLONG;
        return symlinkat(target, scratch, name) < 0 ? -errno : 0;
}

/* Overlayfs takes its layers by path, and before Linux 6.15 only from mounts of the caller's
 * namespace. */
static int place_layers(int scratch, const Layers *layers)
{
        char name[2];
        int r = layers->store < 0 ? 0 : mountfd_attach_new(layers->store, scratch, "store");

        for (size_t i = 0; i < layers->n && r >= 0; i++) {
                layer_name(i, name);
                r = place_layer(scratch, &layers->all[i], name);
        }
        return r;
}

/* Without attributes of its files overlayfs cannot make a directory where one was taken away. */
static int check_memory(int memory, Failure *f)
{
        static const char attribute[] = "user.lodge.test";
        _cleanup_close_ int fd = openat(memory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                return -errno;
        if (fsetxattr(fd, attribute, "", 0, 0) >= 0)
                return fremovexattr(fd, attribute) < 0 ? -errno : 0;
        int r = failure_set(f, FAULT_NOT_SUPPORTED, errno, "mount", "tmpfs");
        return failure_reason(
                f, FAULT_NOT_SUPPORTED, r, "mount",
                "WritableLayerMedium=memory needs Linux 6.6: the tmpfs of this kernel "
                "takes no user attributes");
}

/* Of the guest's own user namespace, so that it takes what overlayfs notes with its files. */
static int place_upper(int scratch, const Upper *upper, Failure *f)
{
        _cleanup_close_ int memory = -EBADF;
        char options[64] = "mode=0700";

        if (!upper->is_memory)
                return mountfd_attach_new(upper->fd, scratch, "upper");
        if (upper->memory_bytes > 0)
                (void)snprintf(options, sizeof(options), "mode=0700,size=%llu",
                               (unsigned long long)upper->memory_bytes);
        memory = mountfd_new("tmpfs", options, MOUNT_ATTR_NODEV);
        int r = memory < 0 ? memory : check_memory(memory, f);
        return r < 0 ? r : mountfd_attach_new(memory, scratch, "upper");
}

/* Everything below happens in a directory of a tmpfs that nobody else sees and that goes with us.
 */
static int prepare_scratch(const OverlayArgs *a, Failure *f)
{
        _cleanup_close_ int scratch = mountfd_new("tmpfs", "mode=0700,size=1m", 0), at = -EBADF;

        if (scratch < 0)
                return failure_set(f, FAULT_START_FAILED, scratch, "mount", "tmpfs");
        at = open(LODGE_RUNTIME, O_PATH | O_DIRECTORY | O_CLOEXEC);
        int r = at < 0 ? -errno : mountfd_attach(scratch, at);
        if (r < 0 || fchdir(scratch) < 0)
                return failure_set(f, FAULT_START_FAILED, r < 0 ? r : errno, "mount",
                                   LODGE_RUNTIME);
        r = place_layers(scratch, a->layers);
        if (r < 0)
                return failure_set(f, FAULT_START_FAILED, r, "attach", "image layer");
        r = place_upper(scratch, a->upper, f);
        r = r < 0 ? r : make_upper(scratch);
        return r < 0 ? failure_set(f, FAULT_START_FAILED, r, "prepare", "writable layer") : 0;
}

static int furnish(int root, const void *plan, size_t n_plan, Failure *f)
{
        StageContext c = {.plan = plan, .n_plan = n_plan, .root = root, .leader_pidfd = -EBADF};

        return stage_execute(&c, PLAN_STAGE_TREE, f);
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
        if (a->plan)
                r = furnish(fd, a->plan, a->n_plan, w->failure);
        if (r >= 0 && a->files)
                r = furnish(fd, a->files, a->n_files, w->failure);
        return r < 0 ? r : TAKE_FD(fd);
}

int overlay_mount(const OverlayArgs *args, Failure *f)
{
        Work w = {.args = args, .failure = f};

        int r = process_call(CLONE_NEWNS, mount_and_furnish, &w);
        return r < 0 ? failure_set(f, FAULT_START_FAILED, r, "mount", "overlay") : r;
}
