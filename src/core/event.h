/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What happens to machines, one by one and at once, where properties only tell how things are now.
 * The bus face makes signals of it, the journal entries. Which words there are: org.lodge1(5). */
#pragma once

#include "core/machine.h"

/** machine_emit() - tell the listeners that something has happened to @m
 * @event  one word that says what, in the past tense where it is over: "started", "paused"
 * @reason one sentence on why; NULL: none is known */
void machine_emit(Machine *m, const char *event, const char *reason);

/** machine_emit_state() - the same, of a state that it has entered
 * Nothing of a machine that a restarted lodged finds running. */
void machine_emit_state(Machine *m, MachineState before);
