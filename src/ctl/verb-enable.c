/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "ctl/boot.h"
#include "ctl/json.h"
#include "ctl/machines.h"
#include "ctl/report.h"
#include "ctl/verbs.h"
#include "spec/settings.h"

/* @m: all properties of a machine */
static bool has_install(sd_bus_message *m)
{
        _cleanup_json_ json_t *machine = NULL;
        const char *name;
        json_t *value;

        if (json_object_from_message(m, &machine) < 0)
                return true; /* asking once too often does no harm */
        json_object_foreach(json_object_get(machine, "Settings"), name, value)
        {
                const SettingKey *key = setting_key_find(name);

                if (key && streq(key->section, "Install"))
                        return true;
        }
        return false;
}

static int set_one(Ctl *c, const char *name, bool enable)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_fault_ Fault fault = {0};
        /* Links of machines that are gone have to be removed, too; new ones need a machine. */
        int r = !enable && boot_is_enabled(name)
                        ? 0
                        : client_machine_get_properties(&c->client, name, &m, &fault);

        if (r >= 0 && enable && has_install(m))
                r = boot_read_again(c, &fault);
        if (r >= 0)
                r = boot_set(c, name, enable, &fault);
        return r < 0 ? report_fault(c, name, &fault) : EXIT_OK;
}

static int set_all(Ctl *c, bool enable)
{
        _cleanup_strv_free_ char **names = NULL;
        int status = kind_expand(c, &kind_machine, &names);

        STRV_FOREACH (name, names) {
                int s = set_one(c, *name, enable);

                if (status == EXIT_OK)
                        status = s;
        }
        if (status == EXIT_OK && args_has(&c->args, "now"))
                status = kind_call_names(c, &kind_machine, enable ? "Start" : "Stop", NULL, names);
        return status;
}

int verb_enable(Ctl *c)
{
        return set_all(c, true);
}

int verb_disable(Ctl *c)
{
        return set_all(c, false);
}
