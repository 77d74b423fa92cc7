/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cgroup v2 sub-tree that systemd delegated to us. Source: kernel admin-guide/cgroup-v2. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/** cgroup_open_own() - the directory of the unit's cgroup, with the caller in its "supervisor"
 * child systemd 254 and later start us there (DelegateSubgroup=); before, we move ourselves.
 * Return: descriptor of the unit's directory; negative errno. */
int cgroup_open_own(void);

/** cgroup_create() - make a child and hand it to a guest
 * Every controller of @unitfd is enabled for it, it can be 32 levels deep; the files that a
 * delegatee must write belong to
 * @owner.
 * Return: directory descriptor; negative errno. */
int cgroup_create(int unitfd, const char *name, uid_t owner);

/** cgroup_open_child() - make a child that stays ours; Return: as cgroup_create(). */
int cgroup_open_child(int parentfd, const char *name);

/** cgroup_kill() - SIGKILL for every process of the sub-tree (cgroup.kill, 5.14) */
int cgroup_kill(int fd);

/** cgroup_freeze() - stop every process of the sub-tree where it is, or let them run on
 * It takes a moment: cgroup_events_frozen() tells when it is done. */
int cgroup_freeze(int fd, bool freeze);
/** cgroup_open_events() - Return: what cgroup_events_frozen() takes, and poll(2) for POLLPRI;
 * negative errno. */
int cgroup_open_events(int fd);
/** cgroup_events_frozen() - do all stand still? Return: 1, 0, negative errno. */
int cgroup_events_frozen(int events);

/** cgroup_signal() - any signal for every process of the sub-tree
 * Return: number of processes signalled; negative errno. */
int cgroup_signal(int fd, int sig);

/** cgroup_is_populated() - Return: 1, 0, negative errno. */
int cgroup_is_populated(int fd);

/** cgroup_open_memory_events() - Return: what cgroup_oom_kills() takes, and poll(2) for POLLPRI
 * once that was called; -ENOENT: no memory controller; another negative errno. */
int cgroup_open_memory_events(int fd);
/** cgroup_oom_kills() - how many processes below the kernel has killed for want of memory */
uint64_t cgroup_oom_kills(int events);

/** cgroup_remove() - remove a child with all its empty children
 * Return: 0; -EBUSY processes are left; negative errno. */
int cgroup_remove(int parentfd, const char *name);
