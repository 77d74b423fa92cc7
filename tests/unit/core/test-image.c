/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/test.h"

#include "base/cleanup.h"
#include "base/names.h"
#include "core/manager.h"

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

static unsigned n_added, n_removed, n_changed;

static void on_added(void *userdata, Image *image)
{
        n_added++;
}

static void on_removed(void *userdata, Image *image)
{
        n_removed++;
}

static void on_changed(void *userdata, Image *image, unsigned changes)
{
        n_changed++;
}

static void no_sweep(void *userdata)
{
}

static Manager *new_manager(void)
{
        static sd_event *event;
        const UnitPort units = {0};
        const WorkPort work = {.sweep = no_sweep};

        CHECK(event || sd_event_new(&event) >= 0);
        Manager *manager = manager_new(event, root, &units, &work);
        manager_add_listener(manager, &(ManagerListener){
                                              .image_added = on_added,
                                              .image_removed = on_removed,
                                              .image_changed = on_changed,
                                      });
        return manager;
}

static void test_find_and_list(void)
{
        Manager *manager = new_manager();
        _cleanup_fault_ Fault f = {0};
        Image *image;

        make_directory(LODGE_MACHINED_IMAGES "/empty"); /* the store's comes first */
        make_directory(LODGE_MACHINED_IMAGES "/extra");
        make_directory(LODGE_MACHINED_IMAGES "/.hidden");
        make_program(LODGE_MACHINED_IMAGES "/file");
        make_program(LODGE_MACHINED_IMAGES "/disk.raw");
        make_program(LODGE_STORE_IMAGES "/record.oci");
        images_load(manager);
        CHECK_NUMBER(g_hash_table_size(manager->images), 7);
        CHECK_NUMBER(n_added, 7);
        CHECK(!g_hash_table_contains(manager->images, "file"));

        CHECK(image_find(manager, "extra", &image, NULL) == 0);
        CHECK(strstr(image->path, LODGE_MACHINED_IMAGES "/extra") && !image->in_store);
        CHECK_NUMBER(image->kind, IMAGE_DIRECTORY);
        CHECK(image_find(manager, "empty", &image, NULL) == 0);
        CHECK(strstr(image->path, LODGE_STORE_IMAGES "/empty") && image->in_store);
        CHECK(image_find(manager, "disk", &image, NULL) == 0);
        CHECK_NUMBER(image->kind, IMAGE_RAW);
        CHECK(image_check(manager, "record", &image, NULL) == -EUCLEAN);
        CHECK(image_find(manager, "record", &image, NULL) == 0);
        CHECK_NUMBER(image->kind, IMAGE_OCI);
        CHECK(image_find(manager, "file", &image, NULL) == -ENOENT);
        CHECK(image_find(manager, "../etc", &image, NULL) == -EINVAL);
        CHECK(image_find(manager, "none", &image, &f) == -ENOENT);
        CHECK_NUMBER(f.code, FAULT_NO_SUCH_IMAGE);
        CHECK(strstr(f.message, "debian, disk, empty, extra"));
        manager_free(manager);
}

/* What is on disk counts, whether somebody has told us or not. */
static void test_changes(void)
{
        Manager *manager = new_manager();
        _cleanup_free_ char *extra = in_root(LODGE_MACHINED_IMAGES "/extra");
        Image *image;

        images_load(manager);
        n_added = n_removed = n_changed = 0;
        make_directory(LODGE_STORE_IMAGES "/new");
        CHECK(image_find(manager, "new", &image, NULL) == 0);
        CHECK_NUMBER(n_added, 1);
        images_load(manager);
        CHECK_NUMBER(n_added, 1);
        CHECK(rmdir(extra) == 0);
        CHECK(g_hash_table_contains(manager->images, "extra"));
        images_load(manager);
        CHECK(!g_hash_table_contains(manager->images, "extra"));
        CHECK_NUMBER(n_removed, 1);
        /* another kind takes the name */
        make_program(LODGE_STORE_IMAGES "/new.oci");
        images_look(manager, "new.oci");
        CHECK(image_find(manager, "new", &image, NULL) == 0);
        CHECK_NUMBER(image->kind, IMAGE_OCI);
        manager_flush(manager);
        CHECK_NUMBER(n_changed, 1);
        CHECK_NUMBER(n_removed, 1);
        manager_free(manager);
}

int main(void)
{
        root = g_dir_make_tmp("lodge-image-XXXXXX", NULL);
        CHECK(root);
        test_inits();
        test_links_out();
        test_trees_that_are_none();
        test_find_and_list();
        test_changes();
        _cleanup_free_ char *command = g_strdup_printf("rm -r '%s'", root);
        CHECK(system(command) == 0);
        g_free(root);
        return 0;
}
