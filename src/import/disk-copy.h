/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* incoming/ID/image.raw: a disk image on its way into the store. What is in it is not looked at. */
#pragma once

#include "image/stream.h"
#include "import/job.h"

/** disk_copy() - out of another file, synced
 * @item told of the bytes; may be NULL */
int disk_copy(Job *job, int fd, ProgressItem *item, Fault *reterr);
/** disk_write() - out of a stream, which is decompressed if it is compressed; synced */
int disk_write(Job *job, const ByteSource *source, Fault *reterr);
