/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/ask.h"

#include <string.h>

bool ask_yes(const Ctl *c, const char *question)
{
        char answer[16];

        if (args_has(&c->args, "force") || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
                return true;
        (void)fprintf(stderr, "%s [y/N] ", question);
        (void)fflush(stderr);
        if (!fgets(answer, sizeof(answer), stdin))
                return false;
        return strncasecmp(answer, "y\n", 2) == 0 || strncasecmp(answer, "yes\n", 4) == 0;
}
