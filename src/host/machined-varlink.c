/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/machined-varlink.h"

#include "base/cleanup.h"

#include <glib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define REPLY_MAX 4096

struct VarlinkCall {
        int fd;
        sd_event_source *io;
        VarlinkDoneFn done;
        void *userdata;
        size_t n;
        char reply[REPLY_MAX];
};

VarlinkCall *varlink_free(VarlinkCall *c)
{
        if (c) {
                sd_event_source_disable_unref(c->io);
                (void)close_fd(c->fd);
                g_free(c);
        }
        return NULL;
}

/* The answer is an empty object, or names an error. */
static const char *find_error(char *reply)
{
        static const char key[] = "\"error\":\"";
        char *error = strstr(reply, key);

        if (!error)
                return NULL;
        error += strlen(key);
        error[strcspn(error, "\"")] = '\0';
        return error;
}

static int on_reply(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        VarlinkCall *c = userdata;
        ssize_t n = recv(fd, c->reply + c->n, sizeof(c->reply) - 1 - c->n, 0);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        if (n > 0) {
                c->n += (size_t)n;
                if (c->n < sizeof(c->reply) - 1 && c->reply[c->n - 1] != '\0')
                        return 0;
        }
        sd_event_source_disable_unref(c->io);
        c->io = NULL;
        c->done(c->userdata, n > 0 ? find_error(c->reply) : "it has hung up"); /* frees @c */
        return 0;
}

int varlink_register(sd_event *event, int fd, const char *name, const uint8_t id[static 16],
                     uint32_t leader, VarlinkDoneFn done, void *userdata, VarlinkCall **ret)
{
        VarlinkCall *c = g_new0(VarlinkCall, 1);
        char hex[33];

        *c = (VarlinkCall){.fd = fd, .done = done, .userdata = userdata};
        for (size_t i = 0; i < 16; i++)
                (void)snprintf(hex + 2 * i, 3, "%02x", id[i]);
        /* an object of JSON and a NUL; nothing in it can need escaping */
        _cleanup_free_ char *text = g_strdup_printf(
                "{\"method\":\"io.systemd.Machine.Register\",\"parameters\":{\"name\":\"%s\","
                "\"id\":\"%s\",\"service\":\"%s\",\"class\":\"container\",\"leader\":%u}}",
                name, hex, MACHINED_SERVICE, leader);
        size_t size = strlen(text) + 1;
        ssize_t n = send(fd, text, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        int r = n == (ssize_t)size ? sd_event_add_io(event, &c->io, fd, EPOLLIN, on_reply, c)
                : n < 0            ? -errno
                                   : -EAGAIN;

        if (r < 0) {
                varlink_free(c);
                return r;
        }
        *ret = c;
        return 0;
}
