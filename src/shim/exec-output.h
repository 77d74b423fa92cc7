/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What programs print that exec has started without descriptors: entries of the host's journal, as
 * PID 1's, with the program they are of. A program's children may go on printing when it has
 * ended. */
#pragma once

#include "shim/journal.h"
#include "shim/line.h"

#include <poll.h>

#define EXEC_OUTPUTS_MAX     256
#define EXEC_OUTPUT_POLL_MAX (2 * EXEC_OUTPUTS_MAX)

/* Of one program. */
typedef struct ExecOutput {
        int fds[2]; /* pipes: what it prints, and its errors; -EBADF: that goes elsewhere, or has
                     * ended */
        LineReader lines[2];
        JournalProcess process;
} ExecOutput;

/* Of all of them. */
typedef struct ExecOutputs {
        ExecOutput **all;
        size_t n;
} ExecOutputs;

/** exec_output_new() - pipes for what a program has no descriptor for
 * @stdio the program's; -EBADF: none
 * @ends  for those of [1] and [2] that are missing: what the program is to have, which the caller
 *   closes, after a failure too; else untouched
 * @ret   NULL: it has both; else for exec_outputs_add(), or exec_output_free()
 * Return: 0; negative errno. */
int exec_output_new(const int stdio[static 3], int ends[static 2], ExecOutput **ret);
/** exec_output_free() - close and free it; Return: NULL */
ExecOutput *exec_output_free(ExecOutput *o);

/** exec_outputs_reserve() - make room for one more
 * Return: 0; -EMFILE there are EXEC_OUTPUTS_MAX already; -ENOMEM. */
int exec_outputs_reserve(ExecOutputs *all);
/** exec_outputs_add() - read it from now on; there is room for it
 * @o       moved
 * @command what was asked for: cleaned, and cut */
void exec_outputs_add(ExecOutputs *all, ExecOutput *o, uint64_t id, pid_t pid, const char *command);
/** exec_outputs_poll() - add what is to be waited for
 * @p room for EXEC_OUTPUT_POLL_MAX
 * Return: how many were added. */
size_t exec_outputs_poll(const ExecOutputs *all, struct pollfd *p);
/** exec_outputs_pump() - read what is there, a piece of each, and close what has ended
 * Return: true if something was read. */
bool exec_outputs_pump(ExecOutputs *all, Journal *j);
/** exec_outputs_finish() - no program is left: read the rest, and free all */
void exec_outputs_finish(ExecOutputs *all, Journal *j);
