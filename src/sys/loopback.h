/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/** loopback_up() - bring the loopback interface of the caller's network namespace up
 * The kernel adds 127.0.0.1 and ::1 by itself.
 * Return: 0; negative errno. */
int loopback_up(void);
