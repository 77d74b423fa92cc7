/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/tar-read.h"

#include "image/tar-reader.h"

#include <assert.h>
#include <string.h>

int tar_reader_new(const ByteSource *source, const TarTap *tap, TarReader **ret)
{
        TarReader *r = calloc(1, sizeof(*r));

        if (!r)
                return -ENOMEM;
        r->source = *source;
        if (tap)
                r->tap = *tap;
        *ret = r;
        return 0;
}

static void forget_extensions(TarReader *r)
{
        tar_pax_done(&r->local);
        free(r->long_path);
        free(r->long_link);
        r->long_path = r->long_link = NULL;
        r->extended = false;
}

TarReader *tar_reader_free(TarReader *r)
{
        if (r) {
                forget_extensions(r);
                tar_pax_done(&r->global);
                tar_entry_done(&r->entry);
        }
        free(r);
        return NULL;
}

static int truncated(Fault *reterr)
{
        return fault_set(reterr, FAULT_FAILED, EBADMSG, "the archive is truncated");
}

/* 1: there are bytes in r->run; 0: the source has ended */
static int fill(TarReader *r, Fault *reterr)
{
        if (r->n_run > 0)
                return 1;
        return r->source.next(r->source.userdata, &r->run, &r->n_run, reterr);
}

static int show(TarReader *r, size_t n, Fault *reterr)
{
        return r->tap.raw ? r->tap.raw(r->tap.userdata, r->run, n, reterr) : 0;
}

static void pass(TarReader *r, size_t n)
{
        r->run += n;
        r->n_run -= n;
        r->offset += n;
}

int tar_reader_take(TarReader *r, void *data, size_t n, Fault *reterr)
{
        size_t done = 0;

        while (done < n) {
                int k = fill(r, reterr);
                if (k < 0)
                        return k;
                if (k == 0)
                        return done == 0 ? 0 : truncated(reterr);
                size_t part = MIN2(n - done, r->n_run);
                k = show(r, part, reterr);
                if (k < 0)
                        return k;
                memcpy((uint8_t *)data + done, r->run, part);
                done += part;
                pass(r, part);
        }
        return 1;
}

/* 1: the source has passed over @n bytes; 0: they have to be read */
static int skip_unread(TarReader *r, uint64_t n, Fault *reterr)
{
        if (!r->source.skip || r->tap.raw)
                return 0;
        int k = r->source.skip(r->source.userdata, n, reterr);
        if (k == -ENODATA)
                return truncated(reterr);
        if (k < 0)
                return k == -ESPIPE ? 0 : k;
        r->offset += n;
        return 1;
}

static int skip_read(TarReader *r, uint64_t n, Fault *reterr)
{
        while (n > 0) {
                int k = fill(r, reterr);
                if (k <= 0)
                        return k < 0 ? k : truncated(reterr);
                size_t part = n < r->n_run ? (size_t)n : r->n_run;
                k = show(r, part, reterr);
                if (k < 0)
                        return k;
                n -= part;
                pass(r, part);
        }
        return 0;
}

static int skip(TarReader *r, uint64_t n, Fault *reterr)
{
        size_t here = n < r->n_run ? (size_t)n : r->n_run;

        int k = skip_read(r, here, reterr);
        if (k < 0 || n == here)
                return k;
        k = skip_unread(r, n - here, reterr);
        return k < 0 ? k : k > 0 ? 0 : skip_read(r, n - here, reterr);
}

