/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/help.h"
#include "ctl/nearest.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

#include <string.h>

int verb_help(Ctl *c)
{
        if (c->args.n_words == 0)
                return help_on_all();

        const char *word = c->args.words[0];
        const Verb *verb = verb_find(word);
        if (verb)
                return help_on_verb(verb);

        Nearest nearest = nearest_to(word, strlen(word));
        for (const Verb *v = verb_table(); v->name; v++)
                nearest_offer(&nearest, v->name);
        report_error("there is no verb '%s'", word);
        report_hint("lodgectl help%s%s", nearest.best ? " " : "", nearest.best ?: "");
        return EXIT_USAGE;
}
