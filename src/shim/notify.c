/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/notify.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

int notify_open(const char *path)
{
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        struct sockaddr_un sa = {.sun_family = AF_UNIX};
        int one = 1;

        if (fd < 0)
                return -errno;
        if (strlen(path) >= sizeof(sa.sun_path))
                return -ENAMETOOLONG;
        memcpy(sa.sun_path, path, strlen(path) + 1);
        (void)unlink(path);
        if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
                return -errno;
        /* the directory is ours alone; the guest gets at the socket by the bind mount only */
        if (chmod(path, 0666) < 0 || setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static void drop_descriptors(struct msghdr *mh)
{
        for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;
                size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
                for (size_t i = 0; i < n; i++) {
                        int fd;

                        memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
                        (void)close(fd);
                }
        }
}

static pid_t sender(struct msghdr *mh)
{
        for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c))
                if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS) {
                        struct ucred u;

                        memcpy(&u, CMSG_DATA(c), sizeof(u));
                        return u.pid;
                }
        return 0;
}

int notify_receive(int fd, pid_t leader, bool *ret_ready, char *ret_status)
{
        char buf[4096];
        union {
                struct cmsghdr align;
                char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int) * 253)];
        } control;
        struct iovec iov = {.iov_base = buf, .iov_len = sizeof(buf) - 1};
        struct msghdr mh = {
                .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = sizeof(control),
        };
        char *saved = NULL;

        ssize_t n = recvmsg(fd, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (n < 0)
                return -EAGAIN;
        drop_descriptors(&mh);
        if (mh.msg_flags & MSG_TRUNC || sender(&mh) != leader)
                return 0;
        buf[n] = '\0';
        *ret_ready = false;
        ret_status[0] = '\0';
        for (char *l = strtok_r(buf, "\n", &saved); l; l = strtok_r(NULL, "\n", &saved)) {
                if (streq(l, "READY=1"))
                        *ret_ready = true;
                else if (strncmp(l, "STATUS=", 7) == 0) {
                        _cleanup_free_ char *clean = text_for_display(l + 7, NOTIFY_STATUS_MAX - 8);

                        (void)snprintf(ret_status, NOTIFY_STATUS_MAX, "%s", clean ?: "");
                }
        }
        return 1;
}

void notify_systemd(const char *state)
{
        const char *path = getenv("NOTIFY_SOCKET");
        struct sockaddr_un sa = {.sun_family = AF_UNIX};
        _cleanup_close_ int fd = -EBADF;

        if (!path || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof(sa.sun_path))
                return;
        memcpy(sa.sun_path, path, strlen(path) + 1);
        if (path[0] == '@')
                sa.sun_path[0] = '\0';
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd >= 0)
                (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&sa,
                             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path)));
}