/* The data of an extension: a string or the records of pax. */
static int take_body(TarReader *r, const TarHeader *h, size_t max, char **ret, Fault *reterr)
{
        uint64_t n;
        char padding[TAR_BLOCK_SIZE];

        if (tar_header_number(h->size, sizeof(h->size), &n) < 0)
                return fault_set(reterr, FAULT_FAILED, EBADMSG,
                                 "an extended header has a bad size");
        if (n > max)
                return fault_set(reterr, FAULT_FAILED,
                                 h->type == 'L' || h->type == 'K' ? ENAMETOOLONG : EFBIG,
                                 "an extended header has %llu bytes, %zu is the limit",
                                 (unsigned long long)n, max);
        _cleanup_free_ char *body = malloc((size_t)n + 1);
        if (!body)
                return fault_set(reterr, FAULT_FAILED, ENOMEM, "out of memory");
        int k = n > 0 ? tar_reader_take(r, body, (size_t)n, reterr) : 1;
        if (k > 0 && n % TAR_BLOCK_SIZE)
                k = tar_reader_take(r, padding, TAR_BLOCK_SIZE - (size_t)(n % TAR_BLOCK_SIZE),
                                    reterr);
        if (k <= 0)
                return k < 0 ? k : truncated(reterr);
        body[n] = '\0';
        *ret = TAKE_PTR(body);
        return (int)n;
}

/* 1: it was an extension and has been read */
static int take_extension(TarReader *r, const TarHeader *h, Fault *reterr)
{
        _cleanup_free_ char *body = NULL;
        int n;

        switch (h->type) {
        case 'x':
        case 'g':
                n = take_body(r, h, TAR_PAX_MAX, &body, reterr);
                if (n < 0)
                        return n;
                if (h->type == 'x')
                        tar_pax_done(&r->local); /* the last one counts */
                r->extended = r->extended || h->type == 'x';
                n = tar_pax_parse(body, (size_t)n, h->type == 'g',
                                  h->type == 'g' ? &r->global : &r->local, reterr);
                return n < 0 ? n : 1;
        case 'L':
        case 'K':
                n = take_body(r, h, TAR_PATH_MAX + 1, &body, reterr);
                if (n < 0)
                        return n;
                assert(body);
                if (strlen(body) > TAR_PATH_MAX)
                        return fault_set(reterr, FAULT_FAILED, ENAMETOOLONG,
                                         "a path is longer than %u bytes", TAR_PATH_MAX);
                char **where = h->type == 'L' ? &r->long_path : &r->long_link;
                free(*where);
                *where = TAKE_PTR(body);
                r->extended = true;
                return 1;
        default: return 0;
        }
}

static int path_of(TarReader *r, const TarHeader *h, Fault *reterr)
{
        TarEntry *e = &r->entry;
        bool ustar = memcmp(h->magic, TAR_MAGIC_USTAR, sizeof(h->magic)) == 0;

        if (r->local.entry.path)
                e->path = TAKE_PTR(r->local.entry.path);
        else if (r->long_path)
                e->path = TAKE_PTR(r->long_path);
        else if (ustar && h->prefix[0]) {
                if (asprintf(&e->path, "%.*s/%.*s", (int)sizeof(h->prefix), h->prefix,
                             (int)sizeof(h->name), h->name) < 0)
                        e->path = NULL;
        } else
                e->path = strndup(h->name, sizeof(h->name));
        if (!e->path)
                return fault_set(reterr, FAULT_FAILED, ENOMEM, "out of memory");
        if (!e->path[0] && !r->local.sparse.name)
                return fault_set(reterr, FAULT_FAILED, EBADMSG, "an entry has no name");
        return 0;
}

static int link_of(TarReader *r, const TarHeader *h, Fault *reterr)
{
        TarEntry *e = &r->entry;

        if (e->type != TAR_HARDLINK && e->type != TAR_SYMLINK)
                return 0;
        if (r->local.entry.link)
                e->link = TAKE_PTR(r->local.entry.link);
        else if (r->long_link)
                e->link = TAKE_PTR(r->long_link);
        else
                e->link = strndup(h->link, sizeof(h->link));
        if (!e->link)
                return fault_set(reterr, FAULT_FAILED, ENOMEM, "out of memory");
        return e->link[0] ? 0 : tar_fault(reterr, EBADMSG, e->path, "is a link to nothing");
}

