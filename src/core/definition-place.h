/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files NAME.SUFFIX that say what an object of lodge's is to be: in three directories, the first
 * that has one counts. The same for machines and networks; knows nothing of what is in them.
 * @root, everywhere: what the paths of base/names.h are below; "" but in tests. */
#pragma once

#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum DefinitionPlace {
        DEFINITION_NOWHERE, /* an object that is in use, but has no file any more */
        DEFINITION_ETC,
        DEFINITION_RUN,
        DEFINITION_USR,
        _DEFINITION_PLACE_MAX,
} DefinitionPlace;

/* Whose files. */
typedef struct DefinitionKind {
        const char *what; /* "Machine", for messages */
        const char *directories[_DEFINITION_PLACE_MAX];
        const char *suffix;
} DefinitionKind;

extern const DefinitionKind definition_of_machine, definition_of_network;

/** place_list() - the names of all files, each once
 * @ret_ignored files in these directories that cannot be a definition, full paths
 * Return: a new vector, sorted; caller frees both with g_strfreev(). */
char **place_list(const DefinitionKind *kind, const char *root, char ***ret_ignored);
/** place_find() - where the file of a name is that counts
 * Return: DEFINITION_NOWHERE if there is none. */
DefinitionPlace place_find(const DefinitionKind *kind, const char *root, const char *name);
/** place_is_gone() - is it certain that there is no file of this name?
 * Return: false also where a directory or file cannot be looked at. */
bool place_is_gone(const DefinitionKind *kind, const char *root, const char *name);
/** place_path() - full path of the file; caller frees with g_free() */
char *place_path(const DefinitionKind *kind, const char *root, DefinitionPlace place,
                 const char *name);

/** place_read() - the file's text
 * @ret,@ret_path caller frees; the path is set on failure too
 * Return: 0; negative errno with a sentence. */
int place_read(const DefinitionKind *kind, const char *root, DefinitionPlace place,
               const char *name, char **ret, size_t *ret_n, char **ret_path, Fault *reterr);
/** place_write() - write it to disk, whole or not at all
 * Return: 0; negative errno, FAULT_NO_SPACE or FAULT_FAILED. */
int place_write(const DefinitionKind *kind, const char *root, DefinitionPlace place,
                const char *name, const char *text, Fault *reterr);
/** place_remove() - delete the files in /etc and /run
 * Return: 0, also if there is none; -EOPNOTSUPP it belongs to a package, in /usr; else negative
 * errno. */
int place_remove(const DefinitionKind *kind, const char *root, const char *name, Fault *reterr);
