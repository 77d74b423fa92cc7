/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/disk-copy.h"

#include "base/names.h"
#include "image/decompress.h"
#include "image/layer.h"
#include "import/file-copy.h"

#include <fcntl.h>
#include <sys/stat.h>

#define SECTOR 512U

static int create(Job *job, Fault *reterr)
{
        int fd = openat(job->incoming_fd, LODGE_INCOMING_RAW, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
                        0600);

        return fd < 0 ? job_fault(reterr, errno, "cannot create the disk image") : fd;
}

static uint64_t limit(const Job *job)
{
        return job->limit_bytes ?: LAYER_BYTES_MAX;
}

static int finish(Job *job, int fd, Fault *reterr)
{
        struct stat st;

        if (fstat(fd, &st) < 0)
                return job_fault(reterr, errno, "cannot look at the disk image");
        if (st.st_size < (off_t)SECTOR)
                return fault_set(reterr, FAULT_IMPORT_FAILED, EBADMSG,
                                 "the disk image is shorter than one sector");
        return job_sync(job, reterr);
}

int disk_copy(Job *job, int fd, ProgressItem *item, Fault *reterr)
{
        _cleanup_close_ int to = create(job, reterr);
        struct stat st;

        if (to < 0)
                return to;
        if (fstat(fd, &st) < 0)
                return job_fault(reterr, errno, "cannot look at the disk image");
        if ((uint64_t)st.st_size > limit(job))
                return job_fault(reterr, EFBIG, "the disk image is larger than allowed");
        progress_item_set_total(item, (uint64_t)st.st_size);
        progress_item_set(item, 0);
        int r = file_copy(fd, to, (uint64_t)st.st_size, item);
        return r < 0 ? job_fault(reterr, r, "cannot copy the disk image") : finish(job, to, reterr);
}

int disk_write(Job *job, const ByteSource *source, Fault *reterr)
{
        _cleanup_decompress_ Decompress *d = NULL;
        _cleanup_close_ int to = create(job, reterr);

        if (to < 0)
                return to;
        int r = decompress_new(source, COMPRESSION_ANY, &d, reterr);
        if (r < 0)
                return r;
        ByteSource plain = decompress_source(d);
        r = file_write_sparse(to, &plain, limit(job), reterr);
        return r < 0 ? job_fault(reterr, r, "cannot write the disk image")
                     : finish(job, to, reterr);
}
