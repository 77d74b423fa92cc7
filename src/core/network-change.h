/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes of the network of a machine that runs. What callers use is in core/network.h. */
#pragma once

typedef struct NetworkChange NetworkChange;

/** network_change_abort() - the machine has ended: whoever asked for the change is told */
void network_change_abort(NetworkChange *c);
