/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "ctl/image-config.h"
#include "ctl/report.h"
#include "ctl/show.h"
#include "ctl/verbs.h"

#include <string.h>

/* To a terminal, a stranger's text goes with its control characters replaced. */
static void print_text(const char *text)
{
        if (!isatty(STDOUT_FILENO)) {
                (void)fputs(text, stdout);
                return;
        }
        for (const char *line = text; *line;) {
                size_t n = strcspn(line, "\n");
                _cleanup_free_ char *copy = strndup(line, n), *clean = NULL;

                clean = copy ? clean_text(copy, n + 1) : NULL;
                (void)puts(clean ?: "");
                line += n + (line[n] == '\n');
        }
}

static int print_raw(Ctl *c, const char *what)
{
        _cleanup_image_config_ ImageConfig config = {0};
        _cleanup_fault_ Fault fault = {0};

        if (what && !streq(what, "manifest") && !streq(what, "config"))
                return report_usage(c->verb, "--raw wants manifest or config, not '%s'", what);
        if (c->args.n_words > 1)
                return report_usage(c->verb, "--raw is for one image");
        if (image_config_get(c, c->args.words[0], &config, &fault) < 0)
                return report_fault(c, c->args.words[0], &fault);
        print_text(streq(what, "config") ? config.config_text : config.manifest_text);
        return EXIT_OK;
}

int verb_image_inspect(Ctl *c)
{
        if (args_has(&c->args, "raw"))
                return print_raw(c, args_value(&c->args, "raw"));
        return show_objects(c, &kind_image);
}
