/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Linux capabilities by name; sets of them are bit masks. */
#pragma once

#include <stdint.h>

/** CAPABILITIES_ALL - every capability that this release knows (Linux 5.9 and later) */
#define CAPABILITIES_ALL ((UINT64_C(1) << 41) - 1)

/** capability_name() - "CAP_CHOWN"
 * Return: static string; NULL for a number without a name. */
const char *capability_name(unsigned cap);

/** capability_from_name() - inverse; "CAP_" may be left out, case does not matter
 * Return: the number; -EINVAL. */
int capability_from_name(const char *name);
