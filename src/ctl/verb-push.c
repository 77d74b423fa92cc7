/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "ctl/job.h"
#include "ctl/registry.h"
#include "ctl/verbs.h"

typedef struct Push {
        const char *image, *reference;
} Push;

static int append_push(const Ctl *c, sd_bus_message *m, const char *token, void *userdata,
                       Fault *reterr)
{
        const Push *p = userdata;
        const char *compression = args_value(&c->args, "compression");
        int r = sd_bus_message_append(m, "ss", p->image, p->reference);

        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0)
                r = client_append_option_string(m, "Token", token);
        if (r >= 0 && compression)
                r = client_append_option_string(m, "Compression", compression);
        if (r >= 0)
                r = registry_append_options(c, m, p->reference, reterr);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int verb_push(Ctl *c)
{
        char *const *words = c->args.words;
        Push push = {.image = words[0],
                     .reference = registry_plain_reference(words[1] ?: words[0])};
        const JobRequest request = {.object = push.reference,
                                    .method = "PushImage",
                                    .append = append_push,
                                    .userdata = &push,
                                    .may_detach = true};
        _cleanup_json_ json_t *job = NULL;
        int status = job_run(c, &request, &job);

        job_print_result(c, job);
        return status;
}
