/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/job.h"

#include "ctl/report.h"

void job_print_result(const Ctl *c, const json_t *job)
{
        const char *result = json_string_value(json_object_get(job, "Result"));
        const char *message = json_string_value(json_object_get(job, "ResultMessage"));

        if (!job)
                return;
        if (message && *message)
                report_note(c, "%s", message);
        if (c->json != JSON_OFF) {
                json_print(c, job);
        } else if (result && *result) {
                print_clean(stdout, result);
                (void)putchar('\n');
        }
}
