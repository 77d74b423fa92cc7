/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/whiteout.h"

#include "image/tar-entry.h"

#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>

static bool has_prefix(const char *s, const char *prefix)
{
        return strncmp(s, prefix, strlen(prefix)) == 0;
}

int whiteout_kind(const char *path, const char **ret_name, Fault *reterr)
{
        const char *name = path;

        for (const char *slash; (slash = strchr(name, '/')); name = slash + 1) {
                if (has_prefix(name, WHITEOUT_META))
                        return WHITEOUT_OTHER;
                if (has_prefix(name, WHITEOUT_PREFIX))
                        return tar_fault(reterr, EINVAL, path, "lies below a whiteout");
        }
        if (strcmp(name, WHITEOUT_OPAQUE) == 0)
                return WHITEOUT_DIR;
        if (has_prefix(name, WHITEOUT_META))
                return WHITEOUT_OTHER;
        if (!has_prefix(name, WHITEOUT_PREFIX))
                return WHITEOUT_NONE;
        name += strlen(WHITEOUT_PREFIX);
        if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
                return tar_fault(reterr, EINVAL, path, "is a whiteout of nothing");
        *ret_name = name;
        return WHITEOUT_NAME;
}

int whiteout_make(int dirfd, const char *name)
{
        if (mknodat(dirfd, name, S_IFCHR, 0) >=
            0) /* root's, as in an overlay's own upper directory */
                return fchownat(dirfd, name, 0, 0, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
        if (errno != EEXIST)
                return -errno;
        /* It acts on the layers below only, whose directory would show through ours. */
        _cleanup_close_ int fd =
                openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOTDIR || errno == ELOOP ? 0 : -errno;
        return whiteout_make_opaque(fd);
}

int whiteout_make_opaque(int fd)
{
        return fsetxattr(fd, OVERLAY_OPAQUE, "y", 1, 0) < 0 ? -errno : 0;
}
