/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What helps where the store does not fit: commands that can be copied to a shell as they are. */
#pragma once

#include "core/types.h"

/** remedy_command() - a command about one thing
 * @format with one %s, which becomes @word, quoted for a shell
 * Return: newly allocated, caller frees, as with all of these. */
char *remedy_command(const char *format, const char *word);

/** remedy_remove() - delete what is at @path */
char *remedy_remove(const char *path);

/** remedy_make_again() - bring back a layer, a manifest or a configuration that is not there
 * @digest of it: any image that has it may be what brings it; NULL: all of @name
 * @name   an image; one that can be pulled comes first */
char *remedy_make_again(Manager *manager, const char *digest, const char *name);

/** mount_below() - a mount point below @path, or @path itself, the last that was mounted
 * Return: newly allocated, caller frees; NULL: there is none. */
char *mount_below(const char *path);
