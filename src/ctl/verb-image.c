/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* image rm, rename, tag and read-only: one call each. */
#include "base/text.h"
#include "ctl/kinds.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

#include "client/client-object.h"

int verb_image_rm(Ctl *c)
{
        return kind_call(c, &kind_image, "Remove", append_force);
}

/* A call whose arguments are the first word, then @word. */
static int call_with_word(Ctl *c, const char *method, const char *word)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_fault_ Fault fault = {0};
        const char *name = c->args.words[0];
        int r = client_object_call_new(&c->client, method, kind_image.noun, name, &m, &fault);

        if (r >= 0)
                r = sd_bus_message_append(m, "s", word);
        if (r >= 0)
                r = append_force(c, m);
        if (r >= 0)
                r = client_call(&c->client, m, CLIENT_FOREVER, NULL, &fault);
        if (r >= 0)
                return EXIT_OK;
        (void)client_fault(NULL, r, &fault);
        return report_fault(c, name, &fault);
}

int verb_image_rename(Ctl *c)
{
        return call_with_word(c, "Rename", c->args.words[1]);
}

int verb_image_tag(Ctl *c)
{
        int status = EXIT_OK;

        STRV_FOREACH (word, c->args.words + 1) {
                int s = call_with_word(c, "Tag", *word);

                if (status == EXIT_OK)
                        status = s;
        }
        return status;
}

static int append_read_only(const Ctl *c, sd_bus_message *m)
{
        bool on = c->args.n_words < 2 || parse_bool(c->args.words[1]) > 0;

        return sd_bus_message_append(m, "ba{sv}", on, 0);
}

int verb_image_read_only(Ctl *c)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_fault_ Fault fault = {0};
        const char *name = c->args.words[0];

        if (c->args.n_words > 1 && parse_bool(c->args.words[1]) < 0)
                return report_usage(c->verb, "want yes or no, not '%s'", c->args.words[1]);
        /* Set...ReadOnly() has the noun in its middle. */
        int r = client_object_call_new(&c->client, "SetImage", "ReadOnly", name, &m, &fault);
        if (r >= 0)
                r = append_read_only(c, m);
        if (r >= 0)
                r = client_call(&c->client, m, CLIENT_FOREVER, NULL, &fault);
        if (r >= 0)
                return EXIT_OK;
        (void)client_fault(NULL, r, &fault);
        return report_fault(c, name, &fault);
}
