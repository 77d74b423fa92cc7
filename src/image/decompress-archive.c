/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What nobody pushes to a registry but people import: libarchive as a filter, for bytes and not for
 * archives. */
#include "image/decompressor.h"

#include <archive.h>
#include <archive_entry.h>

typedef struct Filter {
        const ByteSource *in;
        struct archive *archive;
        bool opened;
        int error;    /* of the source, */
        Fault *fault; /* and where to tell of it; only during a call of the library */
} Filter;

static la_ssize_t on_read(struct archive *a, void *userdata, const void **ret)
{
        Filter *f = userdata;
        const uint8_t *data;
        size_t n = 0;

        int r = f->in->next(f->in->userdata, &data, &n, f->fault);
        if (r < 0) {
                f->error = r;
                return ARCHIVE_FATAL;
        }
        *ret = r > 0 ? data : NULL;
        return r > 0 ? (la_ssize_t)n : 0;
}

static int filter_fault(Filter *f, Fault *reterr)
{
        if (f->error < 0)
                return f->error; /* the source has told why */
        return fault_set(reterr, FAULT_FAILED, EBADMSG,
                         "the compressed stream is damaged or ends early");
}

static int filter_into(void *state, uint8_t *data, size_t n, size_t *ret_n, Fault *reterr)
{
        Filter *f = state;
        struct archive_entry *entry;
        size_t done = 0;

        f->fault = reterr;
        if (!f->opened) {
                if (archive_read_open(f->archive, f, NULL, on_read, NULL) != ARCHIVE_OK ||
                    archive_read_next_header(f->archive, &entry) != ARCHIVE_OK)
                        return filter_fault(f, reterr);
                f->opened = true;
        }
        while (done < n) {
                la_ssize_t k = archive_read_data(f->archive, data + done, n - done);

                if (k < 0)
                        return filter_fault(f, reterr);
                if (k == 0)
                        break;
                done += (size_t)k;
        }
        *ret_n = done;
        return 0;
}

static void filter_free(void *state)
{
        Filter *f = state;

        (void)archive_read_free(f->archive);
        free(f);
}

int decompressor_archive(const ByteSource *in, Compression kind, Decompressor *ret)
{
        static int (*const support[_COMPRESSION_MAX])(struct archive *) = {
                [COMPRESSION_XZ] = archive_read_support_filter_xz,
                [COMPRESSION_BZIP2] = archive_read_support_filter_bzip2,
                [COMPRESSION_LZ4] = archive_read_support_filter_lz4,
                [COMPRESSION_LZMA] = archive_read_support_filter_lzma,
        };
        Filter *f = calloc(1, sizeof(*f));

        if (!f || !(f->archive = archive_read_new())) {
                free(f);
                return -ENOMEM;
        }
        /* ARCHIVE_WARN: it would run a program */
        if (!support[kind] || support[kind](f->archive) != ARCHIVE_OK ||
            archive_read_support_format_raw(f->archive) != ARCHIVE_OK) {
                filter_free(f);
                return -EOPNOTSUPP;
        }
        f->in = in;
        *ret = (Decompressor){.into = filter_into, .free = filter_free, .state = f};
        return 0;
}
