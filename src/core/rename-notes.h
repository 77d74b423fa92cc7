/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/types.h"

#include <glib.h>

/** rename_notes() - what goes by the old name of a machine, and is not lodge's to change
 * @notes GPtrArray of sentences, appended to; new strings */
void rename_notes(Manager *manager, const char *from, const char *to, GPtrArray *notes);
