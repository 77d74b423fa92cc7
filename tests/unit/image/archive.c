/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/image/archive.h"

#include "unit/test.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <sys/stat.h>

void archive_bytes(Archive *a, const void *data, size_t n)
{
        if (a->n + n > a->room) {
                a->room = (a->n + n) * 2;
                CHECK((a->data = realloc(a->data, a->room)));
        }
        if (n > 0)
                memcpy(a->data + a->n, data, n);
        a->n += n;
}

void archive_zeros(Archive *a, size_t n)
{
        static const uint8_t zeros[4096];

        for (; n > sizeof(zeros); n -= sizeof(zeros))
                archive_bytes(a, zeros, sizeof(zeros));
        archive_bytes(a, zeros, n);
}

void archive_pad(Archive *a)
{
        archive_zeros(a, -a->n % TAR_BLOCK_SIZE);
}

void archive_seal(TarHeader *h)
{
        (void)tar_header_put(h->checksum, sizeof(h->checksum), tar_header_checksum(h));
}

TarHeader *archive_header(Archive *a, char type, const char *path, const char *link, uint64_t size)
{
        TarHeader h = {.type = type};

        memcpy(h.name, path, MIN2(strlen(path), sizeof(h.name)));
        if (link)
                memcpy(h.link, link, MIN2(strlen(link), sizeof(h.link)));
        memcpy(h.magic, TAR_MAGIC_USTAR, sizeof(h.magic));
        (void)tar_header_put(h.mode, sizeof(h.mode), type == '5' ? 0755 : 0644);
        (void)tar_header_put(h.uid, sizeof(h.uid), 0);
        (void)tar_header_put(h.gid, sizeof(h.gid), 0);
        (void)tar_header_put(h.size, sizeof(h.size), size);
        (void)tar_header_put(h.mtime, sizeof(h.mtime), 1000000000);
        archive_seal(&h);
        archive_bytes(a, &h, sizeof(h));
        return (TarHeader *)(a->data + a->n - sizeof(h));
}

void archive_file(Archive *a, const char *path, const char *data)
{
        archive_header(a, '0', path, NULL, strlen(data));
        archive_bytes(a, data, strlen(data));
        archive_pad(a);
}

void archive_entry(Archive *a, char type, const char *path, const char *link)
{
        archive_header(a, type, path, link, 0);
}

void archive_device(Archive *a, char type, const char *path, unsigned major, unsigned minor)
{
        TarHeader *h = archive_header(a, type, path, NULL, 0);

        (void)tar_header_put(h->major, sizeof(h->major), major);
        (void)tar_header_put(h->minor, sizeof(h->minor), minor);
        archive_seal(h);
}

static void add_record(Archive *body, const char *key, const void *value, size_t n)
{
        char head[32];
        size_t length = strlen(key) + n + 3, before = 0, whole = 0;

        while (whole != before || whole == 0) {
                before = whole;
                whole = length +
                        (size_t)snprintf(head, sizeof(head), "%zu", whole ? whole : length);
        }
        (void)snprintf(head, sizeof(head), "%zu ", whole);
        archive_bytes(body, head, strlen(head));
        archive_bytes(body, key, strlen(key));
        archive_bytes(body, "=", 1);
        archive_bytes(body, value, n);
        archive_bytes(body, "\n", 1);
}

static void add_extension(Archive *a, char type, const Archive *body)
{
        archive_header(a, type, "pax", NULL, body->n);
        archive_bytes(a, body->data, body->n);
        archive_pad(a);
}

void archive_pax(Archive *a, char type, const char *key, ...)
{
        _cleanup_archive_ Archive body = {0};
        va_list ap;

        va_start(ap, key);
        for (; key; key = va_arg(ap, const char *)) {
                const char *value = va_arg(ap, const char *);
                add_record(&body, key, value, strlen(value));
        }
        va_end(ap);
        add_extension(a, type, &body);
}

void archive_pax_bytes(Archive *a, const char *key, const void *value, size_t n)
{
        _cleanup_archive_ Archive body = {0};

        add_record(&body, key, value, n);
        add_extension(a, 'x', &body);
}

void archive_end(Archive *a)
{
        archive_zeros(a, 2UL * TAR_BLOCK_SIZE);
}

void archive_done(Archive *a)
{
        free(a->data);
        *a = (Archive){0};
}

int scratch_open(void)
{
        const char *tmp = getenv("TMPDIR");
        char path[256];

        (void)snprintf(path, sizeof(path), "%s/lodge-image-XXXXXX", tmp && *tmp ? tmp : "/tmp");
        CHECK(mkdtemp(path));
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        CHECK(fd >= 0);
        return fd;
}

static int on_path(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
        return remove(path);
}

void scratch_done(int *fd)
{
        char link[64], path[4096];

        if (*fd < 0)
                return;
        (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", *fd);
        ssize_t n = readlink(link, path, sizeof(path) - 1);
        *fd = close_fd(*fd);
        if (n <= 0)
                return;
        path[n] = '\0';
        CHECK(strstr(path, "/lodge-image-"));
        (void)nftw(path, on_path, 32, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

int scratch_unpack(const Archive *a, int dirfd, LayerResult *ret, Fault *reterr)
{
        MemorySource memory;
        const LayerUnpackArgs args = {.source = memory_source(&memory, a->data, a->n),
                                      .dirfd = dirfd,
                                      .n_bytes_max = 64U << 20,
                                      .n_entries_max = 5000};

        fault_done(reterr);
        *ret = (LayerResult){0};
        return layer_unpack(&args, ret, reterr);
}

void need_root(void)
{
        if (geteuid() == 0)
                return;
        (void)printf("needs root: owners, device nodes and capabilities\n");
        exit(77);
}
