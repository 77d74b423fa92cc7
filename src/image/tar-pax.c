/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/tar-pax.h"

#include "base/text.h"

#include <string.h>

#define XATTR_PREFIX     "SCHILY.xattr."
#define XATTR_PREFIX_BSD "LIBARCHIVE.xattr."
#define SPARSE_PREFIX    "GNU.sparse."

/* One record: a key and @n bytes of value with a newline behind. */
typedef struct Record {
        char key[TAR_NAME_MAX + sizeof(XATTR_PREFIX_BSD)];
        const char *value;
        size_t n;
} Record;

void tar_pax_done(TarPax *p)
{
        tar_entry_done(&p->entry);
        free(p->sparse.name);
        *p = (TarPax){0};
}

int tar_pax_number(const char *s, size_t n, uint64_t *ret)
{
        uint64_t value = 0;

        if (n == 0)
                return -EINVAL;
        for (size_t i = 0; i < n; i++) {
                if (s[i] < '0' || s[i] > '9')
                        return -EINVAL;
                if (value > (INT64_MAX - 9) / 10)
                        return -ERANGE;
                value = value * 10 + (uint64_t)(s[i] - '0');
        }
        *ret = value;
        return 0;
}

/* "1700000000.123456789", "-1.5"; digits behind the ninth are dropped */
static int parse_time(const char *s, size_t n, struct timespec *ret)
{
        bool negative = n > 0 && s[0] == '-';
        const char *dot = memchr(s, '.', n);
        uint64_t seconds;
        long nsec = 0, unit = 100000000;

        s += negative;
        n -= negative;
        size_t n_whole = dot ? (size_t)(dot - s) : n;
        int r = tar_pax_number(s, n_whole, &seconds);
        if (r < 0)
                return r;
        for (size_t i = n_whole + 1; i < n; i++, unit /= 10) {
                if (s[i] < '0' || s[i] > '9')
                        return -EINVAL;
                nsec += (s[i] - '0') * unit;
        }
        *ret = (struct timespec){.tv_sec = (time_t)seconds, .tv_nsec = nsec};
        if (negative) {
                ret->tv_sec = -ret->tv_sec;
                if (nsec > 0) {
                        ret->tv_sec--;
                        ret->tv_nsec = 1000000000 - nsec;
                }
        }
        return 0;
}

static int take_string(const Record *r, char **ret)
{
        if (memchr(r->value, '\0', r->n))
                return -EINVAL;
        if (r->n > TAR_PATH_MAX)
                return -ENAMETOOLONG;
        char *copy =
                r->n > 0 ? strndup(r->value, r->n) : NULL; /* an empty value: as if not there */
        if (r->n > 0 && !copy)
                return -ENOMEM;
        free(*ret);
        *ret = copy;
        return 0;
}

static int take_number(const Record *r, bool *has, uint64_t *ret)
{
        *has = r->n > 0;
        return r->n > 0 ? tar_pax_number(r->value, r->n, ret) : 0;
}

