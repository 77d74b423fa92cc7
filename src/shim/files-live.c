/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/files-live.h"

#include "base/text.h"
#include "shim/shim.h"
#include "sys/beneath.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define DEADLINE_USEC 20000000ULL
#define FILE_SIZE_MAX (1U << 20)
#define FILE_MODE     0644

/* ---- the child: the guest's root, in its mount namespace ---- */

/* What somebody inside has changed is theirs. Return: 1 it says what it is expected to. */
static int is_as_expected(int root, const PlanStep *s)
{
        _cleanup_free_ char *text = NULL;
        size_t n = 0;

        if (!*s->t)
                return 1;
        int r = beneath_read(root, s->s, FILE_SIZE_MAX, &text, &n);
        if (r == -ENOENT || r == -EFBIG || r == -EBADFD || r == -ELOOP)
                return 0;
        return r < 0 ? r : n == strlen(s->t) && memcmp(text, s->t, n) == 0;
}

static int rewrite(int root, const PlanStep *s)
{
        int r = is_as_expected(root, s);

        if (r > 0)
                r = beneath_replace(root, s->s, s->data, s->n_data, FILE_MODE);
        return r == -ENOENT ? 0 : r; /* no directory for it */
}

static int rewrite_all(const Shim *s, Failure *f)
{
        PlanStep step;

        int r = guest_work_enter(s->leader.pidfd);
        _cleanup_close_ int root = r < 0 ? r : open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root < 0)
                return failure_set(f, FAULT_FAILED, r < 0 ? r : errno, "enter", s->name);
        PLAN_FOREACH (&step, s->work.plan, s->work.n_plan) {
                r = rewrite(root, &step);
                if (r < 0)
                        return failure_set(f, FAULT_FAILED, r, "write", step.s);
        }
        return 0;
}

_noreturn_ static void work(Shim *s, int result)
{
        FrameWriter w = {0};
        Failure f = {0};
        int r = rewrite_all(s, &f);

        if (r >= 0)
                frame_begin(&w, FRAME_DONE, 0);
        else
                guest_work_fail(s, &w, r, &f);
        (void)frame_send(result, &w);
        _exit(0);
}

/* ---- the supervisor ---- */

static bool is_sound(const void *plan, size_t n_plan)
{
        PlanStep s;

        PLAN_FOREACH (&s, plan, n_plan)
                if (s.op != PLAN_REWRITE)
                        return false;
        return true;
}

static bool has_path(const void *plan, size_t n_plan, const char *path)
{
        PlanStep s;

        PLAN_FOREACH (&s, plan, n_plan)
                if (streq(s.s, path))
                        return true;
        return false;
}

/* A reboot from inside must not go back to what the machine was started with. */
static int note(Shim *s, const void *plan, size_t n_plan)
{
        PlanWriter w = {0};
        PlanStep step;

        if (s->files)
                PLAN_FOREACH (&step, s->files, s->n_files)
                        if (!has_path(plan, n_plan, step.s))
                                plan_add(&w, step);
        PLAN_FOREACH (&step, plan, n_plan)
                plan_add(&w, (PlanStep){PLAN_FILE, PLAN_STAGE_TREE, .s = step.s, .a = FILE_MODE,
                                        .data = step.data, .n_data = step.n_data});
        return plan_writer_take(&w, &s->files, &s->n_files);
}

int files_live_start(Shim *s, int link, uint64_t serial, const void *plan, size_t n_plan,
                     Fault *reterr)
{
        static const GuestWorkKind kind = {"the change of files", work, NULL};

        if (!is_sound(plan, n_plan))
                return fault_set(reterr, FAULT_FAILED, EBADMSG, "malformed request");
        int r = note(s, plan, n_plan);
        if (r < 0)
                return r;
        return guest_work_start(s,
                                &(GuestWork){
                                        .kind = &kind,
                                        .link = link,
                                        .serial = serial,
                                        .plan = (char *)plan,
                                        .n_plan = n_plan,
                                        .deadline_usec = DEADLINE_USEC,
                                },
                                reterr);
}
