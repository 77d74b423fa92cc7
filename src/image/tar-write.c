/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/tar-write.h"

#include "image/tar-header.h"
#include "image/tar-pax.h"

#include <string.h>

#define SPARSE_NAME "GNUSparseFile.0/" /* what a reader sees that knows nothing of them */
#define PAX_NAME    "PaxHeaders.0/"

struct TarWriter {
        ByteSink out;
        uint64_t n_left; /* of the payload */
        unsigned n_padding;
};

int tar_writer_new(const ByteSink *out, TarWriter **ret)
{
        TarWriter *w = calloc(1, sizeof(*w));

        if (!w)
                return -ENOMEM;
        w->out = *out;
        *ret = w;
        return 0;
}

TarWriter *tar_writer_free(TarWriter *w)
{
        free(w);
        return NULL;
}

static int write_out(TarWriter *w, const void *data, size_t n, Fault *reterr)
{
        return n > 0 ? w->out.write(w->out.userdata, data, n, reterr) : 0;
}

static int write_zeros(TarWriter *w, size_t n, Fault *reterr)
{
        static const uint8_t zeros[2 * TAR_BLOCK_SIZE];

        return write_out(w, zeros, n, reterr);
}

/* "LENGTH KEY=VALUE\n", where LENGTH counts its own digits. */
static void put_record(FILE *f, const char *prefix, const char *key, const void *value, size_t n)
{
        size_t rest = strlen(prefix) + strlen(key) + n + 3, length = rest, before = 0;
        char digits[24];

        while (length != before) {
                before = length;
                length = rest + (size_t)snprintf(digits, sizeof(digits), "%zu", length);
        }
        (void)fprintf(f, "%zu %s%s=", length, prefix, key);
        if (n > 0) /* an empty attribute has no value at all */
                (void)fwrite(value, 1, n, f);
        (void)fputc('\n', f);
}

static void put_string(FILE *f, const char *key, const char *value)
{
        put_record(f, "", key, value, strlen(value));
}

static void put_number(FILE *f, const char *key, uint64_t value)
{
        char digits[24];

        (void)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
        put_string(f, key, digits);
}

/* Times before 1970 have a fraction that goes down: -0.25 s is -1 s and 750000000 ns. */
static void put_time(FILE *f, const struct timespec *t)
{
        bool negative = t->tv_sec < 0;
        uint64_t seconds = negative ? -(uint64_t)t->tv_sec : (uint64_t)t->tv_sec;
        long nsec = t->tv_nsec;
        char text[64];

        if (negative && nsec > 0) {
                seconds--;
                nsec = 1000000000 - nsec;
        }
        int n = snprintf(text, sizeof(text), "%s%llu.%09ld", negative ? "-" : "",
                         (unsigned long long)seconds, nsec);
        while (n > 0 && text[n - 1] == '0')
                text[--n] = '\0';
        if (n > 0 && text[n - 1] == '.')
                text[--n] = '\0';
        put_string(f, "mtime", text);
}

static const char *base_name(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash && slash[1] ? slash + 1 : path;
}

/* A directory has a slash behind it. */
static void put_path(TarHeader *h, FILE *pax, const TarEntry *e, const char *path)
{
        size_t n = strlen(path);

        if (e->sparse) { /* the name is told by GNU.sparse.name */
                (void)snprintf(h->name, sizeof(h->name), SPARSE_NAME "%.80s", base_name(path));
                return;
        }
        if (n <= sizeof(h->name)) {
                memcpy(h->name, path, n);
                return;
        }
        const char *slash = n <= sizeof(h->prefix) + 1 + sizeof(h->name)
                                    ? strchr(path + n - sizeof(h->name) - 1, '/')
                                    : NULL;
        if (slash && slash[1] && slash > path && (size_t)(slash - path) <= sizeof(h->prefix)) {
                memcpy(h->prefix, path, (size_t)(slash - path));
                memcpy(h->name, slash + 1, n - (size_t)(slash + 1 - path));
                return;
        }
        put_string(pax, "path", path);
        memcpy(h->name, path, sizeof(h->name));
}

