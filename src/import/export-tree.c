/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A directory as an image: what it would be if it were imported, without the store. */
#include "import/export-archive.h"

#include "base/io.h"
#include "base/text.h"
#include "image/oci-write.h"
#include "image/pack.h"

#include <string.h>
#include <time.h>

static int pack_tree(void *userdata, const ByteSink *out, Fault *reterr)
{
        return layer_pack(userdata, out, reterr);
}

static int make_config(const char *diff_id, ImageOut *image, Fault *reterr)
{
        _cleanup_oci_platform_ OciPlatform host = {0};
        OciChange change = {.diff_id = diff_id,
                            .created_usec = now_usec(CLOCK_REALTIME),
                            .created_by = "lodge export"};

        int r = oci_platform_parse(NULL, &host, reterr);
        if (r < 0)
                return r;
        change.platform_os = host.os;
        change.platform_architecture = host.architecture;
        change.platform_variant = host.variant;
        r = oci_config_amend(NULL, 0, &change, &image->config, reterr);
        if (r < 0)
                return r;
        image->n_config = strlen(image->config);
        return oci_config_parse(image->config, image->n_config, &image->parsed, reterr);
}

static int describe(const char *name, const char *diff_id, ImageOut *image, Fault *reterr)
{
        OciDescriptor *config = &image->document.manifest.config;
        char digest[DIGEST_TEXT_MAX];

        int r = make_config(diff_id, image, reterr);
        if (r >= 0)
                r = digest_of(image->config, image->n_config, digest);
        if (r < 0)
                return r;
        image->record.name = strdup(name);
        config->media_type = strdup(OCI_TYPE_CONFIG);
        config->digest = strdup(digest);
        config->size = image->n_config;
        if (!image->record.name || !config->media_type || !config->digest)
                return -ENOMEM;
        image->packed.config = *config;
        image->manifest = oci_manifest_format(&image->packed);
        image->n_manifest = image->manifest ? strlen(image->manifest) : 0;
        return image->manifest ? 0 : -ENOMEM;
}

int export_tree(Job *job, int tree, const char *name, Compression compression, bool docker,
                const ByteSink *out, Fault *reterr)
{
        ProgressItem *item = progress_add_item(job->progress, "tree", 0);
        _cleanup_image_out_ ImageOut image = {0};
        LayerControl control = {0};
        LayerPackArgs args = {
                .trees = &tree, .n_trees = 1, .mode = LAYER_PACK_PLAIN, .control = &control};
        LayerWriter writer = {pack_tree, &args};
        char diff_id[DIGEST_TEXT_MAX];

        if (image_out_reserve(&image, 1) < 0)
                return -ENOMEM;
        progress_set_phase(job->progress, "packing");
        progress_item_follow(item, &control.n_out);
        int r = layer_out_written(job, &writer, compression, &image.files[0], diff_id, reterr);
        progress_item_follow(item, NULL);
        if (r < 0)
                return r;
        image_out_describe(&image, 0, compression);
        r = describe(name, diff_id, &image, reterr);
        if (r < 0)
                return r;
        return docker ? export_docker(job, &image, compression, out, reterr)
                      : export_layout(job, &image, compression, out, reterr);
}
