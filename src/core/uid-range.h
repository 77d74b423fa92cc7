/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine's host ids: 65536 of them, aligned, locked so that neither another machine nor
 * systemd-nspawn takes the same. */
#pragma once

#include "base/fault.h"

#include <stdint.h>

#define UID_RANGE_SIZE  0x10000U
#define UID_RANGE_FIRST 0x80000U
#define UID_RANGE_LAST  0x6FFF0000U

/** uid_range_take() - find a free range and lock it
 * @name machine's: the same name gets the same range if that is free
 * @root as in core/definition.h
 * @ret_base first host id
 * @ret_fd   the lock, held as long as any copy of this descriptor is open; NULL: do not lock, only
 *           say which one would be tried first
 * Return: 0; -EBUSY none is free; else from open(2), fcntl(2). */
int uid_range_take(const char *root, const char *name, uint32_t *ret_base, int *ret_fd,
                   Fault *reterr);

/** uid_range_release() - delete the lock file of a range that nobody holds any more
 * Nothing happens if somebody does, who may be systemd-nspawn by now. */
void uid_range_release(const char *root, uint32_t base);

/** uid_range_sweep() - delete the files of all locks that nobody holds
 * For ranges that were in use when nobody was there to release them; a systemd-nspawn that was
 * killed leaves such files, too. */
void uid_range_sweep(const char *root);
