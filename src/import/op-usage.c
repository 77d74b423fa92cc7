/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* op=usage: what takes how much room in the store, as du(1) counts. The sum of all lines is what du
 * says of the whole store. */
#include "import/operations.h"

#include "base/names.h"
#include "base/text.h"
#include "image/pack.h"
#include "spec/reference.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

typedef struct Folder {
        const char *name; /* in the store */
        const char *kind;
        char *(*show)(const char *file); /* the object that a file stands for */
} Folder;

static char *show_digest(const char *file)
{
        char *digest = digest_from_file_name(file);

        return digest ?: text_for_display(file, 128);
}

/* "debian13" of debian13/ and debian13.raw, a reference of ENC.oci. */
static char *show_image(const char *file)
{
        char *name = image_name_from_file(file, LODGE_RECORD_SUFFIX);
        size_t n = strlen(file), suffix = strlen(LODGE_RAW_SUFFIX);

        if (name)
                return name;
        name = text_for_display(file, 255);
        if (name && n > suffix && streq(file + n - suffix, LODGE_RAW_SUFFIX) && strlen(name) == n)
                name[n - suffix] = '\0';
        return name;
}

static char *show_name(const char *file)
{
        return text_for_display(file, 255);
}

static const Folder folders[] = {
        {"layers", "layer", show_digest}, {"blobs", "blob", show_digest},
        {"images", "image", show_image},  {"machines", "machine", show_name},
        {"volumes", "volume", show_name}, {"incoming", "incoming", show_name},
        {"trash", "trash", show_name},
};

static uint64_t own_bytes(const struct stat *st)
{
        return (uint64_t)st->st_blocks * 512;
}

/* An entry of a folder; one that goes away meanwhile takes no room. */
static int measure(int dirfd, const char *name, uint64_t *ret, Fault *reterr)
{
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        *ret = 0;
        if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        *ret = own_bytes(&st);
        if (!S_ISDIR(st.st_mode))
                return 0;
        fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? 0 : -errno;
        return layer_usage(fd, ret, reterr);
}

static int add_line(char ***lines, size_t *n, const char *kind, char *name, uint64_t n_bytes)
{
        char *line;

        for (char *s = name; *s; s++) /* the fields of a line are separated by blanks */
                if (*s == ' ')
                        *s = '?';
        if (asprintf(&line, "%s %s %llu", kind, name, (unsigned long long)n_bytes) < 0)
                return -ENOMEM;
        char **v = *n % 64 == 0 ? reallocarray(*lines, *n + 65, sizeof(*v)) : *lines;
        if (!v) {
                free(line);
                return -ENOMEM;
        }
        v[(*n)++] = line;
        v[*n] = NULL;
        *lines = v;
        return 0;
}

static int measure_folder(int fd, const Folder *f, char ***lines, size_t *n, Fault *reterr)
{
        int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_closedir_ DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
        struct dirent *e;
        uint64_t n_bytes;
        int r = 0;

        if (!d) {
                (void)close_fd(copy);
                return -errno;
        }
        while (r >= 0 && (e = readdir(d))) {
                _cleanup_free_ char *name = NULL;

                if (streq(e->d_name, ".") || streq(e->d_name, ".."))
                        continue;
                name = f->show(e->d_name);
                if (!name)
                        return -ENOMEM;
                r = measure(fd, e->d_name, &n_bytes, reterr);
                if (r >= 0)
                        r = add_line(lines, n, f->kind, name, n_bytes);
        }
        return r;
}

static const Folder *find_folder(const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(folders); i++)
                if (streq(folders[i].name, name))
                        return &folders[i];
        return NULL;
}

/* One entry of the store itself. Of a folder, only the directory counts here. */
static int measure_top(const Job *job, const char *name, JobResult *ret, size_t *n,
                       uint64_t *n_rest, Fault *reterr)
{
        const Folder *f = find_folder(name);
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        uint64_t n_bytes;

        if (f)
                fd = openat(job->store_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0) {
                int r = measure(job->store_fd, name, &n_bytes, reterr);

                *n_rest += n_bytes;
                return r;
        }
        if (fstat(fd, &st) >= 0)
                *n_rest += own_bytes(&st);
        return measure_folder(fd, f, &ret->lines, n, reterr);
}

static int measure_store(const Job *job, JobResult *ret, Fault *reterr)
{
        int copy = openat(job->store_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_closedir_ DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
        char name[] = "store";
        struct dirent *e;
        struct stat st;
        uint64_t n_rest = 0;
        size_t n = 0;
        int r = 0;

        if (!d) {
                (void)close_fd(copy);
                return -errno;
        }
        if (fstat(job->store_fd, &st) >= 0)
                n_rest = own_bytes(&st);
        while (r >= 0 && (e = readdir(d)))
                if (!streq(e->d_name, ".") && !streq(e->d_name, ".."))
                        r = measure_top(job, e->d_name, ret, &n, &n_rest, reterr);
        return r < 0 ? r : add_line(&ret->lines, &n, "store", name, n_rest);
}

int op_usage(Job *job, JobResult *ret, Fault *reterr)
{
        progress_set_phase(job->progress, "measuring");
        int r = measure_store(job, ret, reterr);
        return r < 0 ? job_fault(reterr, r, "cannot measure the store") : 0;
}
