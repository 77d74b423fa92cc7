/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/output-lines.h"

#include "base/text.h"
#include "ctl/report.h"

int output_lines_get(const Ctl *c, const char *name, size_t max, char ***ret, Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        _cleanup_strv_free_ char **all = NULL, **last = NULL;
        int r = client_machine_call_new(&c->client, "ReadOutput", name, &m, reterr);

        if (r >= 0)
                r = sd_bus_message_append(m, "a{sv}", 0);
        if (r >= 0)
                r = client_call(&c->client, m, CLIENT_FOREVER, &reply, reterr);
        if (r >= 0)
                r = sd_bus_message_read_strv(reply, &all);
        if (r < 0)
                return client_fault(NULL, r, reterr);
        size_t n = strv_length(all);
        last = strv_copy(all ? all + (n > max ? n - max : 0) : (char *[]){NULL});
        if (!last)
                return -ENOMEM;
        *ret = TAKE_PTR(last);
        return 0;
}

int output_lines_max(const Ctl *c, size_t standard, size_t *ret)
{
        const char *value = args_value(&c->args, "lines");
        uint64_t n = standard;

        if (value && parse_u64(value, SIZE_MAX, &n) < 0)
                return report_usage(c->verb, "--lines wants a number, not '%s'", value);
        *ret = (size_t)n;
        return 0;
}
