/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/doctor.h"

#include "base/io.h"
#include "base/names.h"
#include "base/text.h"
#include "sys/mountfd.h"
#include "sys/process.h"
#include "sys/userns.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#define KERNEL_MAJOR 6
#define KERNEL_MINOR 1
#define CGROUP_ROOT  "/sys/fs/cgroup"
#define AS_ROOT      "sudo lodgectl doctor"

int doctor_read_line(const char *path, char *buffer, size_t size)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, buffer, size - 1);
        int error = errno;

        if (fd >= 0)
                (void)close(fd);
        if (n < 0)
                return -error;
        buffer[n] = '\0';
        buffer[strcspn(buffer, "\n")] = '\0';
        return 0;
}

static void check_version(json_t *findings)
{
        struct utsname u;
        int major = 0, minor = 0;

        (void)uname(&u);
        (void)sscanf(u.release, "%d.%d", &major, &minor); /* NOLINT(cert-err34-c): 0 if unread */
        bool fine = major > KERNEL_MAJOR || (major == KERNEL_MAJOR && minor >= KERNEL_MINOR);
        doctor_say(findings, fine ? FINDING_OK : FINDING_PROBLEM, "kernel", NULL,
                   fine ? "Linux %s" : "Linux %s is older than 6.1", u.release);
}

