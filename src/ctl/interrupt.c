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

void interrupt_arm(const Ctl *c, const Kind *kind, const char *name)
{
        const struct sigaction action = {.sa_handler = on_interrupt};
        const char *group = kind == &kind_machine ? "" : "image ";
        _cleanup_free_ char *shown = text_for_display(name ?: "", 200);

        if (name && shown && (kind == &kind_machine || kind == &kind_image))
                (void)snprintf(
                        note, sizeof(note),
                        "\nlodgectl: no longer waiting to %s '%s'; what lodged has begun goes on\n"
                        "hint: lodgectl %sstatus %s\n",
                        c->verb->action, shown, group, shown);
        else
                (void)snprintf(note, sizeof(note),
                               "\nlodgectl: no longer waiting to %s these %ss; what lodged has "
                               "begun goes on\nhint: lodgectl %s\n",
                               c->verb->action, kind->word, kind->list_verb);
        (void)sigaction(SIGINT, &action, NULL);
}
