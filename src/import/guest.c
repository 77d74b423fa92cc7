/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/guest.h"

#include "base/capability.h"
#include "base/text.h"
#include "import/sandbox.h"
#include "sys/identity.h"

#include <fcntl.h>
#include <grp.h>
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
        if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
                return -errno;
        return identity_limit_capabilities(FILE_CAPABILITIES);
}

int guest_enter(const Order *order, int *ret_root, Fault *reterr)
{
        _cleanup_close_ int root = -EBADF;
        const char *what = "enter its user namespace";

        load_early();
        int r = setns(order_fd(order, "userns-fd"), CLONE_NEWUSER) < 0 ? -errno : 0;
        if (r >= 0) {
                what = "enter its mount namespace";
                r = setns(order_fd(order, "mountns-fd"), CLONE_NEWNS) < 0 ? -errno : 0;
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
                                 what, order_get(order, "machine"), strerror(-r));
        r = sandbox_enter_guest(reterr);
        if (r >= 0)
                *ret_root = TAKE_FD(root);
        return r;
}
