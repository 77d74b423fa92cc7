/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* User and capabilities of a process that begins as root and gives that up. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#define CAPABILITY_BIT(capability) (UINT64_C(1) << (capability))

/** identity_limit_capabilities() - keep these at most, effective, and hand on none
 * @wanted CAPABILITY_BIT()s; what the caller lacks it does not get
 * Return: 0; negative errno. */
int identity_limit_capabilities(uint64_t wanted);
/** identity_change() - become another user, without groups, if the caller is root; then limit the
 * capabilities
 * Return: 0; negative errno. */
int identity_change(uid_t uid, gid_t gid, uint64_t capabilities);
