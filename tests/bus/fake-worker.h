/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A worker without an archive or a network. What it does with a pull or an import is the last word
 * of the image's name, up to its tag:
 *
 *   ok        two layers, of 10 bytes each       shared    one of the same layers
 *   hang      tells of progress, and waits       fail      cannot
 *   die       ends without a word                other     makes an image of another name
 *   evil      a layer that is a link             missing   a record without its layer
 *   tree      a directory                        raw       a disk image
 *
 * With a disk image, by the word behind the last dot: hang, die, fail; odd: gives back a mount for
 * /usr alone. It copies, commits, measures and verifies by saying so. */
#pragma once

#include "wire/frame.h"

/** fake_worker_id() - the job of a unit; NULL if it is no worker's */
const char *fake_worker_id(const char *unit);

/** fake_worker_order() - do it
 * @fd   to lodged
 * @root the files are below it
 * Return: false if its process ends. */
bool fake_worker_order(int fd, const Frame *f, const char *root, const char *id);
