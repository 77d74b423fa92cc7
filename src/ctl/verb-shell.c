/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/inside.h"
#include "ctl/report.h"
#include "ctl/terminal.h"
#include "ctl/verbs.h"

#include <string.h>

int verb_shell(Ctl *c)
{
        char *word = c->args.words[0], *at = strrchr(word, '@');
        const char *machine = at ? at + 1 : word, *user = args_value(&c->args, "user");
        char *const *command = c->args.words + 1;
        /* Without a terminal the shell reads commands, and its output has no prompts in it. */
        static char *const reader[] = {(char *)"/bin/sh", (char *)"-l", NULL};

        if (at && user)
                return report_usage(c->verb, "the user is given twice: %s and --user=%s", word,
                                    user);
        _cleanup_free_ char *before_at = at ? strndup(word, (size_t)(at - word)) : NULL;
        if (at && !before_at)
                return EXIT_NOT_RUN;
        user = before_at ?: user ?: "";
        if (terminal_is_both())
                return inside_on_terminal(c, machine, "Shell", user, command);
        return inside_on_streams(c, machine, user, true, *command ? command : reader);
}
