/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Definitions on disk and machines that follow them: a manager over fake units. */
#include "unit/fake-units.h"
#include "unit/test.h"

#include "base/names.h"
#include "base/text.h"
#include "core/definition-change.h"
#include "core/machine-live.h"
#include "core/manager.h"

#include <glib.h>

static char *root;
static sd_event *event;
static Manager *manager;

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
        manager = manager_new(event, root, &fake_units, &fake_work);
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
        CHECK(machine_waiting(m, &wanted, &waiting) == 0 && !waiting);
        CHECK(settings_set(&wanted, "Description", &(SettingValue){.string = "b"}, NULL) == 0);
        CHECK(settings_set(&wanted, "Command", &(SettingValue){.string = "a"}, NULL) == 0);
        CHECK(settings_set(&wanted, "StopTimeoutSec", &(SettingValue){.string = "1s"}, NULL) == 0);
        CHECK(machine_apply_live(m, &wanted, NULL) == 0);
        CHECK(machine_waiting(m, &wanted, &waiting) == 0);
        CHECK_NUMBER(strv_length(waiting), 2);
        CHECK_STRING(waiting[0], "Command");
        CHECK_STRING(waiting[1], "StopTimeoutSec");
        CHECK_STRING(m->settings.description, "b");
        CHECK_NUMBER(strv_length(m->settings.command), 2);
        finish();
}

/* ---- what is set is what is read ---- */

static uint64_t seed;

static unsigned random_below(unsigned n)
{
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (unsigned)(seed >> 33) % n;
}

/* Values of each kind that are valid whatever else is set. */
static const struct {
        const char *key;
        const char *values[6]; /* of lists: one or more elements in the file's syntax */
} pool[] = {
        {"Description", {"a", "a=b # c ; d", "\"x\" 'y' \\z", "ü ÿ"}},
        {"Hostname", {"host-1", "a.b"}},
        {"Label", {"a=b", "\"a=b c\" d=", "\"x=\\\"\\\\\\n\\t\""}},
        {"AutoRemove", {"yes", "no"}},
        {"PublishExposed", {"no"}},
        {"Command", {"run", "sh -c 'echo \"$A\"; exit'", "a \"\" \"\\n\"", "\"#no\" ';no' a\\\\"}},
        {"Entrypoint", {"entry", "\"\"", "a b"}},
        {"Environment", {"A=1", "A=1 B=2 A=3", "\"A=\\x1b\\n\" \"B= \"", "A="}},
        {"User", {"me", "1000:1000"}},
        {"WorkingDirectory", {"/", "/a b/c"}},
        {"Terminal", {"yes", "no"}},
        {"StopSignal", {"SIGINT", "RTMIN+3"}},
        {"StopTimeoutSec", {"5s", "1min 30s", "infinity", "0"}},
        {"ReadyWhen", {"started", "notify", "healthy", "port:80", "port:53/udp"}},
        {"StartTimeoutSec", {"5s", "infinity"}},
        {"WritableLayer", {"stop", "reboot", "keep"}},
        {"WritableLayerSize", {"4096", "1G", "5000"}},
        {"Bind", {"/srv:/srv", "/a:/b:ro \"/c d:/c d\"", "/x:/y:ro,norecursive"}},
        {"Tmpfs", {"/t", "/t:size=64M /u"}},
        {"Network", {"none", "private", "default:name=eth0"}},
        {"Capability", {"CAP_KILL", "CAP_NET_ADMIN CAP_CHOWN"}},
        {"DropCapability", {"all", "CAP_KILL"}},
};

static void set_random(Settings *s, char ***keys)
{
        size_t i = random_below(ELEMENTSOF(pool)), n = 0;

        while (n < ELEMENTSOF(pool[i].values) && pool[i].values[n])
                n++;
        n = random_below((unsigned)n + 1); /* one more: back to the default */
        CHECK(settings_set(
                      s, pool[i].key,
                      &(SettingValue){.string = n < ELEMENTSOF(pool[i].values) && pool[i].values[n]
                                                        ? pool[i].values[n]
                                                        : ""},
                      NULL) == 0);
        CHECK(strv_push(keys, pool[i].key) == 0);
}

/* Every change of random settings, in a file with comments and unknown lines, below a profile and
 * beside a drop-in, is what is read afterwards, and nothing else has changed. */
