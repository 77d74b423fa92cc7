/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/sandbox.h"

#include "import/sandbox-calls.h"
#include "sys/identity.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define DATA_MAX        (1ULL << 30) /* address space of heap and stacks, far above what is used */
#define DESCRIPTORS_MAX 16384U

#define OWNER_CAPABILITIES                                                                         \
        (CAPABILITY_BIT(CAP_CHOWN) | CAPABILITY_BIT(CAP_DAC_OVERRIDE) |                            \
         CAPABILITY_BIT(CAP_FOWNER) | CAPABILITY_BIT(CAP_FSETID) | CAPABILITY_BIT(CAP_SETFCAP) |   \
         CAPABILITY_BIT(CAP_MKNOD))

/* Rights that came with later releases than the headers of the oldest system we build on. */
#define ACCESS_REFER    (1ULL << 13)
#define ACCESS_TRUNCATE (1ULL << 14)
#define ACCESS_ALL_V1   ((1ULL << 13) - 1)
#define ACCESS_READ     (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

static int change_identity(const SandboxArgs *args)
{
        uint64_t wanted = args->owns_files ? OWNER_CAPABILITIES : 0;

        if (args->reads_all)
                wanted |= CAPABILITY_BIT(CAP_DAC_READ_SEARCH);
        if (!args->owns_files) /* a directory of root's, mode 0700, to write in */
                wanted |= CAPABILITY_BIT(CAP_DAC_OVERRIDE);
        return identity_change(args->uid, args->uid, wanted);
}

static int set_limit(int resource, rlim_t most)
{
        struct rlimit limit;

        if (getrlimit(resource, &limit) < 0)
                return -errno;
        limit.rlim_max = limit.rlim_cur = MIN2(limit.rlim_max, most);
        return setrlimit(resource, &limit) < 0 ? -errno : 0;
}

static int set_limits(void)
{
        int r = set_limit(RLIMIT_CORE, 0);

        if (r >= 0)
                r = set_limit(RLIMIT_NOFILE, DESCRIPTORS_MAX);
#ifndef __SANITIZE_ADDRESS__ /* whose shadow is larger than that */
        if (r >= 0)
                r = set_limit(RLIMIT_DATA, DATA_MAX);
#endif
        return r;
}

static int allow_below(int ruleset, int fd, uint64_t access)
{
        struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = fd};

        return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0
                       ? -errno
                       : 0;
}

/* Names and certificates; what is not there needs no rule. */
static int allow_system(int ruleset)
{
        static const char *const directories[] = {"/usr", "/etc", "/run"};
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(directories) && r >= 0; i++) {
                _cleanup_close_ int fd = open(directories[i], O_PATH | O_CLOEXEC);

                if (fd >= 0)
                        r = allow_below(ruleset, fd, ACCESS_READ);
        }
        return r;
}

static int allow_directories(int ruleset, const SandboxArgs *args, uint64_t handled)
{
        int r = args->writable_fd < 0 ? 0
                                      : allow_below(ruleset, args->writable_fd,
                                                    handled & ~LANDLOCK_ACCESS_FS_EXECUTE);

        for (size_t i = 0; i < SANDBOX_READABLE_MAX && r >= 0; i++)
                if (args->readable_fds[i] >= 0)
                        r = allow_below(ruleset, args->readable_fds[i], ACCESS_READ);
        if (r >= 0 && args->network)
                r = allow_system(ruleset);
        return r;
}

static int restrict_files(const SandboxArgs *args)
{
        long version =
                syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
        struct landlock_ruleset_attr attr = {.handled_access_fs = ACCESS_ALL_V1};

        if (version < 2) /* without REFER no hard link or rename could cross a directory */
                return 0;
        attr.handled_access_fs |= ACCESS_REFER;
        if (version >= 3)
                attr.handled_access_fs |= ACCESS_TRUNCATE;

        _cleanup_close_ int ruleset =
                (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr.handled_access_fs), 0);
        if (ruleset < 0)
                return -errno;
        int r = allow_directories(ruleset, args, attr.handled_access_fs);
        if (r < 0)
                return r;
        return syscall(SYS_landlock_restrict_self, ruleset, 0) < 0 ? -errno : 0;
}

static int give_up_privileges(void)
{
        return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0
                       ? -errno
                       : 0;
}

static int cannot(const char *what, int error, Fault *reterr)
{
        return fault_set(reterr, FAULT_FAILED, error, "lodge-import cannot %s: %s", what,
                         strerror(-error));
}

int sandbox_enter(const SandboxArgs *args, Fault *reterr)
{
        const char *what = "set its limits";
        int r = set_limits();

        if (r >= 0) {
                what = "become a user of its own";
                r = change_identity(args);
        }
        if (r >= 0) {
                what = "give up new privileges";
                r = give_up_privileges();
        }
        if (r >= 0) {
                what = "restrict its files";
                r = restrict_files(args);
        }
        if (r >= 0) {
                what = "restrict its system calls";
                r = sandbox_restrict_calls(args->network ? SANDBOX_CALLS_NETWORK
                                                         : SANDBOX_CALLS_FILES);
        }
        return r < 0 ? cannot(what, r, reterr) : 0;
}

int sandbox_enter_guest(Fault *reterr)
{
        int r = set_limits();

        if (r < 0)
                return cannot("set its limits", r, reterr);
        r = give_up_privileges();
        if (r < 0)
                return cannot("give up new privileges", r, reterr);
        r = sandbox_restrict_calls(SANDBOX_CALLS_GUEST);
        return r < 0 ? cannot("restrict its system calls", r, reterr) : 0;
}
