/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What PID 1 and programs beside it print as entries of the host's journal, with fields that say
 * whose it is. They stay there when the machine is gone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define JOURNAL_FIELDS_MAX 1024

typedef struct Journal {
        int fd;        /* connected to journald; -EBADF: our stdout is what there is */
        bool is_stuck; /* it did not take the last entry, within all our patience */
        uint64_t n_lost;
        char machine[65], image[256];
        char boot_id[33];                /* one for each PID 1 */
        char fields[JOURNAL_FIELDS_MAX]; /* those that all entries have */
        size_t n_fields;
} Journal;

typedef enum JournalStream {
        JOURNAL_STDOUT,
        JOURNAL_STDERR,
        JOURNAL_TERMINAL,
} JournalStream;

/** journal_init() - our stdout is what there is */
void journal_init(Journal *j);
/** journal_open() - connect to journald, if our stdout leads there
 * Where the unit's StandardOutput= says something else, that is where lines go, as they are.
 * @image what the machine was made from; may be NULL */
void journal_open(Journal *j, const char *machine, const char *image);
/** journal_begin_boot() - what comes from now on is of another PID 1
 * @boot 1 for the first one of this run */
void journal_begin_boot(Journal *j, uint32_t boot);
/* A program beside PID 1. */
typedef struct JournalProcess {
        uint64_t id;      /* lodged's */
        pid_t pid;        /* as the host sees it */
        char command[64]; /* clean, as the text of a line */
} JournalProcess;

/** journal_line() - one line of output
 * @process whose; NULL: of PID 1
 * @text   clean: UTF-8, no control characters
 * @is_cut the line goes on in the next one
 * Never fails, and waits no more than a moment: a journal that is stuck loses lines, and their
 * number is told once it takes some again. */
void journal_line(Journal *j, JournalStream stream, const JournalProcess *process, const char *text,
                  bool is_cut);
