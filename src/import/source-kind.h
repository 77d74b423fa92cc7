/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kind of thing begins like this? */
#pragma once

#include "base/fault.h"

#include <stddef.h>
#include <stdint.h>

#define SOURCE_PLAIN_MAX (68U << 10) /* the mark of btrfs is 64 KiB in */

/** source_kind_of() - by the first bytes, decompressed
 * Return: SOURCE_OCI for an archive of images of either kind, SOURCE_TAR, SOURCE_DISK; -EBADMSG. */
int source_kind_of(const uint8_t *data, size_t n, Fault *reterr);
