/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/layer-trees.h"

#include "import/layer-place.h"

int layer_in_trees(Job *job, const LayerPackArgs *trees, ProgressItem *item, LayerResult *ret,
                   Fault *reterr)
{
        _cleanup_layer_place_ LayerPlace p = {.layers_fd = -EBADF, .fd = -EBADF};
        LayerUnpackArgs to = {.n_bytes_max = job->limit_bytes,
                              .n_entries_max = job->limit_entries,
                              .sync = true,
                              .control = trees->control};

        int r = layer_place_make(job, &p, reterr);
        to.dirfd = p.fd;
        if (r >= 0) {
                progress_item_set_phase(item, "copying");
                r = layer_build(trees, &to, ret, reterr);
        }
        if (r >= 0)
                r = layer_place_settle(job, &p, ret, reterr);
        progress_item_set_phase(item, r < 0 ? "failed" : "done");
        return r;
}
