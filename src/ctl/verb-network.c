/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* network create, rm, inspect, attach and detach; bandwidth. */
#include "base/text.h"
#include "client/client-object.h"
#include "ctl/machine-change.h"
#include "ctl/report.h"
#include "ctl/settings-options.h"
#include "ctl/show.h"
#include "ctl/verbs.h"

int verb_network_create(Ctl *c)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_fault_ Fault fault = {0};
        const char *name = c->args.words[0];
        int r = client_object_call_new(&c->client, "Create", "Network", name, &m, &fault);

        r = r < 0 ? r : network_settings_append(c, m, &fault);
        r = r < 0 ? r : client_call(&c->client, m, CLIENT_FOREVER, NULL, &fault);
        if (r < 0)
                return report_fault(c, name, &fault);
        if (!c->quiet)
                (void)puts(name);
        return EXIT_OK;
}

int verb_network_rm(Ctl *c)
{
        return kind_call(c, &kind_network, "Remove", NULL);
}

int verb_network_inspect(Ctl *c)
{
        return show_objects(c, &kind_network);
}

/* The network comes first, as podman has it. */
static int change_networks(Ctl *c, const char *method)
{
        char *const network[] = {c->args.words[0], NULL};
        _cleanup_strv_free_ char **names = NULL;
        int missing = kind_expand_words(c, &kind_machine, c->args.words + 1, &names);
        int status = machine_change(c, method, names, network);

        return status != EXIT_OK ? status : missing;
}

int verb_network_attach(Ctl *c)
{
        return change_networks(c, "AttachNetwork");
}

int verb_network_detach(Ctl *c)
{
        return change_networks(c, "DetachNetwork");
}

int verb_bandwidth(Ctl *c)
{
        static char no_limit[] = "";
        char *const name[] = {c->args.words[0], NULL};
        char *const limit[] = {streq(c->args.words[1], "none") ? no_limit : c->args.words[1], NULL};

        return machine_change(c, "SetBandwidth", name, limit);
}
