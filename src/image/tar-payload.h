/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The data of an archive's entry into a file. */
#pragma once

#include "image/tar-read.h"

/** tar_payload_write() - write the reader's current entry, holes included
 * @e  that entry, a regular file
 * @fd new and empty, at its beginning
 * Return: 0; -EBADMSG the archive ends within; negative errno, with @reterr set. */
int tar_payload_write(TarReader *r, const TarEntry *e, int fd, Fault *reterr);
