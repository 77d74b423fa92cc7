/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "ctl/columns.h"
#include "ctl/kinds.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

static int get_stats(const Ctl *c, const char *name, json_t **ret, Fault *reterr)
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

static void append_rows(json_t *rows, const char *name, const json_t *stats)
{
        json_t *interface;
        size_t i;

        json_array_foreach(json_object_get(stats, "NetworkInterfaces"), i, interface)
        {
                json_t *row = json_pack("{s:s}", "Machine", name);

                (void)json_object_update(row, interface);
                (void)json_array_append_new(rows, row);
        }
}

static bool runs(const json_t *machine)
{
        return json_integer_value(json_object_get(machine, "Leader")) > 0;
}

/* One that stops meanwhile is no failure, unless it was asked for. */
static int append_machine(Ctl *c, json_t *rows, const json_t *machine)
{
        const char *name = kind_name_of(machine);
        _cleanup_json_ json_t *stats = NULL;
        _cleanup_fault_ Fault fault = {0};
        bool all = c->args.n_words == 0;

        if (all && !runs(machine))
                return EXIT_OK;
        if (get_stats(c, name, &stats, &fault) >= 0) {
                append_rows(rows, name, stats);
                return EXIT_OK;
        }
        if (all && (fault.code == FAULT_NOT_RUNNING || fault.code == FAULT_NO_SUCH_MACHINE))
                return EXIT_OK;
        return report_fault(c, name, &fault);
}

int verb_stats(Ctl *c)
{
        static const Column columns[] = {
                {"MACHINE", "Machine", NULL},
                {"INTERFACE", "Interface", NULL},
                {"RECEIVED", "ReceivedBytes", NULL},
                {"SENT", "SentBytes", NULL},
                {"PACKETS-IN", "ReceivedPackets", NULL},
                {"PACKETS-OUT", "SentPackets", NULL},
                {"DROPS-IN", "ReceivedDrops", NULL},
                {"DROPS-OUT", "SentDrops", NULL},
                {.heading = NULL},
        };
        static const char *const properties[] = {"Name", "Leader", NULL};
        _cleanup_json_ json_t *machines = NULL, *rows = json_array();
        json_t *machine;
        size_t i;

        int status = kind_list_selected(c, &kind_machine, properties, &machines);
        if (!machines)
                return status;
        json_array_foreach(machines, i, machine)
        {
                int s = append_machine(c, rows, machine);

                if (status == EXIT_OK)
                        status = s;
        }
        int printed = columns_print(c, rows, columns);
        return status != EXIT_OK ? status : printed;
}
