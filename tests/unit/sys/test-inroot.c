/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Links of a stranger's tree lead somewhere in it, and what is made is made in it. */
#include "base/io.h"
#include "sys/inroot.h"

#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static void expect_same(int root, const char *path, const char *real)
{
        _cleanup_close_ int fd = inroot_open(root, path), other = inroot_open(root, real);
        struct stat a, b;

        assert(fd >= 0 && other >= 0);
        assert(fstat(fd, &a) == 0 && fstat(other, &b) == 0);
        assert(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
}

static void test_open(int root)
{
        expect_same(root, "/", "..");
        expect_same(root, "/absolute", "/etc");
        expect_same(root, "relative/inner", "/real/inner");
        expect_same(root, "../../real", "/real");
        assert(inroot_open(root, "/missing") == -ENOENT);
        assert(inroot_open(root, "/absolute/passwd") == -ENOENT);
        assert(inroot_open(root, "/circle") == -ELOOP);
}

static int make(int root, const char *path, bool is_directory)
{
        _cleanup_close_ int fd = inroot_make(root, path, is_directory);

        return fd < 0 ? fd : 0;
}

static void expect_made(int root, const char *path, const char *real, mode_t mode)
{
        struct stat st;

        assert(make(root, path, S_ISDIR(mode)) == 0);
        assert(fstatat(root, real, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_mode == mode);
        assert(make(root, path, S_ISDIR(mode)) == 0);
}

static void test_make(int root, int outside)
{
        expect_made(root, "/a/b/c", "a/b/c", S_IFDIR | 0755);
        expect_made(root, "//a//file", "a/file", S_IFREG | 0644);
        expect_made(root, "/absolute/x/y", "etc/x/y", S_IFDIR | 0755);
        expect_made(root, "relative/new", "real/new", S_IFREG | 0644);
        expect_made(root, "../../up/file", "up/file", S_IFREG | 0644);
        expect_made(root, "/real", "real", S_IFDIR | 0755);
        assert(make(root, "/nowhere", true) == -ELOOP);
        assert(make(root, "/nowhere/x", true) == -ELOOP);
        assert(make(root, "/circle/x", true) == -ELOOP);
        assert(make(root, "/real/file/x", true) == -ENOTDIR);
        assert(make(root, "/out/x", true) == -ELOOP);
        assert(directory_is_empty(outside) == 1);
}

int main(void)
{
        char path[] = "/tmp/test-inroot-XXXXXX", out[] = "/tmp/test-inroot-XXXXXX", command[64];

        (void)umask(022);
        assert(mkdtemp(path) && mkdtemp(out));
        _cleanup_close_ int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int outside = open(out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert(root >= 0 && outside >= 0);
        assert(mkdirat(root, "real", 0755) == 0 && mkdirat(root, "real/inner", 0755) == 0);
        assert(mkdirat(root, "etc", 0755) == 0);
        assert(mknodat(root, "real/file", S_IFREG | 0644, 0) == 0);
        assert(symlinkat("/etc", root, "absolute") == 0);
        assert(symlinkat("../../real", root, "relative") == 0);
        assert(symlinkat("circle", root, "circle") == 0);
        assert(symlinkat("/missing/there", root, "nowhere") == 0);
        assert(symlinkat(out, root, "out") == 0); /* in there, /tmp does not exist */

        test_open(root);
        test_make(root, outside);

        (void)snprintf(command, sizeof(command), "rm -r '%s' '%s'", path, out);
        assert(system(command) == 0);
        return 0;
}
