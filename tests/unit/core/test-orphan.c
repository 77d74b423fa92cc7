/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/test.h"

#include "base/cleanup.h"
#include "base/io.h"
#include "base/names.h"
#include "core/machine-define.h"
#include "core/manager.h"
#include "core/orphan.h"

#include <glib.h>
#include <sys/stat.h>

#define GRACE_USEC                                                                                 \
        100000U /* what goes has gone after two, and a little for its timer's accuracy             \
                 */
#define TREE "/tree"

static char *root;
static sd_event *event;
static unsigned n_sweeps;

static void on_sweep(void *userdata)
{
        n_sweeps++;
}

static void on_forget(void *userdata, const char *unit)
{
}

static char *layer(const char *name)
{
        return g_strconcat(root, LODGE_STORE_MACHINES "/", name, NULL);
}

static void make_directory(const char *path)
{
        _cleanup_free_ char *full = g_strconcat(root, path, NULL);

        CHECK(g_mkdir_with_parents(full, 0755) == 0);
}

static void make_layer(const char *name)
{
        _cleanup_free_ char *path = layer(name), *upper = g_strconcat(path, "/upper", NULL);

        CHECK(g_mkdir_with_parents(upper, 0755) == 0);
}

static void make_volume(const char *name, const char *record)
{
        _cleanup_free_ char *path = g_strconcat(root, LODGE_STORE_VOLUMES "/", name, NULL);
        _cleanup_free_ char *data = g_strconcat(path, "/data", NULL);
        _cleanup_free_ char *file = g_strconcat(path, "/volume", NULL);

        CHECK(g_mkdir_with_parents(data, 0755) == 0);
        CHECK(g_file_set_contents(file, record, -1, NULL));
}

static char *definition(const char *directory, const char *name)
{
        return g_strconcat(root, directory, "/", name, LODGE_DEFINITION_SUFFIX, NULL);
}

static void define(const char *directory, const char *name, const char *text)
{
        _cleanup_free_ char *path = definition(directory, name);

        make_directory(directory);
        CHECK(g_file_set_contents(path, text, -1, NULL));
}

static bool is_there(const char *name)
{
        _cleanup_free_ char *path = layer(name);
        struct stat st;

        return lstat(path, &st) == 0;
}

static void run_for(uint64_t usec)
{
        uint64_t end = now_usec(CLOCK_MONOTONIC) + usec;

        for (uint64_t now; (now = now_usec(CLOCK_MONOTONIC)) < end;)
                CHECK(sd_event_run(event, end - now) >= 0);
}

static Manager *make_manager(void)
{
        Manager *manager = manager_new(event, root, &(UnitPort){.forget = on_forget},
                                       &(WorkPort){.sweep = on_sweep});

        manager->orphan_grace_usec = GRACE_USEC;
        manager_load(manager);
        return manager;
}

/* What has a machine, or might have, is never touched. */
static void test_what_stays(void)
{
        _cleanup_free_ char *link = definition(LODGE_DEFINITIONS_ETC, "link");
        static const char *const names[] = {"defined", "packaged", "broken", "link",
                                            "runs",    ".hidden",  "no_name"};

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                make_layer(names[i]);
        define(LODGE_DEFINITIONS_ETC, "defined", "[Machine]\nImage=x\n");
        define(LODGE_DEFINITIONS_USR, "packaged", "[Machine]\nImage=x\n");
        define(LODGE_DEFINITIONS_ETC, "broken", "no definition");
        CHECK(symlink("/nowhere", link) == 0);
        make_directory(LODGE_RUNTIME_UNITS "/runs");

        Manager *manager = make_manager();
        orphans_look(manager);
        run_for(4 * GRACE_USEC);
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                CHECK(is_there(names[i]));
        CHECK_NUMBER(n_sweeps, 0);
        manager_free(manager);
}

static void test_what_goes(void)
{
        Manager *manager = make_manager();

        make_layer("orphan");
        make_layer("returns");
        make_volume("of-orphan", "[Volume]\nOwner=0\nCreated=1\nMachine=orphan\n");
        make_volume("of-returns", "[Volume]\nMachine=returns\n");
        make_volume("of-nobody", "[Volume]\nOwner=7\n");
        manager_load(manager);
        CHECK_NUMBER(g_hash_table_size(manager->volumes), 3);
        orphans_look(manager);
        CHECK(is_there("orphan"));
        define(LODGE_DEFINITIONS_ETC, "returns", "[Machine]\nImage=x\n");
        manager_load_name(manager, "returns");
        run_for(4 * GRACE_USEC);
        CHECK(!is_there("orphan"));
        CHECK(is_there("returns"));
        CHECK_NUMBER(n_sweeps, 1);
        CHECK_NUMBER(g_hash_table_size(manager->volumes), 2);
        CHECK(!g_hash_table_contains(manager->volumes, "of-orphan"));
        manager_free(manager);
}

/* A definition that is deleted under lodged's eyes. */
static void test_deleted_by_hand(void)
{
        _cleanup_free_ char *path = definition(LODGE_DEFINITIONS_ETC, "deleted");
        Manager *manager;

        make_layer("deleted");
        define(LODGE_DEFINITIONS_ETC, "deleted", "[Machine]\nImage=x\n");
        manager = make_manager();
        CHECK(unlink(path) == 0);
        manager_load_name(manager, "deleted");
        CHECK(is_there("deleted"));
        /* an editor's way to write: it is back before the time is over, and goes again after it */
        define(LODGE_DEFINITIONS_ETC, "deleted", "[Machine]\nImage=x\n");
        manager_load_name(manager, "deleted");
        CHECK(unlink(path) == 0);
        manager_load_name(manager, "deleted");
        run_for(4 * GRACE_USEC);
        CHECK(!is_there("deleted"));
        manager_free(manager);
}

/* No directory of definitions: it may be a file system that is not mounted. */
static void test_no_directory(void)
{
        _cleanup_free_ char *etc = g_strconcat(root, LODGE_DEFINITIONS_ETC, NULL),
                            *away = g_strconcat(root, "/away", NULL);
        Manager *manager;

        make_layer("unmounted");
        CHECK(rename(etc, away) == 0);
        manager = make_manager();
        orphans_look(manager);
        run_for(4 * GRACE_USEC);
        CHECK(is_there("unmounted") && is_there("defined"));
        CHECK(rename(away, etc) == 0);
        manager_free(manager);
}

static void test_new_machine(void)
{
        _cleanup_settings_ Settings s;
        Manager *manager = make_manager();
        Machine *m;

        make_directory(TREE);
        make_layer("again");
        settings_init(&s);
        s.root_directory = g_strconcat(root, TREE, NULL);
        CHECK(manager_create(manager, "again", &s, NULL, &m, NULL) == 0);
        CHECK(!is_there("again"));
        manager_free(manager);
}

int main(void)
{
        _cleanup_free_ char *directory = g_dir_make_tmp("lodge-orphan-XXXXXX", NULL);

        root = directory;
        CHECK(root && sd_event_default(&event) >= 0);
        make_directory(LODGE_DEFINITIONS_ETC);
        make_directory(LODGE_DEFINITIONS_RUN);
        test_what_stays();
        test_what_goes();
        test_deleted_by_hand();
        test_no_directory();
        test_new_machine();
        sd_event_unref(event);
        const char *argv[] = {"rm", "-rf", "--", root, NULL};
        CHECK(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                           NULL, NULL));
        return 0;
}
