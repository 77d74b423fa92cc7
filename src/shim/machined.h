/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What systemd-machined has to do with a supervisor. lodged enters the machine into its list; but
 * since systemd 258 machined takes the process that has opened the connection for the supervisor,
 * and sends it SIGTERM, both when somebody terminates the machine and when PID 1 has ended. */
#pragma once

#include <stdbool.h>
#include <sys/signalfd.h>

/** machined_connect() - open a connection for lodged
 * Return: descriptor, non-blocking; negative errno. Does not wait. */
int machined_connect(void);

/** machined_sent() - did systemd-machined send this signal? */
bool machined_sent(const struct signalfd_siginfo *si);