static int type_of(TarReader *r, const TarHeader *h, Fault *reterr)
{
        TarEntry *e = &r->entry;

        assert(e->path); /* of path_of() */
        size_t n = strlen(e->path);

        switch (h->type) {
        case '\0':
        case '0':
        case '7': /* contiguous: as any file */
        case 'S':
                /* before ustar a directory was a file with a slash behind its name */
                e->type = h->type != 'S' && n > 0 && e->path[n - 1] == '/' ? TAR_DIRECTORY
                                                                           : TAR_REGULAR;
                return 0;
        case '1': e->type = TAR_HARDLINK; return 0;
        case '2': e->type = TAR_SYMLINK; return 0;
        case '3': e->type = TAR_CHAR; return 0;
        case '4': e->type = TAR_BLOCK; return 0;
        case '5': e->type = TAR_DIRECTORY; return 0;
        case '6': e->type = TAR_FIFO; return 0;
        default:
                if (h->type >= ' ' && h->type <= '~')
                        return tar_fault(reterr, EBADMSG, e->path,
                                         "is of type '%c', which is not known", h->type);
                return tar_fault(reterr, EBADMSG, e->path, "is of type 0x%02x, which is not known",
                                 (uint8_t)h->type);
        }
}

static int node_of(TarReader *r, const TarHeader *h)
{
        uint64_t major, minor;

        if (r->entry.type != TAR_CHAR && r->entry.type != TAR_BLOCK)
                return 0;
        if (tar_header_number(h->major, sizeof(h->major), &major) < 0 ||
            tar_header_number(h->minor, sizeof(h->minor), &minor) < 0 || major > UINT32_MAX ||
            minor > UINT32_MAX)
                return -EINVAL;
        r->entry.major = (uint32_t)major;
        r->entry.minor = (uint32_t)minor;
        return 0;
}

static int numbers_of(TarReader *r, const TarHeader *h, Fault *reterr)
{
        TarEntry *e = &r->entry;
        const TarPax *local = &r->local, *global = &r->global;
        uint64_t mode, size;
        int64_t mtime;

        if (tar_header_number(h->mode, sizeof(h->mode), &mode) < 0 ||
            tar_header_number(h->uid, sizeof(h->uid), &e->uid) < 0 ||
            tar_header_number(h->gid, sizeof(h->gid), &e->gid) < 0 ||
            tar_header_number(h->size, sizeof(h->size), &size) < 0 ||
            tar_header_time(h->mtime, sizeof(h->mtime), &mtime) < 0 || node_of(r, h) < 0)
                return tar_fault(reterr, EBADMSG, e->path, "has a bad number in its header");
        e->mode = (mode_t)(mode & 07777);
        e->mtime = local->has_mtime    ? local->entry.mtime
                   : global->has_mtime ? global->entry.mtime
                                       : (struct timespec){.tv_sec = mtime};
        e->uid = local->has_uid ? local->entry.uid : global->has_uid ? global->entry.uid : e->uid;
        e->gid = local->has_gid ? local->entry.gid : global->has_gid ? global->entry.gid : e->gid;
        size = local->has_size ? local->n_payload : size;
        if (e->type == TAR_DIRECTORY && h->type != '5' && size > 0)
                return tar_fault(reterr, EBADMSG, e->path, "is a directory with data");
        /* of all others a size means nothing, as for GNU tar and Go: no data follow */
        r->n_payload = e->type == TAR_REGULAR ? size : 0;
        e->size = r->n_payload;
        return 0;
}

static int fill_entry(TarReader *r, const TarHeader *h, Fault *reterr)
{
        TarEntry *e = &r->entry;
        uint64_t n_behind; /* all that lies between this header and the next */

        int k = path_of(r, h, reterr);
        if (k >= 0)
                k = type_of(r, h, reterr);
        if (k >= 0)
                k = link_of(r, h, reterr);
        if (k >= 0)
                k = numbers_of(r, h, reterr);
        if (k < 0)
                return k;
        e->xattrs = TAKE_PTR(r->local.entry.xattrs);
        e->n_xattrs = r->local.entry.n_xattrs;
        r->local.entry.n_xattrs = 0;
        n_behind = r->n_payload;
        if (r->local.sparse.present)
                k = tar_reader_pax_extents(r, reterr);
        else if (h->type == 'S')
                k = tar_reader_gnu_extents(r, h, reterr);
        if (k < 0)
                return k;
        r->n_padding = (unsigned)(-n_behind % TAR_BLOCK_SIZE);
        forget_extensions(r);
        return 1;
}

