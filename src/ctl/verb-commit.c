/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "ctl/change.h"
#include "ctl/job.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

static int append_options(const Ctl *c, sd_bus_message *m, const char *token, char *const *changes,
                          Fault *reterr)
{
        const char *author = args_value(&c->args, "author");
        const char *message = args_value(&c->args, "message");
        int r = client_append_option_string(m, "Token", token);

        if (r >= 0 && author)
                r = client_append_option_string(m, "Author", author);
        if (r >= 0 && message)
                r = client_append_option_string(m, "Message", message);
        if (r >= 0 && args_has(&c->args, "force"))
                r = client_append_option_bool(m, "Force", true);
        if (r >= 0 && args_has(&c->args, "no-pause"))
                r = client_append_option_bool(m, "NoPause", true);
        return r < 0 ? r : change_append(m, changes, reterr);
}

static int append_commit(const Ctl *c, sd_bus_message *m, const char *token, void *userdata,
                         Fault *reterr)
{
        int r = sd_bus_message_append(m, "ss", c->args.words[0], c->args.words[1]);

        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0)
                r = append_options(c, m, token, userdata, reterr);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int verb_commit(Ctl *c)
{
        _cleanup_strv_free_ char **changes = NULL;
        _cleanup_json_ json_t *job = NULL;

        for (size_t i = 0; i < c->args.n_given; i++)
                if (streq(c->args.given[i].option->name, "change") &&
                    strv_push(&changes, c->args.given[i].value) < 0)
                        return EXIT_FAILED;
        const JobRequest request = {.object = c->args.words[0],
                                    .method = "CommitMachine",
                                    .append = append_commit,
                                    .userdata = changes,
                                    .may_detach = true};
        int status = job_run(c, &request, &job);
        job_print_result(c, job);
        return status;
}
