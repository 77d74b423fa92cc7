/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a job may do with the layers of the store that it was not given: ask, but not read. Modes
 * are no hindrance, as it may make files of any owner. Changes are what the mount of its unit
 * forbids. And which system calls it has left: with the network, or for files alone. */
#include "import/sandbox.h"
#include "unit/test.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#define UID 0x5a5a0000

static bool has_landlock(void)
{
        return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 2;
}

static void skip(const char *why)
{
        (void)printf("skipped: %s\n", why);
        exit(77);
}

static int refusal(int fd)
{
        int r = fd < 0 ? -errno : 0;

        (void)close_fd(fd);
        return r;
}

static void inside(int own, int layers, bool marked)
{
        char path[32];
        struct stat st;

        _cleanup_close_ int secret = openat(layers, "secret", O_PATH | O_DIRECTORY | O_CLOEXEC);
        CHECK(secret >= 0);
        CHECK(fstatat(secret, "file", &st, 0) >= 0 && st.st_uid == 1000);
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", secret);
        CHECK(getxattr(path, "user.mark", NULL, 0) == (marked ? 1 : -1));
        CHECK_NUMBER(refusal(openat(secret, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)), -EACCES);
        CHECK_NUMBER(refusal(openat(secret, "file", O_RDONLY | O_CLOEXEC)), -EACCES);
        CHECK_NUMBER(refusal(openat(secret, "file", O_WRONLY | O_CLOEXEC)), -EACCES);
        CHECK_NUMBER(refusal(openat(secret, "new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), -EACCES);
        CHECK_NUMBER(refusal(unlinkat(secret, "file", 0)), -EACCES);
        CHECK(refusal(linkat(secret, "file", own, "file", 0)) < 0);
        CHECK_NUMBER(refusal(openat(own, "new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), 0);
}

static int result(long r)
{
        return r < 0 ? -errno : 0;
}

static void inside_calls(bool network)
{
#if !defined(__SANITIZE_ADDRESS__) /* there is no filter then */
        static const int families[] = {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK};
        static char program[] = "/bin/true";
        int pair[2];

        for (size_t i = 0; i < ELEMENTSOF(families); i++)
                CHECK_NUMBER(refusal(socket(families[i], SOCK_DGRAM | SOCK_CLOEXEC, 0)),
                             network ? 0 : -EPERM);
        CHECK_NUMBER(result(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)),
                     network ? 0 : -EPERM);
        CHECK_NUMBER(result(fork()), -EPERM);
        CHECK_NUMBER(result(execv(program, (char *[]){program, NULL})), -EPERM);
        CHECK_NUMBER(result(kill(getppid(), 0)), -EPERM);
        CHECK_NUMBER(result(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL)), -EPERM);
        CHECK_NUMBER(result(unshare(CLONE_NEWUSER)), -EPERM);
        CHECK_NUMBER(result(mount("none", "/", NULL, MS_PRIVATE, NULL)), -EPERM);
        CHECK_NUMBER(result(chroot(".")), -EPERM);
        CHECK_NUMBER(result(setuid(0)), -EPERM);
        CHECK_NUMBER(result(syscall(SYS_io_uring_setup, 1, NULL)), -EPERM);
        CHECK_NUMBER(result(syscall(SYS_bpf, 0, NULL, 0)), -EPERM);
        CHECK_NUMBER(result(syscall(SYS_keyctl, 0, 0, 0, 0, 0)), -EPERM);
        CHECK_NUMBER(result(syscall(SYS_userfaultfd, 0)), -EPERM);
        CHECK_NUMBER(result(syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0)), -EPERM);
#endif
}

/* In a process of its own, which must end well. */
static void confined(const SandboxArgs *args, int layers, bool marked)
{
        int status;
        pid_t pid = fork();

        CHECK(pid >= 0);
        if (pid == 0) {
                _cleanup_fault_ Fault fault = {0};

                CHECK(sandbox_enter(args, &fault) >= 0);
                inside_calls(args->network);
                inside(args->writable_fd, layers, marked);
                _exit(0);
        }
        CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

int main(void)
{
        char top[] = "/dev/shm/test-sandbox-XXXXXX";

        if (geteuid() != 0)
                skip("needs root: a user of its own");
        if (!has_landlock())
                skip("no Landlock in this kernel");
        CHECK(mkdtemp(top));
        _cleanup_close_ int dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        CHECK(mkdirat(dir, "own", 0700) >= 0 && mkdirat(dir, "layers", 0700) >= 0);
        CHECK(mkdirat(dir, "layers/secret", 0700) >= 0);
        CHECK_NUMBER(
                refusal(openat(dir, "layers/secret/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600)),
                0);
        CHECK(fchownat(dir, "layers/secret", 1000, 1000, 0) >= 0 &&
              fchownat(dir, "layers/secret/file", 1000, 1000, 0) >= 0);
        _cleanup_close_ int secret = openat(dir, "layers/secret", O_RDONLY | O_CLOEXEC);
        bool marked = fsetxattr(secret, "user.mark", "1", 1, 0) >= 0; /* tmpfs: since Linux 6.6 */
        _cleanup_close_ int own = openat(dir, "own", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                            layers = openat(dir, "layers", O_PATH | O_DIRECTORY | O_CLOEXEC);
        SandboxArgs args = {.uid = UID,
                            .owns_files = true,
                            .writable_fd = own,
                            .readable_fds = {-EBADF, -EBADF, -EBADF, -EBADF}};
        confined(&args, layers, marked);
        CHECK(unlinkat(dir, "own/new", 0) >= 0);
        args.network = true;
        confined(&args, layers, marked);
        CHECK(unlinkat(dir, "layers/secret/file", 0) >= 0 && unlinkat(dir, "own/new", 0) >= 0);
        CHECK(unlinkat(dir, "layers/secret", AT_REMOVEDIR) >= 0);
        CHECK(unlinkat(dir, "layers", AT_REMOVEDIR) >= 0 &&
              unlinkat(dir, "own", AT_REMOVEDIR) >= 0);
        CHECK(rmdir(top) >= 0);
        return 0;
}
