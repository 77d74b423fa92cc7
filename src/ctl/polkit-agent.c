/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/polkit-agent.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>

#define PKTTYAGENT "/usr/bin/pkttyagent"
#define READY_MSEC 2000

static pid_t agent;
static struct termios before; /* the agent turns echo off while a password is typed */

_noreturn_ static void run_agent(int notify_fd)
{
        char fd[16];

        /* It must not outlive us, nor die of the C-c that is meant for us. */
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
        (void)signal(SIGINT, SIG_IGN);
        (void)snprintf(fd, sizeof(fd), "%d", notify_fd);
        if (fcntl(notify_fd, F_SETFD, 0) >= 0)
                (void)execl(PKTTYAGENT, PKTTYAGENT, "--notify-fd", fd, "--fallback", NULL);
        _exit(127);
}

static void on_signal(int sig)
{
        polkit_agent_stop();
        (void)signal(sig, SIG_DFL);
        (void)raise(sig);
}

void polkit_agent_start(const Ctl *c)
{
        int ends[2];

        if (c->no_ask_password || geteuid() == 0 || !isatty(STDIN_FILENO) ||
            tcgetattr(STDIN_FILENO, &before) < 0 || access(PKTTYAGENT, X_OK) < 0 ||
            pipe2(ends, O_CLOEXEC) < 0)
                return;
        agent = fork();
        if (agent == 0)
                run_agent(ends[1]);
        (void)close(ends[1]);
        if (agent > 0) {
                /* It closes its end when it has registered: a call before that would be refused. */
                struct pollfd ready = {.fd = ends[0], .events = POLLIN};

                (void)signal(SIGINT, on_signal);
                (void)signal(SIGTERM, on_signal);
                (void)poll(&ready, 1, READY_MSEC);
        }
        (void)close(ends[0]);
}

void polkit_agent_stop(void)
{
        if (agent <= 0)
                return;
        (void)kill(agent, SIGTERM);
        (void)kill(agent, SIGCONT);
        (void)waitpid(agent, NULL, 0);
        agent = 0;
        (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
}

bool polkit_agent_runs(void)
{
        return agent > 0;
}
