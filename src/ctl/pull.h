/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Getting images from registries, for pull, and for create and run where one is missing. */
#pragma once

#include "ctl/job.h"

/** pull_image() - pull and wait for the end, or with --detach not
 * @reference from the command line
 * @name      what it is called here; NULL: as the reference says
 * Return: as job_run(). */
int pull_image(Ctl *c, const char *reference, const char *name, json_t **ret_job);

/* When create and run pull: --pull. */
typedef enum PullWhen {
        PULL_MISSING,
        PULL_ALWAYS,
        PULL_NEWER, /* as always, but what is here will do where that fails */
        PULL_NEVER,
} PullWhen;

/** pull_when() - what --pull says
 * Reports what makes no sense. Return: EXIT_OK, or another exit status. */
int pull_when(const Ctl *c, PullWhen *ret);

/** pull_can_get() - does this name of an image say which registry has it? */
bool pull_can_get(const char *image);
