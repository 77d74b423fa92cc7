/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Logins for registries as podman, skopeo and docker keep them: containers-auth.json(5). */
#pragma once

#include "base/fault.h"

#include <stddef.h>

#define AUTH_FILE_MAX (1U << 20) /* bytes */

typedef struct AuthLogin {
        char *user, *password;
        char *identity_token; /* to be exchanged for a token at the token server; or NULL */
        char *registry_token; /* to be shown as it is; or NULL */
} AuthLogin;

/** auth_login_done() - wipe and free what it holds and make it empty */
void auth_login_done(AuthLogin *l);
#define _cleanup_auth_login_ _cleanup_(auth_login_done)

/** auth_file_find() - the login for a repository: of the longest key that is a part of
 * HOST/REPOSITORY
 * @text        of whoever asks for the pull: untrusted
 * @host        "docker.io", "localhost:5000"; docker.io has other names, which mean the same
 * @repository  "library/busybox"
 * @ret         auth_login_done() frees it; empty if there is none
 * Return: 1 found; 0 none; -EINVAL with FAULT_INVALID_OPTION no such file, or a login that is not
 * fit for use; -EOPNOTSUPP with FAULT_NOT_SUPPORTED only a credential helper has it; -ENOMEM. */
int auth_file_find(const char *text, size_t n, const char *host, const char *repository,
                   AuthLogin *ret, Fault *reterr);
