/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A screen a machine, in the order of systemctl status: what it is, how it is, what it has, what
 * runs in it, what it said last. */
#include "base/names.h"
#include "base/text.h"
#include "ctl/boot.h"
#include "ctl/fields.h"
#include "ctl/kinds.h"
#include "ctl/log-print.h"
#include "ctl/network-text.h"
#include "ctl/output-lines.h"
#include "ctl/pager.h"
#include "ctl/processes.h"
#include "ctl/report.h"
#include "ctl/status-usage.h"
#include "ctl/table.h"
#include "ctl/terminal.h"
#include "ctl/time-text.h"
#include "ctl/verbs.h"

#include <string.h>

#define OUTPUT_LINES 10U
#define UID_RANGE    65536U

static const char *text_of(const json_t *object, const char *key)
{
        return json_string_value(json_object_get(object, key)) ?: "";
}

static uint64_t number_of(const json_t *object, const char *key)
{
        return (uint64_t)json_integer_value(json_object_get(object, key));
}

static void print_header(const json_t *m)
{
        const char *description = text_of(json_object_get(m, "Settings"), "Description");

        (void)printf("%s%s%s ", style_on(style_of_state(text_of(m, "State"))),
                     terminal_takes_utf8() ? "●" : "*", style_off());
        print_clean(stdout, kind_name_of(m));
        if (*description) {
                (void)fputs(" - ", stdout);
                print_clean(stdout, description);
        }
        (void)putchar('\n');
}

/* Which file it is from, and whether the host starts it at boot. */
static void print_loaded(const char *name)
{
        static const char *const places[] = {LODGE_DEFINITIONS_ETC, LODGE_DEFINITIONS_RUN,
                                             LODGE_DEFINITIONS_USR};

        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                _cleanup_free_ char *path = NULL;

                if (asprintf(&path, "%s/%s" LODGE_DEFINITION_SUFFIX, places[i], name) < 0)
                        return;
                if (access(path, F_OK) < 0)
                        continue;
                field_begin("Loaded");
                print_clean(stdout, path);
                (void)printf("; %s\n", boot_is_enabled(name) ? "enabled" : "disabled");
                return;
        }
}

static void print_state(const json_t *m)
{
        char stamp[TIME_TEXT_MAX], ago[TIME_TEXT_MAX];
        const char *state = text_of(m, "State");
        uint64_t since = number_of(m, streq(state, "ready")        ? "ReadyTimestamp"
                                      : streq(state, "paused")     ? "PausedTimestamp"
                                      : number_of(m, "Leader") > 0 ? "StartedTimestamp"
                                                                   : "StoppedTimestamp");

        field_begin("State");
        (void)fputs(style_on(style_of_state(state)), stdout);
        print_clean(stdout, state);
        (void)fputs(style_off(), stdout);
        if (since > 0)
                (void)printf(" since %s; %s", time_stamp(since, stamp), time_ago(since, ago));
        (void)putchar('\n');
}

/* The reason, and behind "Failure" the record that lodged keeps of it: the step, what it was about,
 * the kernel's answer. */
static void print_reason(const json_t *m)
{
        const json_t *reason = json_object_get(m, "StateReason"),
                     *details = json_object_get(reason, "Details");
        int error = (int)number_of(details, "Errno");
        const json_t *status = json_object_get(details, "ExitStatus");
        const char *phase = text_of(details, "Phase"), *object = text_of(details, "Object");

        field_text(reason, "Reason", "Message");
        if (!*phase && error == 0)
                return;
        field_begin("Failure");
        print_clean(stdout, *phase ? phase : "error");
        if (*object) {
                (void)fputs(" '", stdout);
                print_clean(stdout, object);
                (void)putchar('\'');
        }
        if (error > 0)
                (void)printf(", %s", strerrorname_np(error) ?: "unknown error");
        if (json_integer_value(status) > 0)
                (void)printf(", exit status %d", (int)json_integer_value(status));
        (void)putchar('\n');
}

