/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/covered.h"

#include "base/text.h"
#include "copy/copy-text.h"
#include "wire/plan.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define DEPTH_MAX (PATH_MAX / 2)

typedef struct Identity {
        dev_t device;
        ino_t inode;
} Identity;

/* A place and all directories above it, which it keeps from being exchanged. */
typedef struct Ancestry {
        Identity all[DEPTH_MAX];
        size_t n;
} Ancestry;

static bool is_there(int dirfd, const char *name, Identity *ret)
{
        struct stat st;

        if (fstatat(dirfd, name, &st, *name ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH) < 0)
                return false;
        *ret = (Identity){st.st_dev, st.st_ino};
        return true;
}

static bool is_same(const Identity *a, const Identity *b)
{
        return a->device == b->device && a->inode == b->inode;
}

static int look_up(const Job *job, const CopyPlace *place, Ancestry *a)
{
        _cleanup_close_ int fd = fcntl(place->dirfd, F_DUPFD_CLOEXEC, 0);
        Identity root;

        if (fd < 0 || !is_there(job->guest_fd, "", &root))
                return -errno;
        if (is_there(place->dirfd, place->name, &a->all[0])) /* else it is to be made */
                a->n++;
        while (a->n < DEPTH_MAX && is_there(fd, "", &a->all[a->n])) {
                if (is_same(&a->all[a->n++], &root))
                        return 0;
                int up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (up < 0)
                        return -errno;
                (void)close_fd(fd);
                fd = up;
        }
        return -ELOOP;
}

/* What is in the root already when other things are mounted; NULL: this step mounts nothing. */
static const char *target_of(const PlanStep *s)
{
        switch (s->op) {
        case PLAN_MOUNT: return s->s;
        case PLAN_BIND:
        case PLAN_SHARE: return s->t;
        default: return NULL;
        }
}

static bool leads_through(const Job *job, const char *target, const Ancestry *a)
{
        const CopyRoot top = {.fd = job->guest_fd, .is_confined = true};
        _cleanup_copy_place_ CopyPlace place = {.dirfd = -EBADF};
        Identity there;

        if (copy_place_find(&top, target, true, &place) < 0 ||
            !is_there(place.dirfd, place.name, &there))
                return false;
        for (size_t i = 0; i < a->n; i++)
                if (is_same(&a->all[i], &there))
                        return true;
        return false;
}

int covered_check(const Job *job, const CopyPlace *place, const char *path, Fault *reterr)
{
        _cleanup_free_ Ancestry *a = NULL;
        PlanStep s;

        if (!job->plan)
                return 0;
        a = calloc(1, sizeof(*a));
        int r = a ? look_up(job, place, a) : -ENOMEM;
        if (r < 0)
                return copy_fault(reterr, -r, path, "cannot be looked at: %s", strerror(-r));
        PLAN_FOREACH (&s, job->plan, job->n_plan) {
                const char *target = target_of(&s);

                if (target && leads_through(job, target, a))
                        return copy_fault(reterr, EBUSY, path,
                                          "is not among the files of machine '%s' while it does "
                                          "not run: at each start something is mounted on %s",
                                          order_get(job->order, "machine"), target);
        }
        return 0;
}
