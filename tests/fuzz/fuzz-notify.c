/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a guest's PID 1 says to its $NOTIFY_SOCKET. */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "shim/notify.h"

#include <sys/socket.h>

/* Once as PID 1, once as any other process of the guest, which must not be heard. */
static void try_message(int fd, pid_t leader, bool heard)
{
        char status[NOTIFY_STATUS_MAX] = "not set";
        bool ready = false;

        int r = notify_receive(fd, leader, &ready, status);
        PROMISE(r == 0 || (heard && r == 1));
        if (r == 0)
                return;
        PROMISE(memchr(status, '\0', sizeof(status)));
        PROMISE(utf8_is_valid(status) && !strpbrk(status, "\n\t\x1b\x7f"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        char status[NOTIFY_STATUS_MAX];
        int one = 1, fds[2], extra[3];
        bool ready;

        PROMISE(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds) == 0);
        PROMISE(setsockopt(fds[0], SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)) == 0);
        for (int i = 0; i < 3; i++)
                extra[i] = fds[i % 2];
        for (int heard = 0; heard <= 1; heard++) {
                union {
                        struct cmsghdr header;
                        char bytes[CMSG_SPACE(sizeof(extra))];
                } control = {.header = {.cmsg_level = SOL_SOCKET,
                                        .cmsg_type = SCM_RIGHTS,
                                        .cmsg_len = CMSG_LEN(sizeof(extra))}};
                struct iovec iov = {.iov_base = (void *)data, .iov_len = n};
                struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

                memcpy(CMSG_DATA(&control.header), extra, sizeof(extra));
                if (n > 0 && data[0] & 1) { /* descriptors come along: each must be closed */
                        m.msg_control = &control;
                        m.msg_controllen = sizeof(control);
                }
                PROMISE(sendmsg(fds[1], &m, 0) == (ssize_t)n);
                try_message(fds[0], heard ? getpid() : getpid() + 1, heard);
        }
        PROMISE(notify_receive(fds[0], getpid(), &ready, status) == -EAGAIN);
        (void)close(fds[0]);
        (void)close(fds[1]);
        PROMISE(dup(0) == fds[0]); /* nothing was left open below */
        (void)close(fds[0]);
        return 0;
}
