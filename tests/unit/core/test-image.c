/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/test.h"

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "core/image.h"

#include <glib.h>
#include <sys/stat.h>

static char *root;

static char *in_root(const char *path)
{
        return g_strconcat(root, path, NULL);
}

static void make_directory(const char *path)
{
        _cleanup_free_ char *full = in_root(path);

        CHECK(g_mkdir_with_parents(full, 0755) == 0);
}

static void make_program(const char *path)
{
        _cleanup_free_ char *full = in_root(path), *dir = g_path_get_dirname(full);

        CHECK(g_mkdir_with_parents(dir, 0755) == 0);
        CHECK(g_file_set_contents(full, "", -1, NULL) && chmod(full, 0755) == 0);
}

static void make_link(const char *path, const char *target)
{
        _cleanup_free_ char *full = in_root(path);

        CHECK(symlink(target, full) == 0);
}

static void check_init(const char *tree, const char *init, bool is_systemd)
{
        _cleanup_free_ char *path = g_strconcat(root, LODGE_STORE_IMAGES "/", tree, NULL);
        _cleanup_tree_ Tree t = {0};

        CHECK(tree_probe(path, &t, NULL) == 0);
        CHECK_STRING(t.init, init);
        CHECK_NUMBER(t.init_is_systemd, is_systemd);
        CHECK_STRING(t.path, path);
}

static void test_inits(void)
{
        make_program(LODGE_STORE_IMAGES "/debian/usr/lib/systemd/systemd");
        make_directory(LODGE_STORE_IMAGES "/debian/sbin");
        make_link(LODGE_STORE_IMAGES "/debian/sbin/init", "/lib/systemd/systemd");
        make_program(LODGE_STORE_IMAGES "/other/sbin/init");
        make_directory(LODGE_STORE_IMAGES "/empty");
        check_init("debian", "/usr/lib/systemd/systemd", true);
        check_init("other", "/sbin/init", false);
        check_init("empty", NULL, false);
}

/* What is found through a link is found inside, or not at all. */
static void test_links_out(void)
{
        _cleanup_free_ char *outside = in_root("/outside");

        make_program("/outside/init");
        make_directory(LODGE_STORE_IMAGES "/hostile");
        make_link(LODGE_STORE_IMAGES "/hostile/sbin", outside);
        check_init("hostile", NULL, false);
        make_link(LODGE_STORE_IMAGES "/hostile/usr", "../../../../../../outside");
        check_init("hostile", NULL, false);
        make_directory(LODGE_STORE_IMAGES "/hostile/etc/init"); /* is no program */
        check_init("hostile", NULL, false);
}

static void test_trees_that_are_none(void)
{
        _cleanup_fault_ Fault file = {0}, missing = {0};
        _cleanup_free_ char *path = in_root("/outside/init"), *gone = in_root("/nothing");
        Tree t;

        CHECK(tree_probe(path, &t, &file) == -ENOTDIR);
        CHECK(strstr(file.message, path) && strstr(file.message, "not a directory"));
        CHECK(tree_probe(gone, &t, &missing) == -ENOENT);
        CHECK(strstr(missing.message, gone));
}

static void test_find_and_list(void)
{
        _cleanup_fault_ Fault f = {0};
        _cleanup_free_ char *path = NULL;

        make_directory(LODGE_MACHINED_IMAGES "/empty"); /* the store's comes first */
        make_directory(LODGE_MACHINED_IMAGES "/extra");
        make_directory(LODGE_MACHINED_IMAGES "/.hidden");
        make_program(LODGE_MACHINED_IMAGES "/file");
        _cleanup_strv_free_ char **all = image_list(root);
        _cleanup_free_ char *joined = g_strjoinv(" ", all);
        CHECK_NUMBER(strv_length(all), 5 * 2);
        CHECK_STRING(all[0], "debian");
        CHECK(!strstr(joined, "file") && !strstr(joined, ".hidden"));
        CHECK(strstr(all[3], LODGE_STORE_IMAGES "/empty"));

        CHECK(image_find(root, "extra", &path, NULL) == 0);
        CHECK(strstr(path, LODGE_MACHINED_IMAGES "/extra"));
        CHECK(image_find(root, "file", &path, NULL) == -ENOENT);
        CHECK(image_find(root, "../etc", &path, NULL) == -EINVAL);
        CHECK(image_find(root, "none", &path, &f) == -ENOENT);
        CHECK_NUMBER(f.code, FAULT_NO_SUCH_IMAGE);
        CHECK(strstr(f.message, "debian, empty, extra"));
}

int main(void)
{
        root = g_dir_make_tmp("lodge-image-XXXXXX", NULL);
        CHECK(root);
        test_inits();
        test_links_out();
        test_trees_that_are_none();
        test_find_and_list();
        _cleanup_free_ char *command = g_strdup_printf("rm -r '%s'", root);
        CHECK(system(command) == 0);
        g_free(root);
        return 0;
}
