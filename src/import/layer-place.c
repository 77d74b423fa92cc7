/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/layer-place.h"

#include "base/io.h"
#include "base/names.h"
#include "import/layer-in.h"
#include "import/made-layers.h"
#include "spec/reference.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>

void layer_place_done(LayerPlace *p)
{
        p->fd = close_fd(p->fd);
        p->layers_fd = close_fd(p->layers_fd);
}

int layer_place_make(Job *job, LayerPlace *p, Fault *reterr)
{
        static atomic_uint counter;

        (void)snprintf(p->name, sizeof(p->name), ".#%u", atomic_fetch_add(&counter, 1));
        if (mkdirat(job->incoming_fd, "layers", 0700) < 0 && errno != EEXIST)
                return job_fault(reterr, errno, "cannot make a directory for layers");
        p->layers_fd =
                openat(job->incoming_fd, "layers", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (p->layers_fd < 0 || mkdirat(p->layers_fd, p->name, 0700) < 0)
                return job_fault(reterr, errno, "cannot make a directory for a layer");
        p->fd = openat(p->layers_fd, p->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        /* for all: a machine's root, who is not its owner, mounts what is in it */
        if (p->fd < 0 || fchmod(p->fd, 0755) < 0)
                return job_fault(reterr, errno, "cannot open the directory of a layer");
        return 0;
}

static int write_number(const LayerPlace *p, const char *name, uint64_t number)
{
        char text[32];

        int n = snprintf(text, sizeof(text), "%llu\n", (unsigned long long)number);
        return write_file_atomic_at(p->fd, name, text, (size_t)n, 0600);
}

static int write_notes(const LayerPlace *p, const LayerResult *result)
{
        int r = write_number(p, LAYER_SIZE_FILE, result->n_bytes);

        if (r >= 0)
                r = write_number(p, LAYER_TAR_SIZE_FILE, result->n_tar);
        if (r >= 0 && result->opaque_root)
                r = write_file_atomic_at(p->fd, LODGE_LAYER_OPAQUE, "", 0, 0600);
        return r;
}

int layer_place_settle(Job *job, LayerPlace *p, const LayerResult *result, Fault *reterr)
{
        _cleanup_free_ char *name = digest_file_name(result->diff_id);

        int r = name ? write_notes(p, result) : -ENOMEM;
        if (r < 0)
                return job_fault(reterr, r, "cannot complete layer %s", result->diff_id);
        if (renameat(p->layers_fd, p->name, p->layers_fd, name) < 0) {
                if (errno != EEXIST && errno != ENOTEMPTY)
                        return job_fault(reterr, errno, "cannot name layer %s", result->diff_id);
                return 0; /* the other one does; lodged sweeps this one */
        }
        if (fsync(p->layers_fd) < 0)
                return job_fault(reterr, errno, "cannot write layer %s to the disk",
                                 result->diff_id);
        return made_layers_add(job, result->diff_id, p->fd, reterr);
}
