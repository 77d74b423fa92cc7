/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of a definition that has changed reaches a machine that runs, and what waits for its next
 * start. */
#pragma once

#include "base/fault.h"
#include "core/types.h"
#include "spec/settings.h"

/** machine_apply_live() - let a machine that runs take over what it can of its definition
 * What it takes over is in its settings afterwards, and is told; the rest of them stays what it was
 * started with.
 * @wanted settings of the definition, valid
 * Return: 0; negative errno with a sentence, of the first that could not be applied. */
int machine_apply_live(Machine *m, const Settings *wanted, Fault *reterr);
/** machine_waiting() - the settings that differ and are for its next start
 * @ret names; NULL: none; caller frees
 * Return: 0; -ENOMEM. */
int machine_waiting(const Machine *m, const Settings *wanted, char ***ret);