static void print_health(const json_t *m)
{
        const char *health = text_of(m, "Health"), *output = text_of(m, "HealthOutput");
        uint64_t failures = number_of(m, "HealthFailures");

        if (!*health || streq(health, "none"))
                return;
        field_begin("Health");
        (void)fputs(style_on(streq(health, "healthy")     ? STYLE_GOOD
                             : streq(health, "unhealthy") ? STYLE_BAD
                                                          : STYLE_BUSY),
                    stdout);
        print_clean(stdout, health);
        (void)fputs(style_off(), stdout);
        if (failures > 0)
                (void)printf(", %u failed in a row", (unsigned)failures);
        if (failures > 0 && *output) {
                (void)fputs(": ", stdout);
                print_clean(stdout, output);
        }
        (void)putchar('\n');
}

static void print_image(const Ctl *c, const json_t *m)
{
        const char *name = text_of(m, "Image");
        _cleanup_json_ json_t *image = NULL;

        if (*name) {
                field_begin("Image");
                print_clean(stdout, name);
                if (kind_get(c, &kind_image, name, &image, NULL) >= 0) {
                        size_t n = json_array_size(json_object_get(image, "Layers"));

                        (void)printf(" (");
                        print_clean(stdout, text_of(image, "Type"));
                        if (n > 0)
                                (void)printf(", %zu layer%s", n, n == 1 ? "" : "s");
                        (void)putchar(')');
                } else {
                        (void)fputs(" (not there now)", stdout);
                }
                (void)putchar('\n');
        }
        field_text(m, "Directory", "RootDirectory");
}

static void print_numbers(const json_t *m)
{
        char stamp[TIME_TEXT_MAX];
        uint64_t leader = number_of(m, "Leader"), shift = number_of(m, "UIDShift"),
                 boots = number_of(m, "BootCount");

        if (leader > 0)
                (void)printf(FIELD_LABEL "%u (supervisor %u)\n", "Leader", (unsigned)leader,
                             (unsigned)number_of(m, "Supervisor"));
        if (shift > 0)
                (void)printf(FIELD_LABEL "%u..%u on the host\n", "UIDs", (unsigned)shift,
                             (unsigned)shift + UID_RANGE - 1);
        if (boots > 1)
                (void)printf(FIELD_LABEL "%u, by reboots from inside or for its health\n", "Boots",
                             (unsigned)boots);
        (void)printf(FIELD_LABEL "%s by uid %u\n", "Created",
                     time_stamp(number_of(m, "CreatedTimestamp"), stamp),
                     (unsigned)number_of(m, "Owner"));
}

static void begin_line(const char *label, size_t i)
{
        if (i == 0)
                field_begin(label);
        else
                (void)fputs(FIELD_INDENT, stdout);
}

static void print_network(const json_t *m)
{
        char host[PORT_TEXT_MAX], guest[PORT_TEXT_MAX];
        json_t *e;
        size_t i;

        json_array_foreach(json_object_get(m, "Addresses"), i, e)
        {
                begin_line("Address", i);
                print_clean(stdout, text_of(e, "Address"));
                (void)fputs(" on ", stdout);
                print_clean(stdout, text_of(e, "Interface"));
                (void)fputs(", network ", stdout);
                print_clean(stdout, text_of(e, "Network"));
                (void)putchar('\n');
        }
        json_array_foreach(json_object_get(m, "Ports"), i, e)
        {
                ClientPort port = port_from_json(e);

                begin_line("Ports", i);
                print_clean(stdout, port_host_text(&port, host));
                (void)fputs(" -> ", stdout);
                print_clean(stdout, port_guest_text(&port, guest));
                (void)putchar('\n');
        }
        field_lines(json_object_get(m, "Settings"), "Egress", "Egress");
        field_text(m, "Bandwidth", "Bandwidth");
}

static void print_mount(const json_t *mount)
{
        const char *source = text_of(mount, "Source"), *options = text_of(mount, "Options");

        print_clean(stdout, text_of(mount, "Type"));
        if (*source) {
                (void)putchar(' ');
                print_clean(stdout, source);
        }
        (void)fputs(" on ", stdout);
        print_clean(stdout, text_of(mount, "Target"));
        if (*options) {
                (void)fputs(" (", stdout);
                print_clean(stdout, options);
                (void)putchar(')');
        }
        (void)putchar('\n');
}

