/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What verbs on machines need beyond kinds.h: machines as records, and what became of a call. */
#pragma once

#include "client/client-machine.h"
#include "ctl/kinds.h"

/** machines_get() - all machines of which a word is the name or a pattern; all where there is no
 * word
 * @properties as for client_list_machines()
 * Reports what is not found, and failures.
 * Return: EXIT_OK, EXIT_NOT_FOUND with the others in @ret, or another exit status with @ret unset.
 */
int machines_get(Ctl *c, const char *const *properties, ClientMachines *ret);

/** machines_select() - keep the machines of which a word is the name or a pattern, in their order
 * Without a word all stay. Reports words that match none.
 * Return: EXIT_OK, or EXIT_NOT_FOUND. */
int machines_select(Ctl *c, ClientMachines *list);

/** machines_settle() - lodged went away while it was called: ask the next one what came of it
 * @method     as for kind_call()
 * @since_usec CLOCK_REALTIME: when it was called
 * @fault      what is known so far; replaced by what the machine is like now, if that can be told
 * Waits as long as the machine starts or stops.
 * Return: true: it is as if the call had been answered. */
bool machines_settle(const Ctl *c, const char *method, const char *name, uint64_t since_usec,
                     Fault *fault);
/** machines_are_renamed() - lodged went away while a machine was renamed: has it the new name?
 * Return: true: it is as if the call had been answered; false: nothing was done. */
bool machines_are_renamed(const Ctl *c, const char *from, const char *to);
