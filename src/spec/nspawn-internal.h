/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A .nspawn file on its way to a definition: first everything is read, since keys say something
 * about each other whatever their order, then it is translated. */
#pragma once

#include "spec/nspawn.h"

typedef struct Nspawn {
        const char *name; /* of the file, in messages */
        bool trusted;
        Settings *settings;
        char **notes;
        /* -1: not given */
        int boot, process_two, ephemeral, read_only, notify_ready;
        int private, virtual_ethernet;
        bool host_ids; /* PrivateUsers=no or identity */
        char *volatile_, *bridge, *zone, *namespace_path;
        char **parameters, **environment, **capabilities, **drop_capabilities;
        char **binds, **read_only_binds, **tmpfs;
        char **interfaces, **macvlans, **ipvlans, **extra_links, **ports;
} Nspawn;

/** nspawn_note() - tell the caller something
 * Return: 0; -EINVAL far too many; -ENOMEM. */
int nspawn_note(Nspawn *n, const char *format, ...) _printf_(2, 3);

/** nspawn_set() - give a setting of ours a value; if it is refused, say so under their name
 * @shown what stands in the file, "KEY=VALUE"
 * Return: 0; negative errno. */
int nspawn_set(Nspawn *n, const char *key, const char *value, const char *shown);

/** nspawn_push() - likewise, one more element of a list of ours */
int nspawn_push(Nspawn *n, const char *key, const char *element, const char *shown);

/** nspawn_mounts() - translate Bind=, BindReadOnly= and TemporaryFileSystem=
 * Return: 0; negative errno. */
int nspawn_mounts(Nspawn *n);

/** nspawn_network() - translate the section [Network]
 * Return: 0; negative errno. */
int nspawn_network(Nspawn *n);
