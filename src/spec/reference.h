/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What images are called: a plain name of this host ("debian13"), or where an image is had from and
 * which ("docker.io/library/busybox:1.37"). Only text, no I/O. libc only. */
#pragma once

#include "base/fault.h"

#include <stdbool.h>

#define REFERENCE_MAX 200 /* bytes of a canonical one */

/* DOMAIN[:PORT]/PATH[:TAG][@sha256:HEX] taken apart. */
typedef struct Reference {
        char *domain; /* with the port, if one was written: "docker.io", "localhost:5000" */
        char *path;   /* "library/busybox" */
        char *tag;    /* NULL where only a digest was given */
        char *digest; /* "sha256:HEX", or NULL */
} Reference;

/** reference_parse() - take a reference apart
 * @text  from anybody; a reference names its registry, a plain name is refused with a hint
 * @ret   canonical: the domain in lower case, docker.io/x as docker.io/library/x, tag "latest" where
 *        neither tag nor digest is given; reference_done() frees it
 * Return: 0; -EINVAL with FAULT_INVALID_NAME; -ENOMEM.
 * Source: the grammar of the distribution project's reference package, OCI distribution spec. */
int reference_parse(const char *text, Reference *ret, Fault *reterr);
/** reference_is_registry() - does it look like the name of a registry, with no image behind it?
 * "quay.io", "localhost:5000"; so does the name of an image that has a dot, which none does. */
bool reference_is_registry(const char *text);
/** reference_format() - the one way to write a reference
 * Return: newly allocated, caller frees; NULL on OOM. */
char *reference_format(const Reference *r);
/** reference_done() - free what @r holds and make it empty */
void reference_done(Reference *r);
#define _cleanup_reference_ _cleanup_(reference_done)

/** image_name_canonical() - the one way to write an image's name
 * @text  from anybody; with a '/', ':' or '@' it is a reference, else a plain name
 * @ret   a plain name as it is, a reference as reference_format() writes it; caller frees
 * Return: 0; -EINVAL with FAULT_INVALID_NAME; -ENOMEM. */
int image_name_canonical(const char *text, char **ret, Fault *reterr);
/** image_name_is_canonical() - is @text a plain name, or a reference as reference_format() has it?
 */
bool image_name_is_canonical(const char *text);
/** image_name_is_reference() - is this canonical name of an image a reference? */
bool image_name_is_reference(const char *name);

/** image_file_name() - the name of the file that stands for an image: each byte but letters, digits
 * and "_.-" as %XX
 * @name    canonical, or at least at most REFERENCE_MAX bytes
 * @suffix  appended as it is, such as ".oci"
 * Return: newly allocated, caller frees; NULL on OOM. It has at most 255 bytes for a canonical name
 * and a suffix of at most 8. */
char *image_file_name(const char *name, const char *suffix);
/** image_name_from_file() - the image whose file has this name
 * Return: newly allocated, caller frees; NULL if image_file_name() would not have written it for a
 * canonical name, or on OOM. */
char *image_name_from_file(const char *file, const char *suffix);

/** digest_is_valid() - "sha256:" and 64 digits of lower case hexadecimal? @s may be NULL */
bool digest_is_valid(const char *s);
/** digest_file_name() - "sha256-HEX" of a valid "sha256:HEX"
 * Return: newly allocated, caller frees; NULL if it is not valid, or on OOM. */
char *digest_file_name(const char *digest);
/** digest_from_file_name() - "sha256:HEX" of "sha256-HEX"
 * Return: newly allocated, caller frees; NULL if the file is no digest's, or on OOM. */
char *digest_from_file_name(const char *file);
