/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Source: the GNU tar manual, "Storing Sparse Files"; formats old GNU and PAX 0.0, 0.1, 1.0. */
#include "image/tar-reader.h"

#include <string.h>

#define N_DIGITS_MAX 20

static int damaged(TarReader *r, int error, Fault *reterr)
{
        if (error == -ENOMEM)
                return fault_set(reterr, FAULT_FAILED, ENOMEM, "out of memory");
        if (error == -E2BIG)
                return tar_fault(reterr, EFBIG, r->entry.path, "has more than %u extents",
                                 TAR_EXTENTS_MAX);
        return tar_fault(reterr, EBADMSG, r->entry.path, "has a damaged list of extents");
}

/* The list is complete: does it fit the file and its payload? */
static int check(TarReader *r, Fault *reterr)
{
        const TarEntry *e = &r->entry;
        const TarExtent *last = e->n_extents > 0 ? &e->extents[e->n_extents - 1] : NULL;

        if (tar_entry_n_payload(e) != r->n_payload || (last && last->offset + last->n > e->size))
                return damaged(r, -EINVAL, reterr);
        return 0;
}

static int add_fields(TarReader *r, const char fields[][2][12], size_t n, Fault *reterr)
{
        for (size_t i = 0; i < n && fields[i][1][0]; i++) {
                uint64_t offset, length;
                int k = tar_header_number(fields[i][0], sizeof(fields[i][0]), &offset);

                if (k >= 0)
                        k = tar_header_number(fields[i][1], sizeof(fields[i][1]), &length);
                if (k >= 0)
                        k = tar_entry_add_extent(&r->entry, offset, length);
                if (k < 0)
                        return damaged(r, k, reterr);
        }
        return 0;
}

int tar_reader_gnu_extents(TarReader *r, const TarHeader *h, Fault *reterr)
{
        TarExtents more = {.extended = h->gnu.extended};

        r->entry.sparse = true;
        if (tar_header_number(h->gnu.real_size, sizeof(h->gnu.real_size), &r->entry.size) < 0)
                return damaged(r, -EINVAL, reterr);
        int k = add_fields(r, h->gnu.extents, 4, reterr);
        while (k >= 0 && more.extended) {
                k = tar_reader_take(r, &more, sizeof(more), reterr);
                if (k == 0)
                        return damaged(r, -EINVAL, reterr);
                if (k > 0)
                        k = add_fields(r, more.extents, 21, reterr);
        }
        return k < 0 ? k : check(r, reterr);
}

/* A decimal number and its newline, out of the blocks in front of a 1.0 payload. */
static int next_number(TarReader *r, char block[static TAR_BLOCK_SIZE], size_t *at, uint64_t *ret,
                       Fault *reterr)
{
        char digits[N_DIGITS_MAX];

        for (size_t n = 0; n < sizeof(digits); n++) {
                if (*at == TAR_BLOCK_SIZE) {
                        if (r->n_payload < TAR_BLOCK_SIZE)
                                return damaged(r, -EINVAL, reterr);
                        int k = tar_reader_take(r, block, TAR_BLOCK_SIZE, reterr);
                        if (k <= 0)
                                return k < 0 ? k : damaged(r, -EINVAL, reterr);
                        r->n_payload -= TAR_BLOCK_SIZE;
                        *at = 0;
                }
                digits[n] = block[(*at)++];
                if (digits[n] == '\n')
                        return tar_pax_number(digits, n, ret) < 0 ? damaged(r, -EINVAL, reterr) : 0;
        }
        return damaged(r, -EINVAL, reterr);
}

static int read_map(TarReader *r, Fault *reterr)
{
        char block[TAR_BLOCK_SIZE];
        size_t at = TAR_BLOCK_SIZE;
        uint64_t n = 0, offset = 0, length = 0;

        int k = next_number(r, block, &at, &n, reterr);
        if (k >= 0 && n > TAR_EXTENTS_MAX)
                return damaged(r, -E2BIG, reterr);
        for (uint64_t i = 0; k >= 0 && i < n; i++) {
                k = next_number(r, block, &at, &offset, reterr);
                if (k >= 0)
                        k = next_number(r, block, &at, &length, reterr);
                if (k >= 0 && (k = tar_entry_add_extent(&r->entry, offset, length)) < 0)
                        return damaged(r, k, reterr);
        }
        return k;
}

int tar_reader_pax_extents(TarReader *r, Fault *reterr)
{
        TarSparse *s = &r->local.sparse;
        TarEntry *e = &r->entry;

        if (e->type != TAR_REGULAR || !s->has_real_size || s->has_offset)
                return damaged(r, -EINVAL, reterr);
        e->sparse = true;
        e->size = s->real_size;
        if (s->name) {
                free(e->path);
                e->path = TAKE_PTR(s->name);
        }
        if (s->major > 1 || (s->major == 1 && s->minor > 0) || (s->major == 0 && s->minor > 1))
                return tar_fault(reterr, EBADMSG, e->path, "is sparse in a way that is not known");
        if (s->major == 1) {
                int k = read_map(r, reterr);
                if (k < 0)
                        return k;
        } else {
                e->extents = TAKE_PTR(r->local.entry.extents);
                e->n_extents = r->local.entry.n_extents;
                r->local.entry.n_extents = 0;
        }
        return check(r, reterr);
}
