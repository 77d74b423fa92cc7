/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/journal-read.h"

#include "base/machine-name.h"
#include "base/names.h"
#include "base/text.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define FIELD_MAX 65536 /* bytes of a field that are read */
#define SYNC_MS   2000

/* In varlink a call and its answer end with a zero byte. */
static const char sync_call[] = "{\"method\":\"io.systemd.Journal.Synchronize\"}";

/* Let journald write what it has been sent. Root may ask for it; and where it does not work, what
 * is missing comes a moment later. */
static void synchronize(void)
{
        static const struct sockaddr_un sa = {.sun_family = AF_UNIX,
                                              .sun_path = LODGE_JOURNAL_VARLINK};
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        struct pollfd p = {.fd = fd, .events = POLLIN};
        char answer[64];

        if (fd < 0 || connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0 ||
            send(fd, sync_call, sizeof(sync_call), MSG_NOSIGNAL) < 0)
                return;
        if (poll(&p, 1, SYNC_MS) > 0)
                (void)!read(fd, answer, sizeof(answer));
}

/* Of one field several are alternatives, those of different fields must all be there. */
static int match(sd_journal *j, const char *field, const char *value)
{
        _cleanup_free_ char *text = NULL;

        if (asprintf(&text, "%s=%s", field, value) < 0)
                return -ENOMEM;
        return sd_journal_add_match(j, text, 0);
}

static int match_output(sd_journal *j, char *const *names, const char *boot_id)
{
        static const char *const streams[] = {"stdout", "stderr", "terminal"};
        int r = match(j, "_UID", "0");

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(streams); i++)
                r = match(j, LODGE_FIELD_STREAM, streams[i]);
        STRV_FOREACH (name, names)
                r = r < 0 ? r : match(j, LODGE_FIELD_MACHINE, *name);
        if (r < 0 || boot_id)
                return r < 0 ? r : match(j, LODGE_FIELD_BOOT_ID, boot_id);
        /* what the shim says itself, such as why there was no start: plain output of a unit */
        r = sd_journal_add_disjunction(j);
        r = r < 0 ? r : match(j, "_TRANSPORT", "stdout");
        STRV_FOREACH (name, names) {
                _cleanup_free_ char *unit = machine_unit_name(*name);

                r = r < 0 ? r : !unit ? -ENOMEM : match(j, "_SYSTEMD_UNIT", unit);
        }
        return r;
}

static int match_events(sd_journal *j, char *const *names)
{
        int r = match(j, "_UID", "0");

        r = r < 0 ? r : match(j, LODGE_FIELD_KIND, LODGE_KIND_EVENT);
        STRV_FOREACH (name, names)
                r = r < 0 ? r : match(j, LODGE_FIELD_MACHINE, *name);
        return r;
}

int journal_open_machines(JournalWhat what, char *const *names, const char *boot_id,
                          sd_journal **ret)
{
        _cleanup_(sd_journal_closep) sd_journal *j = NULL;

        if (geteuid() == 0)
                synchronize();
        int r = sd_journal_open(&j, SD_JOURNAL_LOCAL_ONLY);
        r = r < 0 ? r : sd_journal_set_data_threshold(j, FIELD_MAX);
        if (r >= 0)
                r = what == JOURNAL_OUTPUT ? match_output(j, names, boot_id)
                                           : match_events(j, names);
        if (r >= 0)
                *ret = TAKE_PTR(j);
        return MIN2(r, 0);
}

/* ---- entries ---- */

void journal_entry_done(JournalEntry *e)
{
        char *all[] = {e->machine, e->message, e->image, e->stream, e->boot,  e->boot_id,
                       e->process, e->command, e->pid,   e->event,  e->reason};

        for (size_t i = 0; i < ELEMENTSOF(all); i++)
                free(all[i]);
        *e = (JournalEntry){.priority = -1};
}

