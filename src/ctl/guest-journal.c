/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/guest-journal.h"

#include "base/text.h"

#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#define NAME_TEXT   "SYSLOG_IDENTIFIER"
#define MESSAGE_MAX 4096U
#define FIELDS      (char *)"--output-fields=MESSAGE,PRIORITY," NAME_TEXT

void guest_journal_done(GuestJournal *g)
{
        for (size_t i = 0; i < g->n; i++)
                journal_entry_done(&g->entries[i]);
        free(g->entries);
        free(g->cursor);
        *g = (GuestJournal){0};
}

static char *shown(const json_t *object, const char *key)
{
        const char *s = json_string_value(json_object_get(object, key));

        return s ? text_for_display(s, MESSAGE_MAX)
                 : NULL; /* bytes that are no text are an array */
}

static int add(GuestJournal *g, JournalEntry *e)
{
        JournalEntry *grown = reallocarray(g->entries, g->n + 1, sizeof(*e));

        g->entries = grown ?: g->entries;
        if (!grown)
                return -ENOMEM;
        g->entries[g->n++] = *e;
        *e = (JournalEntry){.priority = -1};
        return 0;
}

int guest_journal_add_output(GuestJournal *g, sd_journal *j, int r, uint64_t until)
{
        for (; r > 0; r = sd_journal_next(j)) {
                _cleanup_journal_entry_ JournalEntry e = {0};

                r = journal_entry_read(j, &e);
                if (r < 0 || e.usec > until)
                        return r;
                r = add(g, &e);
                if (r < 0)
                        return r;
        }
        return r;
}

/* Return: 0; 1 it is no entry; -ENOMEM. */
static int take_line(GuestJournal *g, const char *machine, const char *line, size_t n)
{
        json_t *object = json_loadb(line, n, 0, NULL);
        const char *time = json_string_value(json_object_get(object, "__REALTIME_TIMESTAMP")),
                   *priority = json_string_value(json_object_get(object, "PRIORITY"));
        _cleanup_free_ char *who = shown(object, NAME_TEXT), *message = shown(object, "MESSAGE");
        _cleanup_journal_entry_ JournalEntry e = {.priority = -1};
        uint64_t level;
        int r = 1;

        if (time && message && parse_u64(time, INT64_MAX, &e.usec) >= 0) {
                if (priority && parse_u64(priority, 7, &level) >= 0)
                        e.priority = (int)level;
                e.machine = strdup(machine);
                e.stream = strdup("journal");
                if (asprintf(&e.message, "%s: %s", who ?: "?", message) < 0)
                        e.message = NULL;
                r = e.machine && e.stream && e.message ? add(g, &e) : -ENOMEM;
                if (!g->cursor)
                        g->cursor = shown(object, "__CURSOR");
        }
        json_decref(object);
        return r;
}

static int parse(GuestJournal *g, const char *machine, const char *text, size_t n)
{
        while (n > 0) {
                const char *end = memchr(text, '\n', n);
                size_t length = end ? (size_t)(end - text) : n;
                int r = take_line(g, machine, text, length);

                if (r < 0)
                        return r;
                length = MIN2(length + 1, n);
                text += length;
                n -= length;
        }
        return 0;
}

/* The latest lines come first: what does not fit is older. */
static int append_command(sd_bus_message *m, const JournalRange *range)
{
        _cleanup_free_ char *lines = NULL, *since = NULL, *until = NULL;
        size_t max = MIN2(range->max, (size_t)GUEST_JOURNAL_LINES);
        uint64_t end = range->until == UINT64_MAX ? INT32_MAX : range->until / 1000000 + 1;

        if (asprintf(&lines, "--lines=%zu", max) < 0 ||
            asprintf(&since, "--since=@%" PRIu64, range->since / 1000000) < 0 ||
            asprintf(&until, "--until=@%" PRIu64, end) < 0)
                return -ENOMEM;
        char *argv[] = {(char *)"journalctl",
                        (char *)"--quiet",
                        (char *)"--no-pager",
                        (char *)"--reverse",
                        (char *)"--output=json",
                        FIELDS,
                        lines,
                        since,
                        until,
                        NULL};
        int r = sd_bus_message_append_strv(m, argv);
        return r < 0 ? r : sd_bus_message_append(m, "a{sv}", 1, "TimeoutSec", "s", "20s");
}

