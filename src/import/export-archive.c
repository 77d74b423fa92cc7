/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/export-archive.h"

#include "base/text.h"
#include "image/docker-archive.h"
#include "image/oci-write.h"
#include "image/tar-write.h"
#include "spec/reference.h"

#include <string.h>

#define PATH_MAX_HERE 96

/* ---- entries ---- */

static int add_header(TarWriter *w, const char *path, uint64_t size, Fault *reterr)
{
        TarEntry e = {.type = TAR_REGULAR, .path = (char *)path, .mode = 0644, .size = size};

        return tar_writer_entry(w, &e, reterr);
}

static int add_text(TarWriter *w, const char *path, const char *text, size_t n, Fault *reterr)
{
        int r = add_header(w, path, n, reterr);

        return r < 0 ? r : tar_writer_data(w, text, n, reterr);
}

static int add_file(TarWriter *w, const char *path, int fd, uint64_t size, Fault *reterr)
{
        _cleanup_fd_source_ FdSource file = {0};
        ByteSource source = fd_source(&file, fd, NULL);
        const uint8_t *data;
        size_t n;
        int r = add_header(w, path, size, reterr);

        while (r >= 0 && (r = source.next(source.userdata, &data, &n, reterr)) > 0)
                r = tar_writer_data(w, data, n, reterr);
        return r;
}

static int to_writer(void *userdata, const void *data, size_t n, Fault *reterr)
{
        return tar_writer_data(userdata, data, n, reterr);
}

/* ---- OCI ---- */

static void blob_path(const char *digest, char ret[static PATH_MAX_HERE])
{
        (void)snprintf(ret, PATH_MAX_HERE, "blobs/sha256/%s", digest + strlen("sha256:"));
}

static int add_blob(TarWriter *w, const char *text, size_t n, Fault *reterr)
{
        char digest[DIGEST_TEXT_MAX], path[PATH_MAX_HERE];

        int r = digest_of(text, n, digest);
        if (r < 0)
                return r;
        blob_path(digest, path);
        return add_text(w, path, text, n, reterr);
}

static int add_layers(TarWriter *w, const ImageOut *image, Fault *reterr)
{
        const OciManifest *m = &image->packed;
        char path[PATH_MAX_HERE];
        int r = 0;

        for (size_t i = 0; i < m->n_layers && r >= 0; i++) {
                bool again = false;

                for (size_t k = 0; k < i; k++)
                        again = again || streq(m->layers[k].digest, m->layers[i].digest);
                blob_path(m->layers[i].digest, path);
                if (!again)
                        r = add_file(w, path, image->files[i].fd, m->layers[i].size, reterr);
        }
        return r;
}

static char *make_index(const ImageOut *image, const char *manifest, size_t n_manifest)
{
        bool own = n_manifest == image->n_manifest &&
                   memcmp(manifest, image->manifest, n_manifest) == 0;
        char digest[DIGEST_TEXT_MAX];
        OciDescriptor d = {
                .media_type = (char *)(own && image->document.manifest.docker ? DOCKER_TYPE_MANIFEST
                                                                              : OCI_TYPE_MANIFEST),
                .digest = digest,
                .size = n_manifest,
                .ref_name = image->record.name,
        };

        return digest_of(manifest, n_manifest, digest) < 0 ? NULL : oci_index_format(&d);
}

