/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Volumes: directories of the store that machines mount, volumes/NAME/{data,volume}. One outlives
 * machines, unless it was made for a path that an image wants a volume for. */
#pragma once

#include "base/fault.h"
#include "core/types.h"

#include <stdbool.h>
#include <stdint.h>

/* For reading; the bus face shows it. */
struct Volume {
        Manager *manager;
        char *name;
        char *path; /* of its data */
        uint32_t owner;
        uint64_t created_usec; /* CLOCK_REALTIME */
        char *machine;         /* NULL but for an anonymous one: goes with that machine */
        char *key;       /* likewise: which of its volumes it is; NULL: the name alone tells */
        bool is_changed; /* and listeners have not been told */
};

/** volumes_load() - make the table agree with the disk, cheaply if nothing has changed there */
void volumes_load(Manager *manager);
/** volumes_look() - something of a name has come or gone where volumes are
 * @name anything */
void volumes_look(Manager *manager, const char *name);
/** volume_free() - GDestroyNotify */
void volume_free(void *p);

/** volume_find() - a volume by its name
 * @name from anybody
 * Return: 0; -EINVAL FAULT_INVALID_NAME; -ENOENT FAULT_NO_SUCH_VOLUME. */
int volume_find(Manager *manager, const char *name, Volume **ret, Fault *reterr);

/** volume_create() - make an empty one
 * @name  from anybody
 * @owner uid
 * Return: 0; -EEXIST, -EINVAL, -ENOSPC .. */
int volume_create(Manager *manager, const char *name, uint32_t owner, Volume **ret, Fault *reterr);

/** volume_ensure() - the volume that a machine is about to mount; made if there is none
 * @name of a volume; NULL: the machine's own, anonymous one for @path
 * @path where it will be mounted; used with @name NULL only
 * Return: 0; negative errno as volume_create(). */
int volume_ensure(Machine *m, const char *name, const char *path, Volume **ret, Fault *reterr);

/** volume_anonymous_name() - what a machine's own volume for a path is called, or would be
 * Return: newly allocated, caller frees. */
char *volume_anonymous_name(const Machine *m, const char *path);

/** volume_used_by() - the machines that have it in their definition, or whose it is
 * Return: new vector of names, sorted; caller frees. */
char **volume_used_by(const Volume *v);
/** volume_note_use() - a machine has come, gone or changed its volumes
 * @volumes its setting; NULL is fine */
void volume_note_use(Manager *manager, char *const *volumes);
/** volume_note_machine() - the machine that anonymous volumes go with has another name
 * @machine the new one */
void volume_note_machine(Manager *manager, const char *machine);

/** volume_remove() - move it to the trash
 * @force even if machines that do not run have it in their definition
 * Return: 0; -EBUSY; else negative errno. Frees @v on success. */
int volume_remove(Volume *v, bool force, Fault *reterr);
/** volume_check_record() - can the record of whose it is be read?
 * Return: 0; negative errno with a sentence. */
int volume_check_record(const Volume *v, Fault *reterr);
/** volumes_prune() - remove all that no machine has in its definition
 * @removed GPtrArray of names, appended to
 * Return: 0; negative errno of the first that could not be. */
int volumes_prune(Manager *manager, void *removed, Fault *reterr);
/** volumes_owners() - the machines that anonymous volumes go with, each once
 * Return: new vector, caller frees. */
char **volumes_owners(Manager *manager);
/** volumes_drop() - the machine is removed, and with it its anonymous volumes
 * @machine name */
void volumes_drop(Manager *manager, const char *machine);

/* The machine gets another name: its anonymous volumes keep theirs. */

/** volumes_check_rename() - does each know which volume of the machine it is?
 * Return: 0; -EBUSY with a sentence. */
int volumes_check_rename(Manager *manager, const char *machine, Fault *reterr);
/** volumes_rename_machine() - those of @from are @to's
 * Return: 0; negative errno with a sentence. */
int volumes_rename_machine(Manager *manager, const char *from, const char *to, Fault *reterr);
