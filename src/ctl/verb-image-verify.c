/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "ctl/job.h"
#include "ctl/kinds.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

static int append_verify(const Ctl *c, sd_bus_message *m, const char *token, void *userdata,
                         Fault *reterr)
{
        const char *image = userdata;

        return sd_bus_message_append(m, "sa{sv}", image, 1, "Token", "s", token);
}

static int verify(Ctl *c, char *name)
{
        const JobRequest request = {
                .object = name, .method = "VerifyImage", .append = append_verify, .userdata = name};
        _cleanup_json_ json_t *job = NULL;
        int status = job_run(c, &request, &job);
        const char *message = json_string_value(json_object_get(job, "ResultMessage"));

        if (status != EXIT_OK)
                return status;
        if (c->json != JSON_OFF)
                json_print(c, job);
        else
                report_note(c, "'%s': %s", name,
                            message && *message ? message : "every layer has its digest");
        return status;
}

int verb_image_verify(Ctl *c)
{
        _cleanup_strv_free_ char **names = NULL;
        int status = kind_expand(c, &kind_image, &names);

        STRV_FOREACH (name, names) {
                int s = verify(c, *name);

                if (s >= 128)
                        return s; /* C-c is about all of them */
                if (status == EXIT_OK)
                        status = s;
        }
        return status;
}
