/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sd_notify(3), both ways: what the guest's PID 1 tells us, and what we tell systemd. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#define NOTIFY_STATUS_MAX 256

/** notify_open() - the socket that is bound into the guest
 * @path host path in the unit's runtime directory; replaced if it is there
 * Return: descriptor; negative errno. */
int notify_open(const char *path);

/** notify_receive() - take one message of the guest's
 * Only PID 1 is heard: any process of the guest can reach the socket.
 * @leader      its pid as we see it
 * @ret_ready   set if READY=1 is in it
 * @ret_status  at least NOTIFY_STATUS_MAX; the STATUS= text, cleaned; "" if there was none
 * Return: 1 a message of PID 1; 0 of somebody else, ignored; -EAGAIN none. */
int notify_receive(int fd, pid_t leader, bool *ret_ready, char *ret_status);

/** notify_systemd() - send a state to $NOTIFY_SOCKET
 * Without one, or with systemd not answering, nothing happens. */
void notify_systemd(const char *state);
