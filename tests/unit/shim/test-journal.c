/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entries as journald gets them: every field ours, and what a journald that does not read costs. */
#include "base/names.h"
#include "base/text.h"
#include "shim/journal.h"
#include "shim/output.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* @ret: journald's end */
static void setup(Journal *j, int *ret)
{
        int p[2];

        assert(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, p) == 0);
        journal_init(j);
        journal_open(j, "web", "debian\nLODGE_MACHINE=other"); /* not the journal's stream here */
        assert(j->fd < 0);
        j->fd = p[0];
        *ret = p[1];
        journal_begin_boot(j, 1);
}

static char *receive(int fd)
{
        static char text[8192];
        ssize_t n = read(fd, text, sizeof(text) - 1);

        text[n < 0 ? 0 : n] = '\0';
        return n < 0 ? NULL : text;
}

static bool has_field(const char *entry, const char *field)
{
        _cleanup_free_ char *line = NULL, *text = NULL;

        assert(asprintf(&line, "\n%s\n", field) > 0 && asprintf(&text, "\n%s", entry) > 0);
        return strstr(text, line) != NULL;
}

static size_t count_lines(const char *s)
{
        size_t n = 0;

        for (; *s; s++)
                n += *s == '\n';
        return n;
}

static void test_fields(void)
{
        Journal j;
        int journald;

        setup(&j, &journald);
        journal_line(&j, JOURNAL_STDERR, NULL, "a=b", false);
        char *e = receive(journald);
        assert(e && has_field(e, "MESSAGE=a=b") && has_field(e, "LODGE_MACHINE=web"));
        assert(has_field(e, "PRIORITY=4") && has_field(e, "LODGE_STREAM=stderr"));
        assert(has_field(e, "OBJECT_SYSTEMD_UNIT=lodge@web.service"));
        assert(has_field(e, "LODGE_IMAGE=debian?LODGE_MACHINE=other"));
        assert(has_field(e, "LODGE_BOOT=1") && !strstr(e, LODGE_FIELD_LINE_BREAK));
        assert(count_lines(e) == 9);
        journal_line(&j, JOURNAL_TERMINAL, NULL, "half", true);
        e = receive(journald);
        assert(e && has_field(e, "LODGE_STREAM=terminal") && has_field(e, "LODGE_LINE_BREAK=1"));
        (void)close(journald);
        (void)close(j.fd);
}

static void test_each_boot_has_its_id(void)
{
        Journal j;
        int journald;
        char first[33];

        setup(&j, &journald);
        (void)snprintf(first, sizeof(first), "%s", j.boot_id);
        assert(strspn(first, "0123456789abcdef") == 32);
        journal_begin_boot(&j, 2);
        assert(!streq(first, j.boot_id) && strstr(j.fields, "LODGE_BOOT=2\n"));
        (void)close(journald);
        (void)close(j.fd);
}

/* What a journald that does not read has not got is counted, and said when it reads again. */
static void test_stuck(void)
{
        Journal j;
        int journald;
        char *e;

        setup(&j, &journald);
        while (j.n_lost < 1000)
                journal_line(&j, JOURNAL_STDOUT, NULL, "line", false);
        assert(j.is_stuck);
        while (receive(journald))
                ;
        journal_line(&j, JOURNAL_STDOUT, NULL, "after", false);
        e = receive(journald);
        assert(e && has_field(e, "MESSAGE=1000 lines of output were lost here"));
        assert(has_field(e, "LODGE_STREAM=stderr")); /* lodgectl logs goes by it */
        e = receive(journald);
        assert(e && has_field(e, "MESSAGE=after") && j.n_lost == 0 && !j.is_stuck);
        (void)close(journald);
        (void)close(j.fd);
}

/* A line that is too long comes in pieces, and none of them breaks a character. */
static void test_long_lines(void)
{
        Output o = {0};
        Leader leader;
        int journald, p[2];
        size_t n = 0;
        char *e;

        setup(&o.journal, &journald);
        leader_init(&leader);
        o.leader = &leader;
        assert(pipe2(p, O_CLOEXEC | O_NONBLOCK) == 0);
        leader.out = p[0];
        assert(write(p[1], "x", 1) == 1);
        for (int i = 0; i < 3000; i++) {
                assert(write(p[1], "\303\244", 2) == 2);
                (void)output_pump(&o);
        }
        (void)close(p[1]);
        output_finish(&o, 0);
        while ((e = receive(journald))) {
                char *message = strstr(e, "MESSAGE=") + 8;
                size_t length = strcspn(message, "\n");

                n += length;
                assert(length <= LINE_MAX_BYTES && !memchr(message, '?', length));
                assert(has_field(e, "LODGE_LINE_BREAK=1") == (n < 6001));
        }
        assert(n == 6001);
        leader_done(&leader);
        (void)close(journald);
        (void)close(o.journal.fd);
}

int main(void)
{
        test_fields();
        test_each_boot_has_its_id();
        test_stuck();
        test_long_lines();
        return 0;
}