static int base64_decode(const char *s, size_t n, uint8_t *ret, size_t *ret_n)
{
        static const char digits[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        uint32_t bits = 0;
        unsigned n_bits = 0;
        size_t k = 0;

        while (n > 0 && s[n - 1] == '=')
                n--;
        for (size_t i = 0; i < n; i++) {
                const char *digit = s[i] ? strchr(digits, s[i]) : NULL;

                if (!digit)
                        return -EINVAL;
                bits = bits << 6 | (uint32_t)(digit - digits);
                n_bits += 6;
                if (n_bits >= 8) {
                        n_bits -= 8;
                        ret[k++] = (uint8_t)(bits >> n_bits);
                }
        }
        *ret_n = k;
        return 0;
}

/* The key's own part, which libarchive escapes as in a URL. */
static int unescape(const char *s, char ret[static TAR_NAME_MAX + 1])
{
        size_t n = 0;

        for (; *s && n < TAR_NAME_MAX; s++) {
                unsigned byte;

                if (*s != '%') {
                        ret[n++] = *s;
                        continue;
                }
                if (sscanf(s, "%%%2x", &byte) != 1 || byte == 0 || !s[1] || !s[2])
                        return -EINVAL;
                ret[n++] = (char)byte;
                s += 2;
        }
        ret[n] = '\0';
        return *s ? -ENAMETOOLONG : 0;
}

/* libarchive writes star's form beside it, with the same value */
static int take_xattr_bsd(const Record *r, TarPax *pax)
{
        char name[TAR_NAME_MAX + 1];
        _cleanup_free_ uint8_t *value = malloc(r->n + 1);
        size_t n;

        if (!value)
                return -ENOMEM;
        int k = unescape(r->key + strlen(XATTR_PREFIX_BSD), name);
        if (k >= 0)
                k = base64_decode(r->value, r->n, value, &n);
        return k < 0 ? k : tar_entry_add_xattr(&pax->entry, name, value, n);
}

static int take_acl(const Record *r, TarPax *pax, const char *name)
{
        _cleanup_free_ uint8_t *acl = NULL;
        size_t n;

        if (r->n == 0)
                return 0;
        int k = tar_acl_from_text(r->value, r->n, &acl, &n);
        /* named only by words, which mean nothing here: left to the unpacker to count */
        if (k == -ENOENT)
                return tar_entry_add_xattr(&pax->entry, name, NULL, 0);
        return k < 0 ? k : tar_entry_add_xattr(&pax->entry, name, acl, n);
}

static int take_sparse_map(const Record *r, TarPax *pax)
{
        const char *s = r->value, *end = s + r->n;

        pax->entry.n_extents = 0;
        if (r->n > 0 && end[-1] == ',')
                return -EINVAL;
        while (s < end) {
                uint64_t pair[2];

                for (int i = 0; i < 2; i++) {
                        const char *comma = memchr(s, ',', (size_t)(end - s));
                        const char *stop = comma ? comma : end;

                        if (tar_pax_number(s, (size_t)(stop - s), &pair[i]) < 0)
                                return -EINVAL;
                        s = stop + 1;
                        if (!comma && i == 0)
                                return -EINVAL;
                }
                int k = tar_entry_add_extent(&pax->entry, pair[0], pair[1]);
                if (k < 0)
                        return k;
        }
        return 0;
}

static int take_sparse_length(const Record *r, TarPax *pax)
{
        uint64_t n;

        if (!pax->sparse.has_offset || tar_pax_number(r->value, r->n, &n) < 0)
                return -EINVAL;
        pax->sparse.has_offset = false;
        return tar_entry_add_extent(&pax->entry, pax->sparse.offset, n);
}

static int take_sparse(const Record *r, TarPax *pax)
{
        const char *key = r->key + strlen(SPARSE_PREFIX);
        TarSparse *s = &pax->sparse;
        bool has;

        s->present = true;
        if (streq(key, "major"))
                return take_number(r, &has, &s->major);
        if (streq(key, "minor"))
                return take_number(r, &has, &s->minor);
        if (streq(key, "name"))
                return take_string(r, &s->name);
        if (streq(key, "realsize") || streq(key, "size"))
                return take_number(r, &s->has_real_size, &s->real_size);
        if (streq(key, "offset"))
                return s->has_offset ? -EINVAL : take_number(r, &s->has_offset, &s->offset);
        if (streq(key, "numbytes"))
                return take_sparse_length(r, pax);
        if (streq(key, "map"))
                return take_sparse_map(r, pax);
        return streq(key, "numblocks") ? 0 : -EINVAL;
}

static bool has_prefix(const char *s, const char *prefix)
{
        return strncmp(s, prefix, strlen(prefix)) == 0;
}

static int take_common(const Record *r, TarPax *pax)
{
        if (streq(r->key, "uid"))
                return take_number(r, &pax->has_uid, &pax->entry.uid);
        if (streq(r->key, "gid"))
                return take_number(r, &pax->has_gid, &pax->entry.gid);
        if (streq(r->key, "mtime")) {
                pax->has_mtime = r->n > 0;
                return r->n > 0 ? parse_time(r->value, r->n, &pax->entry.mtime) : 0;
        }
        return 0; /* comments, other times, names of owners, what other programs added */
}

static int take_local(const Record *r, TarPax *pax)
{
        if (streq(r->key, "path"))
                return take_string(r, &pax->entry.path);
        if (streq(r->key, "linkpath"))
                return take_string(r, &pax->entry.link);
        if (streq(r->key, "size"))
                return take_number(r, &pax->has_size, &pax->n_payload);
        if (has_prefix(r->key, XATTR_PREFIX)) {
                if (r->n > TAR_XATTR_MAX || !r->key[strlen(XATTR_PREFIX)])
                        return -EINVAL;
                return tar_entry_add_xattr(&pax->entry, r->key + strlen(XATTR_PREFIX), r->value,
                                           r->n);
        }
        if (has_prefix(r->key, XATTR_PREFIX_BSD))
                return take_xattr_bsd(r, pax);
        if (streq(r->key, "SCHILY.acl.access"))
                return take_acl(r, pax, ACL_ACCESS);
        if (streq(r->key, "SCHILY.acl.default"))
                return take_acl(r, pax, ACL_DEFAULT);
        if (has_prefix(r->key, SPARSE_PREFIX))
                return take_sparse(r, pax);
        return take_common(r, pax);
}

static bool is_of_one_entry(const char *key)
{
        return streq(key, "path") || streq(key, "linkpath") || streq(key, "size") ||
               has_prefix(key, SPARSE_PREFIX) || has_prefix(key, XATTR_PREFIX) ||
               has_prefix(key, XATTR_PREFIX_BSD) || has_prefix(key, "SCHILY.acl.");
}

/* "LENGTH KEY=VALUE\n": the length counts all of it. Return: bytes; -EINVAL. */
static ssize_t split_record(const char *data, size_t n, Record *ret)
{
        const char *blank = memchr(data, ' ', MIN2(n, 20U));
        uint64_t length;

        if (!blank || tar_pax_number(data, (size_t)(blank - data), &length) < 0)
                return -EINVAL;
        const char *key = blank + 1, *end = data + length;
        if (length > n || end <= key || end[-1] != '\n')
                return -EINVAL;
        const char *equals = memchr(key, '=', (size_t)(end - key));
        if (!equals || equals == key || (size_t)(equals - key) >= sizeof(ret->key) ||
            memchr(key, '\0', (size_t)(equals - key)))
                return -EINVAL;
        *(char *)mempcpy(ret->key, key, (size_t)(equals - key)) = '\0';
        ret->value = equals + 1;
        ret->n = (size_t)(end - 1 - ret->value);
        return (ssize_t)length;
}

static int value_fault(const Record *r, int error, Fault *reterr)
{
        _cleanup_free_ char *shown = text_for_display(r->key, TAR_DISPLAY_PATH);

        if (error == -ENOMEM)
                return fault_set(reterr, FAULT_FAILED, ENOMEM, "out of memory");
        return fault_set(reterr, FAULT_FAILED, error == -ENAMETOOLONG ? error : EBADMSG,
                         "an extended header has a bad value of '%s'", shown ? shown : "?");
}

int tar_pax_parse(const char *data, size_t n, bool global, TarPax *pax, Fault *reterr)
{
        for (size_t at = 0; at < n;) {
                Record record;
                ssize_t length = split_record(data + at, n - at, &record);

                if (length < 0)
                        return fault_set(reterr, FAULT_FAILED, EBADMSG,
                                         "an extended header is damaged");
                if (global && is_of_one_entry(record.key))
                        return fault_set(
                                reterr, FAULT_FAILED, EBADMSG,
                                "a global extended header says where or how long an entry is");
                int r = global ? take_common(&record, pax) : take_local(&record, pax);
                if (r < 0)
                        return value_fault(&record, r, reterr);
                at += (size_t)length;
        }
        return 0;
}
