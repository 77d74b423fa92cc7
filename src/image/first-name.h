/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files with several names: which of them came first. */
#pragma once

#include <sys/stat.h>

typedef struct FirstNames {
        void *inodes; /* tree; NULL: none yet */
} FirstNames;

/** first_name() - the name under which this file was seen first
 * @path remembered if it is that
 * @ret  borrowed; NULL: this is the first, or it has no other
 * Return: 0; -ENOMEM. */
int first_name(FirstNames *f, const struct stat *st, const char *path, const char **ret);
/** first_names_done() - forget them all */
void first_names_done(FirstNames *f);
#define _cleanup_first_names_ _cleanup_(first_names_done)
