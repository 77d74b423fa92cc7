/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When systemd is asked to read its units again, and who waits for its answer. */
#include "unit/test.h"

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "core/manager.h"
#include "spec/unit-lines.h"

#include <glib.h>

static sd_event *event;
static Manager *manager;
static char *root;
static unsigned n_reloads, n_starts, n_stops, n_warnings;
static int reload_result;

static int on_reload(void *userdata)
{
        n_reloads++;
        return reload_result;
}

static int on_start(void *userdata, const char *unit)
{
        n_starts++;
        return 0;
}

static int on_stop(void *userdata, const char *unit)
{
        n_stops++;
        return 0;
}

static int on_watch(void *userdata, const char *unit)
{
        return 0;
}

static void on_unit(void *userdata, const char *unit)
{
}

static void on_sweep(void *userdata)
{
}

static void on_warning(void *userdata, const char *machine, const char *message)
{
        n_warnings++;
}

static void on_answer(void *userdata, Answer *a)
{
        *(bool *)userdata = !a->fault;
}

/* Rounds rather than time: until @counter says so, or nothing more happens. */
static void run_until(const unsigned *counter, unsigned n)
{
        for (unsigned i = 0; i < 1000 && *counter < n; i++)
                CHECK(sd_event_run(event, 10000) >= 0);
        CHECK_NUMBER(*counter, n);
}

static void define(const char *name, const char *unit)
{
        _cleanup_free_ char *path =
                g_strconcat(root, LODGE_DEFINITIONS_ETC "/", name, LODGE_DEFINITION_SUFFIX, NULL);
        _cleanup_free_ char *text =
                g_strconcat("[Machine]\nRootDirectory=/a\n[Exec]\nCommand=b\n", unit, NULL);

        CHECK(g_file_set_contents(path, text, -1, NULL));
        manager_load_name(manager, name);
}

/* What lodge-generator would have written. */
static void generate(const char *name, const char *unit)
{
        _cleanup_free_ char *directory = g_strdup_printf(
                "%s" LODGE_GENERATED "/" LODGE_UNIT_PREFIX "%s" LODGE_UNIT_SUFFIX ".d", root, name);
        _cleanup_free_ char *path = g_strconcat(directory, "/" LODGE_DROP_IN, NULL), *text = NULL;
        _cleanup_settings_ Settings s = {0};

        CHECK_NUMBER(settings_parse("test", unit, strlen(unit), &s, NULL), 0);
        text = unit_lines(&s);
        CHECK(g_mkdir_with_parents(directory, 0755) == 0);
        CHECK(g_file_set_contents(path, text, -1, NULL));
}

static void start(const char *name, bool *done)
{
        _cleanup_fault_ Fault f = {0};

        if (machine_start(manager_find(manager, name), NULL, on_answer, done, &f) < 0)
                test_fail_value(__FILE__, __LINE__, name, f.message, "started");
}

#define AFTER(what) "[Unit]\nAfter=" what ".service\n"

static void test_without(void)
{
        bool done = false;

        define("plain", "");
        generate("known", AFTER("a"));
        define("known", AFTER("a"));
        CHECK(!unit_reload_awaited(manager, "plain"));
        CHECK(!unit_reload_awaited(manager, "known"));
        start("plain", &done);
        CHECK_NUMBER(n_starts, 1);
        CHECK_NUMBER(n_reloads, 0);
}

static void test_together(void)
{
        for (unsigned i = 0; i < 20; i++) {
                char name[16];

                (void)snprintf(name, sizeof(name), "m%u", i);
                define(name, AFTER("a"));
        }
        CHECK_NUMBER(n_reloads, 0);
        run_until(&n_reloads, 1);
        /* while systemd reads: a change more, and it does not matter what is on disk meanwhile */
        define("m0", AFTER("b"));
        define("known", AFTER("a"));
        manager_reload_done(manager, NULL);
        CHECK_NUMBER(n_reloads, 1);
        run_until(&n_reloads, 2);
        manager_reload_done(manager, NULL);
        /* whatever lodge-generator has made of it: it is not asked again for the same */
        define("m0", AFTER("b"));
        CHECK(!unit_reload_awaited(manager, "m0"));
        CHECK_NUMBER(n_warnings, 0);
}

