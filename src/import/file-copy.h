/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The data of one file into another: shared where the file system can, with its holes otherwise. */
#pragma once

#include "base/fault.h"
#include "image/stream.h"
#include "import/progress.h"

/** file_copy() - make @to what @from is
 * @to   empty
 * @size of @from; what it grows meanwhile is left out
 * @item told of the bytes; may be NULL
 * Return: 0; -ESTALE it became shorter; negative errno. */
int file_copy(int from, int to, uint64_t size, ProgressItem *item);

/** file_write_sparse() - write a stream, runs of zeros as holes
 * @max bytes it may have
 * Return: 0; -EFBIG; negative errno; with @reterr set if it is the stream's. */
int file_write_sparse(int to, const ByteSource *source, uint64_t max, Fault *reterr);