int guest_journal_read(const Ctl *c, const char *name, const JournalRange *range, GuestJournal *ret,
                       Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        const void *text, *errors;
        size_t n, n_errors;
        int status, r = client_machine_call_new(&c->client, "Run", name, &m, reterr);

        r = r < 0 ? r : append_command(m, range);
        r = r < 0 ? r : client_call(&c->client, m, CLIENT_FOREVER, &reply, reterr);
        r = r < 0 ? r : sd_bus_message_read(reply, "i", &status);
        r = r < 0 ? r : sd_bus_message_read_array(reply, 'y', &text, &n);
        r = r < 0 ? r : sd_bus_message_read_array(reply, 'y', &errors, &n_errors);
        if (r < 0)
                return client_fault(NULL, r, reterr);
        if (status != 0)
                return fault_set(reterr, FAULT_FAILED, EIO,
                                 "its journalctl has ended with status %d: %.*s", status,
                                 (int)MIN2(n_errors, (size_t)512), (const char *)errors);
        return parse(ret, name, text, n);
}

/* ---- what comes ---- */

static int append_follow(sd_bus_message *m, const char *cursor, const int pipe[static 2])
{
        _cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        _cleanup_free_ char *after = NULL;

        if (null < 0)
                return -errno;
        if (cursor && asprintf(&after, "--after-cursor=%s", cursor) < 0)
                return -ENOMEM;
        char *argv[] = {(char *)"journalctl",
                        (char *)"--quiet",
                        (char *)"--no-pager",
                        (char *)"--follow",
                        (char *)"--output=json",
                        FIELDS,
                        after ? (char *)"--no-tail" : (char *)"--lines=0",
                        after,
                        NULL};
        int r = sd_bus_message_append_strv(m, argv);
        r = r < 0 ? r : client_append_fds(m, (const int[]){null, pipe[1], null}, 3);
        return r < 0 ? r : sd_bus_message_append(m, "a{sv}", 0);
}

int guest_journal_follow(const Ctl *c, const char *name, const char *cursor, int *ret,
                         Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        int pipe[2];

        if (pipe2(pipe, O_CLOEXEC) < 0)
                return fault_set(reterr, FAULT_FAILED, errno, "cannot make a pipe: %s",
                                 strerror(errno));
        int r = client_machine_call_new(&c->client, "Exec", name, &m, reterr);
        r = r < 0 ? r : append_follow(m, cursor, pipe);
        r = r < 0 ? r : client_call(&c->client, m, CLIENT_FOREVER, &reply, reterr);
        (void)close_fd(pipe[1]);
        if (r >= 0)
                *ret = pipe[0];
        else
                (void)close_fd(pipe[0]);
        return r < 0 ? client_fault(NULL, r, reterr) : 0;
}

/* Whole lines go; one that is too long goes, too. */
static int take_lines(GuestJournal *g, const char *name, char *text, size_t *n)
{
        const char *end = memrchr(text, '\n', *n);
        size_t whole = end ? (size_t)(end - text) + 1 : 0;
        int r = parse(g, name, text, whole);

        if (whole == 0 && *n == GUEST_JOURNAL_LINE_MAX)
                whole = *n; /* its end is no entry either */
        *n -= whole;
        memmove(text, text + whole, *n);
        return r;
}

int guest_journal_next(int fd, const char *name, char *partial, size_t *n_partial, GuestJournal *g)
{
        ssize_t n = read(fd, partial + *n_partial, GUEST_JOURNAL_LINE_MAX - *n_partial);

        if (n < 0)
                return errno == EINTR ? 1 : -errno;
        if (n == 0)
                return 0;
        *n_partial += (size_t)n;
        int r = take_lines(g, name, partial, n_partial);
        return r < 0 ? r : 1;
}

/* ---- */

static int compare_times(const void *a, const void *b)
{
        const JournalEntry *x = a, *y = b;

        return (x->usec > y->usec) - (x->usec < y->usec);
}

void guest_journal_sort(GuestJournal *g)
{
        qsort(g->entries, g->n, sizeof(*g->entries), compare_times);
}
