/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file with the user's passwords for registries, containers-auth.json(5), in the places where
 * podman, skopeo and docker keep it. */
#pragma once

#include "base/fault.h"

/** auth_file_open() - open the file that has something for a registry
 * @path   the one that was asked for; NULL: look where others put theirs
 * @domain of the registry, with its port: "docker.io", "localhost:5000"
 * As podman looks for it: $REGISTRY_AUTH_FILE alone if set; else the first with an entry for the
 * registry of $XDG_RUNTIME_DIR/containers/auth.json, ~/.config/containers/auth.json and
 * ~/.docker/config.json. What it says is for who talks to the registry to read.
 * Return: descriptor; -ENOENT there is none, no Fault; else negative errno with a Fault. */
int auth_file_open(const char *path, const char *domain, Fault *reterr);
