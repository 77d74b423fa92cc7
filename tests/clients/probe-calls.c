/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* System calls that a guest tries. The arguments are such that a call that gets through changes
 * nothing, and fails with another errno than a filter gives. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define UNKNOWN_CALL 9999

static int result(long r)
{
        return r < 0 ? errno : 0;
}

static int socket_of(int family, int type, int protocol)
{
        int fd = socket(family, type | SOCK_CLOEXEC, protocol);

        if (fd < 0)
                return errno;
        (void)close(fd);
        return 0;
}

static int socket_unix(void)
{
        return socket_of(AF_UNIX, SOCK_STREAM, 0);
}

static int socket_inet(void)
{
        return socket_of(AF_INET, SOCK_STREAM, 0);
}

static int socket_inet6(void)
{
        return socket_of(AF_INET6, SOCK_DGRAM, 0);
}

static int socket_route(void)
{
        return socket_of(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
}

static int socket_audit(void)
{
        return socket_of(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT);
}

static int socket_xfrm(void)
{
        return socket_of(AF_NETLINK, SOCK_RAW, NETLINK_XFRM);
}

static int socket_alg(void)
{
        return socket_of(AF_ALG, SOCK_SEQPACKET, 0);
}

static int socket_vsock(void)
{
        return socket_of(AF_VSOCK, SOCK_STREAM, 0);
}

static int socket_xdp(void)
{
        return socket_of(AF_XDP, SOCK_RAW, 0);
}

/* The kernel takes the family as int, a filter sees 64 bits: the upper half must not matter. */
static int socket_vsock_high(void)
{
        return result(syscall(SYS_socket, 1L << 32 | AF_VSOCK, (long)SOCK_STREAM, 0L));
}

static int tiocsti(void)
{
        return result(ioctl(0, TIOCSTI, "x"));
}

static int tiocsti_high(void)
{
        return result(syscall(SYS_ioctl, 0L, 1L << 32 | TIOCSTI, "x"));
}

static int call_unknown(void)
{
        return result(syscall(UNKNOWN_CALL));
}

static int call_bpf(void)
{
        return result(syscall(SYS_bpf, -1, NULL, 0));
}

static int call_keyctl(void)
{
        return result(syscall(SYS_keyctl, -1, 0, 0, 0, 0));
}

static int call_add_key(void)
{
        return result(syscall(SYS_add_key, NULL, NULL, NULL, 0, 0));
}

static int call_perf(void)
{
        return result(syscall(SYS_perf_event_open, NULL, -1, -1, -1, 0));
}

static int call_handle(void)
{
        return result(syscall(SYS_open_by_handle_at, -1, NULL, 0));
}

static int call_module(void)
{
        return result(syscall(SYS_delete_module, "no-such-module", O_NONBLOCK));
}

static int call_kexec(void)
{
        return result(syscall(SYS_kexec_file_load, -1, -1, 0, NULL, 0));
}

static int call_swapon(void)
{
        return result(syscall(SYS_swapon, "/no/such/file", 0));
}

static int call_settime(void)
{
        return result(syscall(SYS_clock_settime, -1, NULL));
}

static int call_syslog(void)
{
        return result(syscall(SYS_syslog, 3, NULL, 0));
}

static int call_uring(void)
{
        return result(syscall(SYS_io_uring_setup, 1, NULL));
}

static int call_userfaultfd(void)
{
        return result(syscall(SYS_userfaultfd, -1));
}

static int call_personality(void)
{
        return result(personality(0xffffffff));
}

static int make_device(void)
{
        int r = result(mknod("/tmp/probe-device", S_IFBLK | 0600, makedev(7, 0)));

        (void)unlink("/tmp/probe-device");
        return r;
}

static int open_ext4(void)
{
        return result(syscall(SYS_fsopen, "ext4", 0));
}

/* A 32-bit entry into the 64-bit kernel: its calls have numbers of their own, which a filter for
 * x86-64 misreads. */
static int call_i386(void)
{
#ifdef __x86_64__
        long r;

        __asm__ volatile("int $0x80"
                         : "=a"(r)
                         : "a"(20L) /* getpid */
                         : "memory", "r8", "r9", "r10", "r11");
        return r < 0 ? (int)-r : 0;
#else
        return ENOSYS;
#endif
}

static int call_x32(void)
{
#ifdef __x86_64__
        return result(syscall(0x40000000L | SYS_getpid));
#else
        return ENOSYS;
#endif
}

static const struct {
        const char *name;
        int (*call)(void);
} calls[] = {
        {"unknown", call_unknown},
        {"i386", call_i386},
        {"x32", call_x32},
        {"bpf", call_bpf},
        {"keyctl", call_keyctl},
        {"add_key", call_add_key},
        {"perf_event_open", call_perf},
        {"open_by_handle_at", call_handle},
        {"delete_module", call_module},
        {"kexec_file_load", call_kexec},
        {"swapon", call_swapon},
        {"clock_settime", call_settime},
        {"syslog", call_syslog},
        {"io_uring_setup", call_uring},
        {"userfaultfd", call_userfaultfd},
        {"personality", call_personality},
        {"mknod", make_device},
        {"fsopen_ext4", open_ext4},
        {"tiocsti", tiocsti},
        {"tiocsti_high", tiocsti_high},
        {"socket_unix", socket_unix},
        {"socket_inet", socket_inet},
        {"socket_inet6", socket_inet6},
        {"socket_route", socket_route},
        {"socket_audit", socket_audit},
        {"socket_xfrm", socket_xfrm},
        {"socket_alg", socket_alg},
        {"socket_vsock", socket_vsock},
        {"socket_vsock_high", socket_vsock_high},
        {"socket_xdp", socket_xdp},
};

#define N_CALLS (sizeof(calls) / sizeof(calls[0]))

int probe_call(const char *name)
{
        for (size_t i = 0; i < N_CALLS; i++)
                if (strcmp(calls[i].name, name) == 0)
                        return calls[i].call();
        return -1;
}

void probe_print_calls(void)
{
        for (size_t i = 0; i < N_CALLS; i++)
                (void)puts(calls[i].name);
}
