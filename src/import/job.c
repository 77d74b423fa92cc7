/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/job.h"

#include "base/io.h"
#include "base/names.h"
#include "base/text.h"
#include "image/digest.h"
#include "spec/reference.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#define BLOBS  "blobs"
#define LAYERS "layers"

void job_result_done(JobResult *r)
{
        free(r->record);
        strv_free(r->lines);
        free(r->message);
        free(r->digest);
        *r = (JobResult){0};
}

int job_fault(Fault *reterr, int error, const char *format, ...)
{
        _cleanup_free_ char *text = NULL;
        va_list ap;

        if (error < 0)
                error = -error;
        va_start(ap, format);
        if (vasprintf(&text, format, ap) < 0)
                text = NULL;
        va_end(ap);
        return fault_set(reterr,
                         error == ENOSPC || error == EDQUOT ? FAULT_NO_SPACE : FAULT_IMPORT_FAILED,
                         error, "%s: %s", text ?: "the job failed", strerror(error));
}

int job_layer_done(Job *job, const char *diff_id, Fault *reterr)
{
        _cleanup_frame_writer_ FrameWriter w = {0};

        frame_begin(&w, FRAME_LAYER, 0);
        frame_add_string(&w, FRAME_DIGEST, diff_id);
        int r = link_send(job->link, &w);
        return r < 0 ? job_fault(reterr, r, "cannot tell lodged of layer %s", diff_id) : 0;
}

static int check_blob(const char *digest, const void *data, size_t n, Fault *reterr)
{
        char is[DIGEST_TEXT_MAX];

        int r = digest_of(data, n, is);
        if (r < 0)
                return r;
        return streq(is, digest) ? 0
                                 : fault_set(reterr, FAULT_IMPORT_FAILED, EBADMSG,
                                             "blob %s has another digest, %s: it was damaged or "
                                             "exchanged",
                                             digest, is);
}

int job_write_blob(Job *job, const char *digest, const void *data, size_t n, Fault *reterr)
{
        _cleanup_free_ char *name = digest_file_name(digest);
        _cleanup_close_ int fd = -EBADF;

        if (!name)
                return fault_set(reterr, FAULT_IMPORT_FAILED, EBADMSG,
                                 "a blob's digest is not valid");
        int r = check_blob(digest, data, n, reterr);
        if (r < 0)
                return r;
        if (mkdirat(job->incoming_fd, BLOBS, 0700) < 0 && errno != EEXIST)
                return job_fault(reterr, errno, "cannot make a directory for blobs");
        fd = openat(job->incoming_fd, BLOBS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        r = fd < 0 ? -errno : write_file_atomic_at(fd, name, data, n, 0600);
        return r < 0 ? job_fault(reterr, r, "cannot write blob %s", digest) : 0;
}

/* The directory STORE/@folder. */
static int open_folder(const Job *job, const char *folder)
{
        int fd = openat(job->store_fd, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

int job_read_blob(const Job *job, const char *digest, size_t max, char **ret, size_t *ret_n,
                  Fault *reterr)
{
        _cleanup_free_ char *name = digest_file_name(digest), *data = NULL;
        _cleanup_close_ int fd = open_folder(job, BLOBS);
        size_t n = 0;

        if (!name)
                return fault_set(reterr, FAULT_IMPORT_FAILED, EBADMSG,
                                 "a blob's digest is not valid");
        int r = fd < 0 ? fd : read_file_at(fd, name, max, &data, &n);
        if (r < 0)
                return job_fault(reterr, r, "cannot read blob %s of the store", digest);
        r = check_blob(digest, data, n, reterr);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(data);
        *ret_n = n;
        return 0;
}

int job_open_layer(const Job *job, const char *diff_id, Fault *reterr)
{
        _cleanup_free_ char *name = digest_file_name(diff_id);
        _cleanup_close_ int layers = open_folder(job, LAYERS);

        if (!name)
                return fault_set(reterr, FAULT_IMPORT_FAILED, EBADMSG,
                                 "a layer's digest is not valid");
        int fd = layers < 0 ? layers
                            : openat(layers, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return job_fault(reterr, layers < 0 ? layers : errno,
                                 "layer %s is not in the store", diff_id);
        return fd;
}

int job_open_tree(const Job *job, const char *diff_id, Fault *reterr)
{
        const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
        _cleanup_free_ char *name = digest_file_name(diff_id);
        _cleanup_close_ int layer = -EBADF;

        if (!name)
                return fault_set(reterr, FAULT_IMPORT_FAILED, EBADMSG,
                                 "a layer's digest is not valid");
        if (job->layers_fd < 0)
                return job_fault(reterr, job->layers_fd, "cannot look into the store");
        layer = openat(job->layers_fd, name, flags);
        int fd = layer < 0 ? -EBADF : openat(layer, LODGE_LAYER_TREE, flags);
        return fd < 0 ? job_fault(reterr, errno, "cannot look into layer %s of the store", diff_id)
                      : fd;
}

int job_sync(Job *job, Fault *reterr)
{
        progress_set_phase(job->progress, "syncing");
        return syncfs(job->incoming_fd) < 0
                       ? job_fault(reterr, errno, "cannot write everything to the disk")
                       : 0;
}
