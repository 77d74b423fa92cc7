/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "relay/connector.h"

#include "base/cleanup.h"
#include "sys/identity.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

typedef union Control {
        struct cmsghdr align;
        char buf[CMSG_SPACE(sizeof(int))];
} Control;

/* Return: descriptor; negative errno. */
static int connect_to(const struct sockaddr_un *address)
{
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

        if (fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static int answer(int to, int result)
{
        struct iovec iov = {&result, sizeof(result)};
        Control control = {0};
        struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

        if (result >= 0) {
                m.msg_control = control.buf;
                m.msg_controllen = sizeof(control.buf);
                control.align.cmsg_level = SOL_SOCKET;
                control.align.cmsg_type = SCM_RIGHTS;
                control.align.cmsg_len = CMSG_LEN(sizeof(result));
                memcpy(CMSG_DATA(&control.align), &result, sizeof(result));
        }
        return sendmsg(to, &m, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static _noreturn_ void serve(int fd, const struct sockaddr_un *address)
{
        char request;

        (void)prctl(PR_SET_NAME, "lodge-connect", 0, 0, 0);
        if (identity_limit_capabilities(0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                _exit(1);
        while (recv(fd, &request, sizeof(request), 0) > 0) {
                _cleanup_close_ int connected = connect_to(address);

                if (answer(fd, connected) < 0)
                        break;
        }
        _exit(0);
}

int connector_start(const char *path)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fds[2];

        if (strlen(path) >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        memcpy(address.sun_path, path, strlen(path));
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
                return -errno;
        pid_t pid = fork();
        if (pid == 0) {
                (void)close(fds[0]);
                serve(fds[1], &address);
        }
        (void)close(fds[1]);
        if (pid < 0) {
                (void)close_fd(fds[0]);
                return -EAGAIN;
        }
        return fds[0];
}

int connector_ask(int fd)
{
        return send(fd, "c", 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -EPIPE : 0;
}

int connector_take(int fd)
{
        Control control = {0};
        int result = -EPIPE, connected;
        struct iovec iov = {&result, sizeof(result)};
        struct msghdr m = {.msg_iov = &iov,
                           .msg_iovlen = 1,
                           .msg_control = control.buf,
                           .msg_controllen = sizeof(control.buf)};

        if (recvmsg(fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) != sizeof(result))
                return -EPIPE;
        if (result < 0)
                return result;
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        if (!c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(connected)))
                return -EMFILE; /* there was no room for it here */
        memcpy(&connected, CMSG_DATA(c), sizeof(connected));
        return connected;
}
