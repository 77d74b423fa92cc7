/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/layers.h"

#include "shim/images.h"
#include "sys/beneath.h"
#include "sys/mountfd.h"
#include "wire/plan.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define LOCK_TRIES      100
#define LOCK_PAUSE_USEC 10000

void layers_init(Layers *l)
{
        *l = (Layers){.store = -EBADF};
}

void layers_done(Layers *l)
{
        for (size_t i = 0; i < l->n; i++)
                (void)close_fd(l->all[i].fd);
        (void)close_fd(l->store);
        layers_init(l);
}

void layer_locks_done(LayerLocks *l)
{
        for (size_t i = 0; i < l->n; i++)
                (void)close_fd(l->fds[i]);
        *l = (LayerLocks){0};
}

static int clone_directory(const char *path)
{
        _cleanup_close_ int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

        return dir < 0 ? -errno : mountfd_clone(dir, "", 0);
}

/* Others hold the lock for moments only, and mostly leave the layer where it is. */
int layers_lock(int fd, int operation)
{
        for (int i = 0; flock(fd, operation | LOCK_NB) < 0; i++) {
                if (errno != EWOULDBLOCK && errno != EINTR)
                        return -errno;
                if (i >= LOCK_TRIES)
                        return -EBUSY;
                (void)usleep(LOCK_PAUSE_USEC);
        }
        return 0;
}

/* Who throws layers away locks them first: once we have the lock, the directory is the one that is
 * still there, or it is gone. */
static int lock_layer(int store, const char *name)
{
        _cleanup_close_ int fd =
                openat(store, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        struct stat locked, there, tree;

        if (fd < 0)
                return -errno;
        int r = layers_lock(fd, LOCK_SH);
        if (r < 0)
                return r;
        if (fstat(fd, &locked) < 0 || fstatat(store, name, &there, AT_SYMLINK_NOFOLLOW) < 0 ||
            fstatat(fd, "tree", &tree, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (locked.st_ino != there.st_ino || locked.st_dev != there.st_dev)
                return -ENOENT;
        return S_ISDIR(tree.st_mode) ? TAKE_FD(fd) : -ENOTDIR;
}

static int lock_all(const Layers *l, LayerLocks *locks, Failure *f)
{
        if (locks->is_complete)
                return 0;
        for (size_t i = 0; i < l->n; i++) {
                if (!l->all[i].name)
                        continue;
                int fd = lock_layer(l->store, l->all[i].name);
                if (fd < 0)
                        return failure_set(f, FAULT_START_FAILED, fd, "open image layer",
                                           l->all[i].name);
                locks->fds[locks->n++] = fd;
        }
        return 0;
}

static int open_step(Layers *l, int images, const PlanStep *s, Failure *f)
{
        Layer layer = {.fd = -EBADF};
        int fd = 0;

        if (l->n >= LAYERS_MAX)
                return failure_set(f, FAULT_START_FAILED, E2BIG, "stack layer", s->s);
        if (s->op == PLAN_LOWER)
                fd = layer.fd = clone_directory(s->s);
        else if (s->op == PLAN_LOWER_FD)
                fd = layer.fd = images_copy(images, (unsigned)s->a);
        else if (l->store < 0)
                fd = l->store = clone_directory(s->s);
        if (fd < 0)
                return failure_set(f, FAULT_START_FAILED, fd,
                                   s->op == PLAN_LOWER_FD ? "use the mount of" : "open directory",
                                   s->s);
        if (s->op == PLAN_LAYER)
                layer.name = s->t;
        l->all[l->n++] = layer;
        return 0;
}

static bool is_layer(const PlanStep *s)
{
        return s->op == PLAN_LOWER || s->op == PLAN_LOWER_FD || s->op == PLAN_LAYER;
}

int layers_open(Layers *l, LayerLocks *locks, int images, const void *plan, size_t n_plan,
                Failure *f)
{
        PlanStep s;

        PLAN_FOREACH (&s, plan, n_plan) {
                int r = is_layer(&s) ? open_step(l, images, &s, f) : 0;
                if (r < 0)
                        return r;
        }
        return lock_all(l, locks, f);
}

static int map_mount(int mountfd, int userns, const char *path, Failure *f)
{
        int r = mountfd_idmap(mountfd, userns, MOUNT_ATTR_RDONLY);

        if (r >= 0)
                return 0;
        return failure_set(f, r == -EINVAL ? FAULT_NOT_SUPPORTED : FAULT_START_FAILED, r,
                           "map the owners (does the file system take idmapped mounts?) of", path);
}

int layers_map(Layers *l, int userns, const void *plan, size_t n_plan, Failure *f)
{
        bool store_is_mapped = false;
        PlanStep s;
        size_t i = 0;

        PLAN_FOREACH (&s, plan, n_plan) {
                int r = 0;

                if (!is_layer(&s))
                        continue;
                if (l->all[i].fd >= 0)
                        r = map_mount(l->all[i].fd, userns, s.s, f);
                else if (!store_is_mapped) {
                        r = map_mount(l->store, userns, s.s, f);
                        store_is_mapped = true;
                }
                if (r < 0)
                        return r;
                i++;
        }
        return 0;
}

/* lodge-work mounts for nobody to run anything; the guest's own sudo is to work. */
int layers_map_usr(int mountfd, int userns, Failure *f)
{
        int r = mountfd_set(mountfd, MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID);

        r = r < 0 ? r : mountfd_idmap(mountfd, userns, MOUNT_ATTR_NODEV);
        return r < 0 ? failure_set(f, FAULT_START_FAILED, r, "map the owners of", "/usr") : 0;
}

int layers_attach_usr(int root, int usr)
{
        _cleanup_close_ int target = -EBADF;

        if (usr < 0)
                return 0;
        target = beneath_open(root, "/usr", O_PATH | O_DIRECTORY, 0);
        return target < 0 ? target : mountfd_attach(usr, target);
}
