/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Extended headers of pax archives: what they say about the entry that follows. */
#pragma once

#include "image/tar-entry.h"

#define ACL_ACCESS  "system.posix_acl_access"
#define ACL_DEFAULT "system.posix_acl_default"

/* Sparse files of GNU tar in pax archives. */
typedef struct TarSparse {
        bool present;
        uint64_t major, minor; /* 0.0 has neither, and one record an extent */
        char *name;
        bool has_real_size;
        uint64_t real_size;
        bool has_offset; /* 0.0: its length has not come yet */
        uint64_t offset;
} TarSparse;

typedef struct TarPax {
        TarEntry entry; /* path, link, ids, mtime, xattrs; extents of sparse 0.x */
        bool has_size, has_uid, has_gid, has_mtime;
        uint64_t n_payload; /* "size" */
        TarSparse sparse;
} TarPax;

/** tar_pax_parse() - read one extended header
 * @data   its @n bytes
 * @global of a header for all entries that follow: only ids and time are taken, and what would
 *         change where an entry lies or how long it is, is refused
 * @pax    the values are added to it
 * Return: 0; -EBADMSG; -ENOMEM; with @reterr set. */
int tar_pax_parse(const char *data, size_t n, bool global, TarPax *pax, Fault *reterr);
/** tar_pax_done() - free what @p holds, and empty it */
void tar_pax_done(TarPax *p);
/** tar_pax_number() - a whole run of decimal digits
 * Return: 0; -EINVAL; -ERANGE above INT64_MAX. */
int tar_pax_number(const char *s, size_t n, uint64_t *ret);
/** tar_acl_from_text() - an ACL as star and GNU tar write it, in the form of the kernel's attribute
 * @text "user::rwx,user:1000:r-x,group::r--,mask::r-x,other::r--"; with a fourth field where that has the id
 * @ret  caller frees
 * Return: 0; -EINVAL no ACL; -ENOENT names a user or group without its id. */
int tar_acl_from_text(const char *text, size_t n, uint8_t **ret, size_t *ret_n);

/** tar_acl_to_text() - the inverse: the kernel's attribute as text, with numbers for names
 * @ret caller frees
 * Return: 0; -EINVAL; -ENOMEM. */
int tar_acl_to_text(const uint8_t *acl, size_t n, char **ret);
