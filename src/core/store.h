/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store on disk: layers, blobs, what jobs build, the trash. No database: what is there is what
 * the directories hold, and a layer is in use as long as a record names it or somebody holds a lock
 * on its directory. Everything becomes visible by a rename, and goes by one.
 * @root as in core/definition.h. */
#pragma once

#include "base/fault.h"
#include "core/types.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* Which file or directory it was when it was looked at. */
typedef struct StoreStamp {
        dev_t device;
        ino_t inode;
        struct timespec changed;
} StoreStamp;

/** store_stamp() - of what stat(2) says; all zero is that of nothing */
StoreStamp store_stamp(const struct stat *st);
/** store_stamp_equal() - is it still the same, unchanged? */
bool store_stamp_equal(const StoreStamp *a, const StoreStamp *b);

/** store_path() - a path below the root
 * @directory LODGE_STORE_..
 * @name      in it; NULL: the directory itself
 * Return: newly allocated, caller frees. */
char *store_path(const char *root, const char *directory, const char *name);

/** store_fault_code() - the kind of failure of a negative errno of the disk's */
FaultCode store_fault_code(int error);

/** store_rename() - give an entry of a directory another name, on disk when it returns
 * @directory below @root; need not be there
 * Where there is none, or one of the new name, nothing is done: it may have been renamed before.
 * Return: 0; negative errno with a sentence. */
int store_rename(const char *root, const char *directory, const char *from, const char *to,
                 Fault *reterr);

/* ---- trash ---- */

/** store_trash() - rename an entry of a directory of the store into the trash
 * Return: 1 there was one, 0 none; negative errno. */
int store_trash(const char *root, const char *directory, const char *name, Fault *reterr);
/** store_trash_foreign() - rename an image in /var/lib/machines so that lodge-work deletes it there
 * @file its name there
 * Return: as store_trash(). */
int store_trash_foreign(const char *root, const char *file, Fault *reterr);
/** store_trash_is_empty() - nothing for lodge-work to do? */
bool store_trash_is_empty(const char *root);

/* Before the name of what is being made: a record, a volume. */
#define STORE_TEMPORARY ".#"

/** store_sweep_temporary() - drop what was half made when lodged was killed; at start */
void store_sweep_temporary(const char *root, const char *directory);

/** store_delete_temporary() - delete files that were half written when lodged was killed
 * @directory of files that write_file_atomic_at() replaces, and nobody but lodged */
void store_delete_temporary(const char *root, const char *directory);

/* ---- layers and blobs ---- */

/** store_layers() - the diff_ids of all layers that are there
 * Return: new vector, caller frees. */
char **store_layers(const char *root);
/** store_blobs() - likewise, the digests of all blobs */
char **store_blobs(const char *root);
/** store_has_layer() - is it there? */
bool store_has_layer(const char *root, const char *digest);
/** store_layer_size() - bytes of its files; 0 if that is not known */
uint64_t store_layer_size(const char *root, const char *digest);
/** store_layer_is_opaque() - does it hide all layers below it?
 * lodge-import leaves word of that: overlayfs knows no opaque root. */
bool store_layer_is_opaque(const char *root, const char *digest);
/** store_read_blob() - a manifest or configuration, as it came
 * Return: 0; negative errno. */
int store_read_blob(const char *root, const char *digest, GBytes **ret, Fault *reterr);

/** store_take_layer() - move a finished layer of a job into place
 * @digest of the worker's: checked, as is what it names
 * One that is there already stays, and the job's own is left to be swept.
 * Return: 0; negative errno. */
int store_take_layer(const char *root, const char *job, const char *digest, Fault *reterr);
/** store_take_blob() - likewise, a manifest or configuration */
int store_take_blob(const char *root, const char *job, const char *digest, Fault *reterr);
/** store_take_entry() - move a tree or a file that a job has made
 * @entry     in incoming/JOB
 * @type      S_IFDIR or S_IFREG: what it must be
 * @directory LODGE_STORE_..
 * @name      there; must be free
 * Return: 0; -EEXIST; -ENOENT the job has made none; else negative errno. */
int store_take_entry(const char *root, const char *job, const char *entry, unsigned type,
                     const char *directory, const char *name, Fault *reterr);

/** store_make_incoming() - the directory that a job is to fill
 * And that of all layers: the worker's unit sees it only if it is there when it starts.
 * Return: 0; negative errno. */
int store_make_incoming(const char *root, const char *job, Fault *reterr);

/* ---- what refers to what: store-references.c ---- */

/** store_drop_unreferenced() - move layers and blobs that no record names to the trash
 * Those that a job relies on, or that are locked, stay; all stay where a record cannot be read.
 * @removed   GPtrArray of names, appended to; may be NULL
 * @ret_bytes what the layers among them have; may be NULL */
void store_drop_unreferenced(Manager *manager, GPtrArray *removed, uint64_t *ret_bytes);

/* ---- what does not fit: store-check.c, remedy.c ---- */

/** store_check() - compare the store with itself
 * @findings GPtrArray: object, problem, remedy, object .., appended to; new strings */
void store_check(Manager *manager, GPtrArray *findings);

/** store_remedy() - what helps against a layer or a blob that is damaged
 * Return: a command for a shell, newly allocated, caller frees. */
char *store_remedy(Manager *manager, const char *directory, const char *digest);
