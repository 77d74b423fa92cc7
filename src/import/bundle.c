/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/bundle.h"

#include "base/text.h"
#include "image/tar-read.h"
#include "import/job.h"
#include "sys/beneath.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define LINKS_MAX   8
#define BUFFER_SIZE (256U << 10)

typedef struct Member {
        char *path, *link; /* link: the path of what it stands for; NULL: it is a file */
        uint64_t offset, size;
        size_t number; /* in the archive: the last of a name counts */
} Member;

struct Bundle {
        int fd; /* borrowed */
        bool directory;
        Member *members; /* of an archive; sorted by path */
        size_t n_members, n_allocated;
        size_t n_names; /* bytes of paths and links */
};

/* ---- table of contents ---- */

static int compare_members(const void *a, const void *b)
{
        const Member *x = a, *y = b;
        int order = strcmp(x->path, y->path);

        return order ? order : (x->number < y->number) - (x->number > y->number);
}

static int member_add(Bundle *a, Member m, Fault *reterr)
{
        if (a->n_members == BUNDLE_FILES_MAX)
                return fault_set(reterr, FAULT_IMPORT_FAILED, EFBIG,
                                 "the archive has more than %d files", BUNDLE_FILES_MAX);
        a->n_names += strlen(m.path) + 1 + (m.link ? strlen(m.link) + 1 : 0);
        if (a->n_names > BUNDLE_NAMES_MAX)
                return fault_set(reterr, FAULT_IMPORT_FAILED, EFBIG,
                                 "the names of the archive's files take more than %u bytes",
                                 BUNDLE_NAMES_MAX);
        if (a->n_members == a->n_allocated) {
                size_t n = a->n_allocated * 2 + 64;
                Member *p = reallocarray(a->members, n, sizeof(*p));

                if (!p)
                        return -ENOMEM;
                a->members = p;
                a->n_allocated = n;
        }
        m.number = a->n_members;
        a->members[a->n_members++] = m;
        return 0;
}

/* Symbolic links in such archives stand for a layer that is there already: "../HEX/layer.tar".
 * Resolved as text; NULL for what leads out. */
static char *resolve_link(const char *path, const char *target)
{
        char joined[2 * TAR_PATH_MAX + 2], out[2 * TAR_PATH_MAX + 2] = "";
        const char *slash = strrchr(path, '/');
        char *rest = joined;
        size_t n = 0;

        if (target[0] == '/' || strlen(path) > TAR_PATH_MAX || strlen(target) > TAR_PATH_MAX)
                return NULL;
        (void)snprintf(joined, sizeof(joined), "%.*s/%s", slash ? (int)(slash - path) : 0, path,
                       target);
        for (char *word; (word = strsep(&rest, "/"));) {
                if (!*word || streq(word, "."))
                        continue;
                if (streq(word, "..")) {
                        if (n == 0)
                                return NULL;
                        while (n > 0 && out[--n] != '/')
                                ;
                        out[n] = '\0';
                        continue;
                }
                n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%s", n ? "/" : "", word);
        }
        return n > 0 ? strdup(out) : NULL;
}

static int add_entry(Bundle *a, const TarEntry *e, uint64_t offset, Fault *reterr)
{
        _cleanup_free_ char *path = NULL, *link = NULL;
        char clean[TAR_PATH_MAX + 1];

        if (e->type != TAR_REGULAR && e->type != TAR_SYMLINK && e->type != TAR_HARDLINK)
                return 0;
        int r = tar_path_clean(e->path, clean, reterr);
        if (r < 0)
                return r;
        path = strdup(clean);
        if (!path)
                return -ENOMEM;
        if (e->sparse)
                return tar_fault(reterr, EOPNOTSUPP, e->path,
                                 "is sparse, inside of an archive of "
                                 "images");
        if (e->type != TAR_REGULAR) {
                link = resolve_link(e->type == TAR_SYMLINK ? path : "", e->link);
                if (!link) /* of no use to us */
                        return 0;
        }
        r = member_add(a, (Member){path, link, offset, e->size, 0}, reterr);
        if (r < 0)
                return r;
        (void)TAKE_PTR(path);
        (void)TAKE_PTR(link);
        return 0;
}

static int read_table(Bundle *a, Fault *reterr)
{
        _cleanup_fd_source_ FdSource file = {0};
        _cleanup_tar_reader_ TarReader *reader = NULL;
        const TarEntry *e;

        if (lseek(a->fd, 0, SEEK_SET) < 0)
                return job_fault(reterr, errno, "cannot read the archive");
        ByteSource source = fd_source(&file, a->fd, NULL);
        int r = tar_reader_new(&source, NULL, &reader);
        while (r >= 0 && (r = tar_reader_next(reader, &e, reterr)) > 0)
                r = add_entry(a, e, tar_reader_offset(reader), reterr);
        return r;
}

int bundle_open_tar(int fd, Bundle **ret, Fault *reterr)
{
        _cleanup_bundle_ Bundle *a = calloc(1, sizeof(*a));

        if (!a)
                return -ENOMEM;
        a->fd = fd;
        int r = read_table(a, reterr);
        if (r < 0)
                return r;
        if (a->n_members > 0)
                qsort(a->members, a->n_members, sizeof(*a->members), compare_members);
        *ret = TAKE_PTR(a);
        return 0;
}

