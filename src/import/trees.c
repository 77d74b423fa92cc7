/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/trees.h"

#include "base/names.h"
#include "base/text.h"
#include "import/layer-in.h"

#include <fcntl.h>

const char *const trees_left_out[] = {LODGE_GUEST_MACHINE_ID, LODGE_GUEST_HOSTNAME,
                                      LODGE_GUEST_HOSTS, LODGE_GUEST_RESOLV, NULL};

int trees_push(Trees *t, int fd)
{
        int *fds = reallocarray(t->fds, t->n + 1, sizeof(*fds));

        if (!fds)
                return -ENOMEM;
        fds[t->n++] = fd;
        t->fds = fds;
        return 0;
}

void trees_done(Trees *t)
{
        for (size_t i = 0; i < t->n; i++)
                (void)close_fd(t->fds[i]);
        free(t->fds);
        *t = (Trees){0};
}

int trees_open(const char *path, Fault *reterr)
{
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? job_fault(reterr, errno, "cannot open %s", path) : fd;
}

int trees_push_path(Trees *t, const char *path, Fault *reterr)
{
        _cleanup_close_ int fd = trees_open(path, reterr);
        int r = fd < 0 ? fd : trees_push(t, fd);

        if (r >= 0)
                (void)TAKE_FD(fd);
        return r;
}

int trees_push_fd(Trees *t, int fd, Fault *reterr)
{
        _cleanup_close_ int copy = -EBADF;

        if (fd < 0)
                return 0;
        copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (copy < 0)
                return job_fault(reterr, errno, "cannot open a directory");
        int r = trees_push(t, copy);
        if (r >= 0)
                (void)TAKE_FD(copy);
        return r;
}

int trees_open_layers(const Job *job, char *const *layers, Trees *ret, Fault *reterr)
{
        for (size_t i = strv_length(layers); i > 0; i--) {
                _cleanup_close_ int layer = job_open_layer(job, layers[i - 1], reterr);
                _cleanup_close_ int tree = -EBADF;

                if (layer < 0)
                        return layer;
                tree = openat(layer, LODGE_LAYER_TREE,
                              O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                if (tree < 0)
                        return job_fault(reterr, errno, "cannot open layer %s", layers[i - 1]);
                int r = trees_push(ret, tree);
                if (r < 0)
                        return r;
                (void)TAKE_FD(tree);
                if (faccessat(layer, LODGE_LAYER_OPAQUE, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                        break;
        }
        return 0;
}
