/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The writable layer of a machine, on the host's side. */
#pragma once

#include "shim/failure.h"
#include "shim/layers.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Upper {
        int fd; /* detached mount of the directory that holds upper/ and work/; -EBADF: in memory */
        bool is_memory, is_volatile;
        uint64_t memory_bytes; /* 0: the kernel's default */
} Upper;

/** upper_open() - open the plan's PLAN_UPPER, made anew where the plan wants it, bounded by
 * PLAN_LIMIT; or take note of its PLAN_MEMORY
 * @is_reboot what is there is to be kept
 * @project   number for a project quota
 * @ret       caller closes ->fd
 * Return: 0; negative errno with @f set. */
int upper_open(const void *plan, size_t n_plan, bool is_reboot, uint32_t project, Upper *ret,
               Failure *f);

/** upper_lock() - be the only one who uses a writable layer that is kept
 * @locks complete with it
 * Return: 0; -EBUSY; negative errno with @f set. */
int upper_lock(const void *plan, size_t n_plan, LayerLocks *locks, Failure *f);

/** upper_map() - show the files' ids through a user namespace
 * Return: 0; negative errno with @f set. */
int upper_map(const Upper *u, int userns, const void *plan, size_t n_plan, Failure *f);

/** upper_drop() - throw the writable layer away
 * Renames the directory into the plan's trash, which takes no time however much is in it;
 * lodge-work deletes it.
 * Return: 0; negative errno. */
int upper_drop(const void *plan, size_t n_plan);
