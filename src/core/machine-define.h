/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What callers say a machine is to be: definitions made, changed and replaced for them. The same as
 * if they had written the files themselves. */
#pragma once

#include "base/fault.h"
#include "core/definition-change.h"
#include "core/types.h"
#include "spec/settings.h"

#include <stdbool.h>
#include <sys/types.h>

/** manager_check_new() - may there be a new machine of this name?
 * Return: 0; -EINVAL; -EEXIST. */
int manager_check_new(Manager *manager, const char *name, Fault *reterr);

/** manager_create() - write a definition and make its machine
 * @s    what the caller gave; Owner is set, Created and MachineID are filled in
 * @keys names of the settings that were given, for a default may be meant; NULL: all but defaults
 * Return: 0; -EEXIST; -ENOENT no such image; -EINVAL; -ENOSPC. */
int manager_create(Manager *manager, const char *name, Settings *s, char *const *keys,
                   Machine **ret, Fault *reterr);

/** manager_define() - write the definition of a new machine whose settings are in order
 * As manager_create(), but what it may have written in the store is left there. */
int manager_define(Manager *manager, const char *name, Settings *s, Machine **ret, Fault *reterr);

/** machine_set_properties() - give settings of a machine other values
 * One that runs takes over what it can.
 * @dry_run     say only whether that can be, and what would wait
 * @ret_waiting names of those settings that count at its next start; caller frees
 * Return: 0; -EINVAL; negative errno with a sentence. */
int machine_set_properties(Machine *m, const DefinitionChange *change, bool dry_run,
                           char ***ret_waiting, Fault *reterr);

/* A definition as text. */
typedef struct DefinitionText {
        const char *text;
        uid_t owner; /* who gives it */
        bool replace, dry_run;
} DefinitionText;

/** manager_set_definition() - write a whole definition file, and make or change its machine
 * What makes the machine the one that it is, its owner and machine id, stays where the text does
 * not say it.
 * @ret_waiting names of the settings that count at its next start; caller frees
 * Return: 0; -EEXIST there is one, and it is not to be replaced; -EINVAL with the first thing that
 * is wrong; -EACCES it would give the machine to somebody else. */
int manager_set_definition(Manager *manager, const char *name, const DefinitionText *given,
                           char ***ret_waiting, Fault *reterr);
