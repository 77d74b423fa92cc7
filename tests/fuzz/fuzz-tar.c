/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/fuzz-tar.h"
#include "fuzz/fuzz.h"
#include "image/tar-read.h"
#include "image/tar-write.h"

static int discard(void *userdata, const void *data, size_t n, Fault *reterr)
{
        *(uint64_t *)userdata += n;
        return 0;
}

static int count_raw(void *userdata, const uint8_t *data, size_t n, Fault *reterr)
{
        *(uint64_t *)userdata += n;
        return 0;
}

static void check_entry(const TarEntry *e)
{
        char clean[TAR_PATH_MAX + 1];
        uint64_t end = 0;

        PROMISE(e->path && *e->path && e->type < _TAR_TYPE_MAX && !(e->mode & ~07777U));
        PROMISE((e->type == TAR_HARDLINK || e->type == TAR_SYMLINK) == (e->link != NULL));
        PROMISE(!e->link || (*e->link && strlen(e->link) <= TAR_PATH_MAX));
        PROMISE(e->mtime.tv_nsec >= 0 && e->mtime.tv_nsec < 1000000000);
        PROMISE(e->size <= INT64_MAX && (e->type == TAR_REGULAR || e->size == 0));
        for (size_t i = 0; i < e->n_extents; i++) {
                PROMISE(e->extents[i].n > 0 && e->extents[i].offset >= end);
                end = e->extents[i].offset + e->extents[i].n;
        }
        PROMISE(end <= e->size && e->n_extents <= TAR_EXTENTS_MAX);
        for (size_t i = 0; i < e->n_xattrs; i++)
                PROMISE(e->xattrs[i].n <= TAR_PAX_MAX &&
                        (e->xattrs[i].n == 0 || e->xattrs[i].value));
        int n = tar_path_clean(e->path, clean, NULL);
        if (n < 0)
                return;
        PROMISE(strlen(clean) <= TAR_PATH_MAX && n <= (int)TAR_DEPTH_MAX && (n == 0) == !*clean);
        PROMISE(clean[0] != '/' && !strstr(clean, "//") && strncmp(clean, "../", 3) != 0 &&
                !strstr(clean, "/../") && strcmp(clean, "..") != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        uint8_t *copy = (uint8_t *)fuzz_copy(data, n);
        uint64_t n_raw = 0, n_payload = 0, n_written = 0;
        MemorySource memory;
        const TarTap tap = {.raw = count_raw, .userdata = &n_raw};
        const ByteSink out = {.write = discard, .userdata = &n_written};
        _cleanup_fault_ Fault fault = {0};
        TarReader *r;
        TarWriter *w;
        const TarEntry *e;
        const uint8_t *run;
        size_t n_run, n_entries = 0;
        int k;

        fuzz_tar_seal(copy, n);
        const ByteSource source = memory_source(&memory, copy, n);
        PROMISE(tar_reader_new(&source, &tap, &r) >= 0 && tar_writer_new(&out, &w) >= 0);
        while ((k = tar_reader_next(r, &e, &fault)) > 0) {
                bool written;

                check_entry(e);
                written = tar_writer_entry(w, e, NULL) >= 0;
                /* every third payload is passed over instead */
                while (n_entries % 3 != 2 &&
                       (k = tar_reader_payload(r, &run, &n_run, &fault)) > 0) {
                        n_payload += n_run;
                        PROMISE(!written || tar_writer_data(w, run, n_run, NULL) >= 0);
                }
                if (k < 0 || n_entries % 3 == 2 ||
                    !written) { /* a new one: this one is not complete */
                        tar_writer_free(w);
                        PROMISE(tar_writer_new(&out, &w) >= 0);
                }
                if (k < 0)
                        break;
                n_entries++;
        }
        PROMISE((k < 0) == (fault.code != FAULT_NONE) &&
                (!fault.message || !strchr(fault.message, '\n')));
        PROMISE(k < 0 || n_raw + n_payload == n); /* each byte was seen once */
        tar_reader_free(r);
        tar_writer_free(w);
        free(copy);
        return 0;
}
