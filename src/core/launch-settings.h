/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a machine is started by: its settings together with its image's, and volumes for all that
 * asks for one. */
#pragma once

#include "base/fault.h"
#include "core/types.h"
#include "spec/image-record.h"
#include "spec/settings.h"

#include <stdbool.h>

/** launch_settings() - the effective settings of a machine
 * @record   of its image; NULL: that has none
 * @has_init as for settings_apply_image()
 * @make     make the volumes that do not exist
 * @ret      settings_done() frees it; every volume has a name
 * Return: 0; negative errno with a sentence. */
int launch_settings(Machine *m, const ImageRecord *record, bool has_init, bool make, Settings *ret,
                    Fault *reterr);
