/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is to be renamed, on disk: LODGE_STORE_RENAMES/NAME, until it has been. */
#pragma once

#include "base/fault.h"

/** rename_record_write() - from now on, whatever happens, @from becomes @to
 * @file  its name: the machine's at first
 * Return: 0; negative errno with a sentence. */
int rename_record_write(const char *root, const char *file, const char *from, const char *to,
                        Fault *reterr);
/** rename_record_read() - what a file says
 * @ret_from,@ret_to caller frees with free()
 * Return: 0; -EINVAL with a sentence: it is none of ours; negative errno. */
int rename_record_read(const char *root, const char *file, char **ret_from, char **ret_to,
                       Fault *reterr);
/** rename_record_delete() - it is done
 * Return: 0; negative errno with a sentence. */
int rename_record_delete(const char *root, const char *file, Fault *reterr);
/** rename_records() - names of all files; new vector, caller frees with g_strfreev() */
char **rename_records(const char *root);
