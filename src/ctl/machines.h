/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Verbs over several machines: names and patterns, one call each, one report each. */
#pragma once

#include "client/client-machine.h"
#include "ctl/ctl.h"

/** machines_expand() - the verb's words with patterns (*, ?, [) replaced by the machines they match
 * @ret     newly allocated vector, caller frees
 * Reports patterns that match nothing, and failures. Return: EXIT_OK, EXIT_NOT_FOUND with the
 * other names in @ret, or another exit status with @ret unset. */
int machines_expand(Ctl *c, char ***ret);

/** machines_get() - all machines of which a word is the name or a pattern; all where there is no
 * word
 * @properties as for client_list_machines()
 * Reports what is not found, and failures.
 * Return: as machines_expand(). */
int machines_get(Ctl *c, const char *const *properties, ClientMachines *ret);

/** machines_select() - keep the machines of which a word is the name or a pattern, in their order
 * Without a word all stay. Reports words that match none.
 * Return: EXIT_OK, or EXIT_NOT_FOUND. */
int machines_select(Ctl *c, ClientMachines *list);

/* Appends what the method takes after the name. Returns negative errno. */
typedef int (*AppendArguments)(const Ctl *c, sd_bus_message *m);

/** machines_call() - call a method of the Manager for each machine that was named, all at once
 * @method  "Stop" for StopMachine()
 * @append  NULL: no options
 * Reports failures, one a machine.
 * Return: EXIT_OK, or the exit status of the first that failed. */
int machines_call(Ctl *c, const char *method, AppendArguments append);

/** machines_call_names() - the same for machines whose names are known already */
int machines_call_names(Ctl *c, const char *method, AppendArguments append, char *const *names);

/** machines_settle() - lodged went away while it was called: ask the next one what came of it
 * @method     as for machines_call()
 * @since_usec CLOCK_REALTIME: when it was called
 * @fault      what is known so far; replaced by what the machine is like now, if that can be told
 * Waits as long as the machine starts or stops.
 * Return: true: it is as if the call had been answered. */
bool machines_settle(const Ctl *c, const char *method, const char *name, uint64_t since_usec,
                     Fault *fault);

/** machines_append_no_options() - an empty a{sv} */
int machines_append_no_options(const Ctl *c, sd_bus_message *m);

/** machines_append_timeout() - an a{sv} with the value of --timeout, if given, as TimeoutSec */
int machines_append_timeout(const Ctl *c, sd_bus_message *m);
