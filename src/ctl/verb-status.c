/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "ctl/json.h"
#include "ctl/machines.h"
#include "ctl/network-text.h"
#include "ctl/output-lines.h"
#include "ctl/pager.h"
#include "ctl/processes.h"
#include "ctl/report.h"
#include "ctl/table.h"
#include "ctl/terminal.h"
#include "ctl/time-text.h"
#include "ctl/verbs.h"

#define OUTPUT_LINES 10U
#define UID_RANGE    65536U
#define INDENT       "            "

static void print_field(const char *name, const char *value)
{
        if (!value || !*value)
                return;
        (void)printf("%10s: ", name);
        print_clean(stdout, value);
        (void)putchar('\n');
}

static void print_state(const ClientMachine *m)
{
        char stamp[TIME_TEXT_MAX], ago[TIME_TEXT_MAX];
        Style style = style_of_state(m->state);
        uint64_t since = streq(m->state, "ready")    ? m->ready_usec
                         : streq(m->state, "paused") ? m->paused_usec
                         : m->leader > 0             ? m->started_usec
                                                     : m->stopped_usec;

        (void)printf("%10s: %s", "State", style_on(style));
        print_clean(stdout, m->state);
        (void)fputs(style_off(), stdout);
        if (since > 0)
                (void)printf(" since %s; %s", time_stamp(since, stamp), time_ago(since, ago));
        (void)putchar('\n');
}

static void print_header(const ClientMachine *m)
{
        (void)printf("%s%s%s ", style_on(style_of_state(m->state)),
                     terminal_takes_utf8() ? "●" : "*", style_off());
        print_clean(stdout, m->name);
        if (m->description && *m->description) {
                (void)fputs(" - ", stdout);
                print_clean(stdout, m->description);
        }
        (void)putchar('\n');
}

static void print_numbers(const ClientMachine *m)
{
        char stamp[TIME_TEXT_MAX];

        if (m->leader > 0)
                (void)printf("%10s: %u (supervisor %u)\n", "Leader", m->leader, m->supervisor);
        if (m->uid_shift > 0)
                (void)printf("%10s: %u..%u on the host\n", "UIDs", m->uid_shift,
                             m->uid_shift + UID_RANGE - 1);
        if (m->boot_count > 1)
                (void)printf("%10s: %u, by reboots from inside\n", "Boots", m->boot_count);
        (void)printf("%10s: %s by uid %u\n", "Created", time_stamp(m->created_usec, stamp),
                     m->owner);
}

static void begin_line(const char *label, bool first)
{
        (void)printf(first ? "%10s: " : "%12s", first ? label : "");
}

static void print_network(const ClientMachine *m)
{
        char host[PORT_TEXT_MAX], guest[PORT_TEXT_MAX];

        for (size_t i = 0; i < m->n_addresses; i++) {
                const ClientAddress *a = &m->addresses[i];

                begin_line("Address", i == 0);
                print_clean(stdout, a->address);
                (void)fputs(" on ", stdout);
                print_clean(stdout, a->interface);
                (void)fputs(", network ", stdout);
                print_clean(stdout, a->network);
                (void)putchar('\n');
        }
        for (size_t i = 0; i < m->n_ports; i++) {
                begin_line("Ports", i == 0);
                print_clean(stdout, port_host_text(&m->ports[i], host));
                (void)fputs(" -> ", stdout);
                print_clean(stdout, port_guest_text(&m->ports[i], guest));
                (void)putchar('\n');
        }
        print_field("Bandwidth", m->bandwidth);
}

static void print_output(const Ctl *c, const ClientMachine *m, size_t max)
{
        _cleanup_strv_free_ char **lines = NULL;

        /* Who may see the machine, may be refused its output: the rest of the screen is theirs. */
        if (max == 0 || output_lines_get(c, m->name, max, &lines, NULL) < 0 || !lines[0])
                return;
        (void)putchar('\n');
        STRV_FOREACH (line, lines) {
                (void)fputs(style_on(STYLE_DIM), stdout);
                print_clean(stdout, *line);
                (void)printf("%s\n", style_off());
        }
}

static void print_processes(const ClientMachine *m)
{
        pid_t pid = (pid_t)(m->supervisor ?: m->leader);

        if (pid == 0)
                return;
        (void)printf("%10s: ", "CGroup");
        (void)fflush(stdout);
        if (processes_print(pid, m->unit, INDENT) < 0)
                (void)puts("cannot be read");
}

static void print_screen(const Ctl *c, const ClientMachine *m, size_t max_lines)
{
        print_header(m);
        print_state(m);
        print_field("Reason", m->reason_message);
        print_field("Unit", m->unit);
        print_field("Image", m->image);
        print_field("Directory", m->root_directory);
        print_numbers(m);
        print_network(m);
        print_field("Status", m->status_text);
        print_processes(m);
        print_output(c, m, max_lines);
}

int verb_status(Ctl *c)
{
        _cleanup_client_machines_ ClientMachines list = {0};
        size_t max_lines;

        if (c->json != JSON_OFF)
                return verb_list(c);
        int status = output_lines_max(c, OUTPUT_LINES, &max_lines);
        if (status == EXIT_OK)
                status = machines_get(c, (const char *const[]){NULL}, &list);
        if (list.n > 0)
                pager_open(c);
        for (size_t i = 0; i < list.n; i++) {
                if (i > 0)
                        (void)putchar('\n');
                print_screen(c, &list.items[i], max_lines);
        }
        pager_close();
        return status;
}