static void put_numbers(TarHeader *h, FILE *pax, const TarEntry *e, uint64_t n_payload)
{
        (void)tar_header_put(h->mode, sizeof(h->mode), e->mode & 07777);
        if (!tar_header_put(h->uid, sizeof(h->uid), e->uid))
                put_number(pax, "uid", e->uid);
        if (!tar_header_put(h->gid, sizeof(h->gid), e->gid))
                put_number(pax, "gid", e->gid);
        if (!tar_header_put(h->size, sizeof(h->size), n_payload))
                put_number(pax, "size", n_payload);
        uint64_t mtime = e->mtime.tv_sec < 0 ? 0 : (uint64_t)e->mtime.tv_sec;
        if (!tar_header_put(h->mtime, sizeof(h->mtime), mtime) || e->mtime.tv_sec < 0 ||
            e->mtime.tv_nsec != 0)
                put_time(pax, &e->mtime);
        bool node = e->type == TAR_CHAR || e->type == TAR_BLOCK;
        (void)tar_header_put(h->major, sizeof(h->major), node ? e->major : 0);
        (void)tar_header_put(h->minor, sizeof(h->minor), node ? e->minor : 0);
}

/* The extents as text, in whole blocks in front of the data. */
static int make_map(const TarEntry *e, char **ret, size_t *ret_n)
{
        FILE *f = open_memstream(ret, ret_n);

        if (!f)
                return -ENOMEM;
        /* with the file's end, as GNU tar writes it */
        (void)fprintf(f, "%zu\n", e->n_extents + 1);
        for (size_t i = 0; i < e->n_extents; i++)
                (void)fprintf(f, "%llu\n%llu\n", (unsigned long long)e->extents[i].offset,
                              (unsigned long long)e->extents[i].n);
        (void)fprintf(f, "%llu\n0\n", (unsigned long long)e->size);
        while (ftell(f) % (long)TAR_BLOCK_SIZE)
                (void)fputc('\0', f);
        return fclose(f) == 0 ? 0 : -ENOMEM;
}

/* What Go's engines read is the attribute; tar programs read an ACL's text. */
static void put_acl(FILE *pax, const TarXattr *x)
{
        _cleanup_free_ char *text = NULL;
        bool access = strcmp(x->name, ACL_ACCESS) == 0;

        if ((access || strcmp(x->name, ACL_DEFAULT) == 0) &&
            tar_acl_to_text(x->value, x->n, &text) >= 0)
                put_string(pax, access ? "SCHILY.acl.access" : "SCHILY.acl.default", text);
}

