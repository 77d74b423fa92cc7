/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* volume create, rm and inspect. */
#include "base/text.h"
#include "ctl/report.h"
#include "ctl/show.h"
#include "ctl/verbs.h"

static int append_owner(const Ctl *c, sd_bus_message *m)
{
        const char *owner = args_value(&c->args, "owner");
        uint64_t uid = 0;

        if (!owner)
                return append_no_options(c, m);
        (void)parse_u64(owner, UINT32_MAX, &uid); /* checked before */
        return sd_bus_message_append(m, "a{sv}", 1, "Owner", "u", (uint32_t)uid);
}

int verb_volume_create(Ctl *c)
{
        const char *owner = args_value(&c->args, "owner");
        uint64_t uid;

        if (owner && parse_u64(owner, UINT32_MAX - 1, &uid) < 0)
                return report_usage(c->verb, "--owner wants a user id, not '%s'", owner);
        int status = kind_call_names(c, &kind_volume, "Create", append_owner, c->args.words);
        if (status == EXIT_OK && !c->quiet)
                STRV_FOREACH (name, c->args.words)
                        (void)puts(*name);
        return status;
}

int verb_volume_rm(Ctl *c)
{
        return kind_call(c, &kind_volume, "Remove", append_force);
}

int verb_volume_inspect(Ctl *c)
{
        return show_objects(c, &kind_volume);
}
