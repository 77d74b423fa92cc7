/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "ctl/json.h"
#include "ctl/pager.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

#include <string.h>

static int get_plan(const Ctl *c, const char *name, char **ret, Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        const char *plan;
        int r = client_machine_call_new(&c->client, "Plan", name, &m, reterr);

        if (r >= 0)
                r = sd_bus_message_append(m, "a{sv}", 0);
        if (r >= 0)
                r = client_call(&c->client, m, CLIENT_FOREVER, &reply, reterr);
        if (r >= 0)
                r = sd_bus_message_read(reply, "s", &plan);
        if (r < 0)
                return client_fault(NULL, r, reterr);
        *ret = strdup(plan);
        return *ret ? 0 : -ENOMEM;
}

int verb_plan(Ctl *c)
{
        _cleanup_free_ char *plan = NULL;
        _cleanup_fault_ Fault fault = {0};
        _cleanup_json_ json_t *steps = json_array();

        if (get_plan(c, c->args.words[0], &plan, &fault) < 0)
                return report_fault(c, c->args.words[0], &fault);
        if (c->json == JSON_OFF)
                pager_open(c);
        for (char *rest = plan, *line; (line = strsep(&rest, "\n"));) {
                if (!rest && !*line)
                        break; /* what is behind the last newline */
                if (c->json != JSON_OFF) {
                        (void)json_array_append_new(steps, json_string(line));
                        continue;
                }
                print_clean(stdout, line);
                (void)putchar('\n');
        }
        if (c->json != JSON_OFF)
                json_print(c, steps);
        pager_close();
        return EXIT_OK;
}
