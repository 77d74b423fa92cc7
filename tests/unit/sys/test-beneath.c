/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nothing is followed out of a stranger's tree. */
#include "base/io.h"
#include "base/text.h"
#include "sys/beneath.h"

#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static void test_open(int root)
{
        _cleanup_close_ int top = beneath_open(root, "/", O_PATH | O_DIRECTORY, 0);
        _cleanup_close_ int dir = beneath_open(root, "//real/inner", O_PATH | O_DIRECTORY, 0);

        assert(top >= 0 && dir >= 0);
        assert(beneath_open(root, "/absolute", O_PATH, 0) == -ELOOP);
        assert(beneath_open(root, "/absolute/passwd", O_PATH, 0) == -ELOOP);
        assert(beneath_open(root, "/relative/inner", O_PATH, 0) == -ELOOP);
        assert(beneath_open(root, "../etc", O_PATH, 0) == -EXDEV);
        assert(beneath_open(root, "real/../../etc", O_PATH, 0) == -EXDEV);
        assert(beneath_open(root, "/missing", O_PATH, 0) == -ENOENT);
}

static void test_mkdir(int root)
{
        struct stat st;

        assert(beneath_mkdir(root, "/new", 01777) == 1);
        assert(fstatat(root, "new", &st, 0) == 0 && (st.st_mode & 07777) == 01777);
        assert(beneath_mkdir(root, "/new", 0755) == 0);
        assert(beneath_mkdir(root, "/file", 0755) == -ENOTDIR);
        assert(beneath_mkdir(root, "/absolute", 0755) == -ELOOP);
        assert(beneath_mkdir(root, "/absolute/x", 0755) == -ELOOP);
        assert(beneath_mkdir(root, "/missing/x", 0755) == -ENOENT);
}

static void test_replace(int root, int outside)
{
        _cleanup_free_ char *text = NULL;
        struct stat st;

        assert(beneath_replace(root, "/real/id", "one\n", 4, 0444) == 1);
        assert(beneath_replace(root, "/real/id", "one\n", 4, 0444) == 0);
        assert(beneath_replace(root, "/real/id", "two\n", 4, 0644) == 1);
        assert(beneath_read(root, "/real/id", 100, &text, NULL) == 0 && streq(text, "two\n"));
        /* a link or a FIFO is replaced, not followed and not waited for */
        assert(beneath_replace(root, "/real/link", "new\n", 4, 0644) == 1);
        assert(fstatat(root, "real/link", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode));
        assert(fstatat(outside, "canary", &st, 0) == 0 && st.st_size == 0);
        assert(beneath_replace(root, "/real/fifo", "new\n", 4, 0644) == 1);
        assert(beneath_replace(root, "/real/inner", "new\n", 4, 0644) == -EISDIR);
        assert(beneath_replace(root, "/absolute/canary", "new\n", 4, 0644) == -ELOOP);
        assert(fstatat(root, "real/.#lodge-new", &st, 0) < 0); /* nothing of ours is left */
}

int main(void)
{
        char path[] = "/tmp/test-beneath-XXXXXX", out[] = "/tmp/test-beneath-XXXXXX", command[64];

        assert(mkdtemp(path) && mkdtemp(out));
        _cleanup_close_ int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int outside = open(out, O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_free_ char *canary = NULL;

        assert(root >= 0 && outside >= 0 && asprintf(&canary, "%s/canary", out) > 0);
        assert(mknodat(outside, "canary", S_IFREG | 0644, 0) == 0);
        assert(mkdirat(root, "real", 0755) == 0 && mkdirat(root, "real/inner", 0755) == 0);
        assert(symlinkat(out, root, "absolute") == 0 && symlinkat("real", root, "relative") == 0);
        assert(symlinkat(canary, root, "real/link") == 0 && mkfifoat(root, "real/fifo", 0644) == 0);
        assert(mknodat(root, "file", S_IFREG | 0644, 0) == 0);

        test_open(root);
        test_mkdir(root);
        test_replace(root, outside);
        (void)snprintf(command, sizeof(command), "rm -r %s %s", path, out);
        return system(command); /* NOLINT(cert-env33-c): a fixed command on our own directories */
}
