/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mounts whose attributes a less privileged user namespace cannot change any more. */
#pragma once

/** mount_lock() - lock a detached mount, and all that are mounted below it
 * read-only, nosuid, nodev and noexec stay, and what is mounted below stays mounted; the mount
 * itself can be unmounted wherever it is attached. Source: mount_namespaces(7), "Restrictions".
 * @fd      replaced by that of a copy
 * @userns  of those who get to see it
 * Context: in a mount namespace without shared mounts. Calls process_call(), and stays dumpable.
 * Return: 0; negative errno. */
int mount_lock(int fd, int userns);
