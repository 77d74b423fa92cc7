/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nss/hosts-file.h"

#include "base/cleanup.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define LINE_MAX_BYTES (INET6_ADDRSTRLEN + MACHINE_NAME_MAX + 2)
#define FILE_MAX_BYTES (4U << 20) /* what lies behind that is not looked at */

typedef struct Reader {
        int fd;
        char buf[4096];
        size_t n, at, total;
} Reader;

/* Return: the next byte; -1 at the end. */
static int next_byte(Reader *r)
{
        if (r->at == r->n) {
                ssize_t n;

                if (r->total >= FILE_MAX_BYTES)
                        return -1;
                do
                        n = read(r->fd, r->buf, sizeof(r->buf));
                while (n < 0 && errno == EINTR);
                if (n <= 0)
                        return -1;
                r->n = (size_t)n;
                r->at = 0;
                r->total += r->n;
        }
        return (unsigned char)r->buf[r->at++];
}

/* A line that is too long comes out empty. Return: false at the end. */
static bool next_line(Reader *r, char ret[static LINE_MAX_BYTES])
{
        size_t n = 0;
        int c;

        while ((c = next_byte(r)) >= 0 && c != '\n')
                if (n < LINE_MAX_BYTES)
                        ret[n++] = (char)c;
        if (n == LINE_MAX_BYTES)
                n = 0;
        ret[n] = '\0';
        return c >= 0 || n > 0;
}

static bool is_name_byte(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '.';
}

static bool parse_line(char *line, HostsEntry *ret)
{
        char *space = strchr(line, ' ');
        HostsEntry e = {.family = AF_INET};
        size_t n = space ? strlen(space + 1) : 0;

        if (n == 0 || n >= sizeof(e.name))
                return false;
        *space = '\0';
        for (size_t i = 0; i < n; i++)
                if (!is_name_byte(space[1 + i]))
                        return false;
        memcpy(e.name, space + 1, n);
        if (inet_pton(AF_INET, line, e.address) != 1) {
                e.family = AF_INET6;
                if (inet_pton(AF_INET6, line, e.address) != 1)
                        return false;
        }
        *ret = e;
        return true;
}

/* Return: descriptor; -EBADF there is none, or nothing that could be read without harm. */
static int open_regular(const char *path)
{
        _cleanup_close_ int fd =
                open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
        struct stat st;

        return fd >= 0 && fstat(fd, &st) >= 0 && S_ISREG(st.st_mode) ? TAKE_FD(fd) : -EBADF;
}

size_t hosts_file_find(const char *path, HostsMatchFn matches, const void *userdata,
                       HostsEntry *ret, size_t max)
{
        _cleanup_close_ int fd = open_regular(path);
        Reader r = {.fd = fd};
        char line[LINE_MAX_BYTES + 1];
        size_t n = 0;

        if (fd < 0)
                return 0;
        while (n < max && next_line(&r, line))
                if (parse_line(line, &ret[n]) && matches(&ret[n], userdata))
                        n++;
        return n;
}
