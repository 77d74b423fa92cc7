/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/userns.h"

#include "base/io.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

int userns_map(pid_t pid, uint32_t base, uint32_t count)
{
        static const char *const files[] = {"uid_map", "gid_map"};
        char path[64], line[64];

        (void)snprintf(line, sizeof(line), "0 %u %u", base, count);
        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                (void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, files[i]);
                int r = write_string_at(AT_FDCWD, path, line);
                if (r < 0)
                        return r;
        }
        return 0;
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

int credentials_become(uid_t uid, gid_t gid, const gid_t *groups, size_t n_groups, uint64_t caps)
{
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
                return -errno;
        if (setgroups(n_groups, groups) < 0 || setresgid(gid, gid, gid) < 0 ||
            setresuid(uid, uid, uid) < 0)
                return -errno;
        return set_capabilities(uid == 0 ? caps : 0);
}
