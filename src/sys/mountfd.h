/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file-descriptor mount API of the kernel (open_tree, fsopen, mount_setattr, move_mount;
 * Linux 5.2, idmapped mounts 5.12): mounts are made detached, set up, and attached to an open
 * directory, so that no path is looked up twice. Used by the shim. */
#pragma once

#include <stdint.h>

/* attributes for mountfd_new() and mountfd_set(): MOUNT_ATTR_* of <linux/mount.h> */

/** mountfd_clone() - a detached copy of the mount at a path
 * @dirfd,@path as for openat(2); "" for @dirfd itself; symlinks at the end are not followed
 * @recursive   also the mounts below
 * Return: descriptor; negative errno. Source: open_tree(2) OPEN_TREE_CLONE. */
int mountfd_clone(int dirfd, const char *path, int recursive);

/** mountfd_new() - a detached mount of a new file system instance
 * @type    "tmpfs", "proc", ...
 * @options "key=value,flag,..." for the file system; may be NULL
 * @attr    MOUNT_ATTR_*
 * Return: descriptor; negative errno. Source: fsopen(2), fsconfig(2), fsmount(2). */
int mountfd_new(const char *type, const char *options, uint64_t attr);

/** mountfd_set() - change the attributes of one mount
 * Return: 0; negative errno. */
int mountfd_set(int mountfd, uint64_t set, uint64_t clear);

/** mountfd_idmap() - make a detached mount show the file system's ids through a user namespace
 * Return: 0; -EINVAL the file system takes no idmaps; else from mount_setattr(2). */
int mountfd_idmap(int mountfd, int usernsfd, uint64_t attr);

/** mountfd_set_tree() - set up a detached mount and all that are mounted below it
 * @usernsfd as for mountfd_idmap(); -EBADF: the ids stay as they are
 * Return: 0; -EINVAL one of them takes no idmaps; -EPERM one of them has one; else from
 * mount_setattr(2). */
int mountfd_set_tree(int mountfd, int usernsfd, uint64_t set);

/** mountfd_attach() - attach a detached mount on top of an open file or directory
 * @target O_PATH descriptor in the caller's mount namespace
 * Return: 0; negative errno. */
int mountfd_attach(int mountfd, int target);

/** mountfd_attach_new() - the same on a directory that is made for it
 * @name in @dirfd, where nobody else makes anything
 * Return: 0; negative errno. */
int mountfd_attach_new(int mountfd, int dirfd, const char *name);

/** mountfd_attach_at() - the same by path
 * Only for paths in which nobody else can have put a symbolic link; one at the end is not followed.
 * Return: 0; -EINVAL one is a directory and the other is not; other negative errno. */
int mountfd_attach_at(int mountfd, int dirfd, const char *path);

/** mountfd_move() - move an attached mount, and all below it, on top of an open file or directory
 * @dirfd,@path its mount point
 * Return: 0; negative errno. */
int mountfd_move(int dirfd, const char *path, int target);

/** mountns_propagation() - change the propagation of every mount below the root
 * @propagation MS_PRIVATE, MS_SHARED
 * Return: 0; negative errno. */
int mountns_propagation(unsigned long propagation);

/** pivot_to() - make an attached mount the root of the caller's mount namespace
 * The old root and all below it are unmounted; every process that had it as its root gets the new
 * one.
 * Return: 0; negative errno. */
int pivot_to(int rootfd);
