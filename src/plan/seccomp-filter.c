/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/seccomp-filter.h"

#include "base/cleanup.h"
#include "plan/seccomp-table.h"

#include <glib.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* The kernel takes these arguments as int: of the 64-bit register only the low half counts, and a
 * filter that compared all of it could be passed with a bit set above. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARGUMENT(i) (offsetof(struct seccomp_data, args) + 8 * (i))
#else
#define ARGUMENT(i) (offsetof(struct seccomp_data, args) + 8 * (i) + 4)
#endif

/* Arguments come first, in instructions of our own: libseccomp has no "any other value of this
 * argument" to give an error of its own. What passes goes on in libseccomp's program behind. */
enum {
        ARCH,
        IS_NATIVE,
        NUMBER,
        IS_SOCKET,
        IS_SOCKETPAIR,
        IS_IOCTL,
        REQUEST,
        IS_TIOCSTI,
        REFUSE_REQUEST,
        FAMILY,
        IS_UNIX,
        IS_INET,
        IS_INET6,
        IS_PACKET,
        IS_NETLINK,
        PROTOCOL,
        IS_AUDIT,
        IS_XFRM,
        REFUSE_FAMILY,
        PASS,
};

#define LOAD(offset)  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)(offset))
#define REFUSE(error) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))
/* Jumps are counted from the next instruction. */
#define TEST(at, value, yes, no)                                                                   \
        [at] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(value), (yes) - (at)-1, (no) - (at)-1)

static const struct sock_filter argument_checks[PASS] = {
        [ARCH] = LOAD(offsetof(struct seccomp_data, arch)),
        TEST(IS_NATIVE, 0 /* put in by export() */, NUMBER, PASS),
        [NUMBER] = LOAD(offsetof(struct seccomp_data, nr)),
        TEST(IS_SOCKET, __NR_socket, FAMILY, IS_SOCKETPAIR),
        TEST(IS_SOCKETPAIR, __NR_socketpair, FAMILY, IS_IOCTL),
        TEST(IS_IOCTL, __NR_ioctl, REQUEST, PASS),

        /* no input typed into somebody else's terminal */
        [REQUEST] = LOAD(ARGUMENT(1)),
        TEST(IS_TIOCSTI, TIOCSTI, REFUSE_REQUEST, PASS),
        [REFUSE_REQUEST] = REFUSE(EPERM),

        /* the families a Debian system uses; the others (AF_ALG, AF_VSOCK, AF_XDP, AF_RXRPC ...)
         * are where the kernel's holes have been, and few of them know of namespaces */
        [FAMILY] = LOAD(ARGUMENT(0)),
        TEST(IS_UNIX, AF_UNIX, PASS, IS_INET),
        TEST(IS_INET, AF_INET, PASS, IS_INET6),
        TEST(IS_INET6, AF_INET6, PASS, IS_PACKET),
        TEST(IS_PACKET, AF_PACKET, PASS, IS_NETLINK),
        TEST(IS_NETLINK, AF_NETLINK, PROTOCOL, REFUSE_FAMILY),
        [PROTOCOL] = LOAD(ARGUMENT(2)),
        TEST(IS_AUDIT, NETLINK_AUDIT, REFUSE_FAMILY, IS_XFRM),
        TEST(IS_XFRM, NETLINK_XFRM, REFUSE_FAMILY, PASS),
        [REFUSE_FAMILY] = REFUSE(EAFNOSUPPORT),
};

static int fail(Fault *reterr, int error, const char *what)
{
        return fault_set(reterr, FAULT_FAILED, error,
                         "the system call filter could not be compiled: %s: %s", what,
                         strerrordesc_np(-error));
}

static int add_call(scmp_filter_ctx ctx, const char *name, uint32_t action, Fault *reterr)
{
        int nr = seccomp_syscall_resolve_name(name);

        /* Negative are calls that this architecture does not have, or that the installed libseccomp
         * is too old for: they stay unknown. That the table does not shrink unseen is the unit
         * test's to tell. */
        if (nr < 0)
                return 0;

        int r = seccomp_rule_add_exact(ctx, action, nr, 0);
        return r < 0 ? fail(reterr, r, name) : 0;
}

static int add_group(scmp_filter_ctx ctx, const SeccompGroup *group, uint64_t caps, Fault *reterr)
{
        g_auto(GStrv) names = g_strsplit(group->calls, " ", -1);
        bool allowed = group->capability == SECCOMP_ANYBODY ||
                       (group->capability >= 0 && caps & UINT64_C(1) << group->capability);

        for (char **name = names; *name; name++) {
                int r = add_call(ctx, *name, allowed ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM),
                                 reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int build(scmp_filter_ctx ctx, uint64_t caps, Fault *reterr)
{
        int r = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));

        if (r >= 0) /* 2: a binary search instead of one comparison after the other */
                r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
        if (r < 0)
                return fail(reterr, r, "an attribute is not known");
        for (const SeccompGroup *group = seccomp_groups; group->calls && r >= 0; group++)
                r = add_group(ctx, group, caps, reterr);
        return r;
}

/* The argument checks and behind them what libseccomp has made. */
static int export(scmp_filter_ctx ctx, void **ret, uint32_t *ret_n, Fault *reterr)
{
        _cleanup_close_ int fd = memfd_create("lodge-seccomp", MFD_CLOEXEC);
        _cleanup_free_ struct sock_filter *program = NULL;
        struct stat st;

        if (fd < 0)
                return fail(reterr, -errno, "memfd_create");

        int r = seccomp_export_bpf(ctx, fd);
        if (r < 0)
                return fail(reterr, r, "export");
        if (fstat(fd, &st) < 0)
                return fail(reterr, -errno, "fstat");

        size_t n = sizeof(argument_checks) + (size_t)st.st_size;
        if (n / sizeof(struct sock_filter) > BPF_MAXINSNS)
                return fail(reterr, -E2BIG, "the program");
        program = malloc(n);
        if (!program)
                return -ENOMEM;
        memcpy(program, argument_checks, sizeof(argument_checks));
        program[IS_NATIVE].k = seccomp_arch_native();
        if (pread(fd, program + ELEMENTSOF(argument_checks), (size_t)st.st_size, 0) != st.st_size)
                return fail(reterr, -EIO, "reading the program back");
        *ret = TAKE_PTR(program);
        *ret_n = (uint32_t)n;
        return 0;
}

static void seccomp_releasep(scmp_filter_ctx *ctx)
{
        if (*ctx)
                seccomp_release(*ctx);
}

int seccomp_filter_compile(uint64_t caps, void **ret, uint32_t *ret_n, Fault *reterr)
{
        _cleanup_(seccomp_releasep) scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));

        if (!ctx)
                return -ENOMEM;

        int r = build(ctx, caps, reterr);
        return r < 0 ? r : export(ctx, ret, ret_n, reterr);
}
