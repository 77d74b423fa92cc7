/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/tar-entry.h"

#include "base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

void tar_entry_done(TarEntry *e)
{
        free(e->path);
        free(e->link);
        for (size_t i = 0; i < e->n_xattrs; i++) {
                free(e->xattrs[i].name);
                free(e->xattrs[i].value);
        }
        free(e->xattrs);
        free(e->extents);
        *e = (TarEntry){0};
}

static TarXattr *find_xattr(TarEntry *e, const char *name)
{
        for (size_t i = 0; i < e->n_xattrs; i++) {
                if (streq(e->xattrs[i].name, name))
                        return &e->xattrs[i];
        }
        return NULL;
}

int tar_entry_add_xattr(TarEntry *e, const char *name, const void *value, size_t n)
{
        _cleanup_free_ uint8_t *copy = n > 0 ? malloc(n) : NULL;
        TarXattr *x = find_xattr(e, name);

        if (n > 0 && !copy)
                return -ENOMEM;
        if (!x) {
                TarXattr *grown = reallocarray(e->xattrs, e->n_xattrs + 1, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                e->xattrs = grown;
                x = &grown[e->n_xattrs];
                *x = (TarXattr){.name = strdup(name)};
                if (!x->name)
                        return -ENOMEM;
                e->n_xattrs++;
        }
        if (n > 0)
                memcpy(copy, value, n);
        free(x->value);
        x->value = TAKE_PTR(copy);
        x->n = n;
        return 0;
}

int tar_entry_add_extent(TarEntry *e, uint64_t offset, uint64_t n)
{
        TarExtent *last = e->n_extents > 0 ? &e->extents[e->n_extents - 1] : NULL;

        if (offset > INT64_MAX || n > INT64_MAX - offset ||
            (last && offset < last->offset + last->n))
                return -EINVAL;
        if (n == 0)
                return 0;
        if (last && last->offset + last->n == offset) {
                last->n += n;
                return 0;
        }
        if (e->n_extents >= TAR_EXTENTS_MAX)
                return -E2BIG;
        if ((e->n_extents & (e->n_extents - 1)) == 0) { /* a power of two: full */
                size_t room = e->n_extents > 0 ? e->n_extents * 2 : 1;
                TarExtent *grown = reallocarray(e->extents, room, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                e->extents = grown;
        }
        assert(e->extents);
        e->extents[e->n_extents++] = (TarExtent){.offset = offset, .n = n};
        return 0;
}

uint64_t tar_entry_n_payload(const TarEntry *e)
{
        uint64_t n = 0;

        if (e->type != TAR_REGULAR)
                return 0;
        if (!e->sparse)
                return e->size;
        for (size_t i = 0; i < e->n_extents; i++)
                n += e->extents[i].n; /* in order and below INT64_MAX: no overflow */
        return n;
}

int tar_path_clean(const char *path, char ret[static TAR_PATH_MAX + 1], Fault *reterr)
{
        const char *p = path;
        char *out = ret;
        int n_components = 0;

        for (;;) {
                p += strspn(p, "/");
                size_t n = strcspn(p, "/");

                if (n == 0)
                        break;
                if (n == 1 && p[0] == '.') {
                        p += n;
                        continue;
                }
                if (n == 2 && p[0] == '.' && p[1] == '.')
                        return tar_fault(reterr, EINVAL, path, "has '..' in its path");
                if (n > TAR_NAME_MAX)
                        return tar_fault(reterr, ENAMETOOLONG, path,
                                         "has a name of %zu bytes, %u is the limit", n,
                                         TAR_NAME_MAX);
                if (++n_components > (int)TAR_DEPTH_MAX)
                        return tar_fault(reterr, ENAMETOOLONG, path,
                                         "lies deeper than %u directories", TAR_DEPTH_MAX);
                if ((size_t)(out - ret) + (out > ret) + n > TAR_PATH_MAX)
                        return tar_fault(reterr, ENAMETOOLONG, path,
                                         "has a path longer than %u bytes", TAR_PATH_MAX);
                if (out > ret)
                        *out++ = '/';
                out = mempcpy(out, p, n);
                p += n;
        }
        *out = '\0';
        return n_components;
}

int tar_fault(Fault *reterr, int error, const char *path, const char *format, ...)
{
        _cleanup_free_ char *shown = text_for_display(path, TAR_DISPLAY_PATH), *text = NULL;
        va_list ap;

        va_start(ap, format);
        if (vasprintf(&text, format, ap) < 0)
                text = NULL;
        va_end(ap);
        return fault_set(reterr, error == ENOSPC || error == EDQUOT ? FAULT_NO_SPACE : FAULT_FAILED,
                         error, "entry '%s' %s", shown ? shown : "?",
                         text ? text : "cannot be taken");
}