static bool change_and_compare(void)
{
        _cleanup_strv_free_ char **keys = NULL, **warnings = NULL;
        _cleanup_definition_draft_ DefinitionDraft draft = {0};
        _cleanup_settings_ Settings before = {0}, wanted = {0}, after = {0};
        _cleanup_fault_ Fault f = {0};
        bool runtime = random_below(4) == 0;

        CHECK_NUMBER(definition_load(root, "web", &before, &warnings, NULL), 0);
        CHECK_NUMBER(settings_copy(&before, &wanted), 0);
        for (unsigned n = 1 + random_below(4); n > 0; n--)
                set_random(&wanted, &keys);
        if (definition_draft_change(root, "web",
                                    &(DefinitionChange){keys, &wanted, .runtime = runtime}, &draft,
                                    &f) < 0) {
                CHECK(settings_validate(&wanted, NULL) < 0); /* the only reason there is */
                return false;
        }
        CHECK_NUMBER(definition_draft_write(&draft, NULL), 0);
        strv_free(warnings);
        warnings = NULL;
        CHECK_NUMBER(definition_load(root, "web", &after, &warnings, &f), 0);
        for (const SettingKey *key = setting_keys(); key->name; key++)
                if (!settings_equal_key(&after, &wanted, key) ||
                    !settings_equal_key(&after, &draft.effective, key))
                        test_fail_value(__FILE__, __LINE__, "another value was read", key->name,
                                        runtime ? "runtime" : "");
        return true;
}

static void test_changes_are_lossless(void)
{
        unsigned n_changed = 0;

        begin();
        write_file(LODGE_PROFILES_USR, "p.profile",
                   "[Exec]\nEnvironment=P=1\nStopTimeoutSec=7s\n[Files]\nTmpfs=/p\n"
                   "[Security]\nCapability=CAP_SYS_TIME\n");
        write_file(LODGE_DEFINITIONS_USR "/web.machine.d", "50-d.conf",
                   "[Exec]\nEnvironment=D=1\nUser=dropped\n[Files]\nTmpfs=/d\n");
        (void)defined(
                "# first\n[Machine]\nImage=a\n  # second\nProfile=p\nUnknown=1\n\n[Nobody]\nx\n"
                "[Exec]\nCommand=a \\\n# third\n b\n");
        for (seed = 1; seed <= 15; seed++) {
                uint64_t kept = seed;

                for (int i = 0; i < 20; i++)
                        n_changed += change_and_compare();
                seed = kept;
        }
        CHECK(n_changed > 100); /* a test of refusals alone tests nothing */
        _cleanup_free_ char *path = g_strconcat(root, LODGE_DEFINITIONS_ETC "/web.machine", NULL),
                            *text = NULL;
        CHECK(g_file_get_contents(path, &text, NULL, NULL));
        CHECK(strstr(text, "# first\n[Machine]\n") && strstr(text, "  # second\n"));
        CHECK(strstr(text, "Unknown=1\n") && strstr(text, "[Nobody]\nx\n"));
        finish();
}

/* A machine that is made of settings has these settings. */
static void test_new_ones_are_lossless(void)
{
        begin();
        for (seed = 1; seed <= 100; seed++) {
                _cleanup_strv_free_ char **keys = NULL, **warnings = NULL;
                _cleanup_definition_draft_ DefinitionDraft draft = {0};
                _cleanup_settings_ Settings s, after = {0};
                uint64_t kept = seed;

                settings_init(&s);
                CHECK(settings_set(&s, "Image", &(SettingValue){.string = "a"}, NULL) == 0);
                CHECK(strv_push(&keys, "Image") == 0);
                for (unsigned n = random_below(20); n > 0; n--)
                        set_random(&s, &keys);
                if (definition_draft_new(root, DEFINITION_ETC, "web",
                                         &(DefinitionChange){.keys = keys, .values = &s}, &draft,
                                         NULL) >= 0) {
                        CHECK_NUMBER(definition_draft_write(&draft, NULL), 0);
                        CHECK_NUMBER(definition_load(root, "web", &after, &warnings, NULL), 0);
                        for (const SettingKey *key = setting_keys(); key->name; key++)
                                CHECK(settings_equal_key(&after, &s, key));
                } else
                        CHECK(settings_validate(&s, NULL) < 0);
                seed = kept;
        }
        finish();
}

int main(void)
{
        CHECK(sd_event_new(&event) >= 0);
        test_what_runs_follows_its_file();
        test_what_waits_for_the_next_start();
        test_changes_are_lossless();
        test_new_ones_are_lossless();
        sd_event_unref(event);
        return 0;
}