/* Behind the end nothing but zeros may follow. */
static int finish(TarReader *r, Fault *reterr)
{
        int k;

        r->ended = true;
        if (r->extended)
                return truncated(reterr);
        while ((k = fill(r, reterr)) > 0) {
                for (size_t i = 0; i < r->n_run; i++) {
                        if (r->run[i] != 0)
                                return fault_set(reterr, FAULT_FAILED, EBADMSG,
                                                 "bytes follow the end of the archive");
                }
                k = show(r, r->n_run, reterr);
                if (k < 0)
                        return k;
                pass(r, r->n_run);
        }
        return k;
}

static int check_header(const TarHeader *h, Fault *reterr)
{
        uint64_t sum;

        if (tar_header_number(h->checksum, sizeof(h->checksum), &sum) < 0 ||
            sum != tar_header_checksum(h))
                return fault_set(
                        reterr, FAULT_FAILED, EBADMSG,
                        "it is no tar archive, or a damaged one: a header has a bad checksum");
        return 0;
}

int tar_reader_next(TarReader *r, const TarEntry **ret, Fault *reterr)
{
        TarHeader h;

        if (r->ended)
                return 0;
        int k = skip(r, r->n_payload + r->n_padding, reterr);
        if (k < 0)
                return k;
        r->n_payload = r->n_padding = 0;
        tar_entry_done(&r->entry);
        for (;;) {
                k = tar_reader_take(r, &h, sizeof(h), reterr);
                if (k < 0)
                        return k;
                if (k == 0 || tar_header_is_zero(&h))
                        return finish(r, reterr);
                k = check_header(&h, reterr);
                if (k >= 0)
                        k = take_extension(r, &h, reterr);
                if (k < 0)
                        return k;
                if (k > 0)
                        continue;
                *ret = &r->entry;
                return fill_entry(r, &h, reterr);
        }
}

int tar_reader_payload(TarReader *r, const uint8_t **ret, size_t *ret_n, Fault *reterr)
{
        if (r->n_payload == 0)
                return 0;
        int k = fill(r, reterr);
        if (k <= 0)
                return k < 0 ? k : truncated(reterr);
        size_t n = r->n_payload < r->n_run ? (size_t)r->n_payload : r->n_run;
        *ret = r->run;
        *ret_n = n;
        pass(r, n);
        r->n_payload -= n;
        return 1;
}

uint64_t tar_reader_offset(const TarReader *r)
{
        return r->offset;
}

static int payload_next(void *userdata, const uint8_t **ret, size_t *ret_n, Fault *reterr)
{
        return tar_reader_payload(userdata, ret, ret_n, reterr);
}

ByteSource tar_reader_source(TarReader *r)
{
        return (ByteSource){.next = payload_next, .userdata = r};
}

int tar_reader_read_all(TarReader *r, size_t max, char **ret, size_t *ret_n, Fault *reterr)
{
        if (r->n_payload > max)
                return tar_fault(reterr, EFBIG, r->entry.path, "has %llu bytes, %zu is the limit",
                                 (unsigned long long)r->n_payload, max);
        size_t n_all = (size_t)r->n_payload, n_done = 0;
        _cleanup_free_ char *data = malloc(n_all + 1);
        if (!data)
                return fault_set(reterr, FAULT_FAILED, ENOMEM, "out of memory");
        while (n_done < n_all) {
                const uint8_t *run = NULL;
                size_t n = 0;
                int k = tar_reader_payload(r, &run, &n, reterr);

                if (k < 0)
                        return k;
                assert(run);
                memcpy(data + n_done, run, n);
                n_done += n;
        }
        data[n_done] = '\0';
        *ret = TAKE_PTR(data);
        if (ret_n)
                *ret_n = n_done;
        return 0;
}
