/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "ctl/json.h"
#include "ctl/machines.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

#define RETRIES          25U
#define RETRY_AFTER_USEC 200000U

static int call_wait(const Ctl *c, const char *name, const char *condition, int *ret_status,
                     Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        const char *state;

        int r = client_machine_call_new(&c->client, "Wait", name, &m, reterr);
        if (r >= 0)
                r = sd_bus_message_append(m, "s", condition);
        if (r >= 0)
                r = append_timeout(c, m);
        if (r >= 0)
                r = client_call(&c->client, m, CLIENT_FOREVER, &reply, reterr);
        return r < 0 ? r : sd_bus_message_read(reply, "si", &state, ret_status);
}

static void print_end(const Ctl *c, const char *name, const char *condition, int exit_status)
{
        bool ended = streq(condition, "stopped") || streq(condition, "exited");

        if (c->json != JSON_OFF) {
                _cleanup_json_ json_t *all = json_pack("{ss}", "Name", name);

                if (ended)
                        (void)json_object_set_new(all, "ExitStatus", json_integer(exit_status));
                json_print(c, all);
                return;
        }
        if (!c->quiet && ended && exit_status >= 0)
                (void)printf("%d\n", exit_status);
}

static int wait_for(Ctl *c, const char *name, const char *condition)
{
        _cleanup_fault_ Fault fault = {0};
        int exit_status;

        int r = call_wait(c, name, condition, &exit_status, &fault);
        if (r < 0 && client_is_lost(&fault)) /* the next end may be past before lodged is back */
                condition = streq(condition, "exited") ? "stopped" : condition;
        for (unsigned i = 0; i < RETRIES && r < 0 && client_is_unreachable(&fault); i++) {
                if (i == 0 && !client_is_lost(&fault))
                        break;
                fault_done(&fault);
                (void)usleep(RETRY_AFTER_USEC);
                r = call_wait(c, name, condition, &exit_status, &fault);
        }
        if (r < 0) {
                (void)client_fault(NULL, r, &fault);
                return report_fault(c, name, &fault);
        }
        print_end(c, name, condition, exit_status);
        return EXIT_OK;
}

int verb_wait(Ctl *c)
{
        static const char *const conditions[] = {"running", "ready", "healthy", "stopped",
                                                 "exited"};
        const char *condition = args_value(&c->args, "for") ?: "stopped";
        _cleanup_strv_free_ char **names = NULL;
        bool known = false;

        for (size_t i = 0; i < ELEMENTSOF(conditions); i++)
                known = known || streq(condition, conditions[i]);
        if (!known)
                return report_usage(c->verb,
                                    "--for wants ready, running, healthy, stopped or exited, not "
                                    "'%s'",
                                    condition);
        int status = kind_expand(c, &kind_machine, &names);
        /* All must be so in the end; the order of looking does not matter for that. */
        STRV_FOREACH (name, names) {
                int s = wait_for(c, *name, condition);

                if (status == EXIT_OK)
                        status = s;
        }
        return status;
}
