/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/capability.h"
#include "base/text.h"
#include "spec/settings.h"
#include "unit/test.h"

#include <linux/capability.h>
#include <signal.h>

static Settings s;

/* The value as it reads back, NULL if it is the default; static. */
static const char *get(const char *key)
{
        static char text[4096];
        _cleanup_strv_free_ char **words = NULL;
        int r = settings_get(&s, setting_key_find(key), &words);

        CHECK(r >= 0);
        text[0] = '\0';
        STRV_FOREACH (word, words)
                (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s[%s]",
                               text[0] ? " " : "", *word);
        return r > 0 ? text : NULL;
}

static void set(const char *key, const char *value, const char *expected)
{
        _cleanup_fault_ Fault f = {0};
        SettingValue v = {SETTING_STRING, .string = value};

        if (settings_set(&s, key, &v, &f) < 0)
                test_fail_value(__FILE__, __LINE__, key, f.message, "taken");
        if (!streq(get(key), expected))
                test_fail_value(__FILE__, __LINE__, key, get(key) ?: "(default)",
                                expected ?: "(default)");
}

/* Refused, the message names key, cleaned value and @says, and nothing has changed. */
static void refuse(const char *key, const char *value, const char *says)
{
        _cleanup_fault_ Fault f = {0};
        _cleanup_free_ char *before = settings_format(&s), *after = NULL, *shown = NULL;
        SettingValue v = {SETTING_STRING, .string = value};

        if (settings_set(&s, key, &v, &f) != -EINVAL)
                test_fail_value(__FILE__, __LINE__, key, "taken", value);
        CHECK_NUMBER(f.code, FAULT_INVALID_OPTION);
        shown = text_for_display(value, 120);
        if (!strstr(f.message, key) || !strstr(f.message, says) || !strstr(f.message, shown) ||
            strpbrk(f.message, "\n\x1b"))
                test_fail_value(__FILE__, __LINE__, key, f.message, says);
        after = settings_format(&s);
        CHECK_STRING(after, before);
}

static void test_texts(void)
{
        set("Description", "A web server", "[A web server]");
        refuse("Description", "two\nlines", "one line");
        refuse("Description", " blank", "blank");
        refuse("Description", "slash\\", "backslash");
        refuse("Description", "\xff", "UTF-8");
        set("Description", "", NULL);
        set("Image", "debian-13", "[debian-13]");
        refuse("Image", "../x", "letters");
        set("Image", "docker.io/busybox", "[docker.io/library/busybox:latest]");
        refuse("Image", "busybox:1", "such as docker.io");
        set("Hostname", "a.b-c", "[a.b-c]");
        set("Hostname", "host", "[host]");
        refuse("Hostname", "a..b", "letters");
        refuse("Hostname", "-a", "letters");
        refuse("Hostname", "a.-b", "letters");
}

static void test_paths(void)
{
        static const char *const bad[] = {"a",      "./a",  "/a/",   "//a",   "/a//b",
                                          "/.",     "/a/.", "/a/..", "/../a", "/a\nb",
                                          "/a\x1b", "/a ",  "/a\\",  "/\xff"};

        set("WorkingDirectory", "/", "[/]");
        set("WorkingDirectory", "/a/b c/..d/.e", "[/a/b c/..d/.e]");
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                refuse("WorkingDirectory", bad[i], "");
        set("RootDirectory", "/srv/tree", "[/srv/tree]");
        refuse("RootDirectory", "/", "host's own root");
        set("RootDirectory", "", NULL);
}

static void test_users(void)
{
        static const char *const good[] = {"root",  "www-data", "0",     "1:1",
                                           "65535", "a:b",      "u_1.x", "user:0"};
        static const char *const bad[] = {
                "-1",    "65536", "4294967295", "4294967296", "18446744073709551616",
                " 1",    "1 ",    "1x",         "0x1",        "+0",
                "a b",   ":",     "a:",         ":b",         "a:b:c",
                "a/b",   "ü",     "-a",         "..",         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                "root\n"};

        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                char expected[64];

                (void)snprintf(expected, sizeof(expected), "[%s]", good[i]);
                set("User", good[i], expected);
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                refuse("User", bad[i], "uid:gid");
        set("User", "", NULL);
}

