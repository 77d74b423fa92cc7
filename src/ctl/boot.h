/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starting machines at boot: systemd's links to lodge@NAME.service. */
#pragma once

#include "ctl/ctl.h"

/** boot_read_again() - have systemd read what lodge-generator makes of definitions
 * Before enabling a machine that has [Install] and may be new: systemd goes by the drop-in on disk.
 * Return: 0; negative errno with a Fault. */
int boot_read_again(const Ctl *c, Fault *reterr);

/** boot_set() - have systemd start a machine when the host boots, or no longer
 * As systemctl enable and disable: systemd asks polkit itself, and reads its units again.
 * Return: 0; negative errno with a Fault. */
int boot_set(const Ctl *c, const char *machine, bool enable, Fault *reterr);

/** boot_is_enabled() - is there a link that starts a unit of this name at boot? */
bool boot_is_enabled(const char *machine);
