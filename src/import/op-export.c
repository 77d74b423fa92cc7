/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* op=export: an image, a directory or a disk image of the store to a descriptor. */
#include "import/operations.h"

#include "base/text.h"
#include "image/pack.h"
#include "import/export-archive.h"
#include "import/file-copy.h"
#include "import/layer-in.h"
#include "import/trees.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

typedef enum ExportFormat {
        EXPORT_OCI,
        EXPORT_DOCKER,
        EXPORT_TAR,
        EXPORT_RAW,
        _EXPORT_FORMAT_MAX,
} ExportFormat;

typedef struct Export {
        Job *job;
        ExportFormat format;
        Compression compression;
        int output_fd;
        ByteSink out;
} Export;

static int read_order(Job *job, Export *e, Fault *reterr)
{
        static const char *const formats[] = {"oci", "docker", "tar", "raw"};
        const char *format = order_get(job->order, "format") ?: "oci";
        const char *compression = order_get(job->order, "compression");

        e->job = job;
        e->format = _EXPORT_FORMAT_MAX;
        for (size_t i = 0; i < ELEMENTSOF(formats); i++)
                if (streq(formats[i], format))
                        e->format = (ExportFormat)i;
        if (e->format == _EXPORT_FORMAT_MAX)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "'%s' is no format; known are oci, docker, tar and raw", format);
        e->compression = e->format == EXPORT_OCI ? COMPRESSION_GZIP : COMPRESSION_NONE;
        if (compression &&
            (compression_from_name(compression, &e->compression) < 0 ||
             (e->compression != COMPRESSION_NONE && e->compression != COMPRESSION_GZIP &&
              e->compression != COMPRESSION_ZSTD)))
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "'%s' is no compression; known are none, gzip and zstd",
                                 compression);
        e->output_fd = order_fd(job->order, "output-fd");
        (void)fcntl(e->output_fd, F_SETFL, fcntl(e->output_fd, F_GETFL) & ~O_NONBLOCK);
        e->out = fd_sink(&e->output_fd);
        return 0;
}

/* ---- tar ---- */

static int write_tar(Export *e, const int *trees, size_t n_trees, Fault *reterr)
{
        ProgressItem *item = progress_add_item(e->job->progress, "tree", 0);
        _cleanup_compress_ Compress *c = NULL;
        LayerControl control = {0};
        LayerPackArgs args = {
                .trees = trees, .n_trees = n_trees, .mode = LAYER_PACK_PLAIN, .control = &control};

        progress_set_phase(e->job->progress, "writing");
        int r = compress_new(e->compression, &e->out, &c, reterr);
        if (r < 0)
                return r;
        ByteSink sink = compress_sink(c);
        progress_item_follow(item, &control.n_out);
        r = layer_pack(&args, &sink, reterr);
        progress_item_follow(item, NULL);
        return r < 0 ? r : compress_end(c, NULL, NULL, reterr);
}

static int export_image(Export *e, const char *record, Fault *reterr)
{
        _cleanup_image_out_ ImageOut image = {0};
        _cleanup_trees_ Trees trees = {0};

        int r = image_out_open(e->job, record, &image, reterr);
        if (r < 0)
                return r;
        if (e->format == EXPORT_OCI)
                return export_layout(e->job, &image, e->compression, &e->out, reterr);
        if (e->format == EXPORT_DOCKER)
                return export_docker(e->job, &image, e->compression, &e->out, reterr);
        r = trees_open_layers(e->job, image.record.layers, &trees, reterr);
        return r < 0 ? r : write_tar(e, trees.fds, trees.n, reterr);
}

/* ---- directories and disks ---- */

static int export_disk(Export *e, int fd, const struct stat *st, Fault *reterr)
{
        ProgressItem *item = progress_add_item(e->job->progress, "disk", (uint64_t)st->st_size);
        _cleanup_compress_ Compress *c = NULL;
        _cleanup_fd_source_ FdSource file = {0};
        LayerControl control = {0};
        const uint8_t *data;
        struct stat out;
        size_t n;

        progress_set_phase(e->job->progress, "writing");
        if (e->compression == COMPRESSION_NONE && fstat(e->output_fd, &out) >= 0 &&
            S_ISREG(out.st_mode) && out.st_size == 0) {
                int r = file_copy(fd, e->output_fd, (uint64_t)st->st_size, item);

                return r < 0 ? job_fault(reterr, r, "cannot write the disk image") : 0;
        }
        int r = compress_new(e->compression, &e->out, &c, reterr);
        if (r < 0)
                return r;
        ByteSink sink = compress_sink(c);
        ByteSource source = fd_source(&file, fd, &control);
        progress_item_follow(item, &control.n_in);
        while ((r = source.next(source.userdata, &data, &n, reterr)) > 0 && r >= 0) {
                r = sink.write(sink.userdata, data, n, reterr);
                if (r < 0)
                        break;
        }
        progress_item_follow(item, NULL);
        return r < 0 ? r : compress_end(c, NULL, NULL, reterr);
}

/* "web" of ".../images/web" */
static const char *name_of(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash && slash[1] ? slash + 1 : "image";
}

static int open_path(const Export *e, const char *path)
{
        int tree = order_fd(e->job->order, "tree-fd");

        if (tree >= 0)
                return openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static int export_path(Export *e, const char *path, Fault *reterr)
{
        _cleanup_close_ int fd = open_path(e, path);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return job_fault(reterr, errno, "cannot open %s", path);
        if (S_ISREG(st.st_mode) && e->format == EXPORT_RAW)
                return export_disk(e, fd, &st, reterr);
        if (!S_ISDIR(st.st_mode) || e->format == EXPORT_RAW)
                return fault_set(reterr, FAULT_NOT_SUPPORTED, EOPNOTSUPP,
                                 "%s cannot be exported in this format", path);
        if (e->format == EXPORT_TAR)
                return write_tar(e, &fd, 1, reterr);
        return export_tree(e->job, fd, name_of(path), e->compression, e->format == EXPORT_DOCKER,
                           &e->out, reterr);
}

int op_export(Job *job, JobResult *ret, Fault *reterr)
{
        const char *record = order_get(job->order, "record");
        const char *path = order_get(job->order, "path");
        Export e;

        int r = read_order(job, &e, reterr);
        if (r < 0)
                return r;
        if (!record == !path)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "the order of lodged names not one image");
        if (record && e.format == EXPORT_RAW)
                return fault_set(reterr, FAULT_NOT_SUPPORTED, EOPNOTSUPP,
                                 "an image of layers cannot be exported as a disk image");
        return record ? export_image(&e, record, reterr) : export_path(&e, path, reterr);
}