static bool has_word(const char *line, const char *word)
{
        size_t n = strlen(word);

        for (const char *p = strstr(line, word); p; p = strstr(p + 1, word))
                if ((p == line || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
                        return true;
        return false;
}

static void check_cgroups(json_t *findings)
{
        static const char *const wanted[] = {"cpu", "io", "memory", "pids"};
        char line[512] = "", missing[64] = "";
        size_t n = 0;
        struct statfs fs;

        if (statfs(CGROUP_ROOT, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC) {
                doctor_say(findings, FINDING_PROBLEM, "cgroups", "findmnt " CGROUP_ROOT,
                           CGROUP_ROOT " is not the unified hierarchy; boot with "
                                       "systemd.unified_cgroup_hierarchy=1");
                return;
        }
        (void)doctor_read_line(CGROUP_ROOT "/cgroup.controllers", line, sizeof(line));
        for (size_t i = 0; i < ELEMENTSOF(wanted); i++)
                if (!has_word(line, wanted[i]))
                        n += (size_t)snprintf(missing + n, sizeof(missing) - n, " %s", wanted[i]);
        if (*missing)
                doctor_say(findings, FINDING_WARNING, "cgroups",
                           "cat " CGROUP_ROOT "/cgroup.controllers",
                           "limits of machines have no effect without the controllers:%s", missing);
        else
                doctor_say(findings, FINDING_OK, "cgroups", NULL,
                           "unified, with the controllers %s", line);
}

/* A number that no cgroup can have: an old kernel refuses the flag, a new one the descriptor. */
static void check_clone(json_t *findings)
{
        struct clone_args args = {
                .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = INT32_MAX};
        long r = syscall(SYS_clone3, &args, sizeof(args));

        if (r == 0)
                _exit(0);
        doctor_say(findings, r < 0 && errno == EBADF ? FINDING_OK : FINDING_PROBLEM, "clone3", NULL,
                   r < 0 && errno == EBADF ? "processes can be started in a cgroup"
                                           : "processes cannot be started in a cgroup: %s",
                   strerror(errno));
}

static void check_limit(json_t *findings)
{
        char line[32];

        if (doctor_read_line("/proc/sys/user/max_user_namespaces", line, sizeof(line)) < 0)
                doctor_say(findings, FINDING_PROBLEM, "namespaces", NULL,
                           "the kernel has no user namespaces");
        else if (streq(line, "0"))
                doctor_say(findings, FINDING_PROBLEM, "namespaces",
                           "sysctl user.max_user_namespaces=15000",
                           "user namespaces are switched off");
        else
                doctor_say(findings, FINDING_OK, "namespaces", NULL, "up to %s user namespaces",
                           line);
}

/* In a user namespace of its own, as a machine's overlay is mounted. Exits with an errno. */
_noreturn_ static void mount_overlay(uid_t uid, gid_t gid)
{
        char map[64];
        int r = unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 ? -errno : 0;

        if (r >= 0)
                r = write_string_at(AT_FDCWD, "/proc/self/setgroups", "deny");
        (void)snprintf(map, sizeof(map), "0 %u 1", uid);
        if (r >= 0)
                r = write_string_at(AT_FDCWD, "/proc/self/uid_map", map);
        (void)snprintf(map, sizeof(map), "0 %u 1", gid);
        if (r >= 0)
                r = write_string_at(AT_FDCWD, "/proc/self/gid_map", map);
        if (r >= 0 &&
            (mount("tmpfs", "/tmp", "tmpfs", 0, NULL) < 0 || chdir("/tmp") < 0 ||
             mkdir("l", 0755) < 0 || mkdir("u", 0755) < 0 || mkdir("w", 0755) < 0 ||
             mount("overlay", "l", "overlay", 0, "userxattr,lowerdir=l,upperdir=u,workdir=w") < 0))
                r = -errno;
        _exit(-r);
}

static void check_overlay(json_t *findings)
{
        uid_t uid = geteuid();
        gid_t gid = getegid();
        pid_t pid = fork();
        int status = 0;

        if (pid == 0)
                mount_overlay(uid, gid);
        if (pid < 0 || waitpid(pid, &status, 0) < 0)
                return;
        int error = WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
        if (error == 0)
                doctor_say(findings, FINDING_OK, "overlayfs", NULL,
                           "can be mounted in user namespaces");
        else if (error == ENODEV)
                doctor_say(findings, FINDING_PROBLEM, "overlayfs", "modprobe overlay",
                           "the kernel has no overlayfs");
        else
                doctor_say(findings, uid == 0 ? FINDING_PROBLEM : FINDING_SKIPPED, "overlayfs",
                           uid == 0 ? NULL : AS_ROOT, "cannot be mounted in a user namespace: %s",
                           strerror(error));
}

static void check_seccomp(json_t *findings)
{
        /* A filter that is not there: what knows filters looks for it. */
        bool fine = prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) < 0 && errno == EFAULT;

        doctor_say(findings, fine ? FINDING_OK : FINDING_PROBLEM, "seccomp", NULL,
                   fine ? "system calls can be filtered" : "system calls cannot be filtered");
}

static void check_idmap(json_t *findings, const char *path, int userns)
{
        _cleanup_close_ int fd = mountfd_clone(AT_FDCWD, path, 0);
        int r = fd < 0 ? fd : mountfd_idmap(fd, userns, 0);
        char hint[128];

        (void)snprintf(hint, sizeof(hint), "findmnt -T %s", path);
        if (r == -ENOENT)
                return;
        if (r == -EINVAL)
                doctor_say(findings, FINDING_WARNING, "idmap", hint,
                           "the file system of %s takes no idmapped mounts; ext4, xfs, btrfs and "
                           "tmpfs do",
                           path);
        else
                doctor_say(findings, r < 0 ? FINDING_PROBLEM : FINDING_OK, "idmap",
                           r < 0 ? hint : NULL,
                           r < 0 ? "%s cannot be mounted idmapped: %s" : "%s takes idmapped mounts",
                           path, strerror(-r));
}

static void check_idmaps(json_t *findings)
{
        _cleanup_close_ int pidfd = -EBADF, userns = -EBADF;
        pid_t pid;

        if (geteuid() != 0) {
                doctor_say(findings, FINDING_SKIPPED, "idmap", AS_ROOT,
                           "only root can try idmapped mounts");
                return;
        }
        pid = process_clone(CLONE_NEWUSER, -EBADF, &pidfd);
        if (pid == 0) {
                (void)pause();
                _exit(0);
        }
        int r = pid < 0 ? pid : userns_map(pid, 0x80000, 0x10000);
        if (r >= 0)
                r = userns = userns_open(pid);
        if (r < 0)
                doctor_say(findings, FINDING_PROBLEM, "idmap", NULL,
                           "a user namespace cannot be made: %s", strerror(-r));
        if (r >= 0) {
                check_idmap(findings, LODGE_STORE_IMAGES, userns);
                check_idmap(findings, LODGE_MACHINED_IMAGES, userns);
        }
        if (pid > 0) {
                (void)kill(pid, SIGKILL);
                (void)waitpid(pid, NULL, 0);
        }
}

void doctor_kernel(json_t *findings)
{
        check_version(findings);
        check_cgroups(findings);
        check_clone(findings);
        check_limit(findings);
        check_overlay(findings);
        check_seccomp(findings);
        check_idmaps(findings);
}
