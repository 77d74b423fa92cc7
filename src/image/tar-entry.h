/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One entry of a tar archive, as read and as written. */
#pragma once

#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define TAR_BLOCK_SIZE   512U
#define TAR_PATH_MAX     4095U        /* bytes of a path or of a link's target */
#define TAR_NAME_MAX     255U         /* bytes of one component */
#define TAR_DEPTH_MAX    512U         /* components */
#define TAR_PAX_MAX      (1U << 20)   /* bytes of one extended header */
#define TAR_XATTR_MAX    (64U << 10)  /* bytes of one value: the kernel's limit */
#define TAR_EXTENTS_MAX  (256U << 10) /* of one sparse file */
#define TAR_DISPLAY_PATH 200U         /* of a path in a sentence */

typedef enum TarType {
        TAR_REGULAR,
        TAR_HARDLINK,
        TAR_SYMLINK,
        TAR_CHAR,
        TAR_BLOCK,
        TAR_DIRECTORY,
        TAR_FIFO,
        _TAR_TYPE_MAX,
} TarType;

typedef struct TarXattr {
        char *name;
        uint8_t *value; /* NULL if empty */
        size_t n;
} TarXattr;

typedef struct TarExtent {
        uint64_t offset, n;
} TarExtent;

/* What a header and its extensions say. Only this is promised of a foreign one: path is not empty;
 * strings have no NUL within and keep the limits above, components aside; extents are in order, do
 * not overlap and end within size. */
typedef struct TarEntry {
        TarType type;
        char *path;
        char *link;  /* target of a hardlink or symlink; else NULL */
        mode_t mode; /* 07777 */
        uint64_t uid, gid;
        uint64_t size; /* of a regular file, holes included; else 0 */
        struct timespec mtime;
        uint32_t major, minor; /* of a node */
        TarXattr *xattrs;
        size_t n_xattrs;
        bool sparse;        /* only what the extents list is in the archive */
        TarExtent *extents; /* with data: n > 0 */
        size_t n_extents;
} TarEntry;

/** tar_entry_done() - free what @e holds, and empty it */
void tar_entry_done(TarEntry *e);
/** tar_entry_add_xattr() - append a copy, or replace the value of the same name
 * Return: 0; -ENOMEM. */
int tar_entry_add_xattr(TarEntry *e, const char *name, const void *value, size_t n);
/** tar_entry_add_extent() - append data of a sparse file; joined with the one before if they touch
 * Return: 0; -EINVAL not behind the one before; -E2BIG too many; -ENOMEM. */
int tar_entry_add_extent(TarEntry *e, uint64_t offset, uint64_t n);
/** tar_entry_n_payload() - bytes of the entry's data in the archive, padding not counted */
uint64_t tar_entry_n_payload(const TarEntry *e);

/** tar_path_clean() - a path of an archive as one below the root
 * Leading, double and trailing slashes and "." go: "./a//b/" is "a/b", "/" is "".
 * @path may be longer than it may be: then it is refused
 * @ret at least TAR_PATH_MAX + 1 bytes
 * Return: number of components, 0 for the root; -EINVAL has ".."; -ENAMETOOLONG the path, a name or the
 * depth passes its limit; both with @reterr set. */
int tar_path_clean(const char *path, char ret[static TAR_PATH_MAX + 1], Fault *reterr);

/** tar_fault() - refuse an entry: "entry 'PATH' ..."
 * @path   of a stranger: is made fit to show
 * @format what is wrong with it
 * Return: -@error. */
int tar_fault(Fault *reterr, int error, const char *path, const char *format, ...) _printf_(4, 5);

#define _cleanup_tar_entry_ _cleanup_(tar_entry_done)
