/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the host's journal has of machines: what they printed, and what happened to them. Only root
 * can write these entries (_UID is journald's word), but who may read the journal is its own
 * affair: for others there is nothing in it. */
#pragma once

#include "ctl/ctl.h"

#include <systemd/sd-journal.h>

typedef enum JournalWhat {
        JOURNAL_OUTPUT, /* of PID 1 and exec'd programs; and what the shim itself says */
        JOURNAL_EVENTS, /* of lodged */
} JournalWhat;

/* Strings are uncleaned; NULL where the entry has no such field. */
typedef struct JournalEntry {
        uint64_t usec; /* CLOCK_REALTIME */
        int priority;  /* as in syslog(3); -1: none */
        bool is_cut;   /* the line goes on in the next entry */
        char *machine, *message, *image, *stream, *boot, *boot_id;
        char *process, *command, *pid; /* of a program beside PID 1 */
        char *event, *reason;
} JournalEntry;

/** journal_entry_done() - free the strings */
void journal_entry_done(JournalEntry *e);
#define _cleanup_journal_entry_ _cleanup_(journal_entry_done)

/* Which entries. */
typedef struct JournalRange {
        uint64_t since, until; /* µs, CLOCK_REALTIME; 0, UINT64_MAX: all */
        size_t max;            /* the last so many; SIZE_MAX: all */
} JournalRange;

/** journal_open_machines() - open the journal for entries of these machines only
 * @names   none: of all machines
 * @boot_id output of this boot alone; may be NULL
 * What journald has not written yet is waited for a moment, where the caller is root.
 * Return: 0; negative errno. */
int journal_open_machines(JournalWhat what, char *const *names, const char *boot_id,
                          sd_journal **ret);

/** journal_first() - go to the first entry of a range
 * Return: 1; 0 there is none, and sd_journal_next() goes on with what comes; negative errno. */
int journal_first(sd_journal *j, const JournalRange *range);

/** journal_entry_read() - the entry at which the journal stands; Return: 0; negative errno. */
int journal_entry_read(sd_journal *j, JournalEntry *ret);

/** journal_data() - a field of that entry as a string
 * Return: newly allocated, caller frees; NULL where it has none, or on OOM. */
char *journal_data(sd_journal *j, const char *field);

/** journal_find_boot() - the id of a boot of a machine
 * @which 0 the last one, -1 the one before; 1 the first one that the journal has
 * Return: 0; -ENOENT the journal does not have so many; negative errno. */
int journal_find_boot(const char *name, int64_t which, char **ret);