static void test_values(void)
{
        set("MachineID", "0123456789ABCDEF0123456789abcdef", "[0123456789abcdef0123456789abcdef]");
        set("MachineID", "00000000-0000-0000-0000-000000000001",
            "[00000000000000000000000000000001]");
        refuse("MachineID", "00000000000000000000000000000000", "hexadecimal");
        refuse("MachineID", "0123456789abcdef0123456789abcde", "hexadecimal");
        refuse("MachineID", "0123456789abcdef-0123456789abcde-dead", "hexadecimal");
        set("AutoRemove", "on", "[yes]");
        set("AutoRemove", "", NULL);
        set("PrivateNetwork", "yes", "[yes]");
        set("PrivateNetwork", "no", "[no]");
        refuse("PrivateNetwork", "maybe", "yes or no");
        set("PrivateNetwork", "", NULL);
        CHECK_NUMBER(s.private_network, -1);
        set("Boot", "yes", "[yes]");
        set("Boot", "no", "[no]");
        set("Boot", "", NULL);
        CHECK_NUMBER(s.boot, -1);
        set("StopSignal", "RTMIN+3", "[SIGRTMIN+3]");
        CHECK_NUMBER(s.stop_signal, SIGRTMIN + 3);
        set("StopSignal", "15", "[SIGTERM]");
        refuse("StopSignal", "SIGFOO", "SIGTERM");
        set("ReadyWhen", "notify", "[notify]");
        set("ReadyWhen", "port:80", "[port:80/tcp]");
        set("ReadyWhen", "port:65535/udp", "[port:65535/udp]");
        refuse("ReadyWhen", "port:0", "port:NUMBER");
        refuse("ReadyWhen", "port:65536", "port:NUMBER");
        refuse("ReadyWhen", "port:80/sctp", "port:NUMBER");
        refuse("ReadyWhen", "port:123456789/tcp", "port:NUMBER");
        refuse("ReadyWhen", "never", "started");
        set("StopTimeoutSec", "1min 30s", NULL);
        set("StopTimeoutSec", "1500ms", "[1500ms]");
        set("StopTimeoutSec", "7us", "[7us]");
        set("StopTimeoutSec", "0", "[0s]");
        set("StopTimeoutSec", "infinity", "[infinity]");
        refuse("StopTimeoutSec", "soon", "90s");
        refuse("StopTimeoutSec", "99999999999999999999", "90s");
        set("WritableLayer", "keep", "[keep]");
        refuse("WritableLayer", "Keep", "stop, reboot or keep");
        set("WritableLayer", "stop", NULL);
}

static void test_capabilities(void)
{
        set("Capability", "net_admin CAP_CHOWN", "[CAP_CHOWN CAP_NET_ADMIN]");
        CHECK_NUMBER(s.capabilities_add, 1 << CAP_CHOWN | 1 << CAP_NET_ADMIN);
        set("Capability", "CAP_KILL", "[CAP_KILL]"); /* replaced, not added */
        refuse("Capability", "CAP_FOO", "names of capabilities");
        refuse("Capability", "all", "names of capabilities");
        refuse("Capability", "CAP_KILL 'CAP_CHOWN", "names of capabilities");
        set("DropCapability", "all", "[all]");
        CHECK(s.capabilities_drop == CAPABILITIES_ALL);
        set("DropCapability", "CAP_CHECKPOINT_RESTORE", "[CAP_CHECKPOINT_RESTORE]");
        set("DropCapability", "", NULL);
        set("Capability", "", NULL);
}

static void test_lists(void)
{
        _cleanup_free_ char *large = malloc(SETTINGS_FILE_MAX);
        char *const words[] = {(char *)"sh", (char *)"", (char *)"a b\n\x1b", NULL};
        SettingValue v = {SETTING_STRV, .strv = words};

        CHECK_NUMBER(settings_set(&s, "Command", &v, NULL), 0);
        CHECK_STRING(get("Command"), "[sh] [] [a b\n\x1b]");
        set("Command", "echo 'a b'", "[echo] [a b]");
        refuse("Command", "'open", "quote");
        v.strv = (char *const[]){NULL};
        CHECK_NUMBER(settings_set(&s, "Command", &v, NULL), 0);
        CHECK_STRING(get("Command"), NULL);

        set("Environment", "A=1 \"B=x y\" C= _d9==", "[A=1] [B=x y] [C=] [_d9==]");
        static const char *const bad[] = {"A", "=x", "1A=x", "A-B=x", "ü=x", "\"A B=x\""};
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                v = (SettingValue){SETTING_STRING, .string = bad[i]};
                CHECK_NUMBER(settings_set(&s, "Environment", &v, NULL), -EINVAL);
        }
        refuse("Environment", "LD-PRELOAD=x", "KEY=VALUE");

        memset(large, 'x', SETTINGS_FILE_MAX - 1);
        memcpy(large, "A=", 2);
        large[128 << 10] = '\0';
        v = (SettingValue){SETTING_STRING, .string = large};
        CHECK_NUMBER(settings_set(&s, "Environment", &v, NULL), -EINVAL);
        large[(128 << 10) - 1] = '\0';
        CHECK_NUMBER(settings_set(&s, "Environment", &v, NULL), 0);
        char *const nine[] = {large, large, large, large, large, large, large, large, large, NULL};
        v = (SettingValue){SETTING_STRV, .strv = nine};
        CHECK_NUMBER(settings_set(&s, "Environment", &v, NULL), -EINVAL);
        for (size_t i = 0; i < 1025; i++)
                memcpy(large + 4 * i, "A=1 ", 5);
        refuse("Environment", large, "1024");
        large[4 * 1024] = '\0';
        v = (SettingValue){SETTING_STRING, .string = large};
        CHECK_NUMBER(settings_set(&s, "Environment", &v, NULL), 0);
        set("Environment", "", NULL);
}