/* What there is while it runs; else what its definition wants. */
static void print_mounts(const json_t *m)
{
        static const char *const keys[] = {"Bind", "Volume", "Tmpfs"};
        const json_t *settings = json_object_get(m, "Settings");
        json_t *entry;
        size_t n = 0, i;

        json_array_foreach(json_object_get(m, "Mounts"), i, entry)
        {
                begin_line("Mounts", i);
                print_mount(entry);
        }
        for (size_t k = 0; k < ELEMENTSOF(keys) && number_of(m, "Leader") == 0; k++)
                json_array_foreach(json_object_get(settings, keys[k]), i, entry)
                {
                        begin_line("Mounts", n++);
                        (void)printf("%s ", keys[k]);
                        print_clean(stdout, json_string_value(entry) ?: "");
                        (void)putchar('\n');
                }
}

static void print_processes(const json_t *m)
{
        pid_t pid = (pid_t)(number_of(m, "Supervisor") ?: number_of(m, "Leader"));

        if (pid == 0)
                return;
        field_begin("CGroup");
        (void)fflush(stdout);
        if (processes_print(pid, text_of(m, "Unit"), FIELD_INDENT) < 0)
                (void)puts("cannot be read");
}

/* Return: how many. */
static size_t print_journal(const Ctl *c, const char *name, size_t max)
{
        _cleanup_(sd_journal_closep) sd_journal *j = NULL;
        JournalRange range = {.until = UINT64_MAX, .max = max};
        char *const names[] = {(char *)name, NULL};
        size_t n = 0;
        int r = journal_open_machines(JOURNAL_OUTPUT, names, NULL, &j);

        for (r = r < 0 ? r : journal_first(j, &range); r > 0; r = sd_journal_next(j)) {
                _cleanup_journal_entry_ JournalEntry e = {0};

                if (journal_entry_read(j, &e) < 0)
                        break;
                if (n++ == 0)
                        (void)putchar('\n');
                log_print(c, &e, true, NULL);
        }
        return n;
}

/* Who may see the machine, may be refused its output: the rest of the screen is theirs. */
static void print_output(const Ctl *c, const json_t *m, size_t max)
{
        _cleanup_strv_free_ char **lines = NULL;
        const char *name = kind_name_of(m);

        if (max == 0 || print_journal(c, name, max) > 0 ||
            output_lines_get(c, name, max, &lines, NULL) < 0 || !lines[0])
                return;
        (void)putchar('\n');
        STRV_FOREACH (line, lines) {
                (void)fputs(style_on(STYLE_DIM), stdout);
                print_clean(stdout, *line);
                (void)printf("%s\n", style_off());
        }
}

static void print_screen(const Ctl *c, const json_t *m, size_t max_lines)
{
        print_header(m);
        print_loaded(kind_name_of(m));
        print_state(m);
        print_health(m);
        print_reason(m);
        field_lines(m, "Warnings", "DefinitionWarnings");
        field_text(m, "Unit", "Unit");
        print_image(c, m);
        print_numbers(m);
        print_network(m);
        print_mounts(m);
        field_text(m, "Status", "StatusText");
        if (number_of(m, "Leader") > 0)
                status_usage_print(c, kind_name_of(m));
        print_processes(m);
        print_output(c, m, max_lines);
}

int verb_status(Ctl *c)
{
        _cleanup_json_ json_t *machines = NULL;
        size_t max_lines, i;
        json_t *machine;

        if (c->json != JSON_OFF)
                return verb_list(c);
        int status = output_lines_max(c, OUTPUT_LINES, &max_lines);
        if (status != EXIT_OK)
                return status;
        status = kind_list_selected(c, &kind_machine, (const char *const[]){NULL}, &machines);
        c->log_form = LOG_SHORT;
        if (json_array_size(machines) > 0)
                pager_open(c);
        json_array_foreach(machines, i, machine)
        {
                if (i > 0)
                        (void)putchar('\n');
                print_screen(c, machine, max_lines);
        }
        pager_close();
        return status;
}
