/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/source.h"

#include "base/io.h"
#include "base/text.h"
#include "image/layer.h"
#include "import/source-kind.h"
#include "sys/beneath.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define HEAD_MAX (1U << 20) /* one block of bzip2 fits, whatever it holds */

int source_kind_from_name(const char *name)
{
        static const char *const names[_SOURCE_KIND_MAX] = {
                [SOURCE_AUTO] = "auto", [SOURCE_DIRECTORY] = "directory",
                [SOURCE_OCI] = "oci",   [SOURCE_DOCKER] = "docker",
                [SOURCE_TAR] = "tar",   [SOURCE_DISK] = "disk",
        };

        for (int i = 0; i < _SOURCE_KIND_MAX; i++)
                if (streq(names[i], name))
                        return i;
        return -EINVAL;
}

static int read_head(Source *s, Fault *reterr)
{
        s->head = malloc(HEAD_MAX);
        if (!s->head)
                return -ENOMEM;
        while (s->n_head < HEAD_MAX) {
                ssize_t n = read(s->fd, s->head + s->n_head, HEAD_MAX - s->n_head);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return job_fault(reterr, errno, "cannot read what is to be imported");
                if (n == 0)
                        break;
                s->n_head += (size_t)n;
        }
        return s->n_head > 0 ? 0
                             : fault_set(reterr, FAULT_IMPORT_FAILED, EBADMSG,
                                         "what is to be imported is empty");
}

/* The head is a part of a stream that goes on: that its end is missing is no fault. */
static int look_inside(Source *s, Fault *reterr)
{
        _cleanup_decompress_ Decompress *d = NULL;
        MemorySource memory;
        ByteSource source = memory_source(&memory, s->head, s->n_head);

        s->plain = malloc(SOURCE_PLAIN_MAX);
        if (!s->plain)
                return -ENOMEM;
        int r = decompress_new(&source, COMPRESSION_ANY, &d, reterr);
        if (r < 0)
                return r;
        s->compression = decompress_kind(d);
        return decompress_into(d, s->plain, SOURCE_PLAIN_MAX, &s->n_plain, reterr);
}

static int open_directory(Source *s, SourceKind kind, Fault *reterr)
{
        _cleanup_close_ int layout = beneath_open(s->fd, "oci-layout", O_PATH, 0);

        if (kind == SOURCE_AUTO)
                kind = layout >= 0 ? SOURCE_OCI : SOURCE_DIRECTORY;
        if (kind != SOURCE_OCI && kind != SOURCE_DIRECTORY)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "what is to be imported is a directory, not what it is said to "
                                 "be");
        s->kind = kind;
        return 0;
}

/* What was asked for counts where the first bytes tell nothing. Where they do, a disk taken for an
 * archive, or the other way round, would be an image that nothing can use. */
static int settle_kind(Source *s, SourceKind asked, Fault *reterr)
{
        _cleanup_fault_ Fault unknown = {0};
        int found = source_kind_of(s->plain, s->n_plain, &unknown);

        if (found < 0 && (asked == SOURCE_AUTO || unknown.code != FAULT_IMPORT_FAILED))
                return fault_set(reterr, unknown.code, found, "%s", unknown.message ?: "");
        if (found >= 0 && asked != SOURCE_AUTO && (found == SOURCE_DISK) != (asked == SOURCE_DISK))
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "what is to be imported is %s, not %s",
                                 found == SOURCE_DISK ? "a disk image" : "an archive",
                                 found == SOURCE_DISK ? "the archive that it is said to be"
                                                      : "the disk image that it is said to be");
        s->kind = asked == SOURCE_AUTO ? (SourceKind)found : asked;
        return 0;
}

