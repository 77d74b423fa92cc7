/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/image-layers.h"

#include "base/text.h"
#include "import/layer-in.h"
#include "import/parallel.h"

#include <string.h>

typedef struct Layers {
        Job *job;
        const Bundle *archive;
        BundleLayer *layers;
        LayerControl *controls; /* one for each layer */
        ProgressItem **items;
        size_t n;
} Layers;

static bool is_needed(const Layers *all, size_t i)
{
        if (order_has_layer(all->job->order, all->layers[i].diff_id))
                return false;
        for (size_t k = 0; k < i; k++) /* the same twice */
                if (streq(all->layers[k].diff_id, all->layers[i].diff_id))
                        return false;
        return true;
}

static int unpack_one(void *userdata, size_t i, Fault *reterr)
{
        Layers *all = userdata;
        BundleLayer *l = &all->layers[i];
        _cleanup_bundle_file_ BundleFile file = {.fd = -EBADF};

        if (!is_needed(all, i))
                return 0;
        int r = bundle_open(all->archive, l->path, NULL, &file, reterr);
        if (r < 0)
                return r;
        if (l->size && file.size != l->size)
                return fault_set(reterr, FAULT_IMPORT_FAILED, EBADMSG,
                                 "layer %.19s has %llu bytes, not the %llu that the manifest says",
                                 l->diff_id, (unsigned long long)file.size,
                                 (unsigned long long)l->size);
        LayerIn in = {
                .source = bundle_source(&file),
                .compression = l->compression,
                .digest = l->digest,
                .size = file.size,
                .diff_id = l->diff_id,
                .item = all->items[i],
                .control = &all->controls[i],
        };
        progress_item_follow(all->items[i], &all->controls[i].n_in);
        r = layer_in(all->job, &in, &l->result, reterr);
        progress_item_follow(all->items[i], NULL);
        return r;
}

static void cancel_all(void *userdata)
{
        Layers *all = userdata;

        for (size_t i = 0; i < all->n; i++)
                all->controls[i].cancelled = true;
}

static void add_items(Layers *all)
{
        for (size_t i = 0; i < all->n; i++) {
                _cleanup_bundle_file_ BundleFile file = {.fd = -EBADF};
                const BundleLayer *l = &all->layers[i];

                if (is_needed(all, i) && bundle_open(all->archive, l->path, NULL, &file, NULL) >= 0)
                        all->items[i] =
                                progress_add_item(all->job->progress, l->diff_id, file.size);
        }
}

int image_layers_in(Job *job, const Bundle *archive, BundleLayer *layers, size_t n, Fault *reterr)
{
        _cleanup_free_ LayerControl *controls = calloc(n + 1, sizeof(*controls));
        _cleanup_free_ ProgressItem **items = calloc(n + 1, sizeof(ProgressItem *));
        Layers all = {job, archive, layers, controls, items, n};
        ParallelWork work = {n, unpack_one, cancel_all, &all};

        if (!controls || !items)
                return -ENOMEM;
        progress_set_phase(job->progress, "unpacking");
        add_items(&all);
        return parallel_run(&work, reterr);
}

uint64_t image_layers_size(const BundleLayer *layers, size_t n, char **ret_message)
{
        _cleanup_free_ LayerResult *results = calloc(n + 1, sizeof(*results));
        uint64_t n_bytes = 0;

        for (size_t i = 0; i < n; i++) {
                n_bytes += layers[i].result.n_bytes;
                if (results)
                        results[i] = layers[i].result;
        }
        *ret_message = results ? layer_dropped(results, n) : NULL;
        return n_bytes;
}
