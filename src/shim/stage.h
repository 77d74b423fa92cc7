/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Executes the steps of PLAN_STAGE_TREE, _OUTER and _INNER on a root file system given by
 * descriptor. */
#pragma once

#include "shim/failure.h"
#include "wire/plan.h"

#include <stdint.h>

#define STAGE_BINDS_MAX  64
#define STAGE_INSIDE_MAX 4 /* proc and sysfs mounts of one stage */

typedef struct StageContext {
        const void *plan;
        size_t n_plan;
        int root;       /* O_PATH directory: paths of steps are below it */
        uint32_t owner; /* who gets what is made: the guest's root as seen by the caller */
        int mask_file;  /* attached sources for PLAN_MASK; -EBADF: none in this stage */
        int mask_directory;
        int leader_pidfd; /* proc and sysfs are mounted for its namespaces; -EBADF: ours */
        const int *binds; /* detached mounts for the PLAN_BIND steps, in their order */
        int pts;          /* out: root of the devpts mount; caller closes */
} StageContext;

/** stage_execute() - execute the steps of one stage, in order
 * Return: 0; negative errno with @f set. */
int stage_execute(StageContext *c, PlanStage stage, Failure *f);

/** stage_attributes() - MOUNT_ATTR_* for PLAN_RDONLY, _NOSUID, _NODEV and _NOEXEC */
uint64_t stage_attributes(uint32_t flags);

/** stage_step_failed() - say what went wrong with which step
 * Return: @r, negative errno. */
int stage_step_failed(const PlanStep *s, int r, Failure *f);

/** stage_attach_file() - attach a detached mount onto a path, made an empty file if missing
 * Return: 0; negative errno. */
int stage_attach_file(int root, const char *path, int mountfd);
