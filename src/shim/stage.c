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

uint64_t stage_attributes(uint32_t flags)
{
        return (flags & PLAN_RDONLY ? MOUNT_ATTR_RDONLY : 0) |
               (flags & PLAN_NOSUID ? MOUNT_ATTR_NOSUID : 0) |
               (flags & PLAN_NODEV ? MOUNT_ATTR_NODEV : 0) |
               (flags & PLAN_NOEXEC ? MOUNT_ATTR_NOEXEC : 0);
}

int stage_attach_file(int root, const char *path, int mountfd)
{
        const char *name;
        _cleanup_close_ int parent = beneath_parent(root, path, &name);

        if (parent < 0)
                return parent;
        if (mknodat(parent, name, S_IFREG | 0644, 0) < 0 && errno != EEXIST)
                return -errno;
        return mountfd_attach_at(mountfd, parent, name);
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

static int step_sysctl(StageContext *c, const PlanStep *s)
{
        const char *name, *value = s->data ?: "";
        _cleanup_close_ int parent = beneath_parent(c->root, s->s, &name), fd = -EBADF;

        if (parent < 0)
                return parent;
        fd = openat(parent, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
        return fd < 0 ? -errno : write_all(fd, value, strlen(value));
}

static const char *mount_options(const PlanStep *s)
{
        return s->data && *(const char *)s->data ? s->data : NULL;
}

/* proc shows the pid namespace, sysfs the network namespace, of the process that makes the
 * instance. */
static bool is_made_inside(const StageContext *c, const PlanStep *s)
{
        return s->op == PLAN_MOUNT && c->leader_pidfd >= 0 &&
               (streq(s->t, "proc") || streq(s->t, "sysfs"));
}

typedef struct StageState {
        const StageContext *context;
        PlanStage stage;
        size_t n_binds;               /* taken so far */
        int inside[STAGE_INSIDE_MAX]; /* mounts of make_inside(), in the order of their steps */
        size_t n_inside, n_inside_taken;
        PlanStep failed;
        int spare_file, spare_directory; /* clones of the masks */
} StageState;

/* One child for all of them. */
static int make_inside(void *arg)
{
        StageState *state = arg;
        const StageContext *c = state->context;
        PlanStep s;

        if (setns(c->leader_pidfd, CLONE_NEWNET) < 0)
                return -errno;
        PLAN_FOREACH (&s, c->plan, c->n_plan) {
                if (s.stage != state->stage || !is_made_inside(c, &s))
                        continue;
                state->failed = s;
                int fd = state->n_inside < STAGE_INSIDE_MAX
                                 ? mountfd_new(s.t, mount_options(&s), stage_attributes(s.flags))
                                 : -E2BIG;
                if (fd < 0)
                        return fd;
                state->inside[state->n_inside++] = fd;
        }
        return 0;
}

static void state_done(StageState *state)
{
        for (size_t i = state->n_inside_taken; i < state->n_inside; i++)
                (void)close_fd(state->inside[i]);
        (void)close_fd(state->spare_file);
        (void)close_fd(state->spare_directory);
}

static int new_mount(StageContext *c, const PlanStep *s, StageState *state)
{
        _cleanup_free_ char *owned = NULL;
        const char *options = mount_options(s);

        if (is_made_inside(c, s))
                return state->inside[state->n_inside_taken++];
        if (streq(s->t, "tmpfs") && c->owner != 0) {
                if (asprintf(&owned, "%s%suid=%u,gid=%u", options ?: "", options ? "," : "",
                             c->owner, c->owner) < 0)
                        return -ENOMEM;
                options = owned;
        }
        return mountfd_new(s->t, options, stage_attributes(s->flags));
}

static int step_mount(StageContext *c, const PlanStep *s, StageState *state)
{
        _cleanup_close_ int fd = new_mount(c, s, state);

        if (fd < 0)
                return fd;
        int r = mountfd_attach_at(fd, c->root, s->s + 1);
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

/* Most paths are there on some kernels only: a clone that was not needed waits for the next. */
static int attach_mask(int source, int *spare, int root, const char *path)
{
        if (*spare < 0)
                *spare = mountfd_clone(source, "", 0);
        int r = *spare < 0 ? *spare : mountfd_attach_at(*spare, root, path);
        if (r >= 0)
                *spare = close_fd(*spare);
        return r;
}

static int step_mask(StageContext *c, const PlanStep *s, StageState *state)
{
        int r = attach_mask(c->mask_file, &state->spare_file, c->root, s->s + 1);

        if (r == -EINVAL)
                r = attach_mask(c->mask_directory, &state->spare_directory, c->root, s->s + 1);
        return r == -ENOENT ? 0 : r;
}

/* Bind over itself. The mounts below come along as they are, so a PLAN_WRITABLE one stays writable.
 */
static int step_rebind(StageContext *c, const PlanStep *s)
{
        _cleanup_close_ int fd = mountfd_clone(c->root, s->s + 1, 1);

        if (fd < 0)
                return fd == -ENOENT ? 0 : fd;
        int r = s->op == PLAN_READONLY ? mountfd_set(fd, MOUNT_ATTR_RDONLY, 0) : 0;
        return r < 0 ? r : mountfd_attach_at(fd, c->root, s->s + 1);
}

static int step_bind(StageContext *c, const PlanStep *s, size_t index)
{
        if (index >= STAGE_BINDS_MAX)
                return -E2BIG;
        if (c->binds[index] < 0)
                return c->binds[index];
        int r = mountfd_set(c->binds[index], stage_attributes(s->flags), 0);
        return r < 0 ? r : stage_attach_file(c->root, s->t, c->binds[index]);
}

static int execute_step(StageContext *c, const PlanStep *s, StageState *state)
{
        switch (s->op) {
        case PLAN_DIRECTORY: return step_directory(c, s);
        case PLAN_FILE: return step_file(c, s);
        case PLAN_SYSCTL: return step_sysctl(c, s);
        case PLAN_MOUNT: return step_mount(c, s, state);
        case PLAN_DEVICE: return step_device(c, s);
        case PLAN_SYMLINK: return step_symlink(c, s);
        case PLAN_MASK: return step_mask(c, s, state);
        case PLAN_READONLY:
        case PLAN_WRITABLE: return step_rebind(c, s);
        case PLAN_BIND: return step_bind(c, s, state->n_binds++);
        case PLAN_LINK_UP:
        case PLAN_ADDRESS:
        case PLAN_RATE:
        case PLAN_ROUTE: return 0; /* network.c's, which does not sit in the guest */
        default: return -EPROTO;   /* the plan's compiler put it in the wrong stage */
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

int stage_step_failed(const PlanStep *s, int r, Failure *f)
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

static int execute_steps(StageContext *c, StageState *state, Failure *f)
{
        PlanStep s;

        PLAN_FOREACH (&s, c->plan, c->n_plan) {
                if (s.stage != state->stage)
                        continue;
                int r = execute_step(c, &s, state);
                if (r < 0 && !(s.flags & PLAN_OPTIONAL))
                        return stage_step_failed(&s, r, f);
        }
        return 0;
}

int stage_execute(StageContext *c, PlanStage stage, Failure *f)
{
        StageState state = {
                .context = c, .stage = stage, .spare_file = -EBADF, .spare_directory = -EBADF};
        int r = 0;

        c->pts = -EBADF;
        if (c->leader_pidfd >= 0)
                r = process_call(0, make_inside, &state);
        r = r < 0 ? stage_step_failed(&state.failed, r, f) : execute_steps(c, &state, f);
        state_done(&state);
        return r;
}
