/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/top-screen.h"

#include "base/io.h"
#include "base/text.h"
#include "ctl/ctl.h"
#include "ctl/terminal.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>

/* The other screen, no cursor, and lines are cut: one that went on below would scroll the screen.
 */
#define ENTER       "\033[?1049h\033[?25l\033[?7l"
#define LEAVE       "\033[?7h\033[?25h\033[?1049l"
#define CLEAR       "\033[H\033[J"
#define ROWS_OURS   4U /* that are not the list's: two above, its headings, the last line */
#define ROWS_GUESS  24U
#define BUFFER_SIZE 65536U

typedef struct Run {
        const TopScreen *screen;
        uint64_t interval_usec, next_usec;
        int signals;
        int status;
        bool ends;
} Run;

bool top_screen_is_possible(void)
{
        const char *term = getenv("TERM");

        return terminal_is_both() && term && *term && !streq(term, "dumb");
}

static int enter(void)
{
        int r = terminal_take_keys();

        if (r >= 0) {
                (void)fputs(ENTER, stdout);
                (void)fflush(stdout);
        }
        return r;
}

static void leave(void)
{
        (void)fputs(LEAVE, stdout);
        (void)fflush(stdout);
        terminal_restore();
}

static void draw(Run *run)
{
        uint16_t rows = 0, columns;

        if (terminal_size(&rows, &columns) < 0 || rows == 0)
                rows = ROWS_GUESS;
        (void)fputs(CLEAR, stdout);
        run->status =
                run->screen->draw(run->screen->userdata, rows > ROWS_OURS ? rows - ROWS_OURS : 1);
        run->ends = fflush(stdout) != 0 || run->status != EXIT_OK;
}

static void sample(Run *run)
{
        int status = run->screen->sample(run->screen->userdata);

        run->next_usec = now_usec(CLOCK_MONOTONIC) + run->interval_usec;
        run->ends = status != EXIT_OK;
        run->status = status > 0 ? status : EXIT_OK;
        if (!run->ends)
                draw(run);
}

/* As C-z does to others: the shell finds its terminal, and we ours when we go on. */
static void suspend(Run *run)
{
        leave();
        (void)raise(SIGSTOP);
        run->ends = enter() < 0;
        if (!run->ends)
                draw(run);
}

static void on_signal(Run *run)
{
        struct signalfd_siginfo si;

        if (read(run->signals, &si, sizeof(si)) != (ssize_t)sizeof(si))
                return;
        if (si.ssi_signo == SIGWINCH)
                draw(run);
        else if (si.ssi_signo == SIGTSTP)
                suspend(run);
        else {
                run->ends = true;
                run->status = 128 + (int)si.ssi_signo;
        }
}

static void on_input(Run *run)
{
        char key;
        ssize_t n = read(STDIN_FILENO, &key, 1);

        run->ends = n == 0 || (n > 0 && run->screen->key(run->screen->userdata, key) == 0);
        if (!run->ends && n > 0)
                draw(run);
}

static void loop(Run *run)
{
        struct pollfd p[] = {
                {.fd = STDIN_FILENO, .events = POLLIN},
                {.fd = run->signals, .events = POLLIN},
        };

        sample(run);
        while (!run->ends) {
                uint64_t now = now_usec(CLOCK_MONOTONIC);
                uint64_t left = run->next_usec > now ? run->next_usec - now : 0;
                int n = poll(p, ELEMENTSOF(p), (int)MIN2(left / 1000 + (left % 1000 > 0), 60000U));

                if (n > 0 && p[1].revents)
                        on_signal(run);
                else if (n > 0 && p[0].revents)
                        on_input(run);
                else if (now_usec(CLOCK_MONOTONIC) >= run->next_usec)
                        sample(run);
        }
}

int top_screen_run(const TopScreen *s, uint64_t interval_usec)
{
        static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH};
        Run run = {.screen = s, .interval_usec = interval_usec};
        static char buffer[BUFFER_SIZE];
        sigset_t set, before;

        (void)sigemptyset(&set);
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                (void)sigaddset(&set, signals[i]);
        (void)sigprocmask(SIG_BLOCK, &set, &before);
        run.signals = signalfd(-1, &set, SFD_CLOEXEC);
        (void)setvbuf(stdout, buffer, _IOFBF, sizeof(buffer)); /* a screen at once */
        if (run.signals < 0 || enter() < 0)
                run.status = EXIT_FAILED;
        else {
                loop(&run);
                leave();
        }
        (void)close_fd(run.signals);
        (void)sigprocmask(SIG_SETMASK, &before, NULL);
        return run.status;
}
