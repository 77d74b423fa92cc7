/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The user's login for a registry, containers-auth.json(5), from where podman, skopeo and docker
 * keep it: in a file, or with a credential helper that the file names. */
#pragma once

#include "base/fault.h"
#include "spec/reference.h"

typedef struct AuthFound {
        int fd;                /* a file with the login; -EBADF: it is the following two */
        char *user, *password; /* NULL if it is the file */
} AuthFound;

/** auth_found_done() - forget the login */
void auth_found_done(AuthFound *a);
#define _cleanup_auth_found_ _cleanup_(auth_found_done)

/** auth_file_find() - find the login for an image
 * @path   the file that was asked for; NULL: look where others put theirs
 * As podman looks for it: $REGISTRY_AUTH_FILE alone if set; else the first with an entry for the
 * registry or the part of it where the image is, of $XDG_RUNTIME_DIR/containers/auth.json,
 * ~/.config/containers/auth.json and ~/.docker/config.json. What a file says is for who talks to
 * the registry to read; the helper is run here, as the user that it belongs to.
 * @ret    auth_found_done() frees it
 * Return: 1; 0 there is none; negative errno with a Fault. */
int auth_file_find(const char *path, const Reference *image, AuthFound *ret, Fault *reterr);
