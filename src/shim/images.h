/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mounts of disk images that came with the plan. They are needed again at each reboot from
 * inside, but a detached mount cannot be copied before Linux 6.15: so they are attached in a mount
 * namespace in which there is nothing else and nobody lives. */
#pragma once

#include <stddef.h>

/** images_keep() - attach the mounts
 * @mounts detached; the caller's to close
 * Return: descriptor of the mount namespace: with it they go; negative errno. */
int images_keep(const int *mounts, size_t n);

/** images_copy() - a detached copy of one of them
 * @mountns from images_keep()
 * @number  its place in @mounts
 * Return: descriptor; negative errno. */
int images_copy(int mountns, unsigned number);
