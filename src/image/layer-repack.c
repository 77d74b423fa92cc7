/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "image/kept.h"
#include "image/layer.h"
#include "image/tar-map.h"
#include "image/tree-cursor.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define BUFFER_SIZE (256U << 10)

typedef struct Repack {
        const ByteSink *out; /* NULL: only the digest counts */
        LayerControl *control;
        TreeCursor cursor;
        Kept kept;
        Digest *digest;
        uint8_t *buffer;
} Repack;

static int emit(void *userdata, const uint8_t *data, size_t n, Fault *reterr)
{
        Repack *p = userdata;
        int r = stream_cancelled(p->control, reterr);

        if (r < 0)
                return r;
        if (digest_update(p->digest, data, n) < 0)
                return fault_set(reterr, FAULT_FAILED, EIO, "cannot compute the digest");
        if (p->control)
                atomic_fetch_add_explicit(&p->control->n_out, n, memory_order_relaxed);
        return p->out ? p->out->write(p->out->userdata, data, n, reterr) : 0;
}

static int changed(const TarEntry *e, Fault *reterr)
{
        return tar_fault(reterr, EBADMSG, e->path, "is not what it was when the layer was made");
}

static int emit_range(Repack *p, const TarEntry *e, int fd, uint64_t at, uint64_t n, Fault *reterr)
{
        while (n > 0) {
                ssize_t k =
                        pread(fd, p->buffer, n < BUFFER_SIZE ? (size_t)n : BUFFER_SIZE, (off_t)at);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k < 0)
                        return tar_fault(reterr, errno, e->path, "cannot be read: %s",
                                         strerror(errno));
                if (k == 0)
                        return changed(e, reterr);
                int r = emit(p, p->buffer, (size_t)k, reterr);
                if (r < 0)
                        return r;
                at += (uint64_t)k;
                n -= (uint64_t)k;
        }
        return 0;
}

static int open_file(Repack *p, const TarEntry *e, Fault *reterr)
{
        const char *name;
        struct stat st;
        TreeLevel *parent = tree_cursor_parent(&p->cursor, e->path, &name);
        _cleanup_close_ int fd =
                parent ? openat(parent->fd, name,
                                O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
                       : -1;

        if (fd < 0)
                return tar_fault(reterr, errno, e->path, "cannot be read: %s", strerror(errno));
        if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size != e->size)
                return changed(e, reterr);
        return TAKE_FD(fd);
}

static int emit_file(void *userdata, const TarEntry *e, Fault *reterr)
{
        Repack *p = userdata;
        const KeptFile *kept = kept_next(&p->kept, e->path);
        _cleanup_close_ int owned = -EBADF;
        uint64_t base = kept ? kept->offset : 0;
        int r = 0;

        if (e->type == TAR_HARDLINK || e->size == 0)
                return 0;
        if (!kept && (owned = open_file(p, e, reterr)) < 0)
                return owned;
        if (kept && kept->size != e->size)
                return changed(e, reterr);
        int fd = kept ? p->kept.fd : owned;
        if (!e->sparse)
                return emit_range(p, e, fd, base, e->size, reterr);
        for (size_t i = 0; r >= 0 && i < e->n_extents; i++)
                r = emit_range(p, e, fd, base + e->extents[i].offset, e->extents[i].n, reterr);
        return r;
}

static int read_map(Repack *p, int dirfd, Fault *reterr)
{
        _cleanup_close_ int fd =
                openat(dirfd, LAYER_MAP, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        const TarMapVisitor visitor = {.raw = emit, .file = emit_file, .userdata = p};
        _cleanup_fd_source_ FdSource source;
        ByteSource map = fd_source(&source, fd, NULL);

        if (fd < 0)
                return stream_fault(reterr, errno, "cannot read " LAYER_MAP);
        return tar_map_read(&map, &visitor, reterr);
}

static int repack(Repack *p, int dirfd, Fault *reterr)
{
        _cleanup_close_ int tree =
                openat(dirfd, LAYER_TREE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        if (tree < 0)
                return stream_fault(reterr, errno, "cannot read " LAYER_TREE);
        int r = tree_cursor_init(&p->cursor, tree, false);
        if (r < 0)
                return stream_fault(reterr, r, "cannot read " LAYER_TREE);
        r = kept_open(dirfd, &p->kept, reterr);
        if (r >= 0)
                r = read_map(p, dirfd, reterr);
        kept_done(&p->kept);
        (void)tree_cursor_done(&p->cursor); /* it sets no times */
        return r;
}

int layer_repack(int dirfd, const char *diff_id, const ByteSink *out, LayerControl *control,
                 Fault *reterr)
{
        _cleanup_digest_ Digest *digest = digest_new();
        _cleanup_free_ uint8_t *buffer = malloc(BUFFER_SIZE);
        Repack p = {.out = out, .control = control, .digest = digest, .buffer = buffer};
        char is[DIGEST_TEXT_MAX];

        if (!digest || !buffer)
                return fault_set(reterr, FAULT_FAILED, ENOMEM, "out of memory");
        p.kept.fd = -EBADF;
        int r = repack(&p, dirfd, reterr);
        if (r < 0)
                return r;
        if (digest_end(digest, is) < 0)
                return fault_set(reterr, FAULT_FAILED, EIO, "cannot compute the digest");
        if (!streq(is, diff_id))
                return fault_set(reterr, FAULT_FAILED, EBADMSG,
                                 "the layer was changed: its digest is %s and should be %.80s", is,
                                 diff_id);
        return 0;
}

int layer_verify(int dirfd, const char *diff_id, LayerControl *control, Fault *reterr)
{
        return layer_repack(dirfd, diff_id, NULL, control, reterr);
}
