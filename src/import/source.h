/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is to be imported, as it came: a directory, file or pipe of a stranger's. Its beginning is
 * looked at to learn what it is. */
#pragma once

#include "image/decompress.h"
#include "import/job.h"

#include <stdbool.h>

typedef enum SourceKind {
        SOURCE_AUTO,
        SOURCE_DIRECTORY, /* a root file system */
        SOURCE_OCI,       /* a layout: a directory or an archive of one */
        SOURCE_DOCKER,    /* an archive of `docker save` */
        SOURCE_TAR,       /* a root file system in an archive */
        SOURCE_DISK,
        _SOURCE_KIND_MAX,
} SourceKind;

typedef struct Source {
        int fd; /* borrowed; spooled: owned */
        bool regular, spooled;
        uint64_t size; /* of a regular file, from where it stands; else 0 */
        SourceKind kind;
        Compression compression;
        uint8_t *head; /* the first bytes, as they came */
        size_t n_head;
        uint64_t n_read; /* bytes of source_bytes() so far */
        uint8_t *plain;  /* the first bytes, decompressed */
        size_t n_plain;
        bool replayed;   /* the head was handed out */
        bool from_start; /* a file that was to be read from its beginning */
        FdSource rest;
        ByteSource rest_bytes;
        ProgressItem *item;
} Source;

/** source_kind_from_name() - "auto", "oci" ..
 * Return: the kind; -EINVAL. */
int source_kind_from_name(const char *name);

/** source_open() - look at a source
 * @fd   anything; a file is read from where it stands
 * @kind what it has to be, or SOURCE_AUTO; @s->kind is what it is: SOURCE_OCI also for an archive
 *       of `docker save` that is to be looked into
 * Return: 0; -EBADMSG it is none of them, or empty; negative errno. */
int source_open(Job *job, int fd, SourceKind kind, Source *s, Fault *reterr);
/** source_done() - free what @s holds */
void source_done(Source *s);
#define _cleanup_source_ _cleanup_(source_done)

/** source_bytes() - all of it, as it came; once only */
ByteSource source_bytes(Source *s);
/** source_spool() - a seekable copy of it, decompressed, unless it is that already
 * Takes room in incoming/ID until source_done(). @s->fd is what to read, from its beginning. */
int source_spool(Job *job, Source *s, Fault *reterr);
