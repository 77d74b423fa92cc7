/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Images: what machines are started from, of three kinds. The disk is the only truth: the manager's
 * table is what was seen there last, and is brought up to date whenever somebody asks for an image
 * and whenever the directories change. */
#pragma once

#include "base/fault.h"
#include "core/store.h"
#include "core/tree.h"
#include "core/types.h"
#include "spec/image-record.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

typedef enum ImageKind {
        IMAGE_OCI,       /* layers of the store, by a record in images/ENC.oci */
        IMAGE_DIRECTORY, /* a tree */
        IMAGE_RAW,       /* a disk image, NAME.raw */
        _IMAGE_KIND_MAX,
} ImageKind;

/* For reading outside of core/image*.c; valid until the event loop is back. */
struct Image {
        Manager *manager;
        char *name; /* canonical: a plain name, or a reference */
        ImageKind kind;
        char *path;    /* of the record, the tree, the disk image */
        bool in_store; /* else in /var/lib/machines, where others keep theirs */
        bool read_only;
        uint64_t added_usec, created_usec; /* CLOCK_REALTIME; 0: not known */
        uint64_t size_bytes;               /* 0: not known */
        ImageRecord record;                /* IMAGE_OCI; empty with a load_error */
        Fault load_error;                  /* why the record cannot be used */

        StoreStamp stamp;
        unsigned changes; /* ImageChange that listeners have not been told */
};

/** image_kind_name() - the Type property: "oci", "directory", "raw" */
const char *image_kind_name(ImageKind kind);

/** image_find() - an image by its name
 * @name from anybody: a plain name or a reference, canonical or not
 * Return: 0; -EINVAL FAULT_INVALID_NAME; -ENOENT FAULT_NO_SUCH_IMAGE with those that there are. */
int image_find(Manager *manager, const char *name, Image **ret, Fault *reterr);
/** image_check() - likewise, and its record must be readable
 * Return: as image_find(); -EUCLEAN FAULT_FAILED. */
int image_check(Manager *manager, const char *name, Image **ret, Fault *reterr);

/** image_used_by() - the machines that have it in their definition
 * Return: new vector of names, sorted; caller frees. */
char **image_used_by(const Image *image);
/** image_note_use() - a machine has come, gone or changed its image; NULL is fine */
void image_note_use(Manager *manager, const char *name);

/* ---- what there is on disk: image-list.c ---- */

/** images_load() - make the table agree with the disk, cheaply if no directory has changed */
void images_load(Manager *manager);
/** images_look() - the file or directory of an image has come, changed or gone
 * @file its name in one of the two directories; anything */
void images_look(Manager *manager, const char *file);
/** images_refresh() - look at what there is under one name, and tell what changed
 * @name canonical
 * Return: the image; NULL if there is none. */
Image *images_refresh(Manager *manager, const char *name);
/** image_free() - GDestroyNotify */
void image_free(void *p);

/* ---- changes: image-change.c ---- */

/** image_drop() - the same, but its layers stay until store_drop_unreferenced() */
int image_drop(Image *image, bool force, Fault *reterr);
/** image_remove() - move it to the trash, and with it the layers that no other has
 * @force even if machines that do not run have it in their definition
 * Return: 0; -EBUSY, -EPERM read-only; else negative errno. */
int image_remove(Image *image, bool force, Fault *reterr);
/** image_rename() - give it another name
 * @name from anybody
 * Return: 0; -EEXIST, -EINVAL, -EBUSY, -EOPNOTSUPP; else negative errno. */
int image_rename(Image *image, const char *name, Fault *reterr);
/** image_tag() - give an image of layers one more name
 * @force take that name from another image
 * Return: 0; -EEXIST, -EINVAL, -EOPNOTSUPP; else negative errno. */
int image_tag(Image *image, const char *name, bool force, Fault *reterr);
/** image_set_read_only() - protect it, or not any more
 * Return: 0; -EOPNOTSUPP the file system cannot; else negative errno. */
int image_set_read_only(Image *image, bool read_only, Fault *reterr);
/** image_check_free() - may an image of this name be made?
 * @name  canonical
 * @force yes, if one of layers may be replaced by it
 * Return: 0; -EEXIST; -EOPNOTSUPP the one that is there is read-only. */
int image_check_free(Manager *manager, const char *name, bool force, Fault *reterr);
/** image_check_new() - may a caller have an image made of this name?
 * @name from anybody
 * @ret  canonical; caller frees
 * Return: as image_check_free(); -EINVAL; -EBUSY a job is about to make it. */
int image_check_new(Manager *manager, const char *name, bool force, char **ret, Fault *reterr);
/** image_write_record() - make an image of layers known: write its record, whole or not at all
 * Return: 0; negative errno. */
int image_write_record(Manager *manager, const ImageRecord *record, Fault *reterr);
