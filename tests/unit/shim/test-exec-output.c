/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What programs beside PID 1 print, as entries of the journal. */
#include "base/names.h"
#include "base/text.h"
#include "shim/exec-output.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static int journald;

static Journal setup(void)
{
        int p[2];
        Journal j;

        assert(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, p) == 0);
        journal_init(&j);
        journal_open(&j, "web", "debian"); /* not the journal's stream here */
        j.fd = p[0];
        journald = p[1];
        journal_begin_boot(&j, 1);
        return j;
}

static void teardown(Journal *j)
{
        (void)close_fd(j->fd);
        (void)close_fd(journald);
}

/* The next entry has these lines, in this order. */
static void check_entry(const char *head, const char *message)
{
        char text[8192] = "", expected[256];
        ssize_t n = read(journald, text, sizeof(text) - 1);

        assert(n > 0);
        assert(strncmp(text, head, strlen(head)) == 0);
        (void)snprintf(expected, sizeof(expected), "\nMESSAGE=%s\n", message);
        assert(strstr(text, expected));
}

static void check_nothing(void)
{
        char c;

        assert(read(journald, &c, 1) < 0 && errno == EAGAIN);
}

static void add(ExecOutputs *all, int ends[static 2], const char *command)
{
        ExecOutput *o;

        assert(exec_output_new((int[]){-EBADF, -EBADF, -EBADF}, ends, &o) == 0 && o);
        assert(exec_outputs_reserve(all) == 0);
        exec_outputs_add(all, o, 7, 42, command);
}

static void print(int fd, const char *text)
{
        assert(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

static void test_lines(void)
{
        ExecOutputs all = {0};
        int ends[2];
        Journal j = setup();
        struct pollfd p[EXEC_OUTPUT_POLL_MAX];

        add(&all, ends, "/bin/evil\nLODGE_MACHINE=other");
        assert(exec_outputs_poll(&all, p) == 2);
        print(ends[0], "one\ntw");
        print(ends[1], "oh\n");
        assert(exec_outputs_pump(&all, &j));
        check_entry("PRIORITY=6\n" LODGE_FIELD_STREAM "=stdout\n" LODGE_FIELD_PROCESS
                    "=7\n" LODGE_FIELD_COMMAND "=/bin/evil?LODGE_MACHINE=other\nSYSLOG_PID=42\n",
                    "one");
        check_entry("PRIORITY=4\n" LODGE_FIELD_STREAM "=stderr\n" LODGE_FIELD_PROCESS "=7\n", "oh");
        check_nothing();
        assert(!exec_outputs_pump(&all, &j) && all.n == 1);

        /* it has ended, and one of its children has one end still */
        (void)close_fd(ends[1]);
        print(ends[0], "o");
        (void)exec_outputs_pump(&all, &j);
        assert(all.n == 1 && exec_outputs_poll(&all, p) == 1);
        (void)close_fd(ends[0]);
        (void)exec_outputs_pump(&all, &j);
        check_entry("PRIORITY=6\n", "two");
        check_nothing();
        assert(all.n == 0 && exec_outputs_poll(&all, p) == 0);
        exec_outputs_finish(&all, &j);
        teardown(&j);
}

/* The machine ends while somebody outside still has the other end. */
static void test_finish(void)
{
        ExecOutputs all = {0};
        int ends[2][2];
        Journal j = setup();

        add(&all, ends[0], "sh");
        add(&all, ends[1], "sh");
        print(ends[0][0], "last words");
        print(ends[1][1], "a\nb");
        exec_outputs_finish(&all, &j);
        assert(all.n == 0 && !all.all);
        check_entry("PRIORITY=4\n", "a");
        check_entry("PRIORITY=6\n", "last words");
        check_entry("PRIORITY=4\n", "b");
        check_nothing();
        for (int i = 0; i < 4; i++)
                (void)close_fd(ends[i / 2][i % 2]);
        teardown(&j);
}

static void test_descriptors(void)
{
        int ends[2] = {-EBADF, -EBADF};
        ExecOutput *o;

        assert(exec_output_new((int[]){-EBADF, 1, 2}, ends, &o) == 0 && !o);
        assert(exec_output_new((int[]){-EBADF, 1, -EBADF}, ends, &o) == 0 && o);
        assert(ends[0] < 0 && ends[1] >= 0 && o->fds[0] < 0 && o->fds[1] >= 0);
        (void)close_fd(ends[1]);
        (void)exec_output_free(o);
}

static void test_limit(void)
{
        ExecOutputs all = {0};
        Journal j = setup();

        for (size_t i = 0; i < EXEC_OUTPUTS_MAX; i++) {
                int ends[2];

                add(&all, ends, "true");
                (void)close_fd(ends[0]);
                (void)close_fd(ends[1]);
        }
        assert(exec_outputs_reserve(&all) == -EMFILE);
        (void)exec_outputs_pump(&all, &j);
        assert(all.n == 0 && exec_outputs_reserve(&all) == 0);
        exec_outputs_finish(&all, &j);
        teardown(&j);
}

int main(void)
{
        test_lines();
        test_finish();
        test_descriptors();
        test_limit();
        return 0;
}
