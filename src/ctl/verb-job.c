/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* job wait and job cancel. */
#include "base/text.h"
#include "ctl/job.h"
#include "ctl/kinds.h"
#include "ctl/verbs.h"

int verb_job_cancel(Ctl *c)
{
        return kind_call(c, &kind_job, "Cancel", NULL);
}

int verb_job_wait(Ctl *c)
{
        _cleanup_strv_free_ char **ids = NULL;
        int status = kind_expand(c, &kind_job, &ids);

        STRV_FOREACH (id, ids) {
                _cleanup_json_ json_t *job = NULL;
                int s = job_follow(c, *id, &job);

                job_print_result(c, job);
                if (s >= 128)
                        return s;
                if (status == EXIT_OK)
                        status = s;
        }
        return status;
}
