/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Places of a machine that does not run over which something is mounted when it does. */
#pragma once

#include "copy/copy-place.h"
#include "import/job.h"

/** covered_check() - refuse a place that nobody in the machine will see, nor means
 * @path how the place was given
 * Return: 0, also in a machine that runs; -EBUSY; negative errno. */
int covered_check(const Job *job, const CopyPlace *place, const char *path, Fault *reterr);
