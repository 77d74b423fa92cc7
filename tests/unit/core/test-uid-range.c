/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/test.h"

#include "base/cleanup.h"
#include "base/names.h"
#include "core/uid-range.h"

#include <fcntl.h>
#include <glib.h>
#include <sys/stat.h>

static char *root;

static void write_file(const char *path, const char *text)
{
        _cleanup_free_ char *full = g_strconcat(root, path, NULL), *dir = g_path_get_dirname(full);

        CHECK(g_mkdir_with_parents(dir, 0755) == 0);
        CHECK(g_file_set_contents(full, text, -1, NULL));
}

static uint32_t first_choice(const char *name)
{
        uint32_t base = 0;

        CHECK(uid_range_take(root, name, &base, NULL, NULL) == 0);
        CHECK(base >= UID_RANGE_FIRST && base <= UID_RANGE_LAST && base % UID_RANGE_SIZE == 0);
        return base;
}

static void test_locks(void)
{
        _cleanup_close_ int a = -EBADF, b = -EBADF, copy = -EBADF;
        uint32_t base = 0, other = 0, again = 0;

        CHECK(uid_range_take(root, "web", &base, &a, NULL) == 0);
        CHECK_NUMBER(base, first_choice("web"));
        CHECK(uid_range_take(root, "web", &other, &b, NULL) == 0);
        CHECK_NUMBER(other, base == UID_RANGE_LAST ? UID_RANGE_FIRST : base + UID_RANGE_SIZE);

        copy = fcntl(a, F_DUPFD_CLOEXEC, 3); /* as the shim has it: the range stays taken */
        a = close_fd(a);
        b = close_fd(b);
        CHECK(uid_range_take(root, "web", &again, &b, NULL) == 0);
        CHECK_NUMBER(again, other);
        copy = close_fd(copy);
        CHECK(uid_range_take(root, "web", &again, &a, NULL) == 0);
        CHECK_NUMBER(again, base);
}

static void test_release(void)
{
        _cleanup_close_ int fd = -EBADF;
        uint32_t base = 0;

        CHECK(uid_range_take(root, "released", &base, &fd, NULL) == 0);
        _cleanup_free_ char *path = g_strdup_printf("%s" LODGE_UID_LOCKS "/%u", root, base);
        uid_range_release(root, base);
        CHECK(access(path, F_OK) == 0); /* still held */
        fd = close_fd(fd);
        uid_range_release(root, base);
        CHECK(access(path, F_OK) < 0);
        uid_range_release(root, base);
}

/* The last owner deletes the file: a lock on what has no name any more locks out nobody. */
static void test_lock_of_a_deleted_file(void)
{
        _cleanup_close_ int a = -EBADF, b = -EBADF;
        uint32_t base = 0, other = 0;

        CHECK(uid_range_take(root, "gone", &base, &a, NULL) == 0);
        _cleanup_free_ char *path = g_strdup_printf("%s" LODGE_UID_LOCKS "/%u", root, base);
        CHECK(unlink(path) == 0);
        CHECK(uid_range_take(root, "gone", &other, &b, NULL) == 0);
        CHECK_NUMBER(other, base);
        CHECK(access(path, F_OK) == 0);
}

static void test_sweep(void)
{
        _cleanup_close_ int held = -EBADF, gone = -EBADF;
        uint32_t a, b;

        CHECK_NUMBER(uid_range_take(root, "held", &a, &held, NULL), 0);
        CHECK_NUMBER(uid_range_take(root, "gone", &b, &gone, NULL), 0);
        gone = close_fd(gone);
        uid_range_sweep(root);
        _cleanup_free_ char *kept = g_strdup_printf("%s" LODGE_UID_LOCKS "/%u", root, a);
        _cleanup_free_ char *deleted = g_strdup_printf("%s" LODGE_UID_LOCKS "/%u", root, b);
        CHECK(access(kept, F_OK) == 0);
        CHECK(access(deleted, F_OK) < 0);
        CHECK(unlink(kept) == 0);
}

static void test_a_link_in_place_of_a_lock(void)
{
        _cleanup_close_ int fd = -EBADF;
        uint32_t base = first_choice("link");
        _cleanup_free_ char *path = g_strdup_printf("%s" LODGE_UID_LOCKS "/%u", root, base);
        _cleanup_free_ char *target = g_strconcat(root, "/target", NULL);

        CHECK(symlink(target, path) == 0);
        CHECK(uid_range_take(root, "link", &base, &fd, NULL) == -ELOOP);
        CHECK(access(target, F_OK) < 0);
        CHECK(unlink(path) == 0);
}

static void test_ids_that_are_somebody_elses(void)
{
        uint32_t base = first_choice("web");
        _cleanup_free_ char *span = g_strdup_printf("# comment\nuser:%u:65536\nodd\n",
                                                    base + 70000),
                            *before = g_strdup_printf("user:%u:65537\n", base - UID_RANGE_SIZE),
                            *user = g_strdup_printf("x:x:%u:0::/:/bin/sh\n", base + 65535);

        write_file("/etc/subuid", span); /* of the next range only */
        CHECK_NUMBER(first_choice("web"), base);
        write_file("/etc/subgid", before); /* reaches into the first by one */
        CHECK(first_choice("web") > base + UID_RANGE_SIZE);
        write_file("/etc/subgid", "");
        write_file("/etc/passwd", user);
        CHECK(first_choice("web") > base + UID_RANGE_SIZE);
        write_file("/etc/passwd", "garbage\n::::\nx:x:99999999999999999999:0\n");
        CHECK_NUMBER(first_choice("web"), base);
}

int main(void)
{
        root = g_dir_make_tmp("lodge-uid-XXXXXX", NULL);
        CHECK(root);
        test_locks();
        test_release();
        test_sweep();
        test_lock_of_a_deleted_file();
        test_a_link_in_place_of_a_lock();
        test_ids_that_are_somebody_elses();
        _cleanup_free_ char *command = g_strdup_printf("rm -r '%s'", root);
        CHECK(system(command) == 0);
        g_free(root);
        return 0;
}
