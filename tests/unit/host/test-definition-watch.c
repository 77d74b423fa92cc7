/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files and directories that come, change and go, and the machines of a manager that follow. */
#include "unit/fake-units.h"
#include "unit/test.h"

#include "base/cleanup.h"
#include "base/names.h"
#include "core/manager.h"
#include "host/definition-watch.h"

#include <fcntl.h>
#include <glib.h>
#include <sys/stat.h>
#include <unistd.h>

#define WEB "[Machine]\nRootDirectory=/tree\nDescription=file\n"

static char *root;
static sd_event *event;
static Manager *manager;
static DefinitionWatch *watch;

static char *at(const char *path)
{
        return g_strconcat(root, path, NULL);
}

static void make_directory(const char *path)
{
        _cleanup_free_ char *full = at(path);

        CHECK(g_mkdir_with_parents(full, 0755) == 0);
}

/* As an editor and as lodged do it, or straight. */
static void write_file(const char *path, const char *text, bool moved)
{
        _cleanup_free_ char *full = at(path), *temporary = g_strconcat(full, "~", NULL);

        FILE *f = fopen(moved ? temporary : full, "we");
        CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0);
        CHECK(!moved || rename(temporary, full) == 0);
}

static void move(const char *from, const char *to)
{
        _cleanup_free_ char *a = at(from), *b = at(to);

        CHECK(rename(a, b) == 0);
}

static void delete (const char *path)
{
        _cleanup_free_ char *full = at(path);

        CHECK(remove(full) == 0);
}

static void settle(void)
{
        int r;

        while ((r = sd_event_run(event, 0)) > 0)
                ;
        CHECK(r == 0);
}

static void begin(void)
{
        root = g_dir_make_tmp("lodge-test-XXXXXX", NULL);
        CHECK(root);
        make_directory(LODGE_DEFINITIONS_ETC);
        make_directory(LODGE_DEFINITIONS_RUN);
        make_directory(LODGE_USR);
        write_file(LODGE_DEFINITIONS_ETC "/web.machine", WEB, false);
        manager = manager_new(event, root, &fake_units, &fake_work);
        CHECK(definition_watch_new(manager, event, &watch) == 0);
        manager_load(manager);
        settle();
}

static void finish(void)
{
        _cleanup_free_ char *command = g_strdup_printf("rm -r '%s'", root);

        definition_watch_free(watch);
        manager_free(manager);
        CHECK(system(command) == 0);
        g_free(root);
}

/* What machine @name is described by, NULL: there is no such machine. */
static const char *description(const char *name)
{
        const Machine *m = manager_find(manager, name);

        return m ? m->settings.description : NULL;
}

/* ---- drop-ins ---- */

#define DROP_INS LODGE_DEFINITIONS_ETC "/web.machine.d"

static void test_drop_ins(void)
{
        begin();
        make_directory(DROP_INS);
        write_file(DROP_INS "/10-a.conf", "[Machine]\nDescription=first\n", false);
        settle();
        CHECK_STRING(description("web"), "first");
        write_file(DROP_INS "/10-a.conf", "[Machine]\nDescription=second\n", true);
        write_file(DROP_INS "/README", "no drop-in", true);
        settle();
        CHECK_STRING(description("web"), "second");
        delete (DROP_INS "/10-a.conf");
        settle();
        CHECK_STRING(description("web"), "file");
        finish();
}

static void test_drop_ins_of_what_runs(void)
{
        begin();
        make_directory(DROP_INS);
        settle();
        Machine *m = manager_find(manager, "web");
        m->state = MACHINE_RUNNING;
        write_file(DROP_INS "/10-a.conf", "[Machine]\nDescription=live\nHostname=later\n", true);
        settle();
        CHECK_STRING(m->settings.description, "live");
        CHECK_STRING(m->settings.hostname, NULL);
        m->state = MACHINE_STOPPED;
        finish();
}

static void test_hidden_drop_in(void)
{
        _cleanup_free_ char *link = NULL;

        begin();
        link = at(DROP_INS "/10-a.conf");
        make_directory(LODGE_DEFINITIONS_RUN "/web.machine.d");
        write_file(LODGE_DEFINITIONS_RUN "/web.machine.d/10-a.conf", "[Machine]\nDescription=run\n",
                   true);
        make_directory(DROP_INS);
        settle();
        CHECK_STRING(description("web"), "run");
        CHECK(symlink("/dev/null", link) == 0);
        settle();
        CHECK_STRING(description("web"), "file");
        finish();
}

