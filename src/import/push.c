/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* push: an image of the store, given to a registry. Compressed layers are not kept, so one that the
 * registry has not got is written and compressed again, under another digest; the configuration,
 * and with it the image's identity, stays what it was. */
#include "base/text.h"
#include "image/oci-config.h"
#include "image/oci-write.h"
#include "import/layer-out.h"
#include "import/operations.h"
#include "import/parallel.h"
#include "import/remote-image.h"
#include "spec/image-record.h"

#include <string.h>

#define JSON_MAX (4U << 20)

typedef struct PushedLayer {
        const char *diff_id;
        OciDescriptor descriptor; /* as it will be; media_type and digest are not owned */
        char digest[DIGEST_TEXT_MAX];
        ProgressItem *item;
        LayerControl control;
        bool sent;
} PushedLayer;

typedef struct Push {
        Job *job;
        RemoteImage remote;
        ImageRecord record;
        OciDocument document; /* a manifest */
        OciConfig config;
        char *manifest_text, *config_text;
        size_t n_manifest, n_config;
        Compression compression;
        PushedLayer *layers;
        size_t n_layers;
} Push;

static void push_done(Push *p)
{
        remote_image_done(&p->remote);
        image_record_done(&p->record);
        oci_document_done(&p->document);
        oci_config_done(&p->config);
        free(p->manifest_text);
        free(p->config_text);
        free(p->layers);
}
#define _cleanup_push_ _cleanup_(push_done)

/* ---- what is to be pushed ---- */

static int read_image(Push *p, Fault *reterr)
{
        const char *text = order_get(p->job->order, "record");
        int r = image_record_parse("the image's record", text, strlen(text), &p->record, reterr);

        if (r < 0)
                return r;
        if (!p->record.digest)
                return fault_set(reterr, FAULT_NOT_SUPPORTED, EOPNOTSUPP,
                                 "image '%s' has no manifest", p->record.name);
        r = job_read_blob(p->job, p->record.digest, JSON_MAX, &p->manifest_text, &p->n_manifest,
                          reterr);
        if (r >= 0)
                r = oci_document_parse(p->manifest_text, p->n_manifest, NULL, &p->document, reterr);
        if (r >= 0 && p->document.kind != OCI_DOCUMENT_MANIFEST)
                return fault_set(reterr, FAULT_PULL_FAILED, EBADMSG, "its manifest is an index");
        if (r >= 0)
                r = job_read_blob(p->job, p->document.manifest.config.digest, JSON_MAX,
                                  &p->config_text, &p->n_config, reterr);
        if (r >= 0)
                r = oci_config_parse(p->config_text, p->n_config, &p->config, reterr);
        return r < 0 ? r : oci_check_layers(&p->document.manifest, &p->config, reterr);
}

static int read_compression(Push *p, Fault *reterr)
{
        const char *name = order_get(p->job->order, "compression");

        p->compression = streq(name, "zstd") ? COMPRESSION_ZSTD : COMPRESSION_GZIP;
        if (!name || !*name || streq(name, "gzip") || streq(name, "zstd"))
                return 0;
        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                         "Compression is gzip or zstd, not '%s'", name);
}

static int make_layers(Push *p)
{
        const OciManifest *m = &p->document.manifest;

        p->n_layers = m->n_layers;
        p->layers = calloc(m->n_layers + 1, sizeof(*p->layers));
        if (!p->layers)
                return -ENOMEM;
        for (size_t i = 0; i < m->n_layers; i++) {
                p->layers[i].diff_id = p->config.diff_ids[i];
                p->layers[i].descriptor = m->layers[i];
                p->layers[i].item =
                        progress_add_item(p->job->progress, m->layers[i].digest, m->layers[i].size);
        }
        return 0;
}

/* The same layer a second time in an image; it comes from the first. */
static const PushedLayer *earlier(const Push *p, size_t i)
{
        for (size_t k = 0; k < i; k++)
                if (streq(p->layers[k].diff_id, p->layers[i].diff_id))
                        return &p->layers[k];
        return NULL;
}

/* ---- blobs ---- */

