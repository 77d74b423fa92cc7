/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs the compiled program in a small interpreter: what the kernel would answer to a call. */
#include "base/cleanup.h"
#include "plan/seccomp-filter.h"
#include "unit/test.h"

#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define ALLOW   SECCOMP_RET_ALLOW
#define E(name) (SECCOMP_RET_ERRNO | name)
#define CAP(c)  (UINT64_C(1) << CAP_##c)

#define SYSTEM (CAP(SYS_ADMIN) | CAP(SYS_CHROOT) | CAP(SYS_BOOT))

typedef struct Program {
        struct sock_filter *code;
        uint32_t n; /* instructions */
        size_t longest, steps;
} Program;

static uint32_t jump(const struct sock_filter *i, uint32_t a)
{
        switch (BPF_OP(i->code)) {
        case BPF_JA: return i->k;
        case BPF_JEQ: return a == i->k ? i->jt : i->jf;
        case BPF_JGT: return a > i->k ? i->jt : i->jf;
        case BPF_JGE: return a >= i->k ? i->jt : i->jf;
        case BPF_JSET: return a & i->k ? i->jt : i->jf;
        }
        test_fail_value(__FILE__, __LINE__, "program", "a jump", "one that we know");
}

static uint32_t run(Program *p, const struct seccomp_data *data)
{
        uint32_t a = 0;

        for (uint32_t pc = 0; pc < p->n; pc++) {
                const struct sock_filter *i = &p->code[pc];

                p->steps++;
                switch (i->code) {
                case BPF_LD | BPF_W | BPF_ABS:
                        CHECK(i->k % 4 == 0 && i->k < sizeof(*data));
                        memcpy(&a, (const char *)data + i->k, sizeof(a));
                        break;
                case BPF_ALU | BPF_AND | BPF_K: a &= i->k; break;
                case BPF_RET | BPF_K: return i->k;
                default: CHECK_NUMBER(BPF_CLASS(i->code), BPF_JMP); pc += jump(i, a);
                }
        }
        test_fail_value(__FILE__, __LINE__, "program", "no return", "a return");
}

static uint32_t call_on(Program *p, uint32_t arch, int nr, uint64_t a0, uint64_t a1, uint64_t a2)
{
        struct seccomp_data data = {.nr = nr, .arch = arch, .args = {a0, a1, a2}};

        p->steps = 0;
        uint32_t answer = run(p, &data);
        p->longest = p->steps > p->longest ? p->steps : p->longest;
        return answer;
}

static uint32_t call(Program *p, int nr, uint64_t a0, uint64_t a1, uint64_t a2)
{
        return call_on(p, seccomp_arch_native(), nr, a0, a1, a2);
}

static Program compile(uint64_t caps)
{
        _cleanup_fault_ Fault f = {0};
        void *code;
        uint32_t n;

        if (seccomp_filter_compile(caps, &code, &n, &f) < 0)
                test_fail_value(__FILE__, __LINE__, "seccomp_filter_compile()", f.message, "0");
        CHECK_NUMBER(n % sizeof(struct sock_filter), 0);
        return (Program){.code = code, .n = n / (uint32_t)sizeof(struct sock_filter)};
}

/* Every call that libseccomp has a name for and the program answers with @action. */
static size_t count(Program *p, uint32_t action)
{
        size_t n = 0;

        for (int nr = 0; nr < 1024; nr++) {
                char *name = seccomp_syscall_resolve_num_arch(seccomp_arch_native(), nr);

                /* socket(AF_UNIX), and what any other call makes of these arguments */
                n += name && call(p, nr, AF_UNIX, 0, 0) == action;
                free(name);
        }
        return n;
}

/* All by name, as the numbers differ: one the installed libseccomp does not know fails here. */
static void expect_names(Program *p, uint32_t action, const char *const *names)
{
        for (; *names; names++) {
                int nr = seccomp_syscall_resolve_name(*names);
                char is[16], expected[16];
                uint32_t answer = nr < 0 ? 0 : call(p, nr, AF_UNIX, 0, 0);

                (void)snprintf(is, sizeof(is), "%#x", answer);
                (void)snprintf(expected, sizeof(expected), "%#x", action);
                test_strings(__FILE__, __LINE__, *names, is, expected);
        }
}

