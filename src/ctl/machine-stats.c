/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/machine-stats.h"

#include "base/text.h"
#include "ctl/kinds.h"
#include "ctl/report.h"

int machine_stats_get(const Ctl *c, const char *name, json_t **ret, Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        int r = client_machine_call_new(&c->client, "GetStats", name, &m, reterr);

        r = r < 0 ? r : sd_bus_message_append(m, "a{sv}", 0);
        r = r < 0 ? client_fault(NULL, r, reterr)
                  : client_call(&c->client, m, CLIENT_FOREVER, &reply, reterr);
        if (r < 0)
                return r;
        r = json_object_from_message(reply, ret);
        return r < 0 ? client_fault(NULL, r, reterr) : 0;
}

static bool runs(const json_t *machine)
{
        return json_integer_value(json_object_get(machine, "Leader")) > 0;
}

/* One that stops meanwhile is no failure, unless it was asked for. */
static int append_machine(Ctl *c, bool lenient, json_t *rows, const json_t *machine)
{
        const char *name = kind_name_of(machine);
        _cleanup_json_ json_t *stats = NULL;
        _cleanup_fault_ Fault fault = {0};

        if (lenient && !runs(machine))
                return EXIT_OK;
        if (machine_stats_get(c, name, &stats, &fault) >= 0) {
                json_t *row = json_pack("{s:s}", "Machine", name);

                (void)json_object_update(row, stats);
                (void)json_array_append_new(rows, row);
                return EXIT_OK;
        }
        if (lenient && (fault.code == FAULT_NOT_RUNNING || fault.code == FAULT_NO_SUCH_MACHINE))
                return EXIT_OK;
        return report_fault(c, name, &fault);
}

int machine_stats_all(Ctl *c, bool lenient, json_t **ret)
{
        static const char *const properties[] = {"Name", "Leader", NULL};
        _cleanup_json_ json_t *machines = NULL;
        json_t *machine;
        size_t i;
        int status = kind_list_selected(c, &kind_machine, properties, &machines);

        *ret = machines ? json_array() : NULL;
        json_array_foreach(machines, i, machine)
        {
                int s = append_machine(c, lenient || c->args.n_words == 0, *ret, machine);

                if (status == EXIT_OK)
                        status = s;
        }
        return status;
}

json_t *machine_stats_limit(const json_t *stats, const char *name)
{
        json_t *limit;
        size_t i;

        json_array_foreach(json_object_get(stats, "EffectiveLimits"), i, limit)
        {
                if (streq(json_string_value(json_object_get(limit, "Limit")), name))
                        return json_object_get(limit, "Value");
        }
        return NULL;
}
