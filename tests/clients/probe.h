/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/** probe_call() - make the named system call
 * Return: 0, or the errno as a positive number; -1 for a name that is not known. */
int probe_call(const char *name);

/** probe_print_calls() - print the names that probe_call() knows, one a line */
void probe_print_calls(void);
