/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which capabilities a machine's root has. */
#pragma once

#include "spec/settings.h"

#include <stdbool.h>
#include <stdint.h>

/** capabilities_of() - the bounding set of a machine
 * The defaults for what runs in it, less DropCapability=, plus Capability=. With the host's network
 * the defaults have none of those that change networks.
 * @booting an init is started, not a command */
uint64_t capabilities_of(const Settings *s, bool booting);
