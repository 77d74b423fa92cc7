/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What on this host drops or misleads the traffic of machines. Looks, changes nothing. */
#pragma once

#include "net/engine.h"

/** check_run() - look at everything
 * @ret one finding a line, "SENTENCE" or "SENTENCE\tCOMMAND" where a command helps; caller
 *      strv_free()s it
 * Return: 0; -ENOMEM. */
int check_run(Engine *e, char ***ret);
