/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/io.h"
#include "unit/test.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

static char directory[] = "/tmp/lodge-test-io-XXXXXX";

static void test_write_and_read(int dir)
{
        _cleanup_free_ char *text = NULL, *again = NULL;
        struct stat st;
        size_t n;

        CHECK_NUMBER(write_file_atomic_at(dir, "file", "old", 3, 0600), 0);
        CHECK_NUMBER(write_file_atomic_at(dir, "file", "n\0w", 3, 0640), 0);
        CHECK_NUMBER(read_file_at(dir, "file", 100, &text, &n), 0);
        CHECK_NUMBER(n, 3);
        CHECK(memcmp(text, "n\0w", 4) == 0); /* and a NUL behind */
        CHECK_NUMBER(fstatat(dir, "file", &st, 0), 0);
        CHECK_NUMBER(st.st_mode & 0777, 0640);
        CHECK_NUMBER(read_file_at(dir, "file", 3, &again, NULL), 0);
        CHECK_NUMBER(read_file_at(dir, "file", 2, &again, NULL), -EFBIG);
        CHECK_NUMBER(read_file_at(dir, "absent", 2, &again, NULL), -ENOENT);
}

static void test_what_is_no_file(int dir)
{
        char *text = NULL;

        CHECK_NUMBER(mkfifoat(dir, "fifo", 0600), 0);
        CHECK_NUMBER(mkdirat(dir, "directory", 0700), 0);
        CHECK_NUMBER(symlinkat("file", dir, "link"), 0);
        CHECK_NUMBER(read_file_at(dir, "fifo", 100, &text, NULL), -EBADFD);
        CHECK_NUMBER(read_file_at(dir, "directory", 100, &text, NULL), -EBADFD);
        CHECK_NUMBER(read_file_at(dir, "link", 100, &text, NULL), -ELOOP);
        CHECK(!text);
        /* what cannot be replaced leaves no temporary file behind */
        CHECK_NUMBER(write_file_atomic_at(dir, "directory", "x", 1, 0600), -EISDIR);
}

static void test_nothing_is_left(int dir)
{
        _cleanup_closedir_ DIR *d = fdopendir(fcntl(dir, F_DUPFD_CLOEXEC, 3));
        size_t n = 0;

        CHECK(d);
        rewinddir(d);
        while (readdir(d))
                n++;
        CHECK_NUMBER(n, 2 + 4);
}

/* A kernel file says size 0. */
static void test_kernel_file(void)
{
        _cleanup_free_ char *text = NULL;
        size_t n;

        CHECK_NUMBER(read_file_at(AT_FDCWD, "/proc/self/status", 65536, &text, &n), 0);
        CHECK_NUMBER(strlen(text), n);
        CHECK(strncmp(text, "Name:", 5) == 0);
}

static void test_memfd(void)
{
        _cleanup_close_ int fd = sealed_memfd("test", "abc", 3);
        char buf[4] = "";

        CHECK(fd >= 0);
        CHECK_NUMBER(pread(fd, buf, 4, 0), 3);
        CHECK_STRING(buf, "abc");
        CHECK_NUMBER(pwrite(fd, "x", 1, 0), -1);
        CHECK_NUMBER(errno, EPERM);
        CHECK_NUMBER(ftruncate(fd, 0), -1);
        CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

int main(void)
{
        _cleanup_close_ int dir = -EBADF;

        CHECK(mkdtemp(directory));
        dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        CHECK(dir >= 0);
        test_write_and_read(dir);
        test_what_is_no_file(dir);
        test_nothing_is_left(dir);
        test_kernel_file();
        test_memfd();
        for (const char *const *name = (const char *const[]){"file", "fifo", "link", NULL}; *name;
             name++)
                CHECK_NUMBER(unlinkat(dir, *name, 0), 0);
        CHECK_NUMBER(unlinkat(dir, "directory", AT_REMOVEDIR), 0);
        CHECK_NUMBER(rmdir(directory), 0);
        return 0;
}
