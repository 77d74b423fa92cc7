/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/mounts.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "sys/process.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>

#define STACKED_MAX 4096 /* mounts that a guest may have put on top of one of ours */

bool mounts_is_one(const PlanStep *s)
{
        return s->stage == PLAN_STAGE_ROOT && (s->op == PLAN_SHARE || s->op == PLAN_MOUNT);
}

const char *mounts_target(const PlanStep *s)
{
        return s->op == PLAN_SHARE ? s->t : s->s;
}

bool mounts_are_some(const Mounts *m)
{
        PlanStep s;

        PLAN_FOREACH (&s, m->plan, m->n_plan)
                if (mounts_is_one(&s))
                        return true;
        return false;
}

/* Return: its place among those that mount; SIZE_MAX: there is none. */
static size_t find(const Mounts *m, const char *target)
{
        PlanStep s;
        size_t n = 0;

        PLAN_FOREACH (&s, m->plan, m->n_plan) {
                if (!mounts_is_one(&s))
                        continue;
                if (streq(mounts_target(&s), target))
                        return n;
                n++;
        }
        return SIZE_MAX;
}

/* All steps of @plan for PLAN_STAGE_ROOT but that for @without. */
static void copy_steps(PlanWriter *w, const void *plan, size_t n_plan, const char *without)
{
        PlanStep s;

        PLAN_FOREACH (&s, plan, n_plan)
                if (s.stage == PLAN_STAGE_ROOT &&
                    !(without && mounts_is_one(&s) && streq(mounts_target(&s), without)))
                        plan_add(w, s);
}

int mounts_take(Mounts *m, const void *plan, size_t n_plan)
{
        PlanWriter w = {0};

        copy_steps(&w, plan, n_plan, NULL);
        return plan_writer_take(&w, &m->plan, &m->n_plan);
}

int mounts_pin(Mounts *m, int fd)
{
        int *grown = reallocarray(m->pins, m->n_pins + 1, sizeof(int));

        if (!grown) {
                (void)close_fd(fd);
                return -ENOMEM;
        }
        m->pins = grown;
        m->pins[m->n_pins++] = fd;
        return 0;
}

void mounts_unpin(Mounts *m)
{
        for (size_t i = 0; i < m->n_pins; i++)
                (void)close_fd(m->pins[i]);
        free(m->pins);
        m->pins = NULL;
        m->n_pins = 0;
}

/* ---- unmounting ---- */

typedef struct Unmount {
        int leader, fd;
} Unmount;

/* By the mount itself: no path of the guest is looked up. What the guest has mounted over it is on
 * top, and goes first. EINVAL: it is not mounted any more. */
static int unmount_all(const char *path)
{
        for (int i = 0; i < STACKED_MAX; i++)
                if (umount2(path, MNT_DETACH) < 0)
                        return errno == EINVAL ? 0 : -errno;
        return -EBUSY;
}

static int unmount_inside(void *arg)
{
        const Unmount *u = arg;
        _cleanup_close_ int fds = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
        char name[16];

        if (fds < 0 || setns(u->leader, CLONE_NEWNS) < 0 || fchdir(fds) < 0)
                return -errno;
        (void)snprintf(name, sizeof(name), "%d", u->fd);
        return unmount_all(name);
}

static int unmount(int leader, int fd)
{
        Unmount u = {leader, fd};
        int r = process_call(0, unmount_inside, &u);

        process_call_reap();
        return r;
}

/* ---- while the machine runs ---- */

static int add(Mounts *m, const void *plan, size_t n_plan)
{
        PlanWriter w = {0};

        copy_steps(&w, m->plan, m->n_plan, NULL);
        copy_steps(&w, plan, n_plan, NULL);
        return plan_writer_take(&w, &m->plan, &m->n_plan);
}

int mounts_add(Mounts *m, const void *plan, size_t n_plan, int fd, int leader, Failure *f)
{
        int r = add(m, plan, n_plan);

        if (r < 0) {
                (void)unmount(leader, fd);
                (void)close_fd(fd);
                return failure_set(f, FAULT_FAILED, r, "note", "a mount");
        }
        return mounts_pin(m, fd);
}

int mounts_remove(Mounts *m, const char *target, int leader, Failure *f)
{
        size_t i = find(m, target);
        PlanWriter w = {0};

        if (i >= m->n_pins)
                return failure_set(f, FAULT_FAILED, ENOENT, "unmount", target);
        int r = unmount(leader, m->pins[i]);
        if (r < 0)
                return failure_set(f, FAULT_FAILED, r, "unmount", target);
        copy_steps(&w, m->plan, m->n_plan, target);
        r = plan_writer_take(&w, &m->plan, &m->n_plan);
        if (r < 0)
                return failure_set(f, FAULT_FAILED, r, "forget the mount at", target);
        (void)close_fd(m->pins[i]);
        m->n_pins--;
        memmove(m->pins + i, m->pins + i + 1, (m->n_pins - i) * sizeof(int));
        return 0;
}

void mounts_tell(const Mounts *m, FrameWriter *w)
{
        PlanStep s;

        PLAN_FOREACH (&s, m->plan, m->n_plan) {
                if (!mounts_is_one(&s))
                        continue;
                frame_add_string(w, FRAME_MOUNT, mounts_target(&s));
                frame_add_string(w, FRAME_SOURCE, s.op == PLAN_SHARE ? s.s : NULL);
                frame_add_string(w, FRAME_OPTIONS,
                                 s.op == PLAN_MOUNT && s.n_data > 0 ? s.data : NULL);
                frame_add_number(w, FRAME_FLAGS, s.flags);
                frame_add_number(w, FRAME_STEP_A, s.a);
                frame_add_number(w, FRAME_STEP_B, s.b);
        }
}
