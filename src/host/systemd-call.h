/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A call of systemd's manager that is made again as long as PID 1 is being replaced. */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

/** systemd_is_away() - does this error only say that nobody has answered (yet), or that the bus is
 * too busy to ask now? */
bool systemd_is_away(const sd_bus_error *e);

/** systemd_is_lost() - was a message not sent because there is no connection any more? */
bool systemd_is_lost(int r);

typedef struct SystemdCallType {
        /* the message, every time it is sent. Return: 0 or more; negative errno */
        int (*make)(void *userdata, sd_bus_message **ret);
        /* systemd has done it; @error: it has not, for this reason, borrowed. The call is over: it
         * may be started again or go. */
        void (*done)(void *userdata, const char *error);
} SystemdCallType;

/* A part of what it is made for. */
typedef struct SystemdCall {
        const SystemdCallType *type; /* static */
        void *userdata;
        sd_event *event;
        sd_bus *const *bus; /* where the connection of now is, which may be closed */
        uint64_t answer_usec;
        /* its own */
        sd_bus_slot *slot;
        sd_event_source *retry;
        uint64_t until; /* CLOCK_MONOTONIC: systemd has to answer by then */
} SystemdCall;

/** systemd_call_start() - send it
 * Return: 0 done() will be called; negative errno, and it will not. */
int systemd_call_start(SystemdCall *c);
/** systemd_call_again() - the connection is another one: send it once more, from the event loop
 * What has been asked on the one before was perhaps not heard. */
void systemd_call_again(SystemdCall *c);
/** systemd_call_stop() - forget it; done() will not be called. One that was never started is fine.
 */
void systemd_call_stop(SystemdCall *c);
