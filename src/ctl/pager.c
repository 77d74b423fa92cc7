/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/pager.h"

#include "base/text.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

static pid_t pager;

static const char *pager_command(void)
{
        static const char *const names[] = {"LODGE_PAGER", "SYSTEMD_PAGER", "PAGER"};

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (getenv(names[i]))
                        return getenv(names[i]);
        return access("/usr/bin/less", X_OK) >= 0 ? "less" : "";
}

_noreturn_ static void run_pager(const char *command, int input)
{
        /* F: end at once if it fits a screen, R: let colours through, S: do not fold, X: leave the
         * screen as it is, K: end on C-c. */
        (void)setenv("LESS", "FRSXMK", 1);
        /* With more rights than the user has, less must not run commands or write files. */
        if (geteuid() != getuid() || getenv("SUDO_UID"))
                (void)setenv("LESSSECURE", "1", 1);
        if (dup2(input, STDIN_FILENO) >= 0)
                (void)execl("/bin/sh", "sh", "-c", command, NULL);
        _exit(127);
}

void pager_open(const Ctl *c)
{
        const char *command = pager_command(), *term = getenv("TERM");
        int ends[2];

        /* A pager would ask for a key before it shows anything on a dumb terminal. */
        if (pager > 0 || c->no_pager || !isatty(STDOUT_FILENO) || !term || streq(term, "dumb") ||
            !*command || streq(command, "cat") || pipe2(ends, O_CLOEXEC) < 0)
                return;
        (void)fflush(stdout);
        pager = fork();
        if (pager == 0)
                run_pager(command, ends[0]);
        if (pager > 0 && dup2(ends[1], STDOUT_FILENO) >= 0)
                (void)signal(SIGPIPE, SIG_IGN); /* leaving the pager early is no failure */
        (void)close(ends[0]);
        (void)close(ends[1]);
}

bool pager_is_open(void)
{
        return pager > 0;
}

void pager_close(void)
{
        if (pager <= 0)
                return;
        (void)fflush(stdout);
        clearerr(stdout);
        /* The pager reads until the last copy of the pipe is closed. */
        (void)dup2(STDERR_FILENO, STDOUT_FILENO);
        (void)waitpid(pager, NULL, 0);
        pager = 0;
}