static void test_calls(Program *p)
{
        static const char *const allowed[] = {"read",
                                              "write",
                                              "openat",
                                              "openat2",
                                              "close",
                                              "mmap",
                                              "execve",
                                              "execveat",
                                              "clone",
                                              "clone3",
                                              "wait4",
                                              "futex",
                                              "rseq",
                                              "getrandom",
                                              "statx",
                                              "ioctl",
                                              "fcntl",
                                              "prctl",
                                              "seccomp",
                                              "personality",
                                              "ptrace",
                                              "unshare",
                                              "setns",
                                              "mount",
                                              "umount2",
                                              "fsopen",
                                              "fsconfig",
                                              "fsmount",
                                              "move_mount",
                                              "open_tree",
                                              "mount_setattr",
                                              "pivot_root",
                                              "chroot",
                                              "reboot",
                                              "sethostname",
                                              "name_to_handle_at",
                                              "inotify_init1",
                                              "signalfd4",
                                              "timerfd_create",
                                              "epoll_pwait2",
                                              "pidfd_open",
                                              "close_range",
                                              "capset",
                                              "mknodat",
                                              "adjtimex",
                                              "memfd_create",
                                              "socketpair",
                                              "landlock_create_ruleset",
                                              NULL};
        static const char *const refused[] = {
                "bpf",           "perf_event_open", "open_by_handle_at",
                "kexec_load",    "init_module",     "finit_module",
                "delete_module", "quotactl",        "quotactl_fd",
                "swapon",        "swapoff",         "settimeofday",
                "clock_settime", "clock_adjtime",   "acct",
                "syslog",        "vhangup",         NULL};
        static const char *const unknown[] = {
                "io_uring_setup", "io_uring_enter", "io_uring_register", "userfaultfd",
                "keyctl",         "add_key",        "request_key",       NULL};

        expect_names(p, ALLOW, allowed);
        expect_names(p, E(EPERM), refused);
        expect_names(p, E(ENOSYS), unknown);
        for (int nr = 470; nr < 1024; nr++)
                CHECK_NUMBER(call(p, nr, 0, 0, 0), E(ENOSYS));
        CHECK_NUMBER(call(p, -1, 0, 0, 0), E(ENOSYS));
        CHECK_NUMBER(call(p, INT32_MAX, 0, 0, 0), E(ENOSYS));
}

/* The table must not shrink with an older libseccomp and nobody see it. */
static void test_counts(Program *p)
{
        size_t allowed = count(p, ALLOW), refused = count(p, E(EPERM));

        (void)printf("%u instructions, at most %zu for one call; %zu calls allowed, %zu refused\n",
                     p->n, p->longest, allowed, refused);
#ifdef __x86_64__
        CHECK(allowed >= 323);
        CHECK(refused >= 23);
#else
        CHECK(allowed >= 250);
        CHECK(refused >= 20);
#endif
        CHECK(p->longest < 48); /* searched, not walked through */
}

static void test_socket_families(Program *p)
{
        static const int good[] = {AF_UNIX, AF_INET, AF_INET6, AF_PACKET};
        static const int calls[] = {__NR_socket, __NR_socketpair};
        const uint64_t high = UINT64_C(1) << 32;

        for (size_t i = 0; i < ELEMENTSOF(calls); i++) {
                for (uint32_t family = 0; family < 256; family++) {
                        uint32_t expected = E(EAFNOSUPPORT);

                        for (size_t j = 0; j < ELEMENTSOF(good); j++)
                                if (family == (uint32_t)good[j])
                                        expected = ALLOW;
                        if (family == AF_NETLINK)
                                continue;
                        CHECK_NUMBER(call(p, calls[i], family, SOCK_STREAM, 0), expected);
                        /* the kernel looks at the low half only */
                        CHECK_NUMBER(call(p, calls[i], family | high, SOCK_STREAM, 0), expected);
                }
                for (uint64_t protocol = 0; protocol < 32; protocol++) {
                        bool denied = protocol == 6 || protocol == 9; /* XFRM, AUDIT */
                        uint32_t expected = denied ? E(EAFNOSUPPORT) : ALLOW;

                        CHECK_NUMBER(call(p, calls[i], AF_NETLINK, SOCK_RAW, protocol), expected);
                        CHECK_NUMBER(
                                call(p, calls[i], AF_NETLINK | high, SOCK_RAW, protocol | high),
                                expected);
                }
                CHECK_NUMBER(call(p, calls[i], UINT64_MAX, 0, 0), E(EAFNOSUPPORT));
        }
        /* another call with the same first argument */
        CHECK_NUMBER(call(p, __NR_close, 38, 0, 0), ALLOW);
}