char *journal_data(sd_journal *j, const char *field)
{
        const void *data;
        size_t n, skip = strlen(field) + 1;

        if (sd_journal_get_data(j, field, &data, &n) < 0 || n < skip)
                return NULL;
        return strndup((const char *)data + skip, n - skip);
}

int journal_entry_read(sd_journal *j, JournalEntry *ret)
{
        _cleanup_free_ char *priority = journal_data(j, "PRIORITY"),
                            *cut = journal_data(j, LODGE_FIELD_LINE_BREAK);
        uint64_t level;
        JournalEntry e = {
                .priority = -1,
                .is_cut = cut != NULL,
                .machine = journal_data(j, LODGE_FIELD_MACHINE),
                .message = journal_data(j, "MESSAGE"),
                .image = journal_data(j, LODGE_FIELD_IMAGE),
                .stream = journal_data(j, LODGE_FIELD_STREAM),
                .boot = journal_data(j, LODGE_FIELD_BOOT),
                .boot_id = journal_data(j, LODGE_FIELD_BOOT_ID),
                .process = journal_data(j, LODGE_FIELD_PROCESS),
                .command = journal_data(j, LODGE_FIELD_COMMAND),
                .pid = journal_data(j, "SYSLOG_PID"),
                .event = journal_data(j, LODGE_FIELD_EVENT),
                .reason = journal_data(j, LODGE_FIELD_REASON),
        };
        int r = sd_journal_get_realtime_usec(j, &e.usec);

        if (priority && parse_u64(priority, 7, &level) >= 0)
                e.priority = (int)level;
        if (!e.machine) { /* the shim's own words: its unit says whose */
                _cleanup_free_ char *unit = journal_data(j, "_SYSTEMD_UNIT");

                e.machine = unit ? machine_name_from_unit(unit) : NULL;
        }
        if (r < 0)
                journal_entry_done(&e);
        else
                *ret = e;
        return MIN2(r, 0);
}

/* ---- where to begin ---- */

/* Back from the end of the range, entry by entry. */
static int step_back(sd_journal *j, const JournalRange *range)
{
        size_t n = 0;
        int r = range->until == UINT64_MAX ? sd_journal_seek_tail(j)
                                           : sd_journal_seek_realtime_usec(j, range->until);

        while (r >= 0 && (r = sd_journal_previous(j)) > 0) {
                uint64_t usec;

                if (sd_journal_get_realtime_usec(j, &usec) < 0 || usec < range->since) {
                        r = sd_journal_next(j);
                        break;
                }
                if (++n >= range->max)
                        break;
        }
        if (r == 0 && n == 0) /* of an empty journal the end would stay the end */
                r = sd_journal_seek_head(j);
        return r < 0 ? r : n > 0 && range->max > 0;
}

int journal_first(sd_journal *j, const JournalRange *range)
{
        if (range->max != SIZE_MAX)
                return step_back(j, range);
        int r = range->since ? sd_journal_seek_realtime_usec(j, range->since)
                             : sd_journal_seek_head(j);
        return r < 0 ? r : sd_journal_next(j);
}

/* ---- boots ---- */

int journal_find_boot(const char *name, int64_t which, char **ret)
{
        _cleanup_(sd_journal_closep) sd_journal *j = NULL;
        _cleanup_free_ char *last = NULL;
        char *const names[] = {(char *)name, NULL};
        int64_t left = which > 0 ? which : 1 - which;
        int r = journal_open_machines(JOURNAL_OUTPUT, names, NULL, &j);

        r = r < 0 ? r : which > 0 ? sd_journal_seek_head(j) : sd_journal_seek_tail(j);
        while (r >= 0 && (r = which > 0 ? sd_journal_next(j) : sd_journal_previous(j)) > 0) {
                _cleanup_free_ char *id = journal_data(j, LODGE_FIELD_BOOT_ID);

                if (!id || streq(id, last))
                        continue;
                if (--left == 0) {
                        *ret = TAKE_PTR(id);
                        return 0;
                }
                free(last);
                last = TAKE_PTR(id);
        }
        return r < 0 ? r : -ENOENT;
}
