/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pull: an image of a registry. Its layers are unpacked while they come, a few at a time; what is
 * in the store already does not come. */
#include "base/io.h"
#include "base/names.h"
#include "base/size-text.h"
#include "base/text.h"
#include "image/layer.h"
#include "image/oci-config.h"
#include "image/oci-document.h"
#include "import/image-make.h"
#include "import/layer-in.h"
#include "import/operations.h"
#include "import/parallel.h"
#include "import/remote-image.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/statvfs.h>

#define CONFIG_MAX (4U << 20)
#define PIPE_BYTES (1 << 20)

/* A layer that is to come. */
typedef struct PulledLayer {
        size_t index; /* in manifest and configuration */
        ProgressItem *item;
        LayerControl control;
} PulledLayer;

typedef struct Pull {
        Job *job;
        RemoteImage remote;
        OciPlatform platform; /* that is wanted */
        RegistryManifest manifest;
        OciDocument document; /* a manifest */
        OciConfig config;
        char *config_text;
        PulledLayer *layers;
        LayerResult *results; /* of each of them */
        size_t n_layers;
        struct statvfs room; /* in the store, before they come */
} Pull;

static void pull_done(Pull *p)
{
        remote_image_done(&p->remote);
        oci_platform_done(&p->platform);
        registry_manifest_done(&p->manifest);
        oci_document_done(&p->document);
        oci_config_done(&p->config);
        free(p->config_text);
        free(p->layers);
        free(p->results);
}
#define _cleanup_pull_ _cleanup_(pull_done)

/* ---- which image ---- */

/* A registry that does not know better says one of these of everything. */
static const char *type_of(const RegistryManifest *m, const OciDescriptor *d)
{
        static const char *const vague[] = {"application/json", "application/octet-stream",
                                            "text/plain"};

        if (d && d->media_type)
                return d->media_type;
        for (size_t i = 0; i < ELEMENTSOF(vague); i++)
                if (streq(m->media_type, vague[i]))
                        return NULL;
        return m->media_type;
}

static int get_document(Pull *p, Http *h, const OciDescriptor *d, OciDocument *ret, Fault *reterr)
{
        registry_manifest_done(&p->manifest);
        int r = registry_get_manifest(p->remote.registry, h, d ? d->digest : NULL, &p->manifest,
                                      reterr);
        if (r < 0)
                return r;
        if (d && p->manifest.n != d->size)
                return fault_set(reterr, FAULT_PULL_FAILED, EBADMSG,
                                 "manifest %.19s has %zu bytes, not the %llu that the index says",
                                 d->digest, p->manifest.n, (unsigned long long)d->size);
        return oci_document_parse(p->manifest.text, p->manifest.n, type_of(&p->manifest, d), ret,
                                  reterr);
}

static int fault_platform(const OciIndex *index, const OciPlatform *wanted, Fault *reterr)
{
        _cleanup_free_ char *name = oci_platform_format(wanted), *list = oci_index_platforms(index);

        return fault_set(reterr, FAULT_PULL_FAILED, ENOENT,
                         "there is no image for %s, only for %s; choose another with a platform",
                         name ?: "this host", list ?: "others");
}

/* Down to the manifest for the platform. Digests cannot form a circle; a registry that answers by
 * tag might, so the depth is bounded. */
static int find_manifest(Pull *p, Http *h, Fault *reterr)
{
        _cleanup_oci_document_ OciDocument document = {0};
        int r = get_document(p, h, NULL, &document, reterr);

        for (unsigned depth = 0; r >= 0 && document.kind == OCI_DOCUMENT_INDEX; depth++) {
                OciDocument next = {0};
                const OciDescriptor *d = oci_index_choose(&document.index, &p->platform);

                if (!d)
                        return fault_platform(&document.index, &p->platform, reterr);
                if (depth >= OCI_INDEX_DEPTH)
                        return fault_set(reterr, FAULT_PULL_FAILED, ELOOP,
                                         "its indexes are nested deeper than %d", OCI_INDEX_DEPTH);
                r = get_document(p, h, d, &next, reterr);
                oci_document_done(&document);
                document = next;
        }
        if (r < 0)
                return r;
        p->document = document;
        document = (OciDocument){0};
        return 0;
}

static int get_config(Pull *p, Http *h, Fault *reterr)
{
        const OciDescriptor *d = &p->document.manifest.config;
        const RegistryBlob blob = {.digest = d->digest, .size = d->size, .what = "configuration"};

        int r = registry_get_small_blob(p->remote.registry, h, &blob, CONFIG_MAX, &p->config_text,
                                        reterr);
        if (r >= 0)
                r = oci_config_parse(p->config_text, d->size, &p->config, reterr);
        return r < 0 ? r : oci_check_layers(&p->document.manifest, &p->config, reterr);
}

