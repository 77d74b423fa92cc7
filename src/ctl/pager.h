/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Long output on a terminal goes through a pager. */
#pragma once

#include "ctl/ctl.h"

/** pager_open() - from now on standard output goes through a pager
 * Does nothing with --no-pager, where standard output is no terminal or a dumb one, or where no
 * pager can be started. $LODGE_PAGER, $SYSTEMD_PAGER or $PAGER name it; an empty one or "cat" means
 * none. */
void pager_open(const Ctl *c);

/** pager_is_open() - does standard output go through a pager? */
bool pager_is_open(void);

/** pager_close() - end the output and wait until the user leaves the pager */
void pager_close(void);
