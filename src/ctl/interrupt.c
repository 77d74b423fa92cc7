/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/interrupt.h"

#include "base/text.h"
#include "ctl/polkit-agent.h"

#include <signal.h>
#include <string.h>

/* A handler can only print what was made before. */
static char note[512];

_noreturn_ static void on_interrupt(int sig)
{
        polkit_agent_stop();
        /* nothing is left to do where standard error is gone */
        ssize_t n __attribute__((unused)) = write(STDERR_FILENO, note, strlen(note));
        _exit(128 + sig);
}

void interrupt_arm(const Ctl *c, const char *machine)
{
        const struct sigaction action = {.sa_handler = on_interrupt};
        _cleanup_free_ char *name = text_for_display(machine ?: "", 64);

        if (machine && name)
                (void)snprintf(
                        note, sizeof(note),
                        "\nlodgectl: no longer waiting to %s '%s'; what lodged has begun goes on\n"
                        "hint: lodgectl status %s\n",
                        c->verb->action, name, name);
        else
                (void)snprintf(
                        note, sizeof(note),
                        "\nlodgectl: no longer waiting to %s these machines; what lodged has "
                        "begun goes on\nhint: lodgectl list\n",
                        c->verb->action);
        (void)sigaction(SIGINT, &action, NULL);
}
