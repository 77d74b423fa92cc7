/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which partitions a machine is made of, by the Discoverable Partitions Specification. */
#pragma once

#include "disk/disk-image.h"

/** disk_choose() - fill in the roles of a GPT image
 * Partitions of other uses, of other architectures, those marked no-auto and empty slots ("_empty")
 * are left alone. Of several for one use, the one with the highest version in its label counts. If
 * there is none for "root", a single one of the type "Linux filesystem data" is.
 * @d    partitions filled in; roles set on return
 * @name the image's, for sentences
 * Return: 0; -EINVAL the table makes no sense, or leaves more than one choice or none. */
int disk_choose(DiskImage *d, const char *name, Fault *reterr);
