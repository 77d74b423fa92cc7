/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/tar-pax.h"
#include "image/tar-xattr.h"
#include "image/tree-write.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

static int set_xattr(TreeWriter *w, int fd, const TarEntry *e, const TarXattr *x, Fault *reterr)
{
        if (!tar_xattr_is_wanted(x)) {
                w->result->n_xattrs_dropped++;
                return 0;
        }
        if (fsetxattr(fd, x->name, x->value, x->n, 0) >= 0) {
                if (strcmp(x->name, ACL_DEFAULT) == 0)
                        w->cursor.default_acl = true;
                return 0;
        }
        if (errno == EPERM &&
            strncmp(x->name, "trusted.", strlen("trusted.")) == 0) { /* root's of the host only */
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
