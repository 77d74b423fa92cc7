/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* clone and image clone. */
#include "base/text.h"
#include "ctl/job.h"
#include "ctl/kinds.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

static int append_clone(const Ctl *c, sd_bus_message *m, const char *token, void *userdata,
                        Fault *reterr)
{
        int r = sd_bus_message_append(m, "ss", c->args.words[0], c->args.words[1]);

        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0)
                r = client_append_option_string(m, "Token", token);
        if (r >= 0 && args_has(&c->args, "keep-identity"))
                r = client_append_option_bool(m, "KeepIdentity", true);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int clone(Ctl *c, const char *method)
{
        const JobRequest request = {.object = c->args.words[0],
                                    .method = method,
                                    .append = append_clone,
                                    .may_detach = true};
        _cleanup_json_ json_t *job = NULL;
        int status = job_run(c, &request, &job);

        job_print_result(c, job);
        return status;
}

int verb_clone(Ctl *c)
{
        if (!kind_is_image_only(c, c->args.words[0]))
                return clone(c, "CloneMachine");
        if (args_has(&c->args, "keep-identity"))
                return report_usage(c->verb, "'%s' is an image, which has no identity to keep",
                                    c->args.words[0]);
        return clone(c, "CloneImage");
}

int verb_image_clone(Ctl *c)
{
        return clone(c, "CloneImage");
}
