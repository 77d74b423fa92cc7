/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A copy is what it was copied from, and an interrupted one can be done again. */
#include "base/io.h"
#include "base/text.h"
#include "sys/copy-tree.h"

#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>

static void run(const char *format, const char *a, const char *b)
{
        char command[512];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        (void)snprintf(command, sizeof(command), format, a, b);
#pragma GCC diagnostic pop
        assert(system(command) == 0);
}

static void write_at(int dir, const char *name, const char *text, mode_t mode)
{
        _cleanup_close_ int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        assert(fd >= 0 && write_all(fd, text, strlen(text)) == 0 && fchmod(fd, mode) == 0);
}

static void make_source(int dir)
{
        _cleanup_close_ int sparse = -EBADF, deep = -EBADF;
        const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 2, .tv_nsec = 3}};

        write_at(dir, "file", "content", 0640);
        write_at(dir, "suid", "x", 04755);
        assert(symlinkat("/etc/passwd", dir, "link") == 0);
        assert(mknodat(dir, "fifo", S_IFIFO | 0604, 0) == 0 && fchmodat(dir, "fifo", 0604, 0) == 0);
        assert(mkdirat(dir, "empty", 0700) == 0 && fchmodat(dir, "empty", 01777, 0) == 0);
        assert(mkdirat(dir, "deep", 0755) == 0 && mkdirat(dir, "deep/er", 0750) == 0);
        write_at(dir, "deep/er/file", "below", 0444);
        sparse = openat(dir, "sparse", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        assert(sparse >= 0 && pwrite(sparse, "end", 3, 64 << 20) == 3);
        assert(ftruncate(sparse, 128 << 20) == 0);
        assert(utimensat(dir, "file", times, 0) == 0);
        assert(utimensat(dir, "link", times, AT_SYMLINK_NOFOLLOW) == 0);
        assert(utimensat(dir, "empty", times, 0) == 0);
        deep = openat(dir, "deep", O_RDONLY | O_CLOEXEC);
        (void)fsetxattr(deep, "user.test", "value", 5, 0); /* not on every file system */
}

/* Names, types, modes, sizes, times, and what the files hold. */
static void expect_same(const char *a, const char *b)
{
        run("cd '%s' && find . -printf '%%p %%y %%m %%U %%G %%l %%T@ ' \\( -type f -printf '%%s\\n' -o "
            "-printf '\\n' \\) | sort >'%s.list'",
            a, b);
        run("cd '%s' && find . -printf '%%p %%y %%m %%U %%G %%l %%T@ ' \\( -type f -printf '%%s\\n' -o "
            "-printf '\\n' \\) | sort | cmp - '%s.list'",
            b, b);
        run("diff -r --no-dereference --exclude=fifo '%s' '%s'", a, b);
}

static void test_copy(const char *from, const char *to)
{
        _cleanup_close_ int source = open(from, O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int target = open(to, O_PATH | O_DIRECTORY | O_CLOEXEC);
        struct stat st;

        assert(copy_tree(source, target) == 0);
        expect_same(from, to);
        assert(fstatat(target, "sparse", &st, 0) == 0 && st.st_blocks < 1000);

        /* once more, over what is there; a link is replaced, not followed */
        assert(unlinkat(target, "file", 0) == 0 && symlinkat("suid", target, "file") == 0);
        assert(copy_tree(source, target) == 0);
        expect_same(from, to);
        /* but no directory is made where there is something else */
        assert(unlinkat(target, "empty", AT_REMOVEDIR) == 0 &&
               symlinkat("deep", target, "empty") == 0);
        assert(copy_tree(source, target) == -ENOTDIR || copy_tree(source, target) == -ELOOP);
}

static void test_too_deep(const char *from, const char *to)
{
        _cleanup_close_ int source = open(from, O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int target = open(to, O_PATH | O_DIRECTORY | O_CLOEXEC);
        int at = dup(source);

        for (int i = 0; i < 300; i++) {
                assert(mkdirat(at, "d", 0755) == 0);
                int below = openat(at, "d", O_PATH | O_DIRECTORY | O_CLOEXEC);
                assert(below >= 0 && close(at) == 0);
                at = below;
        }
        assert(close(at) == 0);
        assert(copy_tree(source, target) == -ELOOP);
}

int main(void)
{
        const struct rlimit stack = {1 << 20, 1 << 20}; /* enough for 256 small frames only */
        char from[] = "/tmp/test-copy-XXXXXX", to[] = "/tmp/test-copy-XXXXXX";
        _cleanup_close_ int source = -EBADF;

        assert(setrlimit(RLIMIT_STACK, &stack) == 0);
        (void)umask(022);
        assert(mkdtemp(from) && mkdtemp(to));
        source = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        make_source(source);
        test_copy(from, to);
        run("rm -rf '%s'/* '%s'/*", from, to);
        test_too_deep(from, to);
        run("rm -rf '%s' '%s'*", from, to);
        return 0;
}
