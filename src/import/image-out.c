/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/image-out.h"

#include "base/text.h"
#include "image/oci-write.h"
#include "import/parallel.h"

#include <string.h>

#define JSON_MAX (4U << 20)

void image_out_done(ImageOut *i)
{
        for (size_t k = 0; k < i->packed.n_layers; k++)
                layer_out_done(&i->files[k]);
        free(i->packed.layers);
        free(i->files);
        image_record_done(&i->record);
        free(i->config);
        free(i->manifest);
        oci_config_done(&i->parsed);
        oci_document_done(&i->document);
        *i = (ImageOut){0};
}

int image_out_open(Job *job, const char *record, ImageOut *ret, Fault *reterr)
{
        *ret = (ImageOut){0};
        progress_set_phase(job->progress, "reading");
        int r = image_record_parse("record", record, strlen(record), &ret->record, reterr);
        if (r >= 0 && (!ret->record.digest || !ret->record.config_digest))
                r = fault_set(reterr, FAULT_FAILED, EBADMSG,
                              "the image's record names no manifest and configuration");
        if (r >= 0)
                r = job_read_blob(job, ret->record.digest, JSON_MAX, &ret->manifest,
                                  &ret->n_manifest, reterr);
        if (r >= 0)
                r = job_read_blob(job, ret->record.config_digest, JSON_MAX, &ret->config,
                                  &ret->n_config, reterr);
        if (r >= 0)
                r = oci_document_parse(ret->manifest, ret->n_manifest, NULL, &ret->document,
                                       reterr);
        if (r >= 0)
                r = oci_config_parse(ret->config, ret->n_config, &ret->parsed, reterr);
        return r < 0 ? r : oci_check_layers(&ret->document.manifest, &ret->parsed, reterr);
}

/* ---- packing ---- */

typedef struct Packing {
        Job *job;
        ImageOut *image;
        Compression compression;
        ProgressItem **items;
} Packing;

static const char *type_of(Compression c)
{
        switch (c) {
        case COMPRESSION_GZIP: return OCI_TYPE_LAYER_GZIP;
        case COMPRESSION_ZSTD: return OCI_TYPE_LAYER_ZSTD;
        default: return OCI_TYPE_LAYER;
        }
}

int image_out_reserve(ImageOut *image, size_t n)
{
        image->packed.layers = calloc(n, sizeof(*image->packed.layers));
        image->files = calloc(n, sizeof(*image->files));
        if (!image->packed.layers || !image->files)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                image->files[i].fd = -EBADF;
        image->packed.n_layers = n;
        return 0;
}

void image_out_describe(ImageOut *image, size_t i, Compression compression)
{
        image->packed.layers[i] = (OciDescriptor){
                .media_type = (char *)type_of(compression),
                .digest = image->files[i].digest,
                .size = image->files[i].size,
        };
}

static int pack_one(void *userdata, size_t i, Fault *reterr)
{
        Packing *p = userdata;
        ImageOut *image = p->image;
        LayerControl control = {0};

        progress_item_set_phase(p->items[i], "packing");
        progress_item_follow(p->items[i], &control.n_out);
        int r = layer_out(p->job, image->parsed.diff_ids[i], p->compression, &control,
                          &image->files[i], reterr);
        progress_item_follow(p->items[i], NULL);
        progress_item_set_phase(p->items[i], r < 0 ? "failed" : "packed");
        if (r >= 0)
                image_out_describe(image, i, p->compression);
        return r;
}

int image_out_pack(Job *job, ImageOut *image, Compression compression, Fault *reterr)
{
        size_t n = image->document.manifest.n_layers;
        _cleanup_free_ ProgressItem **items = calloc(n, sizeof(ProgressItem *));
        Packing packing = {job, image, compression, items};
        ParallelWork work = {n, pack_one, NULL, &packing};

        progress_set_phase(job->progress, "packing");
        if (!items || image_out_reserve(image, n) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                uint64_t size = 0;

                (void)layer_out_size(job, image->parsed.diff_ids[i], &size); /* then not known */
                items[i] = progress_add_item(job->progress, image->parsed.diff_ids[i], size);
        }
        image->packed.config = image->document.manifest.config;
        return parallel_run(&work, reterr);
}

int image_out_manifest(const ImageOut *image, char **ret, size_t *ret_n)
{
        const OciManifest *old = &image->document.manifest, *new = &image->packed;
        bool same = old->n_layers == new->n_layers;

        for (size_t i = 0; i < new->n_layers &&same; i++)
                same = streq(old->layers[i].digest, new->layers[i].digest);
        OciManifest m = *new;
        m.config.media_type = (char *)OCI_TYPE_CONFIG;
        *ret = same ? strndup(image->manifest, image->n_manifest) : oci_manifest_format(&m);
        if (!*ret)
                return -ENOMEM;
        *ret_n = strlen(*ret); /* JSON has no NUL in it */
        return 0;
}