static void test_start(void)
{
        bool done = false, other = false;

        n_starts = 0;
        define("waits", AFTER("c"));
        start("waits", &done);
        CHECK_NUMBER(n_reloads, 3);
        CHECK_NUMBER(n_starts, 0);
        manager_job_done(manager, "lodge@plain.service", UNIT_JOB_START, "failed", "test");
        start("plain", &other); /* nobody else waits */
        CHECK_NUMBER(n_starts, 1);
        define("waits", AFTER("d"));
        manager_reload_done(manager, NULL); /* of the text before: asked again at once */
        CHECK_NUMBER(n_reloads, 4);
        CHECK_NUMBER(n_starts, 1);
        manager_reload_done(manager, NULL);
        CHECK_NUMBER(n_starts, 2);
        manager_reload_done(manager, NULL); /* not twice */
        CHECK_NUMBER(n_starts, 2);
}

/* A start is rather done with what systemd knew than not at all. */
static void test_failures(void)
{
        bool done = false;

        define("m1", AFTER("e"));
        start("m1", &done);
        CHECK_NUMBER(n_reloads, 5);
        manager_reload_done(manager, "test");
        CHECK_NUMBER(n_starts, 3);
        CHECK_NUMBER(n_warnings, 1);
        reload_result = -ENOTCONN;
        define("m2", AFTER("e"));
        start("m2", &done);
        CHECK_NUMBER(n_starts, 4);
        CHECK_NUMBER(n_warnings, 2);
        reload_result = 0;
}

/* Stopped while it waits: never started. */
static void test_stop(void)
{
        _cleanup_fault_ Fault f = {0};
        bool started = true, stopped = false;

        define("m3", AFTER("e"));
        start("m3", &started);
        CHECK_NUMBER(n_reloads, 7);
        CHECK_NUMBER(machine_stop(manager_find(manager, "m3"), REQUEST_STOP, STOP_GENTLY,
                                  UINT64_MAX, on_answer, &stopped, &f),
                     0);
        manager_reload_done(manager, NULL);
        CHECK_NUMBER(n_starts, 4);
        manager_job_done(manager, "lodge@m3.service", UNIT_JOB_STOP, "done", NULL);
        CHECK(stopped && !started);
}

/* Its drop-in is to go; systemd is not to start it again either. */
static void test_removal(void)
{
        _cleanup_fault_ Fault f = {0};

        n_stops = 0;
        manager_unit_ended(manager, "lodge@m4.service", UNIT_END_RESTARTS);
        CHECK(manager_find(manager, "m4")->restarts);
        CHECK_NUMBER(manager_remove_machine(manager, manager_find(manager, "m4"), &f), 0);
        CHECK_NUMBER(n_stops, 1);
        run_until(&n_reloads, 8);
        manager_reload_done(manager, NULL);
        CHECK(!unit_reload_awaited(manager, "m4"));
}

/* Whoever has it, and whether or not anything of it is in a drop-in. */
static void test_demand(void)
{
        manager_unit_outdated(manager, "lodge@gone.service");
        manager_unit_outdated(manager, "lodge@m0.service");
        CHECK_NUMBER(n_reloads, 8);
        run_until(&n_reloads, 9);
        CHECK(unit_reload_awaited(manager, "gone") && unit_reload_awaited(manager, "m0"));
        manager_reload_done(manager, NULL);
        CHECK(!unit_reload_awaited(manager, "gone") && !unit_reload_awaited(manager, "m0"));
        define("m0", AFTER("b")); /* of which nothing has been forgotten */
        CHECK_NUMBER(n_reloads, 9);
        CHECK(!unit_reload_awaited(manager, "m0"));
}

int main(void)
{
        const UnitPort units = {.start = on_start,
                                .stop = on_stop,
                                .watch = on_watch,
                                .unwatch = on_unit,
                                .forget = on_unit,
                                .reload = on_reload};

        root = g_dir_make_tmp("test-unit-reload.XXXXXX", NULL);
        _cleanup_free_ char *etc = g_strconcat(root, LODGE_DEFINITIONS_ETC, NULL);
        CHECK(root && g_mkdir_with_parents(etc, 0755) == 0);
        CHECK(sd_event_default(&event) >= 0);
        manager = manager_new(event, root, &units, &(WorkPort){.sweep = on_sweep});
        manager_add_listener(manager, &(ManagerListener){.warning = on_warning});
        test_without();
        test_together();
        test_start();
        test_failures();
        test_stop();
        test_removal();
        test_demand();
        manager_free(manager);
        sd_event_unref(event);

        const char *const argv[] = {"rm", "-rf", root, NULL};
        CHECK(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                           NULL, NULL));
        g_free(root);
        return 0;
}
