/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/tar-pax.h"
#include "image/tree-write.h"
#include "image/whiteout.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define CAPABILITY "security.capability"

static bool has_prefix(const char *s, const char *prefix)
{
        return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* What means something to a machine: not overlay's marks, with which an archive could hide or fake
 * files of other layers, nor what belongs to the host's security modules. */
static bool is_wanted(const TarXattr *x)
{
        if (has_prefix(x->name, OVERLAY_PREFIX) || has_prefix(x->name, OVERLAY_TRUSTED))
                return false;
        if (has_prefix(x->name, "security."))
                return strcmp(x->name, CAPABILITY) == 0;
        if (strcmp(x->name, ACL_ACCESS) == 0 || strcmp(x->name, ACL_DEFAULT) == 0)
                return x->n > 0;
        return has_prefix(x->name, "user.") || has_prefix(x->name, "trusted.");
}

static int set_xattr(TreeWriter *w, int fd, const TarEntry *e, const TarXattr *x, Fault *reterr)
{
        if (!is_wanted(x)) {
                w->result->n_xattrs_dropped++;
                return 0;
        }
        if (fsetxattr(fd, x->name, x->value, x->n, 0) >= 0) {
                if (strcmp(x->name, ACL_DEFAULT) == 0)
                        w->cursor.default_acl = true;
                return 0;
        }
        if (errno == EPERM && has_prefix(x->name, "trusted.")) { /* root's of the host only */
                w->result->n_xattrs_dropped++;
                return 0;
        }
        return tar_fault(reterr, errno, e->path, "cannot have its attribute '%.40s': %s", x->name,
                         strerror(errno));
}

static bool owner_is_right(const TreeWriter *w, const TarEntry *e, const TreeLevel *parent)
{
        return parent && !parent->setgid && e->uid == w->uid && e->gid == w->gid;
}

int tree_attributes(TreeWriter *w, int fd, const TarEntry *e, const TreeLevel *parent,
                    Fault *reterr)
{
        const struct timespec times[2] = {e->mtime, e->mtime};

        if (parent && parent->default_acl) {
                (void)fremovexattr(fd, ACL_ACCESS); /* there may be none */
                (void)fremovexattr(fd, ACL_DEFAULT);
        }
        /* in this order: chown takes setuid and the capabilities away, and chmod changes the ACL's
         * mask */
        if ((!owner_is_right(w, e, parent) && fchown(fd, (uid_t)e->uid, (gid_t)e->gid) < 0) ||
            fchmod(fd, e->mode) < 0)
                return tar_fault(reterr, errno, e->path, "cannot have its owner or mode: %s",
                                 strerror(errno));
        for (size_t i = 0; i < e->n_xattrs; i++) {
                int r = set_xattr(w, fd, e, &e->xattrs[i], reterr);
                if (r < 0)
                        return r;
        }
        if (e->type != TAR_DIRECTORY && futimens(fd, times) < 0)
                return tar_fault(reterr, errno, e->path, "cannot have its time: %s",
                                 strerror(errno));
        return 0;
}

int tree_attributes_at(TreeWriter *w, const TreeLevel *parent, const char *name, const TarEntry *e,
                       Fault *reterr)
{
        const struct timespec times[2] = {e->mtime, e->mtime};

        /* of a node these cannot be set without opening it; Linux has no user.* attributes on it */
        w->result->n_xattrs_dropped += e->n_xattrs;
        if (fchownat(parent->fd, name, (uid_t)e->uid, (gid_t)e->gid, AT_SYMLINK_NOFOLLOW) < 0 ||
            (e->type != TAR_SYMLINK && fchmodat(parent->fd, name, e->mode, 0) < 0))
                return tar_fault(reterr, errno, e->path, "cannot have its owner or mode: %s",
                                 strerror(errno));
        if (utimensat(parent->fd, name, times, AT_SYMLINK_NOFOLLOW) < 0)
                return tar_fault(reterr, errno, e->path, "cannot have its time: %s",
                                 strerror(errno));
        return 0;
}
