/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* User namespaces: the id map, and what a process gives up inside. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/** userns_map() - map 0..count-1 of a new user namespace to base.. on the host, users and groups
 * @pid a process in it
 * Return: 0; negative errno. Source: user_namespaces(7). */
int userns_map(pid_t pid, uint32_t base, uint32_t count);

/** userns_open() - a descriptor of the user namespace of a process
 * Return: descriptor; negative errno. */
int userns_open(pid_t pid);

/** userns_map_one() - the same for one user and one group alone */
int userns_map_one(pid_t pid, uint32_t uid, uint32_t host_uid, uint32_t gid, uint32_t host_gid);

/** userns_new() - a user namespace in which nobody lives, mapped as by userns_map()
 * Return: descriptor; negative errno. */
int userns_new(uint32_t base, uint32_t count);

/** userns_new_for_one() - a user namespace that is nothing but an id map, for mountfd_idmap():
 * files of user @uid and of group @gid are shown as @host_uid's and @host_gid's
 * Return: descriptor; negative errno. */
int userns_new_for_one(uint32_t uid, uint32_t host_uid, uint32_t gid, uint32_t host_gid);

/** credentials_bound() - cut the bounding set down, empty the inheritable and ambient sets
 * @caps bit mask of capabilities to keep
 * Return: 0; negative errno. */
int credentials_bound(uint64_t caps);

/** credentials_become_root() - be the root of a user namespace that was just entered, without
 * groups
 * Return: 0; negative errno. */
int credentials_become_root(void);

/** credentials_become() - take an identity for good
 * Root keeps what the bounding set has; others lose every capability.
 * Return: 0; negative errno. */
int credentials_become(uid_t uid, gid_t gid, const gid_t *groups, size_t n_groups, uint64_t caps);