int bundle_open_directory(int fd, Bundle **ret, Fault *reterr)
{
        Bundle *a = calloc(1, sizeof(*a));

        if (!a)
                return -ENOMEM;
        a->fd = fd;
        a->directory = true;
        *ret = a;
        return 0;
}

Bundle *bundle_free(Bundle *a)
{
        if (!a)
                return NULL;
        for (size_t i = 0; i < a->n_members; i++) {
                free(a->members[i].path);
                free(a->members[i].link);
        }
        free(a->members);
        free(a);
        return NULL;
}

/* ---- files ---- */

static const Member *find_exact(const Bundle *a, const char *path)
{
        size_t low = 0, high = a->n_members;

        while (low < high) { /* the first of equals: the last in the archive */
                size_t middle = low + (high - low) / 2;

                if (strcmp(a->members[middle].path, path) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low < a->n_members && streq(a->members[low].path, path) ? &a->members[low] : NULL;
}

static const Member *find(const Bundle *a, const char *path)
{
        const Member *m = find_exact(a, path);

        for (unsigned i = 0; m && m->link; i++)
                m = i < LINKS_MAX ? find_exact(a, m->link) : NULL;
        return m;
}

static int open_in_directory(const Bundle *a, const char *path, BundleFile *ret)
{
        _cleanup_close_ int fd = beneath_open(a->fd, path, O_RDONLY | O_NONBLOCK, 0);
        struct stat st;

        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EBADFD;
        *ret = (BundleFile){.fd = TAKE_FD(fd),
                            .owned = true,
                            .end = (uint64_t)st.st_size,
                            .size = (uint64_t)st.st_size};
        return 0;
}

static int open_member(const Bundle *a, const char *path, BundleFile *ret)
{
        const Member *m = find(a, path);

        if (!m)
                return -ENOENT;
        *ret = (BundleFile){
                .fd = a->fd, .at = m->offset, .end = m->offset + m->size, .size = m->size};
        return 0;
}

int bundle_open(const Bundle *a, const char *path, LayerControl *control, BundleFile *ret,
                Fault *reterr)
{
        _cleanup_free_ char *shown = NULL;

        int r = a->directory ? open_in_directory(a, path, ret) : open_member(a, path, ret);
        if (r >= 0) {
                ret->control = control;
                return 0;
        }
        shown = text_for_display(path, 200);
        return job_fault(reterr, r, "cannot open '%s' of the archive", shown ?: "");
}

void bundle_file_done(BundleFile *f)
{
        if (f->owned)
                (void)close_fd(f->fd);
        free(f->buffer);
        *f = (BundleFile){.fd = -EBADF};
}

static int next_bytes(void *userdata, const uint8_t **ret, size_t *ret_n, Fault *reterr)
{
        BundleFile *f = userdata;
        ssize_t n;

        int r = stream_cancelled(f->control, reterr);
        if (r < 0)
                return r;
        if (f->at >= f->end)
                return 0;
        if (!f->buffer)
                f->buffer = malloc(BUFFER_SIZE);
        if (!f->buffer)
                return -ENOMEM;
        do
                n = pread(f->fd, f->buffer, MIN2(BUFFER_SIZE, f->end - f->at), (off_t)f->at);
        while (n < 0 && errno == EINTR);
        if (n <= 0)
                return job_fault(reterr, n < 0 ? errno : EBADMSG, "cannot read the archive");
        f->at += (uint64_t)n;
        if (f->control)
                f->control->n_in += (uint64_t)n;
        *ret = f->buffer;
        *ret_n = (size_t)n;
        return 1;
}

ByteSource bundle_source(BundleFile *f)
{
        return (ByteSource){.next = next_bytes, .userdata = f};
}

bool bundle_has(const Bundle *a, const char *path)
{
        _cleanup_bundle_file_ BundleFile f = {.fd = -EBADF};

        return bundle_open(a, path, NULL, &f, NULL) >= 0;
}

int bundle_read(const Bundle *a, const char *path, size_t max, char **ret, size_t *ret_n,
                Fault *reterr)
{
        _cleanup_bundle_file_ BundleFile f = {.fd = -EBADF};
        _cleanup_free_ char *data = NULL;
        const uint8_t *run = NULL;
        size_t n = 0, k = 0;

        int r = bundle_open(a, path, NULL, &f, reterr);
        if (r < 0)
                return r;
        if (f.size > max)
                return job_fault(reterr, EFBIG, "a file of the archive is larger than %zu bytes",
                                 max);
        data = malloc(f.size + 1);
        if (!data)
                return -ENOMEM;
        while ((r = next_bytes(&f, &run, &k, reterr)) > 0) {
                if (run)
                        memcpy(data + n, run, k);
                n += k;
        }
        if (r < 0)
                return r;
        data[n] = '\0';
        *ret = TAKE_PTR(data);
        *ret_n = n;
        return 0;
}
