/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What PID 1 prints, on its way to the journal and to the tail: lines of ours, with nothing in them
 * that a terminal would obey. */
#include "base/io.h"
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "shim/output.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>

static void check_line(const char *line)
{
        PROMISE(utf8_is_valid(line) && strlen(line) <= LINE_MAX_BYTES + 3);
        PROMISE(!strpbrk(line, "\n\r\t\a\b\x1b\x7f"));
}

/* Every line has its priority, and no second one that the guest has chosen. */
static void check_journal(char *text)
{
        for (char *line, *rest = text; (line = strsep(&rest, "\n")) && rest;) {
                PROMISE(strncmp(line, "<6>", 3) == 0 || strncmp(line, "<4>", 3) == 0);
                check_line(line + 3);
        }
}

/* What journald gets of the same: our fields, each once, and a line of text. Drains @fd. */
static void check_entries(int fd)
{
        static const char *const fields[] = {
                "PRIORITY=",      "LODGE_STREAM=",        "SYSLOG_IDENTIFIER=",
                "LODGE_MACHINE=", "LODGE_IMAGE=",         "LODGE_BOOT_ID=",
                "LODGE_BOOT=",    "OBJECT_SYSTEMD_UNIT=", "MESSAGE="};
        char entry[LINE_MAX_BYTES + JOURNAL_FIELDS_MAX + 256];
        ssize_t n;

        while (fd >= 0 && (n = recv(fd, entry, sizeof(entry) - 1, MSG_DONTWAIT)) > 0) {
                char *rest = entry;
                size_t i = 0;

                entry[n] = '\0';
                PROMISE(strlen(entry) == (size_t)n && entry[n - 1] == '\n');
                for (char *line; (line = strsep(&rest, "\n")) && rest;) {
                        if (streq(line, "LODGE_LINE_BREAK=1"))
                                continue;
                        PROMISE(i < ELEMENTSOF(fields));
                        PROMISE(strncmp(line, fields[i], strlen(fields[i])) == 0);
                        check_line(line + strlen(fields[i++]));
                }
                PROMISE(i == ELEMENTSOF(fields));
        }
}

/* @journald: the other end of o->journal.fd, or -1 */
static void feed(Output *o, const uint8_t *data, size_t n, int journald)
{
        int p[2][2];

        PROMISE(pipe2(p[0], O_CLOEXEC | O_NONBLOCK) == 0);
        PROMISE(pipe2(p[1], O_CLOEXEC | O_NONBLOCK) == 0);
        o->leader->out = p[0][0];
        o->leader->err = p[1][0];
        while (n > 0) { /* in pieces of odd sizes, to both streams */
                size_t k = 1 + data[0] % 97;

                k = MIN2(k, n);
                PROMISE(write(p[data[0] & 1][1], data, k) == (ssize_t)k);
                (void)output_pump(o);
                check_entries(journald);
                data += k;
                n -= k;
        }
        (void)close(p[0][1]);
        (void)close(p[1][1]);
}

static void run_natively(const uint8_t *data, size_t n)
{
        static Output o;
        Leader leader;
        int p[2];

        PROMISE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, p) == 0);
        memset(&o, 0, sizeof(o));
        leader_init(&leader);
        o.leader = &leader;
        journal_init(&o.journal);
        journal_open(&o.journal, "web", "image");
        o.journal.fd = p[0];
        journal_begin_boot(&o.journal, 1);
        feed(&o, data, n, p[1]);
        output_finish(&o, 0);
        check_entries(p[1]);
        leader_done(&leader);
        (void)close(o.journal.fd);
        (void)close(p[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        static Output o;
        Leader leader;
        int journal = memfd_create("journal", MFD_CLOEXEC), own = dup(STDOUT_FILENO);
        off_t size;

        PROMISE(journal >= 0 && own >= 0 && dup2(journal, STDOUT_FILENO) == STDOUT_FILENO);
        memset(&o, 0, sizeof(o));
        leader_init(&leader);
        o.leader = &leader;
        feed(&o, data, n, -1);
        output_finish(&o, 0);
        leader_done(&leader);
        PROMISE(dup2(own, STDOUT_FILENO) == STDOUT_FILENO && close(own) == 0);

        _cleanup_strv_free_ char **tail = output_lines(&o);
        PROMISE(tail);
        STRV_FOREACH (line, tail)
                check_line(*line);
        size = lseek(journal, 0, SEEK_END);
        _cleanup_free_ char *text = calloc(1, (size_t)size + 1);
        PROMISE(text && pread(journal, text, (size_t)size, 0) == size);
        PROMISE(strlen(text) == (size_t)size);
        check_journal(text);
        (void)close(journal);
        run_natively(data, n);
        return 0;
}