static int open_stream(Job *job, Source *s, SourceKind kind, Fault *reterr)
{
        if (kind == SOURCE_DIRECTORY)
                return fault_set(reterr, FAULT_INVALID_OPTION, ENOTDIR,
                                 "what is to be imported is no directory");
        s->item = progress_add_item(job->progress, "source", s->size);
        int r = read_head(s, reterr);
        if (r >= 0)
                r = look_inside(s, reterr);
        return r < 0 ? r : settle_kind(s, kind, reterr);
}

int source_open(Job *job, int fd, SourceKind kind, Source *s, Fault *reterr)
{
        struct stat st;
        off_t at;

        *s = (Source){.fd = fd};
        if (fstat(fd, &st) < 0)
                return job_fault(reterr, errno, "cannot look at what is to be imported");
        if (S_ISDIR(st.st_mode))
                return open_directory(s, kind, reterr);
        if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode) &&
            !S_ISBLK(st.st_mode) && !S_ISCHR(st.st_mode))
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "what is to be imported is neither a file nor a directory");
        /* a terminal or socket may have been left non-blocking by whoever opened it */
        (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
        s->regular = S_ISREG(st.st_mode);
        at = s->regular ? lseek(fd, 0, SEEK_CUR) : -1;
        s->from_start = at == 0;
        if (at >= 0 && s->regular && st.st_size > at)
                s->size = (uint64_t)(st.st_size - at);
        return open_stream(job, s, kind, reterr);
}

void source_done(Source *s)
{
        if (s->spooled)
                (void)close_fd(s->fd);
        free(s->head);
        free(s->plain);
        fd_source_done(&s->rest);
        *s = (Source){.fd = -EBADF};
}

static int next_bytes(void *userdata, const uint8_t **ret, size_t *ret_n, Fault *reterr)
{
        Source *s = userdata;
        int r = 1;

        if (s->replayed) {
                r = s->rest_bytes.next(s->rest_bytes.userdata, ret, ret_n, reterr);
        } else {
                s->replayed = true;
                *ret = s->head;
                *ret_n = s->n_head;
        }
        if (r > 0) {
                progress_item_add(s->item, *ret_n);
                s->n_read += *ret_n;
        }
        return r;
}

ByteSource source_bytes(Source *s)
{
        s->rest_bytes = fd_source(&s->rest, s->fd, NULL);
        return (ByteSource){.next = next_bytes, .userdata = s};
}

/* ---- spool ---- */

static int spool(Job *job, Source *s, int fd, Fault *reterr)
{
        _cleanup_decompress_ Decompress *d = NULL;
        ByteSource source = source_bytes(s);
        uint64_t limit = job->limit_bytes ?: LAYER_BYTES_MAX, n_out = 0;
        const uint8_t *data;
        size_t n;

        progress_set_phase(job->progress, "reading");
        int r = decompress_new(&source, COMPRESSION_ANY, &d, reterr);
        if (r < 0)
                return r;
        ByteSource plain = decompress_source(d);
        while ((r = plain.next(plain.userdata, &data, &n, reterr)) > 0) {
                n_out += n;
                if (n_out > limit)
                        return job_fault(reterr, EFBIG, "the archive is larger than allowed");
                r = layer_check_growth(s->n_read, n_out, reterr);
                if (r < 0)
                        return r;
                r = write_all(fd, data, n);
                if (r < 0)
                        return job_fault(reterr, r, "cannot keep a copy of the archive");
        }
        return r;
}

int source_spool(Job *job, Source *s, Fault *reterr)
{
        _cleanup_close_ int fd = -EBADF;

        if (s->regular && s->compression == COMPRESSION_NONE && s->from_start) {
                progress_item_drop(s->item); /* its parts are told one by one */
                return 0;
        }
        fd = openat(job->incoming_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (fd < 0)
                return job_fault(reterr, errno, "cannot keep a copy of the archive");
        int r = spool(job, s, fd, reterr);
        if (r < 0)
                return r;
        s->fd = TAKE_FD(fd);
        s->spooled = s->regular = true;
        return 0;
}
