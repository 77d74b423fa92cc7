/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lodge-net as a service: carries out what lodged says, until nothing is wanted any more. */
#pragma once

/** service_run() - until it is told to end, or has had nothing to do for a minute
 * Return: 0; negative errno. */
int service_run(void);
