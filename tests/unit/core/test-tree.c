/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The init of an image is that of its layers merged, as overlayfs would show them. */
#include "unit/test.h"

#include "base/cleanup.h"
#include "core/tree.h"

#include <glib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#define SYSTEMD "/usr/lib/systemd/systemd"

static char *store;
static char *layers[] = {(char *)"2", (char *)"1", (char *)"0", NULL}; /* topmost first */

static char *in_layer(int layer, const char *path)
{
        char *full = g_strdup_printf("%s/%d/tree%s", store, layer, path);
        _cleanup_free_ char *parent = g_path_get_dirname(full);

        CHECK(g_mkdir_with_parents(parent, 0755) == 0);
        return full;
}

static void program(int layer, const char *path, mode_t mode)
{
        _cleanup_free_ char *full = in_layer(layer, path);

        CHECK(g_file_set_contents(full, "#!", -1, NULL) && chmod(full, mode) == 0);
}

static void a_link(int layer, const char *path, const char *target)
{
        _cleanup_free_ char *full = in_layer(layer, path);

        CHECK(symlink(target, full) == 0);
}

static void whiteout(int layer, const char *path)
{
        _cleanup_free_ char *full = in_layer(layer, path);

        CHECK(mknod(full, S_IFCHR, makedev(0, 0)) == 0);
}

static void directory(int layer, const char *path)
{
        _cleanup_free_ char *full = in_layer(layer, path);

        CHECK(g_mkdir_with_parents(full, 0755) == 0);
}

/* Return: false if the file system has no such attributes. */
static bool opaque(int layer, const char *path)
{
        _cleanup_free_ char *full = in_layer(layer, path);

        CHECK(g_mkdir_with_parents(full, 0755) == 0);
        return setxattr(full, "user.overlay.opaque", "y", 1, 0) == 0;
}

static void clear(void)
{
        _cleanup_free_ char *command = g_strdup_printf("rm -rf '%s'/*", store);

        CHECK(system(command) == 0);
        for (int i = 0; i < 3; i++)
                directory(i, "/etc");
}

/* What is found, then all is cleared. */
static void found(const char *init, bool is_systemd)
{
        _cleanup_tree_ Tree t = {0};

        tree_probe_layers(store, layers, &t);
        CHECK_STRING(t.init, init);
        CHECK_NUMBER(t.init_is_systemd, is_systemd);
        CHECK(!t.path);
        clear();
}

static void test_merged(void)
{
        found(NULL, false);
        program(0, SYSTEMD, 0755);
        found(SYSTEMD, true);
        program(0, SYSTEMD, 0755); /* the order is that of the names, not of the layers */
        program(2, "/init", 0755);
        found(SYSTEMD, true);
        program(0, SYSTEMD, 0644);
        program(1, "/sbin/init", 0755);
        found("/sbin/init", false);
        program(0, "/sbin/init", 0755); /* one that cannot be executed hides one that can */
        program(1, "/sbin/init", 0644);
        found(NULL, false);
        program(0, "/init", 0755);
        directory(1, "/init");
        found(NULL, false);
        directory(0, "/init");
        program(1, "/init", 0755);
        found("/init", false);
        program(0, "/sbin/init", 0755); /* a file where its directory was */
        program(1, "/sbin", 0755);
        directory(2, "/sbin");
        found(NULL, false);
}

static void test_whiteouts(void)
{
        program(0, SYSTEMD, 0755);
        whiteout(2, SYSTEMD);
        found(NULL, false);
        program(0, SYSTEMD, 0755);
        whiteout(1, "/usr/lib/systemd");
        found(NULL, false);
        program(0, SYSTEMD, 0755);
        program(0, "/sbin/init", 0755);
        whiteout(1, "/usr");
        directory(2, "/usr/lib/systemd"); /* made again, empty */
        found("/sbin/init", false);
        program(0, SYSTEMD, 0755); /* and one that is put back counts */
        whiteout(1, SYSTEMD);
        program(2, SYSTEMD, 0755);
        found(SYSTEMD, true);
        whiteout(0, SYSTEMD); /* takes nothing away from those above */
        program(1, SYSTEMD, 0755);
        found(SYSTEMD, true);
}

static void test_opaque(void)
{
        if (!opaque(1, "/usr/lib/systemd")) {
                (void)printf("no user.* attributes in %s\n", store);
                clear();
                return;
        }
        program(0, SYSTEMD, 0755);
        found(NULL, false);
        program(0, SYSTEMD, 0755);
        CHECK(opaque(2, "/usr"));
        found(NULL, false);
        program(0, "/init", 0755);
        CHECK(opaque(1, "/"));
        found(NULL, false);
        program(1, SYSTEMD, 0755);
        CHECK(opaque(1, "/usr/lib/systemd"));
        found(SYSTEMD, true);
}

static void test_links(void)
{
        program(2, "/usr/lib/systemd/systemd-257", 0755);
        a_link(0, SYSTEMD, "systemd-257"); /* across layers, up and down */
        found(SYSTEMD, true);
        program(0, "/usr/lib/systemd/real", 0755);
        a_link(1, "/lib", "usr/lib/../lib/.");
        a_link(2, "/usr/sbin/init", "../../../lib//systemd/real");
        a_link(0, "/sbin", "/usr/sbin");
        found("/sbin/init", false);
        program(0, "/usr/bin/busybox", 0755);
        a_link(0, "/bin", "usr/bin");
        a_link(1, "/sbin/init", "/bin/busybox");
        whiteout(2, "/bin");
        found(NULL, false);
        a_link(0, "/init", "init");
        a_link(0, "/etc/init", "../../../../../../../../usr/bin/env"); /* the host's has one */
        found(NULL, false);
        a_link(0, "/init", "..");
        found(NULL, false);
        program(0, "/x", 0755);
        directory(2, "/usr/lib");
        a_link(0, "/init", "etc/../usr/lib/../../x");
        found("/init", false);
}

int main(void)
{
        char top[] = "/dev/shm/test-tree-XXXXXX";

        (void)umask(022);
        store = mkdtemp(top);
        CHECK(store);
        clear();
        test_merged();
        test_whiteouts();
        test_opaque();
        test_links();
        _cleanup_free_ char *command = g_strdup_printf("rm -rf '%s'", store);
        CHECK(system(command) == 0);
        return 0;
}