static int find_image(Pull *p, Fault *reterr)
{
        Http *h = registry_http(p->remote.registry);

        if (!h)
                return -ENOMEM;
        int r = oci_platform_parse(order_get(p->job->order, "platform"), &p->platform, reterr);
        if (r >= 0)
                r = find_manifest(p, h, reterr);
        if (r >= 0)
                r = get_config(p, h, reterr);
        registry_http_done(p->remote.registry, h);
        return r;
}

/* ---- its layers ---- */

/* One layer on its way: the download writes into a pipe that is unpacked from. */
typedef struct Stream {
        Pull *pull;
        const OciDescriptor *layer;
        ProgressItem *item;
        int fd; /* the end that is written to */
        Fault fault;
        int result;
        bool unpacking_failed; /* nobody reads any more */
} Stream;

static int on_bytes(void *userdata, const void *data, size_t n, Fault *reterr)
{
        Stream *s = userdata;
        int r = write_all(s->fd, data, n);

        s->unpacking_failed = r == -EPIPE;
        progress_item_add(s->item, r < 0 ? 0 : n);
        return r;
}

static void *download(void *userdata)
{
        Stream *s = userdata;
        Registry *registry = s->pull->remote.registry;
        Http *h = registry_http(registry);
        const RegistryBlob blob = {.digest = s->layer->digest,
                                   .size = s->layer->size,
                                   .what = "layer",
                                   .sink = {on_bytes, s}};

        s->result = h ? registry_get_blob(registry, h, &blob, &s->fault) : -ENOMEM;
        registry_http_done(registry, h);
        s->fd = close_fd(s->fd); /* tells the other end */
        return NULL;
}

/* Return: of unpacking, while another thread downloads; @reterr likewise. */
static int unpack(Pull *p, size_t i, Stream *s, int fd, Fault *reterr)
{
        _cleanup_fd_source_ FdSource source = {0};
        LayerIn in = {
                .source = fd_source(&source, fd, &p->layers[i].control),
                .digest = s->layer->digest,
                .size = s->layer->size,
                .diff_id = p->config.diff_ids[p->layers[i].index],
                .item = s->item,
                .control = &p->layers[i].control,
        };
        int r = compression_of_media_type(s->layer->media_type, &in.compression, reterr);

        return r < 0 ? r : layer_in(p->job, &in, &p->results[i], reterr);
}

static int transfer(Pull *p, size_t i, Stream *s, int fds[2], Fault *reterr)
{
        pthread_t thread;

        (void)fcntl(fds[0], F_SETPIPE_SZ, PIPE_BYTES); /* less is slower, no more */
        progress_item_set_phase(s->item, "downloading");
        int r = -pthread_create(&thread, NULL, download, s);
        if (r < 0)
                return fault_set(reterr, FAULT_PULL_FAILED, r, "cannot start a thread: %s",
                                 strerror(-r));
        fds[1] = -EBADF; /* closed by the thread */
        r = unpack(p, i, s, fds[0], reterr);
        fds[0] = close_fd(fds[0]); /* a download that still writes ends by that */
        (void)pthread_join(thread, NULL);
        return r;
}

static int fetch_layer(void *userdata, size_t i, Fault *reterr)
{
        Pull *p = userdata;
        Stream s = {.pull = p,
                    .layer = &p->document.manifest.layers[p->layers[i].index],
                    .item = p->layers[i].item,
                    .fd = -EBADF};
        _cleanup_fault_ Fault unpacking = {0};
        int fds[2];

        if (pipe2(fds, O_CLOEXEC) < 0)
                return fault_set(reterr, FAULT_PULL_FAILED, errno, "cannot make a pipe: %s",
                                 strerror(errno));
        s.fd = fds[1];
        int r = transfer(p, i, &s, fds, &unpacking);
        fds[0] = close_fd(fds[0]);
        fds[1] = close_fd(fds[1]);
        /* what was downloaded short cannot be unpacked: the first cause counts */
        if (s.result < 0 && !s.unpacking_failed)
                r = remote_image_fault(&p->remote, FAULT_PULL_FAILED, s.result, &s.fault, reterr);
        else if (r < 0)
                r = remote_image_fault(&p->remote, FAULT_PULL_FAILED, r, &unpacking, reterr);
        fault_done(&s.fault);
        return r;
}

static void cancel(void *userdata)
{
        Pull *p = userdata;

        p->remote.stop = true;
        for (size_t i = 0; i < p->n_layers; i++)
                p->layers[i].control.cancelled = true;
}

/* A second time in the same image? */
static bool is_repeated(const Pull *p, size_t i)
{
        for (size_t k = 0; k < i; k++)
                if (streq(p->config.diff_ids[k], p->config.diff_ids[i]))
                        return true;
        return false;
}

