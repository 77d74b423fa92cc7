/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lodged went away during a call. What was begun goes on without it; the next one can tell. */
#include "base/io.h"
#include "base/text.h"
#include "ctl/machines.h"

#include <string.h>

#define RETRIES          25U
#define RETRY_AFTER_USEC 200000U
/* A unit that systemd was just asked to start or stop may not have got far enough to show. */
#define STABLE_USEC 2000000U

/* What a machine is like when such a call is done. */
static const struct {
        const char *method;
        bool runs, is_gone, is_new, is_paused;
} goals[] = {
        {"Start", .runs = true},
        {"Restart", .runs = true, .is_new = true},
        {"Resume", .runs = true},
        {"Pause", .is_paused = true},
        {"Stop"},
        {"Terminate"},
        {"Remove", .is_gone = true},
};

static bool is_reached(const char *method, const ClientMachine *m, uint64_t since_usec)
{
        bool runs = streq(m->state, "running") || streq(m->state, "ready");
        bool stopped = streq(m->state, "stopped") || streq(m->state, "failed");

        for (size_t i = 0; i < ELEMENTSOF(goals); i++) {
                if (!streq(goals[i].method, method) || goals[i].is_gone)
                        continue;
                if (goals[i].is_paused)
                        return streq(m->state, "paused");
                if (goals[i].runs)
                        return runs && (!goals[i].is_new || m->started_usec >= since_usec);
                return stopped;
        }
        return false;
}

static bool is_on_its_way(const ClientMachine *m)
{
        return streq(m->state, "starting") || streq(m->state, "stopping");
}

/* Asks until lodged is there again. */
static int ask(const Ctl *c, const char *name, ClientMachine *ret, Fault *reterr)
{
        for (unsigned i = 0;; i++) {
                _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
                int r = client_machine_get_properties(&c->client, name, &reply, reterr);

                if (r >= 0)
                        r = client_machine_read(reply, ret);
                if (r >= 0 || !client_is_unreachable(reterr) || i == RETRIES)
                        return r;
                fault_done(reterr);
                (void)usleep(RETRY_AFTER_USEC);
        }
}

static bool is_removal(const char *method)
{
        for (size_t i = 0; i < ELEMENTSOF(goals); i++)
                if (streq(goals[i].method, method))
                        return goals[i].is_gone;
        return false;
}

bool machines_settle(const Ctl *c, const char *method, const char *name, uint64_t since_usec,
                     Fault *fault)
{
        uint64_t patience = 0;

        for (;;) {
                _cleanup_client_machine_ ClientMachine m = {0};
                _cleanup_fault_ Fault answer = {0};
                uint64_t now = now_usec(CLOCK_MONOTONIC);

                if (ask(c, name, &m, &answer) < 0) {
                        if (is_removal(method) && answer.code == FAULT_NO_SUCH_MACHINE)
                                return true;
                        if (client_is_unreachable(&answer))
                                return false; /* what is known already says it better */
                        fault_done(fault);
                        *fault = answer;
                        answer = (Fault){0};
                        return false;
                }
                if (is_reached(method, &m, since_usec))
                        return true;
                if (patience == 0 || is_on_its_way(&m))
                        patience = now + STABLE_USEC;
                if (now >= patience) {
                        fault_done(fault);
                        (void)fault_set(fault, FAULT_FAILED, 0,
                                        "lodged was restarted before it could answer; the machine "
                                        "is %s now",
                                        m.state);
                        return false;
                }
                (void)usleep(RETRY_AFTER_USEC);
        }
}

bool machines_are_renamed(const Ctl *c, const char *from, const char *to)
{
        _cleanup_client_machine_ ClientMachine before = {0}, after = {0};
        _cleanup_fault_ Fault fault = {0};

        return ask(c, from, &before, &fault) < 0 && fault.code == FAULT_NO_SUCH_MACHINE &&
               ask(c, to, &after, NULL) >= 0;
}
