/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Definitions on disk and machines that follow them: a manager over fake units. */
#include "unit/test.h"

#include "base/names.h"
#include "base/text.h"
#include "core/machine-live.h"
#include "core/manager.h"

#include <glib.h>

static char *root;
static sd_event *event;
static Manager *manager;

static int unit_ok(void *userdata, const char *unit)
{
        return 0;
}

static void unit_ignore(void *userdata, const char *unit)
{
}

static const UnitPort units = {
        .start = unit_ok,
        .stop = unit_ok,
        .watch = unit_ok,
        .unwatch = unit_ignore,
        .forget = unit_ignore,
};

static void ignore_sweep(void *userdata)
{
}

static void write_file(const char *directory, const char *name, const char *text)
{
        _cleanup_free_ char *path = g_strconcat(root, directory, NULL),
                            *file = g_strconcat(path, "/", name, NULL);

        CHECK(g_mkdir_with_parents(path, 0755) == 0);
        CHECK(g_file_set_contents(file, text, -1, NULL));
}

static void begin(void)
{
        root = g_dir_make_tmp("lodge-test-XXXXXX", NULL);
        CHECK(root);
        manager = manager_new(event, root, &units, &(WorkPort){.sweep = ignore_sweep});
}

static void finish(void)
{
        _cleanup_free_ char *command = g_strdup_printf("rm -r '%s'", root);

        manager_free(manager);
        CHECK(system(command) == 0);
        g_free(root);
}

static Machine *defined(const char *text)
{
        write_file(LODGE_DEFINITIONS_ETC, "web.machine", text);
        manager_load_name(manager, "web");
        return manager_find(manager, "web");
}

static void test_what_runs_follows_its_file(void)
{
        begin();
        Machine *m = defined("[Machine]\nRootDirectory=/tree\nDescription=a\nHostname=a\n");

        CHECK(m && m->load_error.code == FAULT_NONE);
        m->state = MACHINE_RUNNING;
        (void)defined("[Machine]\nRootDirectory=/tree\nDescription=b\nHostname=b\nLabel=c=d\n");
        CHECK_STRING(m->settings.description, "b");
        CHECK_STRING(m->settings.labels[0], "c=d");
        CHECK_STRING(m->settings.hostname, "a"); /* until its next start */
        /* a broken file changes nothing */
        (void)defined("[Machine]\nRootDirectory=/tree\nDescription=c\nBoot=perhaps\n");
        CHECK_STRING(m->settings.description, "b");
        CHECK(m->load_error.code == FAULT_NONE);
        m->state = MACHINE_STOPPED;
        finish();
}

static void test_what_waits_for_the_next_start(void)
{
        _cleanup_strv_free_ char **waiting = NULL;
        _cleanup_settings_ Settings wanted = {0};

        begin();
        Machine *m =
                defined("[Machine]\nRootDirectory=/tree\nDescription=a\n[Exec]\nCommand=a b\n");
        CHECK(settings_copy(&m->settings, &wanted) == 0);
        CHECK(machine_apply_live(m, &wanted, &waiting, NULL) == 0 && !waiting);
        CHECK(settings_set(&wanted, "Description", &(SettingValue){.string = "b"}, NULL) == 0);
        CHECK(settings_set(&wanted, "Command", &(SettingValue){.string = "a"}, NULL) == 0);
        CHECK(settings_set(&wanted, "StopTimeoutSec", &(SettingValue){.string = "1s"}, NULL) == 0);
        CHECK(machine_apply_live(m, &wanted, &waiting, NULL) == 0);
        CHECK_NUMBER(strv_length(waiting), 2);
        CHECK_STRING(waiting[0], "Command");
        CHECK_STRING(waiting[1], "StopTimeoutSec");
        CHECK_STRING(m->settings.description, "b");
        CHECK_NUMBER(strv_length(m->settings.command), 2);
        finish();
}

int main(void)
{
        CHECK(sd_event_new(&event) >= 0);
        test_what_runs_follows_its_file();
        test_what_waits_for_the_next_start();
        sd_event_unref(event);
        return 0;
}
