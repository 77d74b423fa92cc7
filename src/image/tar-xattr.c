/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/tar-xattr.h"

#include "image/tar-pax.h"
#include "image/whiteout.h"

#include <string.h>

#define CAPABILITY "security.capability"

static bool has_prefix(const char *s, const char *prefix)
{
        return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool tar_xattr_is_wanted(const TarXattr *x)
{
        if (has_prefix(x->name, OVERLAY_PREFIX) || has_prefix(x->name, OVERLAY_TRUSTED))
                return false;
        if (has_prefix(x->name, "security."))
                return strcmp(x->name, CAPABILITY) == 0;
        if (strcmp(x->name, ACL_ACCESS) == 0 || strcmp(x->name, ACL_DEFAULT) == 0)
                return x->n > 0;
        return has_prefix(x->name, "user.") || has_prefix(x->name, "trusted.");
}
