/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/attached.h"

#include "ctl/report.h"
#include "ctl/terminal.h"

static int resize_call_new(Session *s, sd_bus_message **ret, Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        uint16_t rows, columns;
        int r = terminal_size(&rows, &columns);

        if (r >= 0)
                r = client_machine_call_new(&s->c->client, "Resize", s->machine, &m, reterr);
        if (r >= 0)
                r = sd_bus_message_append(m, "qqa{sv}", rows, columns, 0);
        if (r >= 0)
                *ret = sd_bus_message_ref(m);
        return r;
}

int attached_resize(Session *s, Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = resize_call_new(s, &m, reterr);

        return r < 0 ? client_fault(NULL, r, reterr)
                     : client_call(&s->c->client, m, 0, NULL, reterr);
}

void attached_on_resize(Session *s)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;

        /* The window may change again before an answer; nothing is lost if this size is. */
        if (resize_call_new(s, &m, NULL) >= 0 && sd_bus_message_set_expect_reply(m, false) >= 0)
                (void)sd_bus_send(client_bus(&s->c->client), m, NULL);
}

void attached_note(const Session *s)
{
        if (terminal_is_both())
                report_note(s->c,
                            "Attached to '%s'. Press ^] three times within a second to detach.",
                            s->machine);
}

int attached_wait(Session *s, const char *condition, sd_bus_message_handler_t on_answer,
                  Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = client_machine_call_new(&s->c->client, "Wait", s->machine, &m, reterr);

        if (r >= 0)
                r = sd_bus_message_append(m, "sa{sv}", condition, 0);
        if (r >= 0)
                r = sd_bus_call_async(client_bus(&s->c->client), NULL, m, on_answer, s,
                                      CLIENT_FOREVER);
        return r < 0 ? client_fault(NULL, r, reterr) : 0;
}