static void test_directories_move(void)
{
        begin();
        write_file(LODGE_DEFINITIONS_ETC "/db.machine", WEB, true);
        make_directory("/elsewhere");
        write_file("/elsewhere/10-a.conf", "[Machine]\nDescription=moved\n", false);
        move("/elsewhere", DROP_INS);
        settle();
        CHECK_STRING(description("web"), "moved");
        move(DROP_INS, LODGE_DEFINITIONS_ETC "/db.machine.d");
        settle();
        CHECK_STRING(description("web"), "file");
        CHECK_STRING(description("db"), "moved");
        /* and is looked at there */
        write_file(LODGE_DEFINITIONS_ETC "/db.machine.d/20-b.conf",
                   "[Machine]\nDescription=followed\n", true);
        settle();
        CHECK_STRING(description("db"), "followed");
        move(LODGE_DEFINITIONS_ETC "/db.machine.d", "/elsewhere");
        write_file("/elsewhere/20-b.conf", "[Machine]\nDescription=of nobody\n", true);
        settle();
        CHECK_STRING(description("db"), "file");
        finish();
}

/* ---- profiles ---- */

static void test_profiles(void)
{
        begin();
        write_file(LODGE_DEFINITIONS_ETC "/web.machine",
                   "[Machine]\nRootDirectory=/tree\nProfile=small\n", true);
        settle();
        const Machine *m = manager_find(manager, "web");
        CHECK(m->state == MACHINE_FAILED); /* there is none of that name */
        make_directory(LODGE_PROFILES_ETC);
        write_file(LODGE_PROFILES_ETC "/small.profile", "[Machine]\nDescription=one\n", false);
        settle();
        CHECK(m->state == MACHINE_STOPPED);
        CHECK_STRING(description("web"), "one");
        write_file(LODGE_PROFILES_ETC "/small.profile", "[Machine]\nDescription=two\n", true);
        settle();
        CHECK_STRING(description("web"), "two");
        move(LODGE_PROFILES_ETC, "/elsewhere");
        settle();
        CHECK(m->state == MACHINE_FAILED);
        move("/elsewhere", LODGE_PROFILES_USR);
        settle();
        CHECK_STRING(description("web"), "two");
        finish();
}

/* ---- whole directories ---- */

static void test_directory_of_a_package(void)
{
        begin();
        make_directory("/elsewhere/one.machine.d");
        write_file("/elsewhere/one.machine", WEB, false);
        move("/elsewhere", LODGE_DEFINITIONS_USR);
        settle();
        CHECK_STRING(description("one"), "file");
        write_file(LODGE_DEFINITIONS_USR "/one.machine.d/a.conf", "[Machine]\nDescription=more\n",
                   false);
        write_file(LODGE_DEFINITIONS_USR "/two.machine", WEB, true);
        settle();
        CHECK_STRING(description("one"), "more");
        CHECK_STRING(description("two"), "file");
        move(LODGE_DEFINITIONS_USR, "/elsewhere");
        settle();
        CHECK_STRING(description("one"), NULL);
        CHECK_STRING(description("two"), NULL);
        CHECK_STRING(description("web"), "file");
        make_directory(LODGE_NETWORKS_USR);
        write_file(LODGE_NETWORKS_USR "/back.network", "[Network]\nInternal=yes\n", false);
        settle();
        CHECK(g_hash_table_contains(manager->networks, "back"));
        finish();
}

static void test_file_that_is_being_written(void)
{
        static const char text[] = WEB;
        _cleanup_free_ char *path = NULL;

        begin();
        path = at(LODGE_DEFINITIONS_ETC "/new.machine");
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        CHECK(fd >= 0 && write(fd, text, 15) == 15);
        settle();
        CHECK_STRING(description("new"), NULL);
        CHECK(write(fd, text + 15, sizeof(text) - 16) == (ssize_t)sizeof(text) - 16);
        CHECK(close(fd) == 0);
        settle();
        CHECK_STRING(description("new"), "file");
        finish();
}

/* More than the kernel keeps in mind: everything is looked at again. */
static void test_too_much_at_once(void)
{
        _cleanup_free_ char *limit = NULL;

        CHECK(g_file_get_contents("/proc/sys/fs/inotify/max_queued_events", &limit, NULL, NULL));
        begin();
        for (int i = 0; i < atoi(limit); i++) {
                _cleanup_free_ char *path =
                        g_strdup_printf("%s" LODGE_DEFINITIONS_ETC "/%d", root, i);

                CHECK(mknod(path, S_IFREG | 0600, 0) == 0);
        }
        make_directory(DROP_INS);
        write_file(DROP_INS "/a.conf", "[Machine]\nDescription=unheard\n", false);
        write_file(LODGE_DEFINITIONS_ETC "/late.machine", WEB, false);
        settle();
        CHECK_STRING(description("web"), "unheard");
        CHECK_STRING(description("late"), "file");
        write_file(DROP_INS "/a.conf", "[Machine]\nDescription=heard\n", false);
        settle();
        CHECK_STRING(description("web"), "heard");
        finish();
}

int main(void)
{
        CHECK(sd_event_new(&event) >= 0);
        test_drop_ins();
        test_drop_ins_of_what_runs();
        test_hidden_drop_in();
        test_directories_move();
        test_profiles();
        test_directory_of_a_package();
        test_file_that_is_being_written();
        test_too_much_at_once();
        sd_event_unref(event);
        return 0;
}
