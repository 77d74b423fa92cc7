/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Deletions in layers: as OCI's names and as overlayfs's files. */
#pragma once

#include "base/fault.h"

#include <stdbool.h>
#include <sys/stat.h>

#define WHITEOUT_PREFIX  ".wh."
#define WHITEOUT_META    ".wh..wh."
#define WHITEOUT_OPAQUE  ".wh..wh..opq"
#define OVERLAY_OPAQUE   "user.overlay.opaque"
#define OVERLAY_PREFIX   "user.overlay."
#define OVERLAY_TRUSTED  "trusted.overlay."
#define OVERLAY_REDIRECT "user.overlay.redirect"
#define OVERLAY_METACOPY "user.overlay.metacopy"

typedef enum WhiteoutKind {
        WHITEOUT_NONE,
        WHITEOUT_NAME,  /* .wh.NAME */
        WHITEOUT_DIR,   /* .wh..wh..opq */
        WHITEOUT_OTHER, /* another .wh..wh. thing of aufs: to be passed over */
} WhiteoutKind;

/** whiteout_kind() - what an entry of this path does
 * @path of tar_path_clean()
 * @ret_name of WHITEOUT_NAME: what is hidden, inside @path
 * Return: the kind; -EINVAL with @reterr set: hides nothing, "." or "..", or lies below a whiteout. */
int whiteout_kind(const char *path, const char **ret_name, Fault *reterr);

/** whiteout_is() - the device with which overlayfs hides a name? */
static inline bool whiteout_is(const struct stat *st)
{
        return S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

/** whiteout_make() - hide @name of the layers below; what has that name stays and hides it itself
 * Return: 0; negative errno. */
int whiteout_make(int dirfd, const char *name);
/** whiteout_make_opaque() - hide all that layers below have in a directory
 * Return: 0; -EOPNOTSUPP the file system has no user.* attributes; negative errno. */
int whiteout_make_opaque(int fd);
