/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/link.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define TELL_MSEC      250
#define EXIT_CANCELLED 3
#define THREAD_STACK   (128U << 10)

struct Link {
        int fd;
        Progress *progress;
        pthread_mutex_t lock;
        bool finished;
        int pidfd; /* of the machine's PID 1; -EBADF: the job is about none */
        char *machine;
        void (*abandon)(void);
};

int link_new(const char *path, Progress *progress, Link **ret, Fault *reterr)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        _cleanup_close_ int fd = -EBADF;

        if (strlen(path) >= sizeof(address.sun_path))
                return fault_set(reterr, FAULT_FAILED, ENAMETOOLONG,
                                 "the path of the socket is too long: %s", path);
        memcpy(address.sun_path, path, strlen(path));
        fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                return fault_set(reterr, FAULT_FAILED, errno, "cannot connect to %s: %s", path,
                                 strerror(errno));

        Link *l = malloc(sizeof(*l));
        if (!l)
                return -ENOMEM;
        *l = (Link){.fd = TAKE_FD(fd), .progress = progress, .pidfd = -EBADF};
        (void)pthread_mutex_init(&l->lock, NULL); /* cannot fail with default attributes */
        *ret = l;
        return 0;
}

int link_order(Link *l, const char *instance, Frame *ret, Fault *reterr)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        _cleanup_frame_ Frame f = {0};

        frame_begin(&w, FRAME_WORK, 0);
        frame_add_string(&w, FRAME_NAME, instance);
        int r = link_send(l, &w);
        if (r >= 0)
                r = frame_receive(l->fd, &f);
        if (r == 0)
                r = -ECONNRESET;
        if (r < 0)
                return fault_set(reterr, FAULT_FAILED, r, "lodged gave no order: %s", strerror(-r));
        if (f.type == FRAME_REFUSED || f.type == FRAME_ERROR)
                return frame_fault(&f, reterr);
        *ret = f;
        f = (Frame){0};
        return 0;
}

static int send_frame(Link *l, FrameWriter *w, bool last)
{
        (void)pthread_mutex_lock(&l->lock);
        int r = l->finished ? 0 : frame_send(l->fd, w); /* nobody waits for anything after it */
        l->finished = l->finished || last;
        (void)pthread_mutex_unlock(&l->lock);
        return r;
}

int link_send(Link *l, FrameWriter *w)
{
        return send_frame(l, w, false);
}

int link_finish(Link *l, FrameWriter *w)
{
        return send_frame(l, w, true);
}

int link_end_with(Link *l, int pidfd, const char *machine, void (*abandon)(void))
{
        /* the thread goes on until the process ends, when the order has been freed */
        l->machine = strdup(machine);
        l->pidfd = pidfd < 0 ? -EBADF : fcntl(pidfd, F_DUPFD_CLOEXEC, 0);
        if (!l->machine || (pidfd >= 0 && l->pidfd < 0))
                return l->machine ? -errno : -ENOMEM;
        l->abandon = abandon;
        /* systemd's stop comes with the end of the connection, and must not come before what is
         * unfinished has been removed */
        (void)signal(SIGTERM, SIG_IGN);
        return 0;
}

/* The job's own end may come first. */
static void end_if_cancelled(Link *l)
{
        (void)pthread_mutex_lock(&l->lock);
        if (!l->finished) {
                if (l->abandon)
                        l->abandon();
                _exit(EXIT_CANCELLED);
        }
        (void)pthread_mutex_unlock(&l->lock);
}

/* What holds the mounts of a machine that has stopped is in the way of its next start. */
static void end_with_machine(Link *l)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        _cleanup_free_ char *text = NULL;

        if (asprintf(&text, "machine '%s' has stopped before everything was copied", l->machine) <
            0)
                text = NULL;
        frame_begin(&w, FRAME_ERROR, 0);
        frame_add_number(&w, FRAME_CODE, FAULT_NOT_RUNNING);
        frame_add_number(&w, FRAME_ERRNO, ESRCH);
        frame_add_string(&w, FRAME_MESSAGE, text);
        (void)link_send(l, &w);
        end_if_cancelled(l);
}

/* Nothing but the end of the connection is expected from lodged. What the job has built so far is
 * in its own directory, which lodged sweeps. */
static void *watch(void *userdata)
{
        Link *l = userdata;
        _cleanup_frame_writer_ FrameWriter w = {0};

        for (;;) {
                struct pollfd p[] = {{.fd = l->fd, .events = POLLIN | POLLRDHUP},
                                     {.fd = l->pidfd, .events = POLLIN}};
                bool broken = poll(p, ELEMENTSOF(p), TELL_MSEC) < 0 && errno != EINTR;

                if (p[1].revents)
                        end_with_machine(l);
                if (broken || p[0].revents || p[1].revents ||
                    (progress_frame(l->progress, &w) && link_send(l, &w) < 0))
                        break;
        }
        end_if_cancelled(l);
        return NULL;
}

int link_watch(Link *l)
{
        pthread_attr_t attributes;
        pthread_t thread;

        int r = pthread_attr_init(&attributes);
        if (r != 0)
                return -r;
        (void)pthread_attr_setstacksize(&attributes, THREAD_STACK);
        (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
        r = pthread_create(&thread, &attributes, watch, l);
        (void)pthread_attr_destroy(&attributes);
        return -r;
}
