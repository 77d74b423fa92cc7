/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/fault.h"

#include <systemd/sd-bus.h>

/** bus_reply_fault() - answer a call with what went wrong; an empty fault stands for lack of memory
 * Return: from sd_bus_reply_method_error(3). */
int bus_reply_fault(sd_bus_message *call, const Fault *f);
