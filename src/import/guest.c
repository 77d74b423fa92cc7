/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/guest.h"

#include "base/capability.h"
#include "base/text.h"
#include "import/sandbox.h"
#include "shim/files.h"
#include "sys/identity.h"
#include "sys/userns.h"
#include "wire/plan.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#define FILE_CAPABILITIES                                                                          \
        (CAPABILITY_BIT(CAP_CHOWN) | CAPABILITY_BIT(CAP_DAC_OVERRIDE) |                            \
         CAPABILITY_BIT(CAP_DAC_READ_SEARCH) | CAPABILITY_BIT(CAP_FOWNER) |                        \
         CAPABILITY_BIT(CAP_FSETID) | CAPABILITY_BIT(CAP_SETFCAP))

/* What libc reads when it is first asked for it: from here, not from a file of the guest's. */
static void load_early(void)
{
        struct tm tm;
        time_t now = time(NULL);

        tzset();
        (void)localtime_r(&now, &tm);
        (void)sysconf(_SC_PHYS_PAGES); /* qsort(3) */
        (void)sysconf(_SC_NPROCESSORS_ONLN);
        (void)strerror(EINVAL);
}

/* Until now we are the host's root, whose id has no number in here. */
static int become_root(void)
{
        int r = credentials_become_root();

        return r < 0 ? r : identity_limit_capabilities(FILE_CAPABILITIES);
}

static int plan_failed(const Order *o, int r, const Failure *f, Fault *reterr)
{
        _cleanup_free_ char *message = failure_message(f);

        return fault_set(reterr, f->code ?: FAULT_FAILED, r,
                         "the files of machine '%s' cannot be put together: %s",
                         order_get(o, "machine"), message ?: strerror(-r));
}

/* Of a machine that does not run. */
static int open_files(Job *job, int *ret_userns, int *ret_mountns, Fault *reterr)
{
        Order *o = job->order;
        const int images[] = {order_fd(o, "image-fd"), order_fd(o, "usr-fd")};
        FilesArgs a = {.images = images, .uid_base = (uint32_t)order_number(o, "uid", 0)};
        Failure f = {0};

        int r = plan_open(order_fd(o, "plan-fd"), &job->plan, &job->n_plan);
        int n = r < 0 ? r : plan_images(job->plan, job->n_plan);
        if (n < 0 || (size_t)n > ELEMENTSOF(images) || (n > 0 && images[n - 1] < 0) ||
            a.uid_base == 0)
                return fault_set(reterr, FAULT_FAILED, EBADMSG,
                                 "the order of lodged has no plan, or not what belongs to it");
        a.plan = job->plan;
        a.n_plan = job->n_plan;
        a.n_images = (size_t)n;
        r = files_open(&a, ret_userns, ret_mountns, &f);
        if (r < 0)
                return plan_failed(o, r, &f, reterr);
        order_close(o, "image-fd");
        order_close(o, "usr-fd");
        return 0;
}

static int enter(const Order *o, int userns, int mountns, int *ret_root, Fault *reterr)
{
        _cleanup_close_ int root = -EBADF;
        const char *what = "enter its user namespace";

        load_early();
        int r = setns(userns, CLONE_NEWUSER) < 0 ? -errno : 0;
        if (r >= 0) {
                what = "enter its mount namespace";
                r = setns(mountns, CLONE_NEWNS) < 0 ? -errno : 0;
        }
        if (r >= 0) {
                what = "become its root";
                r = become_root();
        }
        if (r >= 0) {
                what = "open its root directory";
                root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
                r = root < 0 ? -errno : 0;
        }
        if (r < 0)
                return fault_set(reterr, FAULT_FAILED, r, "the copy cannot %s, of machine '%s': %s",
                                 what, order_get(o, "machine"), strerror(-r));
        *ret_root = TAKE_FD(root);
        return 0;
}

int guest_enter(Job *job, Fault *reterr)
{
        _cleanup_close_ int userns = -EBADF, mountns = -EBADF;
        const Order *o = job->order;
        int r;

        if (order_fd(o, "plan-fd") >= 0) {
                r = open_files(job, &userns, &mountns, reterr);
                r = r < 0 ? r : enter(o, userns, mountns, &job->guest_fd, reterr);
        } else
                r = enter(o, order_fd(o, "userns-fd"), order_fd(o, "mountns-fd"), &job->guest_fd,
                          reterr);
        return r < 0 ? r : sandbox_enter_guest(reterr);
}