/* Return: 1 the registry has it now; 0 it must be sent. */
static int is_there(Push *p, Http *h, const char *digest, Fault *reterr)
{
        int r = registry_has_blob(p->remote.registry, h, digest, reterr);

        return r != 0 ? r : registry_mount_blob(p->remote.registry, h, digest, reterr);
}

typedef struct Upload {
        const LayerOut *out;
        ProgressItem *item;
        int error;
} Upload;

static ssize_t give_file(void *userdata, uint64_t offset, void *buf, size_t n)
{
        Upload *u = userdata;
        ssize_t k = pread(u->out->fd, buf, n, (off_t)offset);

        if (k <= 0)
                u->error = k < 0 ? -errno : -EIO;
        else
                progress_item_set(u->item, offset + (uint64_t)k);
        return k > 0 ? k : -EIO;
}

static const char *layer_type(const Push *p)
{
        bool docker = p->document.manifest.docker;

        if (p->compression == COMPRESSION_ZSTD)
                return docker ? DOCKER_TYPE_LAYER_ZSTD : OCI_TYPE_LAYER_ZSTD;
        return docker ? DOCKER_TYPE_LAYER : OCI_TYPE_LAYER_GZIP;
}

static int send_layer(Push *p, Http *h, PushedLayer *l, const LayerOut *out, Fault *reterr)
{
        Upload u = {.out = out, .item = l->item};

        progress_item_set_phase(l->item, "uploading");
        int r = registry_put_blob(p->remote.registry, h,
                                  &(RegistryUpload){.digest = out->digest,
                                                    .size = out->size,
                                                    .what = "layer",
                                                    .source = give_file,
                                                    .source_data = &u},
                                  reterr);
        return u.error < 0 ? job_fault(reterr, u.error, "cannot read a temporary file") : r;
}

static int repack_layer(Push *p, Http *h, PushedLayer *l, Fault *reterr)
{
        _cleanup_layer_out_ LayerOut out = {.fd = -EBADF};

        progress_item_set_phase(l->item, "packing");
        int r = layer_out(p->job, l->diff_id, p->compression, &l->control, &out, reterr);
        if (r < 0)
                return r;
        progress_item_set_total(l->item, out.size);
        memcpy(l->digest, out.digest, sizeof(l->digest));
        l->descriptor.digest = l->digest;
        l->descriptor.size = out.size;
        l->descriptor.media_type = (char *)layer_type(p);
        r = is_there(p, h, l->digest, reterr); /* of an earlier push, perhaps */
        if (r == 0) {
                l->sent = true;
                r = send_layer(p, h, l, &out, reterr);
        }
        return r < 0 ? r : 0;
}

static int push_one(Push *p, Http *h, PushedLayer *l, Fault *reterr)
{
        int r = is_there(p, h, l->descriptor.digest, reterr);

        if (r == 0)
                r = repack_layer(p, h, l, reterr);
        if (r < 0)
                return r;
        progress_item_set(l->item, l->descriptor.size);
        progress_item_set_phase(l->item, l->sent ? "done" : "exists");
        return 0;
}

static int push_layer(void *userdata, size_t i, Fault *reterr)
{
        Push *p = userdata;
        _cleanup_fault_ Fault fault = {0};

        if (earlier(p, i))
                return 0;
        Http *h = registry_http(p->remote.registry);
        if (!h)
                return -ENOMEM;
        int r = push_one(p, h, &p->layers[i], &fault);
        registry_http_done(p->remote.registry, h);
        return r < 0 ? remote_image_fault(&p->remote, FAULT_PULL_FAILED, r, &fault, reterr) : 0;
}

static void cancel(void *userdata)
{
        Push *p = userdata;

        p->remote.stop = true;
        for (size_t i = 0; i < p->n_layers; i++)
                p->layers[i].control.cancelled = true;
}

