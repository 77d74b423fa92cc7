/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/pull.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

int verb_pull(Ctl *c)
{
        const char *name = args_value(&c->args, "name");
        _cleanup_json_ json_t *job = NULL;

        if (name && c->args.n_words > 1)
                return report_usage(c->verb, "the name is given twice");
        int status = pull_image(c, c->args.words[0], name ?: c->args.words[1], &job);
        job_print_result(c, job);
        return status;
}
