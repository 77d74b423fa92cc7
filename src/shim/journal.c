/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* journald's native protocol: a datagram of "FIELD=value" lines is an entry. A value with a newline
 * would need another form; there is none in what we send, so nobody can add fields of his own.
 * Source: systemd.io/JOURNAL_NATIVE_PROTOCOL. */
#include "shim/journal.h"

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* In ms. A guest that prints faster than journald reads is slowed down by it, as by any reader, but
 * a journald that does not read at all must not hold the guest up. */
#define PATIENCE 200

#define PRIORITY_WARNING 4
#define PRIORITY_INFO    6

static const char *const stream_names[] = {
        [JOURNAL_STDOUT] = "stdout",
        [JOURNAL_STDERR] = "stderr",
        [JOURNAL_TERMINAL] = "terminal",
};

/* systemd names the stream it has connected: "DEVICE:INODE". */
static bool stdout_is_journal(void)
{
        const char *told = getenv("JOURNAL_STREAM");
        char own[64];
        struct stat st;

        if (!told || fstat(STDOUT_FILENO, &st) < 0)
                return false;
        (void)snprintf(own, sizeof(own), "%llu:%llu", (unsigned long long)st.st_dev,
                       (unsigned long long)st.st_ino);
        return streq(told, own);
}

static int connect_to_journald(void)
{
        static const struct sockaddr_un sa = {.sun_family = AF_UNIX,
                                              .sun_path = LODGE_JOURNAL_SOCKET};
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd < 0 || connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

void journal_init(Journal *j)
{
        *j = (Journal){.fd = -EBADF};
}

void journal_open(Journal *j, const char *machine, const char *image)
{
        _cleanup_free_ char *shown = text_for_display(image ?: "", sizeof(j->image) - 1);

        (void)snprintf(j->machine, sizeof(j->machine), "%s", machine);
        (void)snprintf(j->image, sizeof(j->image), "%s", shown ?: "");
        if (stdout_is_journal())
                j->fd = connect_to_journald();
}

void journal_begin_boot(Journal *j, uint32_t boot)
{
        uint8_t id[16] = {0};

        if (getrandom(id, sizeof(id), 0) < 0) /* then all boots of this run are one */
                memset(id, 0, sizeof(id));
        for (size_t i = 0; i < sizeof(id); i++)
                (void)snprintf(j->boot_id + 2 * i, 3, "%02x", id[i]);
        /* The unit is told once more: journald finds it out by our pid, and we may be gone before
         * it has got that far. journalctl -u takes this field from root, too. */
        int n = snprintf(j->fields, sizeof(j->fields),
                         "SYSLOG_IDENTIFIER=%s\n" LODGE_FIELD_MACHINE "=%s\n" LODGE_FIELD_IMAGE
                         "=%s\n" LODGE_FIELD_BOOT_ID "=%s\n" LODGE_FIELD_BOOT
                         "=%u\nOBJECT_SYSTEMD_UNIT=" LODGE_UNIT_PREFIX "%s" LODGE_UNIT_SUFFIX "\n",
                         j->machine, j->machine, j->image, j->boot_id, boot, j->machine);
        j->n_fields = n > 0 && (size_t)n < sizeof(j->fields) ? (size_t)n : 0;
}

/* Return: 0; -EAGAIN: it does not take it now; another negative errno: nobody is there. */
static int send_entry(const Journal *j, const char *head, const char *text)
{
        struct iovec iov[] = {
                {.iov_base = (char *)head, .iov_len = strlen(head)},
                {.iov_base = (char *)j->fields, .iov_len = j->n_fields},
                {.iov_base = (char *)"MESSAGE=", .iov_len = 8},
                {.iov_base = (char *)text, .iov_len = strlen(text)},
                {.iov_base = (char *)"\n", .iov_len = 1},
        };
        struct msghdr m = {.msg_iov = iov, .msg_iovlen = ELEMENTSOF(iov)};

        return sendmsg(j->fd, &m, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int send_patiently(Journal *j, const char *head, const char *text)
{
        struct pollfd p = {.fd = j->fd, .events = POLLOUT};
        int r = send_entry(j, head, text);

        while (r == -EAGAIN && !j->is_stuck) {
                j->is_stuck = poll(&p, 1, PATIENCE) <= 0;
                r = send_entry(j, head, text);
        }
        if (r >= 0)
                j->is_stuck = false;
        return r;
}

/* As a unit's own output: without fields, but for the priority. It is ours: the guest's own "<0>"
 * would be an emergency, which journald writes to every terminal of the host. */
static void print_line(int priority, const char *text)
{
        _cleanup_free_ char *line = NULL;
        int n = asprintf(&line, "<%d>%s\n", priority, text);

        if (n > 0)
                (void)!write(STDOUT_FILENO, line, (size_t)n);
}

static void tell_lost(Journal *j)
{
        char text[64];

        (void)snprintf(text, sizeof(text), "%llu lines of output were lost here",
                       (unsigned long long)j->n_lost);
        if (send_entry(j, "PRIORITY=4\n" LODGE_FIELD_STREAM "=stderr\n", text) >= 0)
                j->n_lost = 0;
}

static void add_process(const JournalProcess *p, char *head, size_t size)
{
        size_t n = strlen(head);

        (void)snprintf(head + n, size - n,
                       LODGE_FIELD_PROCESS "=%llu\n" LODGE_FIELD_COMMAND "=%s\nSYSLOG_PID=%d\n",
                       (unsigned long long)p->id, p->command, p->pid);
}

void journal_line(Journal *j, JournalStream stream, const JournalProcess *process, const char *text,
                  bool is_cut)
{
        int priority = stream == JOURNAL_STDERR ? PRIORITY_WARNING : PRIORITY_INFO;
        char head[256];

        if (j->fd < 0 || j->n_fields == 0) {
                print_line(priority, text);
                return;
        }
        (void)snprintf(head, sizeof(head), "PRIORITY=%d\n" LODGE_FIELD_STREAM "=%s\n%s", priority,
                       stream_names[stream], is_cut ? LODGE_FIELD_LINE_BREAK "=1\n" : "");
        if (process)
                add_process(process, head, sizeof(head));
        if (j->n_lost > 0)
                tell_lost(j);
        int r = send_patiently(j, head, text);
        if (r == -ECONNREFUSED || r == -ENOTCONN || r == -ECONNRESET) { /* another one has come */
                (void)close_fd(j->fd);
                j->fd = connect_to_journald();
                r = j->fd < 0 ? j->fd : send_patiently(j, head, text);
        }
        if (r == -EAGAIN)
                j->n_lost++;
        else if (r < 0)
                print_line(priority, text);
}
