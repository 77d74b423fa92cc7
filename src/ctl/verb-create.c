/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/create.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

int verb_create(Ctl *c)
{
        bool directory = args_value(&c->args, "root-directory");
        size_t n_leading = directory ? 1 : 2;

        if (c->args.n_words < n_leading)
                return report_usage(c->verb, "too few words: lodgectl create NAME IMAGE, or "
                                             "lodgectl create -D DIRECTORY NAME");
        const char *name = c->args.words[0];
        const SettingsExtra extra = {.command = c->args.words + n_leading};
        int status = create_machine(c, name, directory ? "" : c->args.words[1], &extra, name);
        if (status != EXIT_OK)
                return status;
        if (isatty(STDERR_FILENO) && !c->no_legend)
                report_note(c, "Created '%s'. Start it with: lodgectl start %s", name, name);
        return EXIT_OK;
}
