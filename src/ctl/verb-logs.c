/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What machines print is in the host's journal, also when they are gone. Who may not read that, or
 * has none, gets the last lines, which lodged keeps. */
#include "base/io.h"
#include "base/text.h"
#include "ctl/guest-journal.h"
#include "ctl/kinds.h"
#include "ctl/log-print.h"
#include "ctl/output-lines.h"
#include "ctl/pager.h"
#include "ctl/polkit-agent.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

#include <poll.h>
#include <string.h>

#define FOLLOW_LINES 10U

typedef struct Logs {
        Ctl *c;
        JournalRange range;
        char **names;  /* that the journal knows */
        char *boot_id; /* NULL: all */
        bool follow, with_name;
        json_t *all;
} Logs;

static bool is_boot_id(const char *s)
{
        return strlen(s) == 32 && strspn(s, "0123456789abcdef") == 32;
}

static int choose_boot(Logs *l)
{
        const char *value = args_value(&l->c->args, "boot") ?: "0",
                   *digits = value + (*value == '-');
        uint64_t n;

        if (!args_has(&l->c->args, "boot"))
                return EXIT_OK;
        if (l->c->args.n_words > 1)
                return report_usage(l->c->verb, "--boot is about one machine, not %zu",
                                    l->c->args.n_words);
        if (is_boot_id(value)) {
                l->boot_id = strdup(value);
                return l->boot_id ? EXIT_OK : EXIT_FAILED;
        }
        if (parse_u64(digits, INT32_MAX, &n) < 0)
                return report_usage(l->c->verb,
                                    "--boot wants a number, 0 for the last boot and -1 for the one "
                                    "before it, or an id, not '%s'",
                                    value);
        const char *name = l->c->args.words[0];
        int r = journal_find_boot(name, digits > value ? -(int64_t)n : (int64_t)n, &l->boot_id);
        if (r == -ENOENT) {
                report_error("the journal has no boot %s of machine '%s'", value, name);
                return EXIT_NOT_FOUND;
        }
        if (r < 0)
                report_error("cannot read the journal: %s", strerror(-r));
        return r < 0 ? EXIT_FAILED : EXIT_OK;
}

/* ---- from lodged ---- */

static int connect_to_lodged(Ctl *c)
{
        _cleanup_fault_ Fault fault = {0};

        if (client_bus(&c->client))
                return EXIT_OK;
        if (client_open(!c->no_ask_password, &c->client, &fault) < 0)
                return report_fault(c, NULL, &fault);
        polkit_agent_start(c);
        return EXIT_OK;
}

/* The journal has nothing of it. */
static int print_last_lines(Logs *l, const char *name)
{
        _cleanup_strv_free_ char **lines = NULL;
        _cleanup_fault_ Fault fault = {0};
        bool any_time = l->range.since == 0 && l->range.until == UINT64_MAX;
        int status = connect_to_lodged(l->c);

        if (status != EXIT_OK)
                return status;
        if (output_lines_get(l->c, name, l->range.max, &lines, &fault) < 0)
                return report_fault(l->c, name, &fault);
        if (!any_time && lines[0]) {
                report_error(
                        "there is nothing of '%s' in the journal that you may read, and lodged "
                        "keeps no times: --since and --until cannot be obeyed",
                        name);
                return EXIT_FAILED;
        }
        STRV_FOREACH (line, lines)
                log_print(
                        l->c,
                        &(JournalEntry){.priority = -1, .machine = (char *)name, .message = *line},
                        l->with_name, l->all);
        return EXIT_OK;
}

/* ---- from the journal ---- */

static bool has_entries(const char *name)
{
        _cleanup_(sd_journal_closep) sd_journal *j = NULL;
        char *const names[] = {(char *)name, NULL};

        return journal_open_machines(JOURNAL_OUTPUT, names, NULL, &j) >= 0 &&
               journal_first(j, &(JournalRange){.until = UINT64_MAX, .max = 1}) > 0;
}

/* Return: 0 the end of the range, or nobody reads on; negative errno. */
static int print_entries(Logs *l, sd_journal *j, int r)
{
        for (; r > 0; r = sd_journal_next(j)) {
                _cleanup_journal_entry_ JournalEntry e = {0};

                r = journal_entry_read(j, &e);
                if (r < 0 || e.usec > l->range.until || ferror(stdout))
                        return r;
                log_print(l->c, &e, l->with_name, l->all);
        }
        return r;
}

static int print_journal(Logs *l)
{
        _cleanup_(sd_journal_closep) sd_journal *j = NULL;
        int r = journal_open_machines(JOURNAL_OUTPUT, l->names, l->boot_id, &j);

        r = r < 0 ? r : journal_first(j, &l->range);
        r = r < 0 ? r : print_entries(l, j, r);
        while (r >= 0 && l->follow && fflush(stdout) == 0) {
                r = sd_journal_wait(j, UINT64_MAX);
                r = r < 0 ? r : print_entries(l, j, sd_journal_next(j));
        }
        if (r < 0)
                report_error("cannot read the journal: %s", strerror(-r));
        return r < 0 ? EXIT_FAILED : EXIT_OK;
}

static int print_guest(Logs *l, int fd, char *partial, size_t *n_partial)
{
        _cleanup_guest_journal_ GuestJournal g = {0};
        int r = guest_journal_next(fd, l->c->args.words[0], partial, n_partial, &g);

        for (size_t i = 0; i < g.n; i++)
                log_print(l->c, &g.entries[i], l->with_name, l->all);
        return r;
}

