/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes in, bytes out, and what stands above them: how a layer's bytes go from one part to the
 * next. */
#pragma once

#include "base/fault.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Hands out runs of bytes, in place where it can. */
typedef struct ByteSource {
        /* 1: @ret_n > 0 bytes at @ret, valid until the next call; 0: the end, again and again;
         * negative errno with @reterr set */
        int (*next)(void *userdata, const uint8_t **ret, size_t *ret_n, Fault *reterr);
        /* passes over @n bytes behind the last run; -ENODATA there are fewer; -ESPIPE they can
         * only be read, as from a source without this; else a negative errno with @reterr set */
        int (*skip)(void *userdata, uint64_t n, Fault *reterr);
        void *userdata;
} ByteSource;

/* Takes all of the bytes, or fails. */
typedef struct ByteSink {
        int (*write)(void *userdata, const void *data, size_t n, Fault *reterr);
        void *userdata;
} ByteSink;

/* What another thread may see and say while a call below runs. Zero it before the call. */
typedef struct LayerControl {
        atomic_bool cancelled; /* once true, the call ends with -ECANCELED */
        _Atomic uint64_t n_in; /* bytes taken from the source */
        _Atomic uint64_t n_out;
} LayerControl;

#define FD_SOURCE_BUFFER (256U << 10)

/* A file, pipe or socket as a source. */
typedef struct FdSource {
        int fd; /* borrowed */
        uint8_t *buffer;
        LayerControl *control;
} FdSource;

/* Bytes in memory as a source. */
typedef struct MemorySource {
        const uint8_t *data;
        size_t n;
} MemorySource;

/** fd_source() - read @fd from where it stands to its end
 * @s       filled; must live as long as the source is used, then fd_source_done()
 * @control its n_in counts, its cancelled is looked at between two reads; may be NULL
 * Return: the source. */
ByteSource fd_source(FdSource *s, int fd, LayerControl *control);
/** fd_source_done() - free the buffer; the descriptor stays open */
void fd_source_done(FdSource *s);
#define _cleanup_fd_source_ _cleanup_(fd_source_done)

/** memory_source() - hand out @n bytes of the caller's
 * @s as for fd_source(), with nothing to free */
ByteSource memory_source(MemorySource *s, const void *data, size_t n);

/** fd_sink() - write to a descriptor
 * @fd must live as long as the sink is used */
ByteSink fd_sink(int *fd);

/** stream_fault() - set the fault of an errno that came from the system
 * @format sentence without the reason, which is added
 * Return: negative errno. Context: ENOSPC and EDQUOT are FAULT_NO_SPACE, ECANCELED is
 * FAULT_CANCELLED. */
int stream_fault(Fault *reterr, int error, const char *format, ...) _printf_(3, 4);

/** stream_cancelled() - has the call been cancelled?
 * Return: 0; -ECANCELED with @reterr set. */
int stream_cancelled(LayerControl *control, Fault *reterr);
