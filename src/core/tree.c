/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/tree.h"

#include "base/text.h"
#include "base/tree-init.h"

#include <fcntl.h>
#include <glib.h>
#include <string.h>

static char *path_of_fd(int fd)
{
        char link[64];

        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        return g_file_read_link(link, NULL);
}

int tree_probe(const char *path, Tree *ret, Fault *reterr)
{
        _cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        Tree t = {0};

        if (fd < 0 && errno == ENOTDIR)
                return fault_set(reterr, FAULT_START_FAILED, ENOTDIR,
                                 "%s is not a directory: only directory trees can be started",
                                 path);
        if (fd < 0)
                return fault_set(reterr, FAULT_START_FAILED, errno, "Cannot open %s: %s", path,
                                 strerror(errno));
        t.path = path_of_fd(fd);
        if (!t.path)
                return fault_set(reterr, FAULT_START_FAILED, EIO,
                                 "Cannot tell the real path of %s: is /proc mounted?", path);
        t.init = tree_find_init(fd, &t.init_is_systemd);
        *ret = t;
        return 0;
}

void tree_done(Tree *t)
{
        g_free(t->path);
        *t = (Tree){0};
}
