/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a worker in the hands of a stranger may leave in its directory for lodged to move. */
#include "unit/test.h"

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "core/store.h"

#include <sys/stat.h>

#define JOB    "0123456789abcdef"
#define HEX    "0123456789012345678901234567890123456789012345678901234567890123"
#define OTHER  "1123456789012345678901234567890123456789012345678901234567890123"
#define DIGEST "sha256:" HEX
#define OWN    LODGE_STORE_INCOMING "/" JOB

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

static void make_file(const char *path)
{
        _cleanup_free_ char *full = in_root(path);

        CHECK(g_file_set_contents(full, "text", -1, NULL));
}

static void make_link(const char *path, const char *target)
{
        _cleanup_free_ char *full = in_root(path);

        CHECK(symlink(target, full) == 0);
}

static void clear(const char *path)
{
        _cleanup_free_ char *command = g_strdup_printf("rm -rf '%s%s'", root, path);

        CHECK(system(command) == 0);
}

static void begin(void)
{
        clear(LODGE_STORE);
        CHECK(store_make_incoming(root, JOB, NULL) == 0);
}

static void test_layers(void)
{
        begin();
        make_directory(OWN "/layers/sha256-" HEX "/tree/bin");
        CHECK(store_take_layer(root, JOB, DIGEST, NULL) == -ENOENT); /* no tar.map */
        make_file(OWN "/layers/sha256-" HEX "/tar.map");
        CHECK(!store_has_layer(root, DIGEST));
        CHECK(store_take_layer(root, JOB, DIGEST, NULL) == 0);
        CHECK(store_has_layer(root, DIGEST));
        make_directory(OWN "/layers/sha256-" HEX "/tree");
        CHECK(store_take_layer(root, JOB, DIGEST, NULL) == 0); /* is there, ours is left */

        _cleanup_strv_free_ char **all = store_layers(root);
        CHECK_NUMBER(strv_length(all), 1);
        CHECK_STRING(all[0], DIGEST);
}

static void test_hostile_layers(void)
{
        static const char longer[] = "sha256:" HEX "0", other[] = "sha512:" HEX;
        const char *const names[] = {"",    "sha256:",    "sha256:../../../images/x", HEX, longer,
                                     other, "sha256:/etc"};
        _cleanup_fault_ Fault f = {0};

        begin();
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                CHECK(store_take_layer(root, JOB, names[i], NULL) == -EBADMSG);
        /* links instead of what is expected, on each level */
        make_directory("/outside/tree");
        make_file("/outside/tar.map");
        _cleanup_free_ char *outside = in_root("/outside"), *tree = in_root("/outside/tree");
        make_directory(OWN "/layers");
        make_link(OWN "/layers/sha256-" HEX, outside);
        CHECK(store_take_layer(root, JOB, DIGEST, &f) == -EBADMSG);
        CHECK(strstr(f.message, DIGEST));
        clear(OWN "/layers");
        make_directory(OWN "/layers/sha256-" HEX);
        make_file(OWN "/layers/sha256-" HEX "/tar.map");
        make_link(OWN "/layers/sha256-" HEX "/tree", tree);
        CHECK(store_take_layer(root, JOB, DIGEST, NULL) == -EBADMSG);
        clear(OWN "/layers");
        make_directory("/outside/sha256-" HEX "/tree");
        make_file("/outside/sha256-" HEX "/tar.map");
        make_link(OWN "/layers", outside);
        CHECK(store_take_layer(root, JOB, DIGEST, NULL) < 0);
        CHECK(!store_has_layer(root, DIGEST));
        clear("/outside/sha256-" HEX);
}

static void test_blobs_and_entries(void)
{
        GBytes *bytes = NULL;

        begin();
        make_directory(OWN "/blobs/sha256-" OTHER);
        make_file(OWN "/blobs/sha256-" HEX);
        CHECK(store_take_blob(root, JOB, "sha256:" OTHER, NULL) == -EBADMSG);
        CHECK(store_take_blob(root, JOB, DIGEST, NULL) == 0);
        CHECK(store_take_blob(root, JOB, DIGEST, NULL) == 0);
        CHECK(store_read_blob(root, DIGEST, &bytes, NULL) == 0);
        CHECK_NUMBER(g_bytes_get_size(bytes), 4);
        g_bytes_unref(bytes);

        make_link(OWN "/image", "/etc");
        CHECK(store_take_entry(root, JOB, "image", S_IFDIR, LODGE_STORE_IMAGES, "x", NULL) ==
              -EBADMSG);
        CHECK(store_take_entry(root, JOB, "none", S_IFDIR, LODGE_STORE_IMAGES, "x", NULL) ==
              -ENOENT);
        make_file(OWN "/image.raw");
        CHECK(store_take_entry(root, JOB, "image.raw", S_IFREG, LODGE_STORE_IMAGES, "x.raw",
                               NULL) == 0);
        make_file(OWN "/image.raw");
        CHECK(store_take_entry(root, JOB, "image.raw", S_IFREG, LODGE_STORE_IMAGES, "x.raw",
                               NULL) == -EEXIST);
}

static void test_trash(void)
{
        begin();
        CHECK(store_trash_is_empty(root));
        CHECK(store_trash(root, LODGE_STORE_INCOMING, JOB, NULL) == 1);
        CHECK(store_trash(root, LODGE_STORE_INCOMING, JOB, NULL) == 0);
        CHECK(!store_trash_is_empty(root));
}

int main(void)
{
        root = g_dir_make_tmp("lodge-store-XXXXXX", NULL);
        CHECK(root);
        test_layers();
        test_hostile_layers();
        test_blobs_and_entries();
        test_trash();
        clear("");
        g_free(root);
        return 0;
}
