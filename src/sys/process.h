/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes by clone3(2) and pidfds. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/** process_clone() - fork with namespaces, straight into a cgroup
 * Writing a pid into cgroup.procs costs an RCU grace period, CLONE_INTO_CGROUP (5.7) costs nothing.
 * @flags     CLONE_NEW*, CLONE_FILES; never CLONE_VM
 * @cgroupfd  directory of the cgroup to be born in, or negative: the caller's
 * @ret_pidfd O_CLOEXEC, in the parent
 * Return: the pid in the parent, 0 in the child, negative errno. */
pid_t process_clone(uint64_t flags, int cgroupfd, int *ret_pidfd);

/** process_call() - run a function in a short-lived child that shares our memory and descriptors
 * For a step that must be done from within other namespaces: what the function opens or writes is
 * there afterwards, the namespaces it entered are not.
 * @flags CLONE_NEWNS or 0
 * Context: the caller calls process_call_reap() at some time after its last call.
 * Return: what @fn returned (0 or negative errno); negative errno if there was no child. */
int process_call(int flags, int (*fn)(void *), void *arg);

/** process_call_reap() - wait until nothing is left of the children of process_call() */
void process_call_reap(void);

/** process_signal() - Return: 0; -ESRCH it is gone; negative errno. */
int process_signal(int pidfd, int sig);

/** process_reap() - collect a child that has ended
 * @ret_status exit status, or 128 + N
 * @ret_signal N, or 0
 * Return: 1; 0 it still runs; negative errno. */
int process_reap(int pidfd, int *ret_status, int *ret_signal);

/** process_handles_signal() - would this signal have an effect on a PID 1?
 * The kernel drops signals that the init of a pid namespace has no handler for. Reads
 * /proc/PID/status.
 * Return: 1 caught, or blocked (signalfd); 0 default action; 2 ignored on purpose; negative
 *   errno. */
int process_handles_signal(pid_t pid, int sig);
