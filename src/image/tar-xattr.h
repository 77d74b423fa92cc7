/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which extended attributes of an archive are set. */
#pragma once

#include "image/tar-entry.h"

#include <stdbool.h>

/** tar_xattr_is_wanted() - does it mean something to a machine?
 * Not overlay's marks, with which an archive could hide or fake files of other layers, nor what
 * belongs to the host's security modules. */
bool tar_xattr_is_wanted(const TarXattr *x);
