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

/* An object of JSON; nothing in it can need escaping. */
static char *format_call(const VarlinkMachine *m)
{
        GString *s = g_string_new("{\"method\":\"io.systemd.Machine.Register\",\"parameters\":{");

        g_string_append_printf(s, "\"name\":\"%s\",\"id\":\"", m->name);
        for (size_t i = 0; i < 16; i++)
                g_string_append_printf(s, "%02x", m->id[i]);
        g_string_append_printf(s, "\",\"service\":\"%s\",\"class\":\"container\",\"leader\":%u",
                               MACHINED_SERVICE, m->leader);
        for (size_t i = 0; i < m->n_ifindexes; i++)
                g_string_append_printf(s, "%s%d", i == 0 ? ",\"ifIndices\":[" : ",",
                                       m->ifindexes[i]);
        g_string_append(s, m->n_ifindexes > 0 ? "]}}" : "}}");
        return g_string_free(s, FALSE);
}

int varlink_register(sd_event *event, int fd, const VarlinkMachine *machine, VarlinkDoneFn done,
                     void *userdata, VarlinkCall **ret)
{
        _cleanup_free_ char *text = format_call(machine);
        VarlinkCall *c = g_new0(VarlinkCall, 1);

        *c = (VarlinkCall){.fd = fd, .done = done, .userdata = userdata};
        /* the NUL ends the message */
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
