/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A table of contents: where the payloads of an archive are, whether they can be passed over or
 * have to be read; and an archive that ends too soon is told in both cases. */
#include "base/io.h"
#include "unit/image/archive.h"
#include "unit/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define LARGE (FD_SOURCE_BUFFER * 3 + 5) /* more than is read at once */

/* Names and offsets, and how it ended. */
typedef struct Table {
        char text[512];
        int end;
} Table;

static Table read_table(const ByteSource *source)
{
        _cleanup_tar_reader_ TarReader *reader = NULL;
        _cleanup_fault_ Fault fault = {0};
        const TarEntry *e;
        Table t = {0};
        size_t n = 0;

        CHECK(tar_reader_new(source, NULL, &reader) >= 0);
        while ((t.end = tar_reader_next(reader, &e, &fault)) > 0)
                n += (size_t)snprintf(t.text + n, sizeof(t.text) - n, "%s %llu\n", e->path,
                                      (unsigned long long)tar_reader_offset(reader));
        if (t.end < 0)
                CHECK_STRING(fault.message, "the archive is truncated");
        return t;
}

static Table read_memory(const Archive *a, size_t n)
{
        MemorySource memory;
        ByteSource source = memory_source(&memory, a->data, n);

        return read_table(&source);
}

static Table read_fd(int fd)
{
        _cleanup_fd_source_ FdSource s;
        ByteSource source = fd_source(&s, fd, NULL);

        return read_table(&source);
}

static Table read_file(const Archive *a, size_t n)
{
        _cleanup_close_ int fd = memfd_create("archive", MFD_CLOEXEC);

        CHECK(fd >= 0 && write_all(fd, a->data, n) >= 0);
        CHECK(lseek(fd, 0, SEEK_SET) == 0);
        return read_fd(fd);
}

static Table read_pipe(const Archive *a, size_t n)
{
        _cleanup_close_ int fd = -EBADF;
        int fds[2];

        CHECK(pipe2(fds, O_CLOEXEC) >= 0);
        fd = fds[0];
        pid_t writer = fork();
        CHECK(writer >= 0);
        if (writer == 0)
                _exit(write_all(fds[1], a->data, n) < 0);
        (void)close(fds[1]);
        Table t = read_fd(fd);
        CHECK(waitpid(writer, NULL, 0) == writer);
        return t;
}

static void same(const Table *t, const char *text, int end)
{
        CHECK_STRING(t->text, text);
        CHECK_NUMBER(t->end, end);
}

int main(void)
{
        _cleanup_archive_ Archive a = {0};
        const char *wanted = "small 512\nlarge 1536\nempty 788992\nlast 789504\n";

        archive_file(&a, "small", "abc");
        archive_header(&a, '0', "large", NULL, LARGE);
        archive_zeros(&a, LARGE);
        archive_pad(&a);
        archive_file(&a, "empty", "");
        archive_file(&a, "last", "xyz");
        size_t n_entries = a.n;
        archive_end(&a);

        Table whole[] = {read_memory(&a, a.n), read_file(&a, a.n), read_pipe(&a, a.n)};
        for (size_t i = 0; i < ELEMENTSOF(whole); i++)
                same(&whole[i], wanted, 0);

        /* cut anywhere: both say the same; within a block, that it is truncated */
        for (size_t n = 1; n < n_entries; n += n < 4096 || n > n_entries - 4096 ? 100 : 8191) {
                Table memory = read_memory(&a, n), file = read_file(&a, n);

                if (n % TAR_BLOCK_SIZE)
                        CHECK_NUMBER(memory.end, -EBADMSG);
                same(&file, memory.text, memory.end);
        }
        return 0;
}
