/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/pull.h"

#include "base/text.h"
#include "ctl/registry.h"
#include "ctl/report.h"
#include "spec/reference.h"

typedef struct Pull {
        const char *reference, *name;
} Pull;

static int append_pull(const Ctl *c, sd_bus_message *m, const char *token, void *userdata,
                       Fault *reterr)
{
        const Pull *p = userdata;
        int r = sd_bus_message_append(m, "s", p->reference);

        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0)
                r = client_append_option_string(m, "Token", token);
        if (r >= 0 && p->name)
                r = client_append_option_string(m, "Name", p->name);
        if (r >= 0)
                r = registry_append_options(c, m, p->reference, reterr);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int pull_image(Ctl *c, const char *reference, const char *name, json_t **ret_job)
{
        Pull pull = {.reference = registry_plain_reference(reference), .name = name};
        const JobRequest request = {.object = pull.reference,
                                    .method = "PullImage",
                                    .append = append_pull,
                                    .userdata = &pull,
                                    /* create and run go on with the image */
                                    .may_detach = !c->verb->settings};

        return job_run(c, &request, ret_job);
}

int pull_when(const Ctl *c, PullWhen *ret)
{
        const char *when = args_value(&c->args, "pull");
        static const char *const names[] = {[PULL_MISSING] = "missing",
                                            [PULL_ALWAYS] = "always",
                                            [PULL_NEWER] = "newer",
                                            [PULL_NEVER] = "never"};

        *ret = PULL_MISSING;
        for (size_t i = 0; when && i < ELEMENTSOF(names); i++)
                if (streq(when, names[i])) {
                        *ret = (PullWhen)i;
                        return EXIT_OK;
                }
        return when ? report_usage(c->verb,
                                   "--pull wants missing, always, newer or never, not '%s'", when)
                    : EXIT_OK;
}

bool pull_can_get(const char *image)
{
        _cleanup_reference_ Reference r = {0};

        return reference_parse(image, &r, NULL) >= 0;
}
