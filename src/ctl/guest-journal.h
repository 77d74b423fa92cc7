/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The journal that a machine's own systemd keeps. Its files are the guest's, and made to be trusted
 * by who wrote them: so they are not opened here, but read by the guest's own journalctl, inside.
 * What that prints is text of a stranger, checked as such. */
#pragma once

#include "ctl/journal-read.h"

/* What the guest may print for us has a limit of 1 MiB. */
#define GUEST_JOURNAL_LINES 2000U
/* A longer line is passed over. */
#define GUEST_JOURNAL_LINE_MAX 65536U

typedef struct GuestJournal {
        JournalEntry *entries;
        size_t n;
        char *cursor; /* of the latest entry of the guest's own; NULL: there is none */
} GuestJournal;

/** guest_journal_done() - free the entries */
void guest_journal_done(GuestJournal *g);
#define _cleanup_guest_journal_ _cleanup_(guest_journal_done)

/** guest_journal_read() - the entries of a range, from a machine that runs
 * At most what fits into 1 MiB, the latest.
 * Return: 0; negative errno with a Fault; what lodged refuses to run is its Fault. */
int guest_journal_read(const Ctl *c, const char *name, const JournalRange *range, GuestJournal *ret,
                       Fault *reterr);

/** guest_journal_follow() - have the machine's journalctl print what comes after that
 * @cursor of guest_journal_read(); NULL: what comes from now on
 * @ret    pipe for guest_journal_next(), the caller closes it; journalctl ends then
 * Return: 0; negative errno with a Fault. */
int guest_journal_follow(const Ctl *c, const char *name, const char *cursor, int *ret,
                         Fault *reterr);
/** guest_journal_next() - read what is there
 * @partial what is no whole line yet, GUEST_JOURNAL_LINE_MAX bytes, and how many of these count
 * @g       gets the entries
 * Return: 1; 0 it has ended; negative errno. */
int guest_journal_next(int fd, const char *name, char *partial, size_t *n_partial, GuestJournal *g);

/** guest_journal_add_output() - add what the host's journal has, up to a time
 * @r of journal_first()
 * Return: 0; negative errno. */
int guest_journal_add_output(GuestJournal *g, sd_journal *j, int r, uint64_t until);
/** guest_journal_sort() - put all in the order of time */
void guest_journal_sort(GuestJournal *g);
