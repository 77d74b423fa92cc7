/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/image-make.h"

#include "base/io.h"
#include "base/names.h"
#include "base/text.h"
#include "image/digest.h"
#include "image/oci-config.h"
#include "import/made-layers.h"
#include "spec/image-record.h"

#include <string.h>
#include <time.h>

/* A layer that is in an image twice counts where it is uppermost: there it hides its other self
 * entirely, and the kernel takes no directory twice. */
static int unique_layers(char *const *diff_ids, char ***ret)
{
        _cleanup_strv_free_ char **v = NULL;
        size_t n = strv_length(diff_ids);

        v = calloc(n + 1, sizeof(*v));
        if (!v)
                return -ENOMEM;
        for (size_t i = 0, k = 0; i < n; i++) {
                bool again = false;

                for (size_t j = i + 1; j < n; j++)
                        again = again || streq(diff_ids[i], diff_ids[j]);
                if (again)
                        continue;
                v[k] = strdup(diff_ids[i]);
                if (!v[k++])
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(v);
        return 0;
}

/* Both share their lists, so only what is copied here is freed. */
static int describe(const ImageParts *parts, const OciConfig *c, char **layers, char **ret,
                    Fault *reterr)
{
        int signal = c->stop_signal ? parse_signal(c->stop_signal) : 0;
        ImageRecord r = {
                .name = (char *)parts->name,
                .digest = (char *)parts->manifest_digest,
                .config_digest = (char *)parts->config_digest,
                .source = (char *)parts->source,
                .architecture = c->platform.architecture,
                .variant = c->platform.variant,
                .os = c->platform.os,
                .user = c->user,
                .working_directory = c->working_directory,
                .layers = layers,
                .entrypoint = c->entrypoint,
                .command = c->command,
                .environment = c->environment,
                .volumes = c->volumes,
                .exposed_ports = c->exposed_ports,
                .labels = c->labels,
                .healthcheck = c->healthcheck,
                .added_usec = now_usec(CLOCK_REALTIME),
                .created_usec = c->created_usec,
                .size_bytes = parts->size_bytes,
                .health_interval_usec = c->health_interval_usec,
                .health_timeout_usec = c->health_timeout_usec,
                .health_start_usec = c->health_start_usec,
                .health_retries = (unsigned)c->health_retries,
                .stop_signal = signal < 0 ? 0 : signal, /* a signal of another system */
                .read_only = parts->read_only,
        };

        _cleanup_fault_ Fault fault = {0};

        int k = image_record_format(&r, ret, &fault);
        return k < 0 ? fault_set(reterr, FAULT_IMPORT_FAILED, k,
                                 "the image's configuration is not taken: %s",
                                 fault.message ?: strerror(-k))
                     : 0;
}

/* Layers that waited for those below them are completed. */
static int make_record(Job *job, const ImageParts *parts, char **ret, Fault *reterr)
{
        _cleanup_oci_config_ OciConfig c = {0};
        _cleanup_strv_free_ char **layers = NULL;

        int r = oci_config_parse(parts->config, parts->n_config, &c, reterr);
        if (r >= 0)
                r = made_layers_finish(job, c.diff_ids, reterr);
        if (r >= 0)
                r = unique_layers(c.diff_ids, &layers);
        return r < 0 ? r : describe(parts, &c, layers, ret, reterr);
}

int image_finish(Job *job, const ImageParts *parts, JobResult *ret, Fault *reterr)
{
        _cleanup_free_ char *record = NULL, *digest = strdup(parts->manifest_digest);

        progress_set_phase(job->progress, "writing");
        int r = digest ? make_record(job, parts, &record, reterr) : -ENOMEM;
        if (r >= 0)
                r = job_write_blob(job, parts->manifest_digest, parts->manifest, parts->n_manifest,
                                   reterr);
        if (r >= 0)
                r = job_write_blob(job, parts->config_digest, parts->config, parts->n_config,
                                   reterr);
        if (r < 0)
                return r;
        r = write_file_atomic_at(job->incoming_fd, LODGE_INCOMING_IMAGE, record, strlen(record),
                                 0600);
        if (r < 0)
                return job_fault(reterr, r, "cannot write the image's record");
        r = job_sync(job, reterr);
        if (r < 0)
                return r;
        ret->record = TAKE_PTR(record);
        ret->digest = TAKE_PTR(digest);
        return 0;
}

/* ---- new images ---- */

static char *blob_digest(const LayerResult *layer, const char *blob_type)
{
        return (char *)(blob_type ? layer->digest : layer->diff_id);
}

static int make_manifest(const NewImage *image, const char *config_digest, size_t n_config,
                         char **ret)
{
        size_t n = image->base ? image->base->n_layers : 0;
        _cleanup_free_ OciDescriptor *layers = calloc(n + 1, sizeof(*layers));
        bool docker = image->base && image->base->docker;

        if (!layers)
                return -ENOMEM;
        if (n > 0)
                memcpy(layers, image->base->layers, n * sizeof(*layers));
        layers[n] = (OciDescriptor){
                .media_type = (char *)(image->blob_type
                                               ?: docker ? DOCKER_TYPE_LAYER_TAR
                                                         : OCI_TYPE_LAYER),
                .digest = blob_digest(image->layer, image->blob_type),
                .size = image->blob_type ? image->layer->n_in : image->layer->n_tar,
        };
        OciManifest m = {
                .config = {.media_type = (char *)(docker ? DOCKER_TYPE_CONFIG : OCI_TYPE_CONFIG),
                           .digest = (char *)config_digest,
                           .size = n_config},
                .layers = layers,
                .n_layers = n + 1,
                .docker = docker,
        };
        *ret = oci_manifest_format(&m);
        return *ret ? 0 : -ENOMEM;
}

static int make_config(NewImage *image, char **ret, Fault *reterr)
{
        _cleanup_oci_platform_ OciPlatform host = {0};

        int r = oci_platform_parse(NULL, &host, reterr);
        if (r < 0)
                return r;
        if (!image->change.created_usec)
                image->change.created_usec = now_usec(CLOCK_REALTIME);
        image->change.diff_id = image->layer->diff_id;
        image->change.platform_os = host.os;
        image->change.platform_architecture = host.architecture;
        image->change.platform_variant = host.variant;
        return oci_config_amend(image->base_config, image->n_base_config, &image->change, ret,
                                reterr);
}

int image_finish_new(Job *job, NewImage *image, JobResult *ret, Fault *reterr)
{
        char config_digest[DIGEST_TEXT_MAX], manifest_digest[DIGEST_TEXT_MAX];
        _cleanup_free_ char *config = NULL, *manifest = NULL;

        int r = make_config(image, &config, reterr);
        if (r >= 0)
                r = digest_of(config, strlen(config), config_digest);
        if (r >= 0)
                r = make_manifest(image, config_digest, strlen(config), &manifest);
        if (r >= 0)
                r = digest_of(manifest, strlen(manifest), manifest_digest);
        if (r < 0)
                return r;
        ImageParts parts = {
                .name = image->name,
                .source = image->source,
                .manifest = manifest,
                .manifest_digest = manifest_digest,
                .n_manifest = strlen(manifest),
                .config = config,
                .config_digest = config_digest,
                .n_config = strlen(config),
                .size_bytes = image->base_bytes + image->layer->n_bytes,
        };
        return image_finish(job, &parts, ret, reterr);
}