static void test_types(void)
{
        static const struct {
                const char *key;
                SettingValue value;
        } wrong[] = {
                {"Description", {SETTING_BOOL, .boolean = true}},
                {"Description", {SETTING_STRV, .strv = NULL}},
                {"Boot", {SETTING_USEC, .usec = 1}},
                {"Command", {SETTING_BOOL}},
                {"StopSignal", {SETTING_USEC, .usec = 15}},
        };

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                _cleanup_fault_ Fault f = {0};

                CHECK_NUMBER(settings_set(&s, wrong[i].key, &wrong[i].value, &f), -EINVAL);
                CHECK(strstr(f.message, wrong[i].key) && strstr(f.message, "wrong type"));
        }
        SettingValue v = {SETTING_BOOL, .boolean = false};
        CHECK_NUMBER(settings_set(&s, "Boot", &v, NULL), 0);
        CHECK_NUMBER(s.boot, 0);
        v = (SettingValue){SETTING_USEC, .usec = 1500000};
        CHECK_NUMBER(settings_set(&s, "StopTimeoutSec", &v, NULL), 0);
        CHECK_NUMBER(s.stop_timeout_usec, 1500000);
        v.usec = UINT64_MAX;
        CHECK_NUMBER(settings_set(&s, "StopTimeoutSec", &v, NULL), 0);
        CHECK(s.stop_timeout_usec == UINT64_MAX);
        set("Boot", "", NULL);
}

static void test_names(void)
{
        _cleanup_fault_ Fault f = {0};
        SettingValue v = {SETTING_STRING, .string = "x"};

        CHECK_STRING(setting_key_nearest("Kommand"), "Command");
        CHECK_STRING(setting_key_nearest("environment"), "Environment");
        CHECK_STRING(setting_key_nearest("StopTimeout"), "StopTimeoutSec");
        CHECK_STRING(setting_key_nearest("PrivateNetwrok"), "PrivateNetwork");
        CHECK_STRING(setting_key_nearest("Xyzzy"), NULL);
        CHECK_STRING(setting_key_nearest(""), NULL);
        CHECK_STRING(setting_key_nearest("Owners"), NULL); /* not one that callers may set */
        CHECK_NUMBER(settings_set(&s, "Kommand", &v, &f), -EINVAL);
        CHECK_STRING(f.message, "there is no setting 'Kommand'; did you mean Command?");
        fault_done(&f);
        CHECK_NUMBER(settings_set(&s, "Owner", &v, &f), -EINVAL);
        CHECK(strstr(f.message, "kept by lodged"));
        for (const SettingKey *key = setting_keys(); key->name; key++) {
                CHECK(setting_key_find(key->name) == key);
                CHECK(key->section && key->help && *key->help);
                CHECK(key->help[strlen(key->help) - 1] != '.');
        }
        CHECK(!setting_key_find("command"));
}

static void expect_invalid(const char *text, const char *says)
{
        _cleanup_settings_ Settings t = {0};
        _cleanup_fault_ Fault f = {0};

        CHECK_NUMBER(settings_parse("test", text, strlen(text), &t, &f), 0);
        CHECK_NUMBER(settings_validate(&t, &f), says ? -EINVAL : 0);
        if (says && !strstr(f.message, says))
                test_fail_value(__FILE__, __LINE__, text, f.message, says);
}

