/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Definition files NAME.machine on disk, with their profiles and drop-ins: spec/layers.h.
 * @root, everywhere: what the paths of base/names.h are below; "" but in tests. */
#pragma once

#include "core/definition-place.h"
#include "spec/layers.h"
#include "spec/settings.h"

#include <stdbool.h>

/** definition_list() - the names of all definitions, each once
 * @ret_ignored files in these directories that cannot be a definition, full paths
 * Return: a new vector, sorted; caller frees both with g_strfreev(). */
char **definition_list(const char *root, char ***ret_ignored);

/** definition_find() - where the file of a name is that counts
 * Return: DEFINITION_NOWHERE if there is none. */
DefinitionPlace definition_find(const char *root, const char *name);

/** definition_is_gone() - is it certain that nobody defines this machine?
 * Return: false also where a directory or file cannot be looked at. */
bool definition_is_gone(const char *root, const char *name);

/** definition_load() - read and check it
 * @ret          on failure the defaults, so that there is something to show
 * @ret_warnings what was ignored, a sentence each; caller frees; NULL: nothing
 * Return: 0; negative errno with a sentence that names file and line. */
int definition_load(const char *root, const char *name, Settings *ret, char ***ret_warnings,
                    Fault *reterr);

/** definition_remove() - delete the files in /etc and /run, and drop-ins there
 * Return: 0, also if there is none; -EOPNOTSUPP it belongs to a package, in /usr; else negative
 * errno. */
int definition_remove(const char *root, const char *name, Fault *reterr);

/** definition_forget_changes() - delete the drop-ins that SetProperties() has made for an earlier
 * machine of that name */
void definition_forget_changes(const char *root, const char *name);

/** definition_check_rename() - can the files of @from be those of @to?
 * Return: 0; -EEXIST there are drop-ins for @to; -EOPNOTSUPP files of @from belong to a package. */
int definition_check_rename(const char *root, const char *from, const char *to, Fault *reterr);
/** definition_rename() - the files of @from in /etc and /run, and drop-ins there, are @to's
 * What has been renamed already stays. On disk when it returns.
 * Return: 0; negative errno with a sentence: some may have been renamed. */
int definition_rename(const char *root, const char *from, const char *to, Fault *reterr);

/** definition_gone_fault() - the sentence for a machine whose file somebody has deleted
 * Return: -ENOENT with FAULT_NO_SUCH_MACHINE. */
int definition_gone_fault(const char *name, Fault *reterr);