static int write_layout(const ImageOut *image, TarWriter *w, Fault *reterr)
{
        static const char marker[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
        _cleanup_free_ char *manifest = NULL, *index = NULL;
        size_t n_manifest = 0;

        int r = image_out_manifest(image, &manifest, &n_manifest);
        if (r < 0)
                return r;
        index = make_index(image, manifest, n_manifest);
        if (!index)
                return -ENOMEM;
        r = add_text(w, "oci-layout", marker, strlen(marker), reterr);
        if (r >= 0)
                r = add_text(w, "index.json", index, strlen(index), reterr);
        if (r >= 0)
                r = add_blob(w, manifest, n_manifest, reterr);
        if (r >= 0)
                r = add_blob(w, image->config, image->n_config, reterr);
        if (r >= 0)
                r = add_layers(w, image, reterr);
        return r < 0 ? r : tar_writer_end(w, reterr);
}

int export_layout(Job *job, ImageOut *image, Compression compression, const ByteSink *out,
                  Fault *reterr)
{
        _cleanup_tar_writer_ TarWriter *w = NULL;
        int r = image->files ? 0 : image_out_pack(job, image, compression, reterr);

        if (r >= 0)
                r = tar_writer_new(out, &w);
        progress_set_phase(job->progress, "writing");
        return r < 0 ? r : write_layout(image, w, reterr);
}

/* ---- Docker ---- */

static void layer_path(const char *diff_id, char ret[static PATH_MAX_HERE])
{
        (void)snprintf(ret, PATH_MAX_HERE, "%s.tar", diff_id + strlen("sha256:"));
}

/* Docker knows no names without a tag. */
static char *make_tag(const char *name)
{
        _cleanup_reference_ Reference r = {0};
        char *tag = NULL;

        if (!image_name_is_reference(name))
                return asprintf(&tag, "localhost/%s:latest", name) < 0 ? NULL : tag;
        if (reference_parse(name, &r, NULL) < 0 || !r.tag)
                return NULL;
        return asprintf(&tag, "%s/%s:%s", r.domain, r.path, r.tag) < 0 ? NULL : tag;
}

static int add_docker_manifest(TarWriter *w, const ImageOut *image, Fault *reterr)
{
        char config_digest[DIGEST_TEXT_MAX], config[PATH_MAX_HERE], path[PATH_MAX_HERE];
        _cleanup_free_ char *tag = make_tag(image->record.name), *text = NULL;
        _cleanup_strv_free_ char **layers = NULL;
        int r = digest_of(image->config, image->n_config, config_digest);

        STRV_FOREACH (id, image->parsed.diff_ids) {
                layer_path(*id, path);
                if (r >= 0)
                        r = strv_push(&layers, path);
        }
        if (r < 0)
                return r;
        (void)snprintf(config, sizeof(config), "%s.json", config_digest + strlen("sha256:"));
        text = docker_archive_format(config, tag, layers);
        if (!text)
                return -ENOMEM;
        r = add_text(w, "manifest.json", text, strlen(text), reterr);
        return r < 0 ? r : add_text(w, config, image->config, image->n_config, reterr);
}

static int add_docker_layer(Job *job, TarWriter *w, const ImageOut *image, size_t i,
                            Compression compression, Fault *reterr)
{
        const char *diff_id = image->parsed.diff_ids[i];
        ByteSink sink = {to_writer, w};
        char path[PATH_MAX_HERE];
        uint64_t size;

        layer_path(diff_id, path);
        if (image->files)
                return add_file(w, path, image->files[i].fd, image->files[i].size, reterr);
        if (compression == COMPRESSION_NONE && layer_out_size(job, diff_id, &size) >= 0) {
                ProgressItem *item = progress_add_item(job->progress, diff_id, size);
                LayerControl control = {0};

                int r = add_header(w, path, size, reterr);
                progress_item_follow(item, &control.n_out);
                if (r >= 0)
                        r = layer_out_stream(job, diff_id, &sink, &control, reterr);
                progress_item_follow(item, NULL);
                return r;
        }
        return -ENOENT; /* its size is not noted: pack it into a file first */
}

static int write_docker(Job *job, ImageOut *image, Compression compression, TarWriter *w,
                        Fault *reterr)
{
        char **ids = image->parsed.diff_ids;
        int r = add_docker_manifest(w, image, reterr);

        for (size_t i = 0; ids[i] && r >= 0; i++) {
                bool again = false;

                for (size_t k = 0; k < i; k++)
                        again = again || streq(ids[k], ids[i]);
                if (!again)
                        r = add_docker_layer(job, w, image, i, compression, reterr);
        }
        return r < 0 ? r : tar_writer_end(w, reterr);
}

/* Without compression no copy is needed if the size of every archive is known beforehand. */
static bool needs_files(const Job *job, const ImageOut *image, Compression compression)
{
        uint64_t size;

        if (image->files)
                return false;
        STRV_FOREACH (id, image->parsed.diff_ids)
                if (compression != COMPRESSION_NONE || layer_out_size(job, *id, &size) < 0)
                        return true;
        return false;
}

int export_docker(Job *job, ImageOut *image, Compression compression, const ByteSink *out,
                  Fault *reterr)
{
        _cleanup_tar_writer_ TarWriter *w = NULL;
        int r = 0;

        if (needs_files(job, image, compression))
                r = image_out_pack(job, image, compression, reterr);
        if (r >= 0)
                r = tar_writer_new(out, &w);
        progress_set_phase(job->progress, "writing");
        return r < 0 ? r : write_docker(job, image, compression, w, reterr);
}
