/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs that keep logins: docker-credential-NAME, as docker and podman run them. */
#pragma once

#include "base/fault.h"

/** auth_helper_get() - ask one for a login
 * @name    from a file of the user's: "secretservice"
 * @server  as it is called in that file
 * @ret_user    "<token>": @ret_secret is an identity token; caller frees both
 * @ret_secret  caller wipes it
 * Return: 1; 0 it has none for this server; negative errno with a Fault.
 * Source: docker-credential-helpers, the protocol of "get". */
int auth_helper_get(const char *name, const char *server, char **ret_user, char **ret_secret,
                    Fault *reterr);
