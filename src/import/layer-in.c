/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/layer-in.h"

#include "import/layer-place.h"

#include <string.h>

static int unpack(Job *job, const LayerIn *in, int dirfd, LayerResult *ret, Fault *reterr)
{
        LayerUnpackArgs args = {
                .source = in->source,
                .compression = in->compression,
                .digest = in->digest,
                .size = in->size,
                .diff_id = in->diff_id,
                .dirfd = dirfd,
                .n_bytes_max = job->limit_bytes,
                .n_entries_max = job->limit_entries,
                .sync = true,
                .control = in->control,
        };
        _cleanup_fault_ Fault fault = {0};

        int r = layer_unpack(&args, ret, &fault);
        if (r >= 0)
                return 0;
        const char *name = in->diff_id ?: in->digest;
        if (fault.code == FAULT_NONE || !name)
                return fault.code ? fault_set(reterr, fault.code, r, "%s", fault.message) : r;
        FaultCode code = fault.code == FAULT_FAILED ? FAULT_IMPORT_FAILED : fault.code;
        return fault_set(reterr, code, r, "layer %.19s: %s", name, fault.message ?: strerror(-r));
}

int layer_in(Job *job, const LayerIn *in, LayerResult *ret, Fault *reterr)
{
        _cleanup_layer_place_ LayerPlace p = {.layers_fd = -EBADF, .fd = -EBADF};

        int r = layer_place_make(job, &p, reterr);
        if (r >= 0) {
                progress_item_set_phase(in->item, "unpacking");
                r = unpack(job, in, p.fd, ret, reterr);
        }
        if (r >= 0)
                r = layer_place_settle(job, &p, ret, reterr);
        progress_item_set_phase(in->item, r < 0 ? "failed" : "done");
        return r;
}

char *layer_dropped(const LayerResult *results, size_t n)
{
        uint64_t n_nodes = 0, n_xattrs = 0;
        char *text = NULL;

        for (size_t i = 0; i < n; i++) {
                n_nodes += results[i].n_nodes_dropped;
                n_xattrs += results[i].n_xattrs_dropped;
        }
        if (n_nodes == 0 && n_xattrs == 0)
                return NULL;
        if (asprintf(&text, "left out: %llu device nodes, %llu extended attributes",
                     (unsigned long long)n_nodes, (unsigned long long)n_xattrs) < 0)
                return NULL;
        return text;
}
