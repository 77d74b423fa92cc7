/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users and groups by the files of a guest. Parsed here: NSS would load code of the guest's. */
#pragma once

#include "base/fault.h"

#include <sys/types.h>

#define PASSWD_GROUPS_MAX 256

typedef struct PasswdUser {
        uid_t uid;
        gid_t gid;
        gid_t groups[PASSWD_GROUPS_MAX];
        size_t n_groups;
        char *name;  /* the number in digits if the guest has no name for it */
        char *home;  /* "/" if unknown */
        char *shell; /* NULL if unknown */
} PasswdUser;

/** passwd_lookup() - "name", "name:group", "uid", "uid:gid" in /etc/passwd and /etc/group below
 * @rootfd
 * @spec NULL or "" is root; numbers are the whole string, 0..65535, and need no entry
 * @ret  caller calls passwd_user_done()
 * Return: 0; -EINVAL malformed, -ESRCH unknown, with a sentence in @reterr; else why a file
 *   cannot be
 * read. A missing file has no entries. */
int passwd_lookup(int rootfd, const char *spec, PasswdUser *ret, Fault *reterr);
/** passwd_user_done() - free what a PasswdUser holds */
void passwd_user_done(PasswdUser *u);
#define _cleanup_passwd_user_ _cleanup_(passwd_user_done)