/* Return: 0 the guest's own has ended; negative errno. */
static int follow_both(Logs *l, sd_journal *j, int fd)
{
        struct pollfd p[] = {{.fd = sd_journal_get_fd(j), .events = POLLIN},
                             {.fd = fd, .events = POLLIN}};
        _cleanup_free_ char *partial = malloc(GUEST_JOURNAL_LINE_MAX);
        size_t n_partial = 0;
        int r = !partial ? -ENOMEM : MIN2(p[0].fd, 1);

        while (r >= 0 && fflush(stdout) == 0) {
                if (poll(p, ELEMENTSOF(p), -1) < 0)
                        return -errno;
                r = sd_journal_process(j);
                r = r < 0 ? r : print_entries(l, j, sd_journal_next(j));
                if (r >= 0 && p[1].revents) {
                        r = print_guest(l, fd, partial, &n_partial);
                        if (r == 0)
                                return 0;
                }
        }
        return r;
}

static int follow_merged(Logs *l, sd_journal *j, const char *cursor)
{
        const char *name = l->c->args.words[0];
        _cleanup_close_ int fd = -EBADF;
        _cleanup_fault_ Fault fault = {0};

        if (guest_journal_follow(l->c, name, cursor, &fd, &fault) < 0)
                return report_fault(l->c, name, &fault);
        int r = follow_both(l, j, fd);
        if (r < 0)
                report_error("cannot read the journal: %s", strerror(-r));
        else
                report_error("the journalctl in '%s' has ended: is the machine being stopped?",
                             name);
        return EXIT_FAILED;
}

/* Both journals, by time: the guest's own clock is the host's. */
static int print_merged(Logs *l)
{
        _cleanup_guest_journal_ GuestJournal g = {0};
        _cleanup_(sd_journal_closep) sd_journal *j = NULL;
        _cleanup_fault_ Fault fault = {0};
        char *const *names = l->c->args.words;
        int status = connect_to_lodged(l->c);

        if (status != EXIT_OK)
                return status;
        l->range.max = MIN2(l->range.max, (size_t)GUEST_JOURNAL_LINES);
        if (guest_journal_read(l->c, names[0], &l->range, &g, &fault) < 0)
                return report_fault(l->c, names[0], &fault);
        int r = journal_open_machines(JOURNAL_OUTPUT, names, NULL, &j);
        r = r < 0 ? r : journal_first(j, &l->range);
        r = r < 0 ? r : guest_journal_add_output(&g, j, r, l->range.until);
        if (r < 0) {
                report_error("cannot read the journal: %s", strerror(-r));
                return EXIT_FAILED;
        }
        guest_journal_sort(&g);
        for (size_t i = g.n > l->range.max ? g.n - l->range.max : 0; i < g.n; i++)
                log_print(l->c, &g.entries[i], l->with_name, l->all);
        return l->follow ? follow_merged(l, j, g.cursor) : EXIT_OK;
}

static int check_guest(const Ctl *c)
{
        if (args_has(&c->args, "guest") && (c->args.n_words > 1 || args_has(&c->args, "boot")))
                return report_usage(c->verb, "--guest is about one machine, and does not go with "
                                             "--boot");
        return EXIT_OK;
}

/* A name that the journal does not have may still be one that lodged knows. */
static int print_all(Logs *l)
{
        _cleanup_strv_free_ char **names = NULL;
        int status = kind_expand(l->c, &kind_machine, &names), s;

        STRV_FOREACH (name, names) {
                bool found = has_entries(*name);

                s = found ? EXIT_OK : print_last_lines(l, *name);
                if (s == EXIT_OK && (found || l->follow) && strv_push(&l->names, *name) < 0)
                        s = EXIT_FAILED;
                status = status ?: s;
        }
        s = l->names ? print_journal(l) : EXIT_OK;
        return status ?: s;
}

static bool has_pattern(const Ctl *c)
{
        for (size_t i = 0; i < c->args.n_words; i++)
                if (strpbrk(c->args.words[i], "*?["))
                        return true;
        return false;
}

int verb_logs(Ctl *c)
{
        _cleanup_json_ json_t *all = NULL;
        Logs l = {.c = c, .follow = args_has(&c->args, "follow")};
        int status = log_range(c, l.follow ? FOLLOW_LINES : SIZE_MAX, &l.range);

        if (status == EXIT_OK && l.follow && l.range.until != UINT64_MAX)
                status = report_usage(c->verb, "--follow has no end, and --until is one");
        if (status == EXIT_OK && has_pattern(c))
                status = connect_to_lodged(c);
        status = status ?: check_guest(c);
        status = status ?: choose_boot(&l);
        if (status == EXIT_OK) {
                if (c->json == JSON_OFF && !l.follow)
                        pager_open(c);
                l.with_name = !c->no_legend && (c->args.n_words > 1 || has_pattern(c));
                log_begin(c, l.follow || c->json == JSON_LINES, &all);
                l.all = all;
                status = args_has(&c->args, "guest") ? print_merged(&l) : print_all(&l);
                if (all)
                        json_print(c, all);
                pager_close();
        }
        (void)strv_free(l.names);
        free(l.boot_id);
        return status;
}
