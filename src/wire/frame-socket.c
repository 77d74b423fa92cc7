/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames on a SOCK_SEQPACKET socket. The peer is not trusted: neither its lengths nor the
 * descriptors it sends. */
#include "wire/frame.h"

#include "base/io.h"
#include "wire/frame-header.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

typedef union Control {
        struct cmsghdr header; /* for its alignment */
        char buf[CMSG_SPACE(sizeof(int) * FRAME_FDS_MAX)];
} Control;

static int send_message(int fd, struct iovec iov, const int *fds, size_t n_fds)
{
        Control control = {0};
        struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

        if (n_fds > 0) {
                m.msg_control = control.buf;
                m.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
                struct cmsghdr *c = CMSG_FIRSTHDR(&m);

                c->cmsg_level = SOL_SOCKET;
                c->cmsg_type = SCM_RIGHTS;
                c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
                memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
        }
        for (;;) {
                if (sendmsg(fd, &m, MSG_NOSIGNAL) >= 0)
                        return 0;
                if (errno != EINTR)
                        return -errno;
        }
}

int frame_send(int fd, FrameWriter *w)
{
        _cleanup_close_ int memfd = -EBADF;
        int fds[FRAME_FDS_MAX];
        size_t n_fds = w->n_fds;
        FrameHeader h;

        if (w->error < 0)
                return w->error;
        memcpy(&h, w->buf, sizeof(h));
        h.size = (uint32_t)w->n;
        h.flags = w->n > FRAME_INLINE_MAX ? FRAME_FLAG_MEMFD : 0;
        memcpy(w->buf, &h, sizeof(h));
        if (n_fds > 0)
                memcpy(fds, w->fds, sizeof(int) * n_fds);
        if (!(h.flags & FRAME_FLAG_MEMFD))
                return send_message(fd, (struct iovec){w->buf, w->n}, fds, n_fds);

        memfd = sealed_memfd("lodge-frame", w->buf + sizeof(h), w->n - sizeof(h));
        if (memfd < 0)
                return memfd;
        fds[n_fds++] = memfd; /* frame_add_fd() has kept the place */
        return send_message(fd, (struct iovec){w->buf, sizeof(h)}, fds, n_fds);
}

/* Take what came over into the frame, which owns it from now on. */
static void take_fds(struct msghdr *m, Frame *f)
{
        for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;

                /* the control buffer has no room for more than FRAME_FDS_MAX */
                size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
                n = MIN2(n, FRAME_FDS_MAX - f->n_fds);
                memcpy(f->fds + f->n_fds, CMSG_DATA(c), n * sizeof(int));
                f->n_fds += n;
        }
}

/* The fields of a long frame. Without the seals the peer could change them under our hands, or
 * shorten the file; F_GET_SEALS also refuses everything that is not a memfd, so that the read
 * cannot hang. */
static int read_memfd(int fd, char *buf, size_t n)
{
        const int wanted = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
        int seals = fcntl(fd, F_GET_SEALS);
        struct stat st;

        if (seals < 0 || (seals & wanted) != wanted || fstat(fd, &st) < 0 || st.st_size != (off_t)n)
                return -EBADMSG;
        for (size_t done = 0; done < n;) {
                ssize_t k = pread(fd, buf + done, n - done, (off_t)done);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k <= 0)
                        return k < 0 ? -errno : -EBADMSG;
                done += (size_t)k;
        }
        return 0;
}

/* @n bytes of a message (at least a header) and perhaps a memfd as one block on the heap. */
static int assemble(const char *message, size_t n, Frame *f, char **ret, size_t *ret_n)
{
        _cleanup_free_ char *buf = NULL;
        size_t size = n;
        FrameHeader h;

        memcpy(&h, message, sizeof(h));
        bool in_memfd = h.magic == FRAME_MAGIC && h.version == FRAME_VERSION &&
                        (h.flags & FRAME_FLAG_MEMFD);
        if (in_memfd) {
                if (n != sizeof(h) || h.size < sizeof(h) || h.size > FRAME_SIZE_MAX ||
                    f->n_fds == 0)
                        return -EBADMSG;
                size = h.size;
        }

        buf = malloc(size);
        if (!buf)
                return -ENOMEM;
        memcpy(buf, message, n);
        if (in_memfd) {
                _cleanup_close_ int fd = f->fds[--f->n_fds];
                int r = read_memfd(fd, buf + n, size - n);

                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(buf);
        *ret_n = size;
        return 0;
}

int frame_receive(int fd, Frame *ret)
{
        _cleanup_frame_ Frame received = {0}; /* holds the descriptors until all is checked */
        _cleanup_free_ char *buf = NULL;
        char message[FRAME_INLINE_MAX];
        struct iovec iov = {message, sizeof(message)};
        Control control;
        struct msghdr m = {.msg_iov = &iov,
                           .msg_iovlen = 1,
                           .msg_control = control.buf,
                           .msg_controllen = sizeof(control.buf)};
        ssize_t n;
        size_t size;
        Frame f;

        do
                n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        take_fds(&m, &received);
        if (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
                return -EBADMSG;
        if (n == 0 && received.n_fds == 0)
                return 0;
        if ((size_t)n < sizeof(FrameHeader))
                return -EBADMSG;

        int r = assemble(message, (size_t)n, &received, &buf, &size);
        if (r >= 0)
                r = frame_parse(buf, size, &f);
        if (r < 0)
                return r;
        TAKE_PTR(buf);
        memcpy(f.fds, received.fds, sizeof(f.fds));
        f.n_fds = received.n_fds;
        received.n_fds = 0;
        *ret = f;
        return 1;
}

bool frame_peer_is_root(int fd)
{
        struct ucred cred;
        socklen_t n = sizeof(cred);

        return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) >= 0 && n == sizeof(cred) &&
               cred.uid == 0;
}
