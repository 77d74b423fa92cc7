/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What happens to machines: as it comes over the bus, which everybody may read; what has happened
 * before is in the journal. */
#include "base/io.h"
#include "base/names.h"
#include "base/text.h"
#include "ctl/kinds.h"
#include "ctl/log-print.h"
#include "ctl/pager.h"
#include "ctl/report.h"
#include "ctl/table.h"
#include "ctl/verbs.h"

#include <fnmatch.h>
#include <string.h>

typedef struct Events {
        Ctl *c;
        LogForm form;
        JournalRange range;
        bool follow;
        json_t *all;
} Events;

static bool is_wanted(const Ctl *c, const char *machine)
{
        for (size_t i = 0; i < c->args.n_words; i++)
                if (fnmatch(c->args.words[i], machine, 0) == 0)
                        return true;
        return c->args.n_words == 0;
}

static Style style_of_event(const char *event)
{
        return streq(event, "failed") || streq(event, "oom-kill") ? STYLE_BAD
               : streq(event, "started") || streq(event, "ready") ? STYLE_GOOD
                                                                  : STYLE_NONE;
}

/* @details is consumed */
static void print_event(const Events *v, const JournalEntry *e, json_t *details)
{
        if (v->c->json != JSON_OFF) {
                json_t *object = json_object();

                (void)json_object_set_new(object, "Time", json_integer((json_int_t)e->usec));
                log_json_string(object, "Machine", e->machine);
                log_json_string(object, "Event", e->event);
                log_json_string(object, "Reason", e->reason);
                (void)json_object_set_new(object, "Details", details);
                log_json_end(object, v->all);
                return;
        }
        json_decref(details);
        log_print_time(v->form, e->usec);
        print_clean(stdout, e->machine);
        (void)printf(" %s", style_on(style_of_event(e->event)));
        print_clean(stdout, e->event);
        (void)fputs(style_off(), stdout);
        if (e->reason && *e->reason) {
                (void)fputs(": ", stdout);
                print_clean(stdout, e->reason);
        }
        (void)putchar('\n');
}

/* ---- from the bus ---- */

static int on_event(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        _cleanup_json_ json_t *details = NULL;
        const char *machine, *path, *event, *reason;

        if (sd_bus_message_read(m, "soss", &machine, &path, &event, &reason) < 0 ||
            json_object_from_message(m, &details) < 0 ||
            !is_wanted(((Events *)userdata)->c, machine))
                return 0;
        print_event(userdata,
                    &(JournalEntry){.usec = now_usec(CLOCK_REALTIME),
                                    .machine = (char *)machine,
                                    .event = (char *)event,
                                    .reason = (char *)reason},
                    TAKE_PTR(details));
        return 0;
}

/* Until nobody reads on, or the bus goes away. */
static int watch_bus(Events *v)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL; /* lodged's own has no signals */
        int r = sd_bus_open_system(&bus);

        r = r < 0 ? r
                  : sd_bus_match_signal(bus, NULL, LODGE_BUS_NAME, LODGE_OBJECT_PATH,
                                        LODGE_MANAGER_INTERFACE, "MachineEvent", on_event, v);
        while (r >= 0 && fflush(stdout) == 0) {
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, UINT64_MAX);
                if (r == -EINTR)
                        r = 0;
        }
        if (r < 0)
                report_error("cannot watch the system bus: %s", strerror(-r));
        return r < 0 ? EXIT_UNREACHABLE : EXIT_OK;
}

/* ---- from the journal ---- */

/* As the bus has them. */
static json_t *details_of(sd_journal *j)
{
        static const struct {
                const char *field, *key;
                bool is_number;
        } known[] = {
                {"LEADER_PID", "Leader", true},      {"EXIT_STATUS", "ExitStatus", true},
                {"SIGNAL", "Signal", true},          {"ERRNO", "Errno", true},
                {LODGE_FIELD_CAUSE, "Cause", false}, {LODGE_FIELD_OLD_NAME, "OldName", false},
                {LODGE_FIELD_PHASE, "Phase", false}, {LODGE_FIELD_OBJECT, "Object", false},
        };
        json_t *details = json_object();

        for (size_t i = 0; i < ELEMENTSOF(known); i++) {
                _cleanup_free_ char *value = journal_data(j, known[i].field);

                if (!value || streq(value, "0"))
                        continue;
                if (known[i].is_number)
                        (void)json_object_set_new(details, known[i].key,
                                                  json_integer(strtol(value, NULL, 10)));
                else
                        log_json_string(details, known[i].key, value);
        }
        return details;
}

static int print_entries(Events *v, sd_journal *j, int r)
{
        for (; r > 0; r = sd_journal_next(j)) {
                _cleanup_journal_entry_ JournalEntry e = {0};

                r = journal_entry_read(j, &e);
                if (r < 0 || e.usec > v->range.until || ferror(stdout))
                        return r;
                if (e.machine && e.event && is_wanted(v->c, e.machine))
                        print_event(v, &e, details_of(j));
        }
        return r;
}

static int read_journal(Events *v)
{
        _cleanup_(sd_journal_closep) sd_journal *j = NULL;
        bool is_plain = true; /* names, no patterns: the journal looks for them itself */

        for (size_t i = 0; i < v->c->args.n_words; i++)
                is_plain = is_plain && !strpbrk(v->c->args.words[i], "*?[");
        int r = journal_open_machines(JOURNAL_EVENTS, is_plain ? v->c->args.words : NULL, NULL, &j);
        r = r < 0 ? r : journal_first(j, &v->range);
        r = r < 0 ? r : print_entries(v, j, r);
        while (r >= 0 && v->follow && fflush(stdout) == 0) {
                r = sd_journal_wait(j, UINT64_MAX);
                r = r < 0 ? r : print_entries(v, j, sd_journal_next(j));
        }
        if (r < 0)
                report_error("cannot read the journal: %s", strerror(-r));
        return r < 0 ? EXIT_FAILED : EXIT_OK;
}

int verb_events(Ctl *c)
{
        const Args *a = &c->args;
        bool is_past = args_value(a, "since") || args_value(a, "until") || args_value(a, "lines");
        _cleanup_json_ json_t *all = NULL;
        Events v = {.c = c,
                    .form = args_value(a, "output") ? c->log_form : LOG_SHORT,
                    .follow = args_has(a, "follow") || !is_past};
        int status = log_range(c, SIZE_MAX, &v.range);

        if (status == EXIT_OK && v.follow && v.range.until != UINT64_MAX)
                status = report_usage(c->verb, "--follow has no end, and --until is one");
        if (status != EXIT_OK)
                return status;
        if (c->json == JSON_OFF && !v.follow)
                pager_open(c);
        log_begin(c, v.follow || c->json == JSON_LINES, &all);
        v.all = all;
        status = is_past ? read_journal(&v) : watch_bus(&v);
        if (all)
                json_print(c, all);
        pager_close();
        return status;
}
