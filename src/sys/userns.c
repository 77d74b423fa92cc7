/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/userns.h"

#include "base/io.h"
#include "sys/process.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static int write_map(pid_t pid, const char *file, uint32_t inside, uint32_t outside, uint32_t count)
{
        char path[64], line[64];

        (void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
        (void)snprintf(line, sizeof(line), "%u %u %u", inside, outside, count);
        return write_string_at(AT_FDCWD, path, line);
}

int userns_map(pid_t pid, uint32_t base, uint32_t count)
{
        int r = write_map(pid, "uid_map", 0, base, count);

        return r < 0 ? r : write_map(pid, "gid_map", 0, base, count);
}

int userns_map_one(pid_t pid, uint32_t uid, uint32_t host_uid, uint32_t gid, uint32_t host_gid)
{
        int r = write_map(pid, "uid_map", uid, host_uid, 1);

        return r < 0 ? r : write_map(pid, "gid_map", gid, host_gid, 1);
}

/* A process that does nothing but be in a new user namespace. */
static pid_t spawn_placeholder(int *ret_pidfd)
{
        pid_t pid = process_clone(CLONE_NEWUSER, -EBADF, ret_pidfd);

        if (pid == 0) {
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
                for (;;)
                        (void)pause();
        }
        return pid;
}

/* @r what became of its map. */
static int take_namespace(pid_t pid, int pidfd, int r)
{
        r = r < 0 ? r : userns_open(pid);
        (void)process_signal(pidfd, SIGKILL);
        while (waitid(P_PIDFD, (id_t)pidfd, &(siginfo_t){0}, WEXITED) < 0 && errno == EINTR)
                ;
        return r;
}

int userns_new(uint32_t base, uint32_t count)
{
        _cleanup_close_ int pidfd = -EBADF;
        pid_t pid = spawn_placeholder(&pidfd);

        return pid < 0 ? pid : take_namespace(pid, pidfd, userns_map(pid, base, count));
}

int userns_new_for_one(uint32_t uid, uint32_t host_uid, uint32_t gid, uint32_t host_gid)
{
        _cleanup_close_ int pidfd = -EBADF;
        pid_t pid = spawn_placeholder(&pidfd);

        return pid < 0 ? pid
                       : take_namespace(pid, pidfd,
                                        userns_map_one(pid, uid, host_uid, gid, host_gid));
}

int userns_open(pid_t pid)
{
        char path[64];

        (void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static int set_capabilities(uint64_t caps)
{
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct data[2] = {0};

        for (unsigned i = 0; i < 2; i++) {
                data[i].permitted = (uint32_t)(caps >> (32 * i));
                data[i].effective = data[i].permitted;
        }
        return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

int credentials_bound(uint64_t caps)
{
        for (unsigned long c = 0; c < 64; c++) {
                if (caps & (1ULL << c))
                        continue;
                if (prctl(PR_CAPBSET_DROP, c, 0, 0, 0) < 0)
                        return errno == EINVAL ? 0 : -errno; /* EINVAL: past the kernel's last */
        }
        return 0;
}

int credentials_become_root(void)
{
        return setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0 ? -errno
                                                                                          : 0;
}

int credentials_become(uid_t uid, gid_t gid, const gid_t *groups, size_t n_groups, uint64_t caps)
{
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
                return -errno;
        if (setgroups(n_groups, groups) < 0 || setresgid(gid, gid, gid) < 0 ||
            setresuid(uid, uid, uid) < 0)
                return -errno;
        return set_capabilities(uid == 0 ? caps : 0);
}
