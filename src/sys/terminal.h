/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pseudo-terminals of a guest's devpts instance. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/** terminal_open() - a new terminal
 * @ptsfd  the devpts mount's root; opened by descriptor, so that nothing of the guest's is in
 *   the way
 * @owner  host uid that the slave side gets; group stays that of the mount option
 * @rows,@columns 0: unset
 * @ret_slave O_NOCTTY
 * Return: the master, O_CLOEXEC, non-blocking; negative errno. */
int terminal_open(int ptsfd, uid_t owner, uint16_t rows, uint16_t columns, int *ret_slave);

/** terminal_resize() - set a terminal's window size; Return: 0; negative errno. */
int terminal_resize(int fd, uint16_t rows, uint16_t columns);
