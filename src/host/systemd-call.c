/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/systemd-call.h"

#include "base/io.h"
#include "base/text.h"

#include <glib.h>
#include <string.h>

#define RETRY_USEC 100000ULL /* PID 1 is being replaced, which takes some of these */

bool systemd_is_away(const sd_bus_error *e)
{
        static const char *const names[] = {
                SD_BUS_ERROR_NO_REPLY,
                SD_BUS_ERROR_TIMEOUT,
                SD_BUS_ERROR_SERVICE_UNKNOWN,
                SD_BUS_ERROR_NAME_HAS_NO_OWNER,
                SD_BUS_ERROR_DISCONNECTED,
                "org.freedesktop.DBus.Error.TimedOut",
                /* of the bus: so many calls of ours are unanswered already, 128 by its defaults */
                SD_BUS_ERROR_LIMITS_EXCEEDED,
        };

        for (size_t i = 0; e && i < ELEMENTSOF(names); i++)
                if (streq(e->name, names[i]))
                        return true;
        /* while PID 1 is off the bus, this tries to start it */
        return e && g_str_has_prefix(e->name, "org.freedesktop.DBus.Error.Spawn.");
}

bool systemd_is_lost(int r)
{
        return r == -ENOTCONN || r == -ECONNRESET;
}

static int retry_in(SystemdCall *c, uint64_t usec);

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        const sd_bus_error *e = sd_bus_message_get_error(m);
        SystemdCall *c = userdata;

        c->slot = sd_bus_slot_unref(c->slot);
        if (systemd_is_away(e) && now_usec(CLOCK_MONOTONIC) < c->until &&
            retry_in(c, RETRY_USEC) >= 0)
                return 0;
        c->type->done(c->userdata, systemd_is_away(e) ? "systemd does not answer"
                                   : e                ? e->message ?: e->name
                                                      : NULL);
        return 0;
}

static int ask(SystemdCall *c)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = c->type->make(c->userdata, &m);

        r = r < 0 ? r : sd_bus_call_async(*c->bus, &c->slot, m, on_answer, c, c->answer_usec);
        if (systemd_is_lost(r))
                r = now_usec(CLOCK_MONOTONIC) < c->until ? retry_in(c, RETRY_USEC) : -ETIMEDOUT;
        return MIN2(r, 0);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
        SystemdCall *c = userdata;

        c->retry = sd_event_source_disable_unref(c->retry);
        int r = ask(c);
        if (r < 0)
                c->type->done(c->userdata,
                              r == -ETIMEDOUT ? "systemd does not answer" : strerror(-r));
        return 0;
}

static int retry_in(SystemdCall *c, uint64_t usec)
{
        c->retry = sd_event_source_disable_unref(c->retry);
        return sd_event_add_time_relative(c->event, &c->retry, CLOCK_MONOTONIC, usec, 0, on_retry,
                                          c);
}

int systemd_call_start(SystemdCall *c)
{
        c->until = now_usec(CLOCK_MONOTONIC) + c->answer_usec;
        return ask(c);
}

void systemd_call_again(SystemdCall *c)
{
        c->slot = sd_bus_slot_unref(c->slot);
        (void)retry_in(c, 0); /* out of memory: it is not heard of any more */
}

void systemd_call_stop(SystemdCall *c)
{
        c->slot = sd_bus_slot_unref(c->slot);
        c->retry = sd_event_source_disable_unref(c->retry);
}
