/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GetStats() of one machine after the other. */
#pragma once

#include "ctl/json.h"

/** machine_stats_get() - of one machine
 * @ret object, new reference
 * Return: 0; negative errno with a Fault. */
int machine_stats_get(const Ctl *c, const char *name, json_t **ret, Fault *reterr);

/** machine_stats_all() - of the machines that the verb's words name and that run; without words, of
 * all that run
 * @lenient one that was named and does not run is left out, too
 * @ret     array of objects, each with the name as Machine; new reference, NULL if there is no list
 * Reports failures. Return: EXIT_OK, or an exit status. */
int machine_stats_all(Ctl *c, bool lenient, json_t **ret);

/** machine_stats_limit() - of the EffectiveLimits of such an object
 * Return: borrowed; NULL: there is no such limit. */
json_t *machine_stats_limit(const json_t *stats, const char *name);