static void add_layer(Pull *p, size_t i)
{
        const OciDescriptor *d = &p->document.manifest.layers[i];

        if (is_repeated(p, i))
                return;
        if (order_has_layer(p->job->order, p->config.diff_ids[i])) {
                progress_item_set_phase(progress_add_item(p->job->progress, d->digest, 0),
                                        "exists");
                return;
        }
        p->layers[p->n_layers].index = i;
        p->layers[p->n_layers++].item = progress_add_item(p->job->progress, d->digest, d->size);
}

static int get_layers(Pull *p, Fault *reterr)
{
        const OciManifest *m = &p->document.manifest;
        ParallelWork work = {.run = fetch_layer, .cancel = cancel, .userdata = p};

        p->layers = calloc(m->n_layers + 1, sizeof(*p->layers));
        p->results = calloc(m->n_layers + 1, sizeof(*p->results));
        if (!p->layers || !p->results)
                return -ENOMEM;
        for (size_t i = 0; i < m->n_layers; i++)
                add_layer(p, i);
        progress_set_phase(p->job->progress, "downloading");
        if (fstatvfs(p->job->incoming_fd, &p->room) < 0)
                return job_fault(reterr, errno, "cannot ask how much room the store has");
        work.n = p->n_layers;
        return parallel_run(&work, reterr);
}

/* What is free by now is not what there was: other layers have come, and it will be given back. */
static int fault_full(Pull *p, int error, const Fault *why, Fault *reterr)
{
        char room[SIZE_TEXT_MAX], size[SIZE_TEXT_MAX];
        size_t n_name = strlen(p->remote.name);
        const char *cause = why->message ?: strerror(-error);
        uint64_t n = 0;

        if (strncmp(cause, p->remote.name, n_name) == 0 && strncmp(cause + n_name, ": ", 2) == 0)
                cause += n_name + 2;
        for (size_t i = 0; i < p->n_layers; i++)
                n += p->document.manifest.layers[p->layers[i].index].size;
        return fault_set(reterr, FAULT_NO_SPACE, error,
                         "%s: the file system of " LODGE_STORE " is full: of %s that were free, "
                         "the layers that were missing, %s compressed, need more (%s)",
                         p->remote.name,
                         size_text((uint64_t)p->room.f_bavail * p->room.f_frsize, room),
                         size_text(n, size), cause);
}

/* ---- the whole ---- */

/* What is worth a word though it is no failure: an image without an index is taken whatever it is
 * for. */
static int tell(const Pull *p, char **ret)
{
        _cleanup_free_ char *dropped = layer_dropped(p->results, p->n_layers), *is = NULL,
                            *wanted = NULL;

        *ret = NULL;
        if (!p->config.platform.architecture ||
            oci_platform_match(&p->config.platform, &p->platform) > 0) {
                *ret = TAKE_PTR(dropped);
                return 0;
        }
        is = oci_platform_format(&p->config.platform);
        wanted = oci_platform_format(&p->platform);
        if (!is || !wanted ||
            asprintf(ret, "the image is for %s, not for %s, and there is no other%s%s", is, wanted,
                     dropped ? "; " : "", dropped ?: "") < 0)
                return -ENOMEM;
        return 0;
}

static int finish(Pull *p, JobResult *ret, Fault *reterr)
{
        const char *name = order_get(p->job->order, "name");
        ImageParts parts = {
                .name = name && *name ? name : p->remote.name,
                .source = p->remote.name,
                .manifest = p->manifest.text,
                .manifest_digest = p->manifest.digest,
                .n_manifest = p->manifest.n,
                .config = p->config_text,
                .config_digest = p->document.manifest.config.digest,
                .n_config = p->document.manifest.config.size,
        };

        for (size_t i = 0; i < p->n_layers; i++)
                parts.size_bytes += p->results[i].n_bytes;
        int r = tell(p, &ret->message);
        return r < 0 ? r : image_finish(p->job, &parts, ret, reterr);
}

int op_pull(Job *job, JobResult *ret, Fault *reterr)
{
        _cleanup_pull_ Pull p = {.job = job};
        _cleanup_fault_ Fault fault = {0};

        int r = remote_image_pull(job, &p.remote, reterr);
        if (r < 0)
                return r;
        r = find_image(&p, &fault);
        if (r >= 0)
                r = get_layers(&p, &fault);
        if (r >= 0)
                r = finish(&p, ret, &fault);
        if (r < 0 && fault.code == FAULT_NO_SPACE)
                return fault_full(&p, r, &fault, reterr);
        return r < 0 ? remote_image_fault(&p.remote, FAULT_PULL_FAILED, r, &fault, reterr) : 0;
}
