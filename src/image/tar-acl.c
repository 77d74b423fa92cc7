/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/tar-pax.h"

#include <endian.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <string.h>

#define N_ENTRIES_MAX 1024
#define N_FIELDS      4 /* kind, who, permissions, id */

typedef struct Field {
        const char *s;
        size_t n;
} Field;

static bool is(const Field *f, const char *word)
{
        return f->n == strlen(word) && memcmp(f->s, word, f->n) == 0;
}

static int permissions(const Field *f, uint16_t *ret)
{
        static const char letters[] = "rwx";

        *ret = 0;
        if (f->n != 3)
                return -EINVAL;
        for (size_t i = 0; i < 3; i++) {
                if (f->s[i] == letters[i])
                        *ret |= (uint16_t)(ACL_READ >> i);
                else if (f->s[i] != '-')
                        return -EINVAL;
        }
        return 0;
}

static int who(const Field fields[static N_FIELDS], uint32_t *ret)
{
        uint64_t id;
        int r = tar_pax_number(fields[3].s, fields[3].n, &id);

        if (r < 0)
                r = tar_pax_number(fields[1].s, fields[1].n, &id);
        if (r < 0)
                return -ENOENT;
        if (id >= UINT32_MAX)
                return -EINVAL;
        *ret = (uint32_t)id;
        return 0;
}

static int parse_entry(const Field f[static N_FIELDS], struct posix_acl_xattr_entry *ret)
{
        bool named = f[1].n > 0, user = is(&f[0], "user") || is(&f[0], "u"),
             group = is(&f[0], "group") || is(&f[0], "g");
        uint32_t id = (uint32_t)ACL_UNDEFINED_ID;
        uint16_t tag, perm;

        if (user)
                tag = named ? ACL_USER : ACL_USER_OBJ;
        else if (group)
                tag = named ? ACL_GROUP : ACL_GROUP_OBJ;
        else if (!named && (is(&f[0], "mask") || is(&f[0], "m")))
                tag = ACL_MASK;
        else if (!named && (is(&f[0], "other") || is(&f[0], "o")))
                tag = ACL_OTHER;
        else
                return -EINVAL;
        int r = permissions(&f[2], &perm);
        if (r >= 0 && named)
                r = who(f, &id);
        if (r < 0)
                return r;
        *ret = (struct posix_acl_xattr_entry){
                .e_tag = htole16(tag), .e_perm = htole16(perm), .e_id = htole32(id)};
        return 0;
}

/* "mask::rwx" into its fields; a missing "other:r--" has three of them in star's own form too */
static int split(const char *s, size_t n, Field ret[static N_FIELDS])
{
        size_t i = 0;

        memset(ret, 0, N_FIELDS * sizeof(*ret));
        for (const char *end = s + n; i < N_FIELDS; i++) {
                const char *colon = memchr(s, ':', (size_t)(end - s));

                ret[i] = (Field){.s = s, .n = (size_t)((colon ? colon : end) - s)};
                if (!colon)
                        return i >= 2 ? 0 : -EINVAL;
                s = colon + 1;
        }
        return -EINVAL;
}

static int compare(const void *a, const void *b)
{
        const struct posix_acl_xattr_entry *x = a, *y = b;
        uint32_t p = le16toh(x->e_tag), q = le16toh(y->e_tag);

        if (p == q) {
                p = le32toh(x->e_id);
                q = le32toh(y->e_id);
        }
        return (p > q) - (p < q);
}

int tar_acl_from_text(const char *text, size_t n, uint8_t **ret, size_t *ret_n)
{
        struct posix_acl_xattr_header *header;
        _cleanup_free_ uint8_t *acl =
                malloc(sizeof(*header) + N_ENTRIES_MAX * sizeof(struct posix_acl_xattr_entry));
        const char *end = text + n;
        size_t n_entries = 0;

        if (!acl)
                return -ENOMEM;
        header = (struct posix_acl_xattr_header *)acl;
        header->a_version = htole32(POSIX_ACL_XATTR_VERSION);
        struct posix_acl_xattr_entry *entries = (void *)(acl + sizeof(*header));
        for (const char *s = text; s < end;) {
                size_t length = 0;
                Field fields[N_FIELDS];

                while (s + length < end && s[length] != ',' && s[length] != '\n')
                        length++;
                if (length > 0) {
                        int r = n_entries < N_ENTRIES_MAX ? split(s, length, fields) : -E2BIG;
                        if (r >= 0)
                                r = parse_entry(fields, &entries[n_entries]);
                        if (r < 0)
                                return r;
                        n_entries++;
                }
                s += length + 1;
        }
        if (n_entries < 3)
                return -EINVAL;
        qsort(entries, n_entries, sizeof(*entries), compare); /* the order the kernel wants */
        *ret = TAKE_PTR(acl);
        *ret_n = sizeof(*header) + n_entries * sizeof(*entries);
        return 0;
}

static const char *tag_name(uint16_t tag)
{
        switch (tag) {
        case ACL_USER_OBJ:
        case ACL_USER: return "user";
        case ACL_GROUP_OBJ:
        case ACL_GROUP: return "group";
        case ACL_MASK: return "mask";
        case ACL_OTHER: return "other";
        default: return NULL;
        }
}

static int put_entry(FILE *f, const struct posix_acl_xattr_entry *e)
{
        uint16_t tag = le16toh(e->e_tag), perm = le16toh(e->e_perm);
        char id[16] = "";

        if (!tag_name(tag))
                return -EINVAL;
        if (tag == ACL_USER || tag == ACL_GROUP)
                (void)snprintf(id, sizeof(id), "%u", le32toh(e->e_id));
        (void)fprintf(f, "%s:%s:%c%c%c", tag_name(tag), id, perm & ACL_READ ? 'r' : '-',
                      perm & ACL_WRITE ? 'w' : '-', perm & ACL_EXECUTE ? 'x' : '-');
        return 0;
}

int tar_acl_to_text(const uint8_t *acl, size_t n, char **ret)
{
        struct posix_acl_xattr_header header;
        struct posix_acl_xattr_entry entry;
        _cleanup_free_ char *text = NULL;
        size_t n_text;
        int r = 0;

        if (n < sizeof(header) + sizeof(entry) || (n - sizeof(header)) % sizeof(entry) != 0)
                return -EINVAL;
        memcpy(&header, acl, sizeof(header));
        if (le32toh(header.a_version) != POSIX_ACL_XATTR_VERSION)
                return -EINVAL;
        FILE *f = open_memstream(&text, &n_text);
        if (!f)
                return -ENOMEM;
        for (size_t at = sizeof(header); r >= 0 && at < n; at += sizeof(entry)) {
                memcpy(&entry, acl + at, sizeof(entry));
                if (at > sizeof(header))
                        (void)fputc(',', f);
                r = put_entry(f, &entry);
        }
        if (fclose(f) != 0)
                r = -ENOMEM;
        if (r >= 0)
                *ret = TAKE_PTR(text);
        return r;
}