static int push_layers(Push *p, Fault *reterr)
{
        ParallelWork work = {.n = p->n_layers, .run = push_layer, .cancel = cancel, .userdata = p};

        progress_set_phase(p->job->progress, "uploading");
        int r = parallel_run(&work, reterr);
        for (size_t i = 0; r >= 0 && i < p->n_layers; i++) {
                const PushedLayer *first = earlier(p, i);

                if (first)
                        p->layers[i].descriptor = first->descriptor;
        }
        return r;
}

static ssize_t give_text(void *userdata, uint64_t offset, void *buf, size_t n)
{
        memcpy(buf, (const char *)userdata + offset, n);
        return (ssize_t)n;
}

static int push_config(Push *p, Http *h, Fault *reterr)
{
        const char *digest = p->document.manifest.config.digest;
        int r = is_there(p, h, digest, reterr);

        if (r != 0)
                return r;
        return registry_put_blob(p->remote.registry, h,
                                 &(RegistryUpload){.digest = digest,
                                                   .size = p->n_config,
                                                   .what = "configuration",
                                                   .source = give_text,
                                                   .source_data = p->config_text},
                                 reterr);
}

/* ---- the manifest ---- */

/* Verbatim if every layer is what it was, so that its digest is what it was, too. */
static int make_manifest(const Push *p, char **ret, size_t *ret_n)
{
        const OciManifest *m = &p->document.manifest;
        _cleanup_free_ OciDescriptor *layers = calloc(p->n_layers + 1, sizeof(*layers));
        OciManifest changed = {.config = m->config,
                               .layers = layers,
                               .n_layers = p->n_layers,
                               .docker = m->docker};
        bool same = true;

        if (!layers)
                return -ENOMEM;
        for (size_t i = 0; i < p->n_layers; i++) {
                layers[i] = p->layers[i].descriptor;
                same = same && streq(layers[i].digest, m->layers[i].digest);
        }
        *ret = same ? strndup(p->manifest_text, p->n_manifest) : oci_manifest_format(&changed);
        if (!*ret)
                return -ENOMEM;
        *ret_n = same ? p->n_manifest : strlen(*ret);
        return 0;
}

static int push_manifest(Push *p, Http *h, JobResult *ret, Fault *reterr)
{
        _cleanup_free_ char *text = NULL;
        char digest[DIGEST_TEXT_MAX];
        size_t n = 0;
        unsigned n_sent = 0;

        progress_set_phase(p->job->progress, "finishing");
        int r = make_manifest(p, &text, &n);
        if (r >= 0)
                r = registry_put_manifest(p->remote.registry, h,
                                          p->document.manifest.docker ? DOCKER_TYPE_MANIFEST
                                                                      : OCI_TYPE_MANIFEST,
                                          text, n, reterr);
        if (r >= 0)
                r = digest_of(text, n, digest);
        if (r < 0)
                return r;
        for (size_t i = 0; i < p->n_layers; i++)
                n_sent += p->layers[i].sent;
        ret->digest = strdup(digest);
        if (!ret->digest ||
            asprintf(&ret->message, "%u of %zu layers sent, the others were there already", n_sent,
                     p->n_layers) < 0)
                return -ENOMEM;
        return 0;
}

static int push_image(Push *p, JobResult *ret, Fault *reterr)
{
        int r = make_layers(p);

        if (r >= 0)
                r = push_layers(p, reterr);
        Http *h = r >= 0 ? registry_http(p->remote.registry) : NULL;
        if (r >= 0)
                r = h ? push_config(p, h, reterr) : -ENOMEM;
        if (r >= 0)
                r = push_manifest(p, h, ret, reterr);
        registry_http_done(p->remote.registry, h);
        return r;
}

int op_push(Job *job, JobResult *ret, Fault *reterr)
{
        _cleanup_push_ Push p = {.job = job};
        _cleanup_fault_ Fault fault = {0};

        int r = read_image(&p, reterr);
        if (r >= 0)
                r = read_compression(&p, reterr);
        if (r >= 0)
                r = remote_image_push(job, p.record.source, &p.remote, reterr);
        if (r < 0)
                return r;
        r = push_image(&p, ret, &fault);
        return r < 0 ? remote_image_fault(&p.remote, FAULT_PULL_FAILED, r, &fault, reterr) : 0;
}
