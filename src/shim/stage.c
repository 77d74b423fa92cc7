/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/stage.h"

#include "base/io.h"
#include "base/text.h"
#include "sys/beneath.h"
#include "sys/mountfd.h"
#include "sys/process.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static uint64_t mount_attributes(uint32_t flags)
{
        return (flags & PLAN_RDONLY ? MOUNT_ATTR_RDONLY : 0) |
               (flags & PLAN_NOSUID ? MOUNT_ATTR_NOSUID : 0) |
               (flags & PLAN_NODEV ? MOUNT_ATTR_NODEV : 0) |
               (flags & PLAN_NOEXEC ? MOUNT_ATTR_NOEXEC : 0);
}

static int attach(int root, const char *path, int mountfd)
{
        _cleanup_close_ int target = beneath_open(root, path, O_PATH, 0);

        return target < 0 ? target : mountfd_attach(mountfd, target);
}

int stage_attach_file(int root, const char *path, int mountfd)
{
        const char *name;
        _cleanup_close_ int parent = beneath_parent(root, path, &name);

        if (parent < 0)
                return parent;
        if (mknodat(parent, name, S_IFREG | 0644, 0) < 0 && errno != EEXIST)
                return -errno;
        return attach(root, path, mountfd);
}

/* Makes what was made belong to the guest's root; nothing to do where we are that root. */
static int give(const StageContext *c, int parent, const char *name)
{
        if (c->owner != 0 && fchownat(parent, name, c->owner, c->owner, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        return 0;
}

static int step_directory(StageContext *c, const PlanStep *s)
{
        const char *name;

        int r = beneath_mkdir(c->root, s->s, (mode_t)s->a);
        if (r <= 0)
                return r;
        _cleanup_close_ int parent = beneath_parent(c->root, s->s, &name);
        return parent < 0 ? parent : give(c, parent, name);
}

static int step_file(StageContext *c, const PlanStep *s)
{
        const char *name;
        _cleanup_close_ int parent = beneath_parent(c->root, s->s, &name), fd = -EBADF;

        if (s->stage == PLAN_STAGE_TREE) {
                if (parent == -ENOENT)
                        return 0;
                int r = beneath_replace(c->root, s->s, s->data, s->n_data, (mode_t)s->a);
                return r < 0 ? r : 0;
        }
        if (parent < 0)
                return parent;
        fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                    (mode_t)s->a);
        if (fd < 0)
                return -errno;
        int r = write_all(fd, s->data, s->n_data);
        return r < 0 ? r : give(c, parent, name);
}

typedef struct NewMount {
        const char *type, *options;
        uint64_t attributes;
        int leader_pidfd;
} NewMount;

/* proc shows the pid namespace, sysfs the network namespace, of the process that makes the
 * instance. */
static int new_mount_inside(void *arg)
{
        NewMount *m = arg;

        if (setns(m->leader_pidfd, CLONE_NEWNET) < 0)
                return -errno;
        return mountfd_new(m->type, m->options, m->attributes);
}

static int step_mount(StageContext *c, const PlanStep *s)
{
        _cleanup_free_ char *owned = NULL;
        NewMount m = {
                .type = s->t,
                .options = s->data && *(const char *)s->data ? s->data : NULL,
                .attributes = mount_attributes(s->flags),
                .leader_pidfd = c->leader_pidfd,
        };
        bool inside = streq(s->t, "proc") || streq(s->t, "sysfs");

        if (streq(s->t, "tmpfs") && c->owner != 0) {
                if (asprintf(&owned, "%s%suid=%u,gid=%u", m.options ?: "", m.options ? "," : "",
                             c->owner, c->owner) < 0)
                        return -ENOMEM;
                m.options = owned;
        }
        _cleanup_close_ int fd = inside && c->leader_pidfd >= 0
                                         ? process_call(0, new_mount_inside, &m)
                                         : mountfd_new(m.type, m.options, m.attributes);
        if (fd < 0)
                return fd;
        int r = attach(c->root, s->s, fd);
        if (r >= 0 && streq(s->t, "devpts"))
                c->pts = TAKE_FD(fd);
        return r;
}

static int step_device(StageContext *c, const PlanStep *s)
{
        const char *name;
        _cleanup_close_ int parent = beneath_parent(c->root, s->s, &name);

        if (parent < 0)
                return parent;
        if (mknodat(parent, name, S_IFCHR | 0666, makedev((unsigned)s->a, (unsigned)s->b)) < 0 ||
            fchmodat(parent, name, 0666, 0) < 0)
                return -errno;
        return give(c, parent, name);
}

static int step_symlink(StageContext *c, const PlanStep *s)
{
        const char *name;
        _cleanup_close_ int parent = beneath_parent(c->root, s->s, &name);

        if (parent < 0)
                return parent;
        if (symlinkat(s->t, parent, name) < 0)
                return -errno;
        return give(c, parent, name);
}

static int step_mask(StageContext *c, const PlanStep *s)
{
        _cleanup_close_ int target = beneath_open(c->root, s->s, O_PATH, 0), fd = -EBADF;
        struct stat st;

        if (target < 0)
                return target == -ENOENT ? 0 : target;
        if (fstat(target, &st) < 0)
                return -errno;
        fd = mountfd_clone(S_ISDIR(st.st_mode) ? c->mask_directory : c->mask_file, "", 0);
        return fd < 0 ? fd : mountfd_attach(fd, target);
}

/* Bind over itself. The mounts below come along as they are, so a PLAN_WRITABLE one stays writable.
 */
static int step_rebind(StageContext *c, const PlanStep *s)
{
        _cleanup_close_ int target = beneath_open(c->root, s->s, O_PATH, 0), fd = -EBADF;

        if (target < 0)
                return target == -ENOENT ? 0 : target;
        fd = mountfd_clone(target, "", 1);
        if (fd < 0)
                return fd;
        if (s->op == PLAN_READONLY) {
                int r = mountfd_set(fd, MOUNT_ATTR_RDONLY, 0);
                if (r < 0)
                        return r;
        }
        return mountfd_attach(fd, target);
}

static int step_bind(StageContext *c, const PlanStep *s, size_t index)
{
        if (index >= STAGE_BINDS_MAX)
                return -E2BIG;
        if (c->binds[index] < 0)
                return c->binds[index];
        int r = mountfd_set(c->binds[index], mount_attributes(s->flags), 0);
        return r < 0 ? r : stage_attach_file(c->root, s->t, c->binds[index]);
}

static int execute_step(StageContext *c, const PlanStep *s, size_t *n_binds)
{
        switch (s->op) {
        case PLAN_DIRECTORY: return step_directory(c, s);
        case PLAN_FILE: return step_file(c, s);
        case PLAN_MOUNT: return step_mount(c, s);
        case PLAN_DEVICE: return step_device(c, s);
        case PLAN_SYMLINK: return step_symlink(c, s);
        case PLAN_MASK: return step_mask(c, s);
        case PLAN_READONLY:
        case PLAN_WRITABLE: return step_rebind(c, s);
        case PLAN_BIND: return step_bind(c, s, (*n_binds)++);
        default: return -EPROTO; /* the plan's compiler put it in the wrong stage */
        }
}

static const char *step_phase(const PlanStep *s)
{
        switch (s->op) {
        case PLAN_MOUNT:
        case PLAN_BIND: return "mount";
        case PLAN_MASK:
        case PLAN_READONLY:
        case PLAN_WRITABLE: return "protect";
        default: return "create";
        }
}

static int step_failed(const PlanStep *s, int r, Failure *f)
{
        const char *path = s->op == PLAN_BIND ? s->t : s->s;
        char sentence[256];

        if (r != -ELOOP)
                return failure_set(f, FAULT_START_FAILED, r, step_phase(s), path);
        (void)snprintf(
                sentence, sizeof(sentence),
                "'%s' of the image is a symbolic link, or lies behind one; it must be a real directory",
                path);
        (void)failure_set(f, FAULT_START_FAILED, r, step_phase(s), path);
        return failure_reason(f, FAULT_START_FAILED, r, step_phase(s), sentence);
}

int stage_execute(StageContext *c, PlanStage stage, Failure *f)
{
        size_t n_binds = 0;
        PlanStep s;

        c->pts = -EBADF;
        PLAN_FOREACH (&s, c->plan, c->n_plan) {
                if (s.stage != stage)
                        continue;
                int r = execute_step(c, &s, &n_binds);
                if (r < 0 && !(s.flags & PLAN_OPTIONAL))
                        return step_failed(&s, r, f);
        }
        return 0;
}