static void put_base64(FILE *f, const uint8_t *data, size_t n)
{
        static const char digits[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

        for (size_t i = 0; i < n; i += 3) {
                uint32_t bits = (uint32_t)data[i] << 16;

                bits |= i + 1 < n ? (uint32_t)data[i + 1] << 8 : 0;
                bits |= i + 2 < n ? data[i + 2] : 0;
                (void)fprintf(f, "%c%c", digits[bits >> 18], digits[bits >> 12 & 63]);
                if (i + 1 < n)
                        (void)fputc(digits[bits >> 6 & 63], f);
                if (i + 2 < n)
                        (void)fputc(digits[bits & 63], f);
        }
}

/* A name with '=' cannot be a key: libarchive's form escapes it. */
static int put_escaped(FILE *pax, const TarXattr *x)
{
        _cleanup_free_ char *key = NULL, *value = NULL;
        size_t n_key = 0, n_value = 0;
        FILE *k = open_memstream(&key, &n_key), *v = open_memstream(&value, &n_value);

        for (const char *s = x->name; k && *s; s++)
                (void)fprintf(k, *s == '=' || *s == '%' ? "%%%02X" : "%c", (uint8_t)*s);
        if (v)
                put_base64(v, x->value, x->n);
        bool failed = !k || !v;
        failed = (k && fclose(k) != 0) || failed;
        failed = (v && fclose(v) != 0) || failed;
        if (failed)
                return -ENOMEM;
        put_record(pax, "LIBARCHIVE.xattr.", key, value, n_value);
        return 0;
}

static int put_attributes(FILE *pax, const TarEntry *e)
{
        int r = 0;

        if (e->sparse) {
                put_string(pax, "GNU.sparse.major", "1");
                put_string(pax, "GNU.sparse.minor", "0");
                put_string(pax, "GNU.sparse.name", e->path);
                put_number(pax, "GNU.sparse.realsize", e->size);
        }
        for (size_t i = 0; r >= 0 && i < e->n_xattrs; i++) {
                const TarXattr *x = &e->xattrs[i];

                put_acl(pax, x);
                if (strchr(x->name, '='))
                        r = put_escaped(pax, x);
                else
                        put_record(pax, "SCHILY.xattr.", x->name, x->value, x->n);
        }
        return r;
}

static int write_header(TarWriter *w, TarHeader *h, char type, Fault *reterr)
{
        h->type = type;
        memcpy(h->magic, TAR_MAGIC_USTAR, sizeof(h->magic));
        (void)tar_header_put(h->checksum, sizeof(h->checksum) - 1, tar_header_checksum(h));
        h->checksum[sizeof(h->checksum) - 1] = ' ';
        return write_out(w, h, sizeof(*h), reterr);
}

static int write_pax(TarWriter *w, const char *path, const char *pax, size_t n, Fault *reterr)
{
        TarHeader h = {0};

        if (n == 0)
                return 0;
        (void)snprintf(h.name, sizeof(h.name), PAX_NAME "%.80s", base_name(path));
        const TarEntry e = {.mode = 0644};
        put_numbers(&h, NULL, &e, n); /* all of it fits */
        int r = write_header(w, &h, 'x', reterr);
        if (r >= 0)
                r = write_out(w, pax, n, reterr);
        return r < 0 ? r : write_zeros(w, -n % TAR_BLOCK_SIZE, reterr);
}

static int write_entry(TarWriter *w, const TarEntry *e, const char *path, FILE *pax, char **text,
                       size_t *n_text, Fault *reterr)
{
        static const char types[_TAR_TYPE_MAX] = {
                [TAR_REGULAR] = '0', [TAR_HARDLINK] = '1',  [TAR_SYMLINK] = '2', [TAR_CHAR] = '3',
                [TAR_BLOCK] = '4',   [TAR_DIRECTORY] = '5', [TAR_FIFO] = '6',
        };
        _cleanup_free_ char *map = NULL;
        size_t n_map = 0;
        TarHeader h = {0};

        int r = e->sparse ? make_map(e, &map, &n_map) : 0;
        if (r < 0)
                return fault_set(reterr, FAULT_FAILED, ENOMEM, "out of memory");
        uint64_t n_payload = n_map + tar_entry_n_payload(e);
        put_path(&h, pax, e, path);
        size_t n_link = e->link ? strlen(e->link) : 0;
        if (n_link > sizeof(h.link))
                put_string(pax, "linkpath", e->link);
        memcpy(h.link, n_link > 0 ? e->link : "", MIN2(n_link, sizeof(h.link)));
        put_numbers(&h, pax, e, n_payload);
        if (put_attributes(pax, e) < 0 || fflush(pax) != 0)
                return fault_set(reterr, FAULT_FAILED, ENOMEM, "out of memory");
        r = write_pax(w, path, *text, *n_text, reterr);
        if (r >= 0)
                r = write_header(w, &h, types[e->type], reterr);
        if (r >= 0)
                r = write_out(w, map, n_map, reterr);
        w->n_left = n_payload - n_map;
        w->n_padding = (unsigned)(-n_payload % TAR_BLOCK_SIZE);
        return r;
}

static int finish_payload(TarWriter *w, Fault *reterr)
{
        if (w->n_left > 0)
                return fault_set(reterr, FAULT_FAILED, EINVAL,
                                 "the data of an entry are not complete");
        size_t n = w->n_padding;
        w->n_padding = 0;
        return write_zeros(w, n, reterr);
}

int tar_writer_entry(TarWriter *w, const TarEntry *e, Fault *reterr)
{
        _cleanup_free_ char *path = NULL, *text = NULL;
        size_t n_text = 0, n = strlen(e->path);
        bool slash = e->type == TAR_DIRECTORY && (n == 0 || e->path[n - 1] != '/');

        int r = finish_payload(w, reterr);
        if (r < 0)
                return r;
        FILE *pax = open_memstream(&text, &n_text);
        if (!pax || asprintf(&path, "%s%s", n > 0 ? e->path : ".", slash ? "/" : "") < 0)
                r = fault_set(reterr, FAULT_FAILED, ENOMEM, "out of memory");
        else
                r = write_entry(w, e, path, pax, &text, &n_text, reterr);
        if (pax)
                (void)fclose(pax); /* in memory */
        return r;
}

int tar_writer_data(TarWriter *w, const void *data, size_t n, Fault *reterr)
{
        if (n > w->n_left)
                return fault_set(reterr, FAULT_FAILED, EFBIG,
                                 "the data of an entry are more than it said");
        w->n_left -= n;
        return write_out(w, data, n, reterr);
}

int tar_writer_end(TarWriter *w, Fault *reterr)
{
        int r = finish_payload(w, reterr);

        return r < 0 ? r : write_zeros(w, 2UL * TAR_BLOCK_SIZE, reterr);
}