static void test_ioctls(Program *p)
{
        CHECK_NUMBER(call(p, __NR_ioctl, 0, TIOCSTI, 0), E(EPERM));
        CHECK_NUMBER(call(p, __NR_ioctl, 0, TIOCSTI | UINT64_C(1) << 32, 0), E(EPERM));
        CHECK_NUMBER(call(p, __NR_ioctl, 0, TIOCSTI | UINT64_MAX << 32, 0), E(EPERM));
        CHECK_NUMBER(call(p, __NR_ioctl, 0, TIOCGWINSZ, 0), ALLOW);
        CHECK_NUMBER(call(p, __NR_ioctl, TIOCSTI, 0, 0), ALLOW);
}

/* Whatever the number: also those of allowed calls and of calls whose arguments are looked at. */
static void test_other_architectures(Program *p)
{
        static const uint32_t others[] = {
                AUDIT_ARCH_I386, AUDIT_ARCH_X86_64, AUDIT_ARCH_ARM, AUDIT_ARCH_AARCH64, 0,
        };

        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                for (int nr = 0; nr < 512 && others[i] != seccomp_arch_native(); nr++)
                        CHECK_NUMBER(call_on(p, others[i], nr, 38, TIOCSTI, 0), E(ENOSYS));
#ifdef __x86_64__
        for (int nr = 0; nr < 1024; nr++) /* x32 */
                CHECK_NUMBER(call(p, nr | 0x40000000, 38, TIOCSTI, 0), E(ENOSYS));
#endif
}

static void test_capabilities(void)
{
        static const char *const admin[] = {
                "mount",     "umount2",       "fsopen",     "fsconfig", "fsmount", "move_mount",
                "open_tree", "mount_setattr", "pivot_root", "setns",    NULL};
        static const char *const chroot_call[] = {"chroot", NULL}, *const boot[] = {"reboot", NULL};
        static const char *const free_for_all[] = {"clone", "clone3", "unshare", "read", NULL};
        Program p = compile(0);

        expect_names(&p, E(EPERM), admin);
        expect_names(&p, E(EPERM), chroot_call);
        expect_names(&p, E(EPERM), boot);
        expect_names(&p, ALLOW, free_for_all);
        free(p.code);
        p = compile(CAP(SYS_CHROOT));
        expect_names(&p, ALLOW, chroot_call);
        expect_names(&p, E(EPERM), boot);
        free(p.code);
}

/* The exit status tells which check failed. In a process of its own: there is no way back. */
static int confined(const Program *p)
{
        struct sock_fprog prog = {.len = (unsigned short)p->n, .filter = p->code};

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
            syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0)
                return 1;
        if (socket(40 /* AF_VSOCK */, SOCK_STREAM, 0) >= 0 || errno != EAFNOSUPPORT)
                return 2;
        if (socket(AF_NETLINK, SOCK_RAW, 9) >= 0 || errno != EAFNOSUPPORT)
                return 3;
        if (socket(AF_UNIX, SOCK_STREAM, 0) < 0)
                return 4;
        if (syscall(__NR_bpf, 0, NULL, 0) >= 0 || errno != EPERM)
                return 5;
        if (syscall(__NR_io_uring_setup, 1, NULL) >= 0 || errno != ENOSYS)
                return 6;
        if (syscall(__NR_ioctl, 0, TIOCSTI | UINT64_C(1) << 32, "x") >= 0 || errno != EPERM)
                return 7;
        return 0;
}

/* The kernel takes the program, and reads it as our interpreter does. */
static void test_kernel(const Program *p)
{
        int status;
        pid_t pid = fork();

        if (pid == 0)
                _exit(confined(p));
        CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
        CHECK(WIFEXITED(status));
        CHECK_NUMBER(WEXITSTATUS(status), 0);
}

int main(void)
{
        Program p = compile(SYSTEM);

        test_calls(&p);
        test_socket_families(&p);
        test_ioctls(&p);
        test_other_architectures(&p);
        test_counts(&p);
        test_capabilities();
        test_kernel(&p);
        free(p.code);
        return 0;
}
