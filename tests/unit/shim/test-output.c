/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PID 1's output on its way to the tail and to clients: nothing lost, nothing that a terminal would
 * obey. */
#include "base/text.h"
#include "shim/output.h"

#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

typedef struct Fixture {
        Leader leader;
        Output output;
        int guest_out, guest_err; /* the guest's ends */
} Fixture;

static void setup(Fixture *f)
{
        int p[2];

        *f = (Fixture){0};
        leader_init(&f->leader);
        f->output.leader = &f->leader;
        assert(pipe2(p, O_CLOEXEC | O_NONBLOCK) == 0);
        f->leader.out = p[0];
        f->guest_out = p[1];
        assert(pipe2(p, O_CLOEXEC | O_NONBLOCK) == 0);
        f->leader.err = p[0];
        f->guest_err = p[1];
}

static void teardown(Fixture *f)
{
        (void)close_fd(f->guest_out);
        (void)close_fd(f->guest_err);
        output_finish(&f->output, 0);
        leader_done(&f->leader);
}

static void say(int fd, const char *s)
{
        assert(write(fd, s, strlen(s)) == (ssize_t)strlen(s));
}

static void expect_tail(Fixture *f, char *const *wanted)
{
        _cleanup_strv_free_ char **lines = output_lines(&f->output);

        if (strv_equal(lines, wanted))
                return;
        STRV_FOREACH (l, lines)
                printf("got '%s'\n", *l);
        abort();
}

static void test_tail_is_clean(void)
{
        Fixture f;

        setup(&f);
        say(f.guest_out, "plain\n\033[1;31mred\033[0m\r\n\n\033]0;title\007x\n");
        say(f.guest_out, "split \303");
        assert(output_pump(&f.output));
        say(f.guest_out, "\244 letter\nbad \377 byte\nunfinished");
        while (output_pump(&f.output))
                ;
        (void)close_fd(f.guest_out);
        f.guest_out = -EBADF;
        output_finish(&f.output, 0);
        char *wanted[] = {(char *)"plain",
                          (char *)"red",
                          (char *)"x",
                          (char *)"split \303\244 letter",
                          (char *)"bad ? byte",
                          (char *)"unfinished",
                          NULL};
        expect_tail(&f, wanted);
        teardown(&f);
}

static void test_tail_is_bounded(void)
{
        Fixture f;
        char line[64];

        setup(&f);
        for (int i = 0; i < 5000; i++) {
                (void)snprintf(line, sizeof(line), "line %d\n", i);
                say(f.guest_out, line);
                (void)output_pump(&f.output);
        }
        _cleanup_strv_free_ char **lines = output_lines(&f.output);
        size_t n = strv_length(lines);
        assert(n > 100 && n < OUTPUT_TAIL && streq(lines[n - 1], "line 4999"));
        for (size_t i = 1; i < n; i++) /* no hole in it */
                assert(strcmp(lines[i] + 5, lines[i - 1] + 5) > 0 ||
                       strlen(lines[i]) > strlen(lines[i - 1]));
        teardown(&f);
}

/* A client that reads slowly holds the guest up; it loses nothing. */
static void test_slow_client(void)
{
        Fixture f;
        int p[2], fds[3] = {-EBADF, -EBADF, -EBADF};
        size_t sent = 0, received = 0;
        char out[3000], in[8192];

        setup(&f);
        assert(pipe2(p, O_CLOEXEC | O_NONBLOCK) == 0);
        fds[1] = p[1];
        assert(output_attach(&f.output, fds) == 0 && fds[1] == -EBADF);
        for (int i = 0; received < 300000; i++) {
                memset(out, 'a' + (int)(sent / sizeof(out)) % 26, sizeof(out));
                out[sizeof(out) - 1] = '\n';
                if (sent < 300000 && write(f.guest_out, out, sizeof(out)) == (ssize_t)sizeof(out))
                        sent += sizeof(out);
                (void)output_pump(&f.output);
                if (i % 7 == 0 || sent >= 300000) {
                        ssize_t n = read(p[0], in, sizeof(in));
                        received += n > 0 ? (size_t)n : 0;
                }
        }
        assert(received == sent);
        (void)close(p[0]);
        say(f.guest_out,
            "nobody listens\n"); /* the client is gone: dropped, and the guest goes on */
        while (output_pump(&f.output))
                ;
        assert(f.output.n_sinks == 0);
        teardown(&f);
}

static void test_limits(void)
{
        Fixture f;

        setup(&f);
        for (int i = 0; i < OUTPUT_SINKS_MAX + 1; i++) {
                int fds[3] = {-EBADF, open("/dev/null", O_WRONLY | O_CLOEXEC), -EBADF};
                int r = output_attach(&f.output, fds);

                assert(r == (i < OUTPUT_SINKS_MAX ? 0 : -EMFILE));
                (void)close_fd(fds[1]); /* still ours where it was refused */
        }
        teardown(&f);
}

int main(void)
{
        (void)alarm(60); /* a stall is what some of these look for */
        (void)signal(SIGPIPE, SIG_IGN);
        test_tail_is_clean();
        test_tail_is_bounded();
        test_slow_client();
        test_limits();
        return 0;
}
