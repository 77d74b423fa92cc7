/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/help.h"
#include "ctl/verbs.h"

int verb_help(Ctl *c)
{
        _cleanup_free_ char *name = NULL;

        if (c->args.n_words == 0)
                return help_on_all();
        if (c->args.n_words == 1)
                return help_on_word(c->args.words[0]);
        if (asprintf(&name, "%s %s", c->args.words[0], c->args.words[1]) < 0) {
                name = NULL;
                return EXIT_FAILED;
        }
        return help_on_word(name);
}
