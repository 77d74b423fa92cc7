/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command that helps after a failure. */
#pragma once

#include "ctl/ctl.h"

/** hint_for_fault() - print the command that helps, if there is one
 * @object machine or image that the failure is about; NULL: none
 * Context: may ask lodged for names. */
void hint_for_fault(Ctl *c, const char *object, const Fault *f);

/** hint_for_job() - the same for a job that failed; it may be a registry that refused it */
void hint_for_job(Ctl *c, const char *object, const Fault *f);

/** hint_command_line() - this run's command line again, quoted for a shell
 * @prefix what comes first: "sudo " or ""
 * @old    word that is replaced by @new where it stands; NULL: none
 * Return: newly allocated, caller frees; NULL on OOM. */
char *hint_command_line(const Ctl *c, const char *prefix, const char *old, const char *new);
