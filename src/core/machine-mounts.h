/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a machine that runs has mounted by Bind=, Volume= and Tmpfs=, from its start or later. Its
 * shim knows and tells; lodged keeps none of it. */
#pragma once

#include "base/fault.h"
#include "core/request.h"
#include "core/types.h"
#include "spec/mount-entry.h"
#include "wire/frame.h"

#include <stdbool.h>

typedef struct MachineMount {
        MountKind kind;
        char *source;  /* host path, or name of a volume; "": a tmpfs */
        char *target;  /* path inside */
        char *options; /* as in the definition, "ro,map=owner" */
} MachineMount;

/** machine_mounts() - in the order in which they were mounted
 * Return: borrowed; NULL with *@ret_n 0: none. */
MachineMount *const *machine_mounts(const Machine *m, size_t *ret_n);
/** machine_mounts_told() - its shim has told them */
void machine_mounts_told(Machine *m, const Frame *f);
/** machine_mounts_clear() - it runs no longer */
void machine_mounts_clear(Machine *m);
/** machine_mounts_volume() - has it this volume mounted now? */
bool machine_mounts_volume(const Machine *m, const char *name);

/** machine_add_mount() - mount something in a machine that runs
 * @entry   a line of a definition: "Bind=/srv:/srv:ro", "Volume=db:/var/lib/db", "Tmpfs=/scratch"
 * @persist in its definition, too; of one that is stopped only there
 * Return: 0 and the answer comes; negative errno. */
int machine_add_mount(Machine *m, const char *entry, bool persist, AnswerFn done, void *userdata,
                      Fault *reterr);
/** machine_remove_mount() - unmount it
 * @target path inside, as it was mounted
 * Return: 0 and the answer comes; -ENOENT FAULT_NO_SUCH_MOUNT; negative errno. */
int machine_remove_mount(Machine *m, const char *target, bool persist, AnswerFn done,
                         void *userdata, Fault *reterr);
