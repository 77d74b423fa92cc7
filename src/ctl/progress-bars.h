/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A job as lines on the terminal at standard error. */
#pragma once

#include "ctl/json.h"

/** progress_draw() - a line for each item that the window has room for, and one for the whole job
 * @action  "pull"
 * @n_drawn lines above the cursor that are of the last call, and are drawn over
 * Return: how many lines there are now. */
unsigned progress_draw(const json_t *job, const char *action, unsigned n_drawn);