static void test_validate(void)
{
        expect_invalid("", "needs Image=");
        expect_invalid("[Machine]\nImage=a\n", NULL);
        expect_invalid("[Machine]\nImage=a\nRootDirectory=/b\n", "exclude each other");
        expect_invalid("[Machine]\nImage=a\n[Exec]\nBoot=yes\nCommand=b\n", "exclude each other");
        expect_invalid("[Machine]\nRootDirectory=/a\n[Exec]\nBoot=no\n", "needs a Command=");
        expect_invalid("[Machine]\nImage=a\n[Exec]\nBoot=no\n", NULL); /* it may have one */
        expect_invalid("[Machine]\nImage=a\n[Exec]\nBoot=yes\nEntrypoint=b\n", "Entrypoint=");
        expect_invalid("[Machine]\nImage=a\n[Exec]\nEntrypoint=''\n", NULL);
        expect_invalid("[Machine]\nImage=a\n[Exec]\nEntrypoint='' b\n", "empty word");
        expect_invalid("[Machine]\nImage=a\n[Exec]\nBoot=yes\nUser=b\n", "User=");
        expect_invalid("[Machine]\nImage=a\n[Exec]\nCommand='' b\n", "empty word");
        expect_invalid("[Machine]\nImage=a\n[Exec]\nBoot=no\nCommand=b\nUser=c\n", NULL);
}

static void test_mounts(void)
{
#define FILES "[Machine]\nImage=a\n[Files]\n"
        expect_invalid(FILES "WritableLayerMedium=memory\n", NULL);
        expect_invalid(FILES "WritableLayerMedium=memory\nWritableLayer=keep\n", "keeps nothing");
        expect_invalid(FILES "WritableLayerMedium=memory\nWritableLayer=reboot\n", "keeps nothing");
        expect_invalid(FILES "Bind=/a:/b\nVolume=b:/c\nTmpfs=/d\nVolume=/e /f\n", NULL);
        expect_invalid(FILES "Bind=/a:/b\nBind=/c:/b\n",
                       "target '/b': one of Bind= and one of Bind=");
        expect_invalid(FILES "Volume=a:/b:ro\nTmpfs=/b:ro\n",
                       "target '/b': one of Volume= and one of Tmpfs=");
        set("Bind", "/a:/b \"/c d:/e f:ro\"", "[/a:/b] [/c d:/e f:ro]");
        refuse("Bind", "/a:/b:devel", "the options are");
        refuse("Bind", "/a", "SOURCE:TARGET");
        set("Bind", "", NULL);
        set("Volume", "a:/b /c", "[a:/b] [/c]");
        refuse("Volume", "../a:/b", "volume's name");
        set("Volume", "", NULL);
        set("Tmpfs", "/a:size=1M", "[/a:size=1M]");
        refuse("Tmpfs", "/a:size=x", "size=");
        set("Tmpfs", "", NULL);
        set("WritableLayerSize", "1073741824", "[1G]");
        CHECK_NUMBER(s.writable_size_bytes, 1 << 30);
        set("WritableLayerSize", "4097", "[4097]");
        set("WritableLayerSize", "3072T", "[3072T]");
        refuse("WritableLayerSize", "4095", "at least 4096");
        refuse("WritableLayerSize", "1.5G", "512M");
        refuse("WritableLayerSize", "18446744073709551616", "512M");
        refuse("WritableLayerSize", "16777216T", "512M");
        set("WritableLayerSize", "", NULL);
        set("WritableLayerMedium", "memory", "[memory]");
        refuse("WritableLayerMedium", "ram", "disk or memory");
        set("WritableLayerMedium", "disk", NULL);
        set("Label", "a=b \"c=d e\"", "[a=b] [c=d e]");
        refuse("Label", "=b", "KEY=VALUE");
        refuse("Label", "b", "KEY=VALUE");
        set("Label", "", NULL);
}

static void test_copy(void)
{
        static const char text[] = "[Machine]\nImage=a\nLabel=x=y\n\n[Exec]\nCommand=b c\n\n"
                                   "[Files]\nWritableLayerSize=1M\n";
        _cleanup_settings_ Settings a = {0}, b = {0};
        _cleanup_free_ char *again = NULL;

        CHECK_NUMBER(settings_parse("test", text, strlen(text), &a, NULL), 0);
        CHECK_NUMBER(settings_copy(&a, &b), 0);
        CHECK(a.image != b.image && a.command != b.command);
        settings_done(&a);
        again = settings_format(&b);
        CHECK_STRING(again, text);
}

int main(void)
{
        settings_init(&s);
        test_mounts();
        test_copy();
        test_texts();
        test_paths();
        test_users();
        test_values();
        test_capabilities();
        test_lists();
        test_types();
        test_names();
        test_validate();
        settings_done(&s);
        return 0;
}
