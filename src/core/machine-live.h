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
 * @wanted      settings of the definition, valid
 * @ret_waiting names of the settings that differ and are for the next start; NULL or a vector that
 *              the caller frees, also on failure; may be NULL
 * Return: 0; negative errno with a sentence, of the first that could not be applied. */
int machine_apply_live(Machine *m, const Settings *wanted, char ***ret_waiting, Fault *reterr);
