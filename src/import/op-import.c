/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* op=import: whatever comes through the descriptor becomes an image. */
#include "import/operations.h"

#include "base/names.h"
#include "base/text.h"
#include "import/bundle.h"
#include "import/disk-copy.h"
#include "import/image-make.h"
#include "import/import-oci.h"
#include "import/layer-in.h"
#include "import/layer-trees.h"
#include "import/source.h"
#include "import/tree-copy.h"
#include "spec/reference.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static int import_archive(Job *job, Source *s, const Bundle *a, JobResult *ret, Fault *reterr)
{
        bool layout = bundle_has(a, "oci-layout") && bundle_has(a, "index.json");
        bool docker = bundle_has(a, "manifest.json");

        if (layout && s->kind != SOURCE_DOCKER)
                return import_layout(job, a, ret, reterr);
        if (docker)
                return import_docker(job, a, ret, reterr);
        return fault_set(reterr, FAULT_IMPORT_FAILED, EBADMSG,
                         s->kind == SOURCE_DOCKER
                                 ? "the archive has no manifest.json: it is none of docker save"
                                 : "there is neither an index.json with oci-layout nor a "
                                   "manifest.json: it is no image");
}

static int import_images(Job *job, Source *s, JobResult *ret, Fault *reterr)
{
        _cleanup_bundle_ Bundle *a = NULL;
        struct stat st;
        int r;

        if (fstat(s->fd, &st) >= 0 && S_ISDIR(st.st_mode)) {
                r = bundle_open_directory(s->fd, &a, reterr);
        } else {
                r = source_spool(job, s, reterr);
                if (r >= 0)
                        r = bundle_open_tar(s->fd, &a, reterr);
        }
        return r < 0 ? r : import_archive(job, s, a, ret, reterr);
}

/* ---- a root file system as an image of one layer ---- */

static int finish(Job *job, const LayerResult *layer, const char *blob_type, const char *name,
                  JobResult *ret, Fault *reterr)
{
        NewImage image = {
                .name = name,
                .source = order_get(job->order, "source"),
                .layer = layer,
                .blob_type = blob_type,
                .change = {.created_by = "lodge import"},
        };

        ret->message = layer_dropped(layer, 1);
        return image_finish_new(job, &image, ret, reterr);
}

static const char *type_of(Compression c)
{
        switch (c) {
        case COMPRESSION_GZIP: return OCI_TYPE_LAYER_GZIP;
        case COMPRESSION_ZSTD: return OCI_TYPE_LAYER_ZSTD;
        default: return NULL;
        }
}

static int import_tar(Job *job, Source *s, const char *name, JobResult *ret, Fault *reterr)
{
        LayerControl control = {0};
        LayerIn in = {.source = source_bytes(s), .item = s->item, .control = &control};
        LayerResult layer = {0};

        progress_set_phase(job->progress, "unpacking");
        int r = layer_in(job, &in, &layer, reterr);
        return r < 0 ? r : finish(job, &layer, type_of(s->compression), name, ret, reterr);
}

static int import_tree(Job *job, Source *s, const char *name, JobResult *ret, Fault *reterr)
{
        LayerControl control = {0};
        LayerPackArgs trees = {
                .trees = &s->fd, .n_trees = 1, .mode = LAYER_PACK_PLAIN, .control = &control};
        ProgressItem *item = progress_add_item(job->progress, "tree", 0);
        LayerResult layer = {0};

        progress_set_phase(job->progress, "copying");
        progress_item_follow(item, &control.n_out);
        int r = layer_in_trees(job, &trees, item, &layer, reterr);
        progress_item_follow(item, NULL);
        return r < 0 ? r : finish(job, &layer, NULL, name, ret, reterr);
}

/* Asked for as a directory, it stays one, which its owner can work in. */
static int import_directory(Job *job, Source *s, Fault *reterr)
{
        ProgressItem *item = progress_add_item(job->progress, "tree", 0);

        progress_set_phase(job->progress, "copying");
        int r = tree_copy(s->fd, job->incoming_fd, LODGE_INCOMING_IMAGE, item, reterr);
        return r < 0 ? r : job_sync(job, reterr);
}

static int import_disk(Job *job, Source *s, Fault *reterr)
{
        ByteSource bytes;

        progress_set_phase(job->progress, "copying");
        if (s->regular && s->compression == COMPRESSION_NONE && s->from_start)
                return disk_copy(job, s->fd, s->item, reterr);
        bytes = source_bytes(s);
        return disk_write(job, &bytes, reterr);
}

/* An image's name, or what it would be called if nobody said. */
static int canonical_name(const Job *job, char **ret, Fault *reterr)
{
        const char *name = order_get(job->order, "name");

        if (!name || !*name)
                return fault_set(reterr, FAULT_INVALID_NAME, EINVAL,
                                 "what is to be imported has no name of its own; name it");
        return image_name_canonical(name, ret, reterr);
}

static int import_root(Job *job, Source *s, JobResult *ret, Fault *reterr)
{
        const char *type = order_get(job->order, "type");
        _cleanup_free_ char *name = NULL;

        int r = canonical_name(job, &name, reterr);
        if (r < 0)
                return r;
        if (s->kind == SOURCE_TAR)
                return import_tar(job, s, name, ret, reterr);
        if (s->kind == SOURCE_DISK)
                return import_disk(job, s, reterr);
        return streq(type, "directory") ? import_directory(job, s, reterr)
                                        : import_tree(job, s, name, ret, reterr);
}

static int import(Job *job, JobResult *ret, Fault *reterr)
{
        const char *type = order_get(job->order, "type");
        int kind = type ? source_kind_from_name(type) : SOURCE_AUTO;
        _cleanup_source_ Source s = {.fd = -EBADF};

        if (kind < 0)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "'%s' is no type of image; known are auto, oci, docker, tar, "
                                 "directory and disk",
                                 type);
        int r = source_open(job, order_fd(job->order, "source-fd"), (SourceKind)kind, &s, reterr);
        if (r < 0)
                return r;
        return s.kind == SOURCE_OCI || s.kind == SOURCE_DOCKER ? import_images(job, &s, ret, reterr)
                                                               : import_root(job, &s, ret, reterr);
}

int op_import(Job *job, JobResult *ret, Fault *reterr)
{
        _cleanup_fault_ Fault fault = {0};
        int r = import(job, ret, &fault);

        if (r >= 0 || fault.code == FAULT_NONE)
                return r;
        /* readers of archives do not know what they are read for */
        FaultCode code = fault.code == FAULT_FAILED ? FAULT_IMPORT_FAILED : fault.code;
        return fault_set(reterr, code, r, "%s", fault.message ?: strerror(-r));
}
