/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What systemd is asked of a unit's limits, what is noted of it, and what becomes of that. */
#include "host/unit-limits.h"

#include "base/io.h"
#include "base/text.h"
#include "host/unit-job.h"
#include "spec/settings.h"
#include "unit/host/bus-pair.h"
#include "unit/test.h"

#include <fcntl.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_USEC 700000ULL
#define UNIT_NAME   "lodge@a.service"

static sd_event *event;
static sd_bus *ours, *theirs;
static UnitLimits *limits;
static char root[] = "/tmp/test-unit-limits.XXXXXX";

static struct {
        unsigned calls, away;
        unsigned lets_go; /* after so many questions */
        bool refuse, mute;
        bool knows;       /* the unit, though it does not run */
        char asked[4096]; /* of the last call: "NAME=VALUE " each */
} host;

static struct {
        unsigned n, kept;
        char error[64];
} told;

static void on_done(void *userdata, const char *unit, const char *error)
{
        told.n++;
        (void)snprintf(told.error, sizeof(told.error), "%s", error ?: "");
}

static void on_lost(void *userdata, const char *unit, bool is_kept)
{
        CHECK_STRING(unit, UNIT_NAME);
        told.kept += is_kept;
}

static const UnitLimitsListener listener = {on_done, on_lost};

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
        size_t n = strlen(host.asked);
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(host.asked + n, sizeof(host.asked) - n, format, ap);
        va_end(ap);
}

static void read_devices(sd_bus_message *m)
{
        const char *path;
        uint64_t v;

        CHECK(sd_bus_message_enter_container(m, 'v', "a(st)") > 0);
        CHECK(sd_bus_message_enter_container(m, 'a', "(st)") > 0);
        while (sd_bus_message_read(m, "(st)", &path, &v) > 0)
                note("%s:%llu,", path, (unsigned long long)v);
        CHECK(sd_bus_message_exit_container(m) >= 0 && sd_bus_message_exit_container(m) >= 0);
}

static void read_bytes(sd_bus_message *m)
{
        const uint8_t *bytes;
        size_t n;

        CHECK(sd_bus_message_enter_container(m, 'v', "ay") > 0);
        CHECK(sd_bus_message_read_array(m, 'y', (const void **)&bytes, &n) >= 0);
        for (size_t i = 0; i < n; i++)
                note("%02x", bytes[i]);
        CHECK(sd_bus_message_exit_container(m) >= 0);
}

static void read_value(sd_bus_message *m)
{
        const char *type;
        uint64_t number;

        CHECK(sd_bus_message_peek_type(m, NULL, &type) > 0);
        if (streq(type, "a(st)")) {
                read_devices(m);
        } else if (streq(type, "ay")) {
                read_bytes(m);
        } else {
                CHECK(sd_bus_message_read(m, "v", "t", &number) >= 0);
                note(number == UINT64_MAX ? "max" : "%llu", (unsigned long long)number);
        }
}

static void read_call(sd_bus_message *m)
{
        const char *unit, *name;
        int runtime;

        host.asked[0] = '\0';
        CHECK(sd_bus_message_read(m, "sb", &unit, &runtime) >= 0);
        CHECK_STRING(unit, UNIT_NAME);
        CHECK(runtime);
        CHECK(sd_bus_message_enter_container(m, 'a', "(sv)") >= 0);
        while (sd_bus_message_enter_container(m, 'r', "sv") > 0) {
                CHECK(sd_bus_message_read(m, "s", &name) >= 0);
                note("%s=", name);
                read_value(m);
                note(" ");
                CHECK(sd_bus_message_exit_container(m) >= 0);
        }
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        if (sd_bus_message_is_method_call(m, NULL, "GetUnit") > 0)
                return host.knows || (host.lets_go > 0 && host.lets_go--)
                               ? sd_bus_reply_method_return(m, "o", "/a")
                               : sd_bus_reply_method_errorf(m, SYSTEMD_NO_SUCH_UNIT, "none");
        if (sd_bus_message_is_method_call(m, NULL, "SetUnitProperties") <= 0)
                return 0;
        host.calls++;
        if (host.mute)
                return 1;
        if (host.away > 0) {
                host.away--;
                return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_NO_REPLY, "left the bus");
        }
        read_call(m);
        return host.refuse ? sd_bus_reply_method_errorf(m, SD_BUS_ERROR_INVALID_ARGS, "no way")
                           : sd_bus_reply_method_return(m, NULL);
}

static void connect_both(void)
{
        bus_pair_connect(event, &theirs, &ours);
        CHECK(sd_bus_add_filter(theirs, NULL, on_message, NULL) >= 0);
}

static void run_until_told(void)
{
        for (unsigned i = 0; i < 1000 && told.n == 0; i++)
                CHECK(sd_event_run(event, 10000) >= 0);
        CHECK_NUMBER(told.n, 1);
}

/* The record of the unit; "" if there is none. */
static const char *record(void)
{
        static char text[4096];
        _cleanup_free_ char *path = g_strconcat(root, "/run/lodge/limits/" UNIT_NAME, NULL);
        _cleanup_free_ char *read = NULL;

        text[0] = '\0';
        if (read_file_at(AT_FDCWD, path, sizeof(text) - 1, &read, NULL) >= 0)
                (void)snprintf(text, sizeof(text), "%s", read);
        return text;
}

static char *drop_in(const char *name)
{
        return g_strdup_printf("%s/run/systemd/system.control/" UNIT_NAME ".d/50-%s.conf", root,
                               name);
}

/* As systemd does. */
static void write_drop_in(const char *name)
{
        _cleanup_free_ char *path = drop_in(name), *directory = g_path_get_dirname(path);

        CHECK(g_mkdir_with_parents(directory, 0755) == 0);
        CHECK(g_file_set_contents(path, "x", 1, NULL));
}

static bool has_drop_in(const char *name)
{
        _cleanup_free_ char *path = drop_in(name);

        return access(path, F_OK) == 0;
}

/* "KEY=VALUE\n" each. Return: as unit_limits_set() */
static int want(const char *lines)
{
        _cleanup_settings_ Settings s;
        _cleanup_free_ char *text = g_strconcat("[Resources]\n", lines, NULL);

        memset(&told, 0, sizeof(told));
        CHECK(settings_parse("test", text, strlen(text), &s, NULL) == 0);
        return unit_limits_set(limits, UNIT_NAME, &s.resources);
}

static void test_values(void)
{
        CHECK_NUMBER(
                want("MemoryMax=1G\nMemoryHigh=0.01%\nCPUQuota=150%\nCPUWeight=idle\nIOWeight=7\n"
                     "AllowedCPUs=0-3,9\nTasksMax=infinity\nLimitNOFILE=5\n"
                     "IOReadBandwidthMax=/dev/a 5M\nIOReadBandwidthMax=/dev/b infinity\n"
                     "IODeviceWeight=/dev/a 9\n"),
                1);
        run_until_told();
        CHECK_STRING(told.error, "");
        _cleanup_free_ char *wanted = g_strdup_printf(
                "MemoryMax=1073741824 MemoryHigh=%llu CPUQuotaPerSecUSec=1500000 "
                "CPUWeight=0 AllowedCPUs=0f02 TasksMax=max IOWeight=7 IODeviceWeight= "
                "IODeviceWeight=/dev/a:9, IOReadBandwidthMax= "
                "IOReadBandwidthMax=/dev/a:5000000,/dev/b:18446744073709551615, ",
                (unsigned long long)sysconf(_SC_PHYS_PAGES) *
                        (unsigned long long)sysconf(_SC_PAGESIZE) / 10000);
        CHECK_STRING(host.asked, wanted);
        CHECK_STRING(record(), "MemoryMax MemoryHigh CPUQuota CPUWeight AllowedCPUs TasksMax "
                               "IOWeight IODeviceWeight IOReadBandwidthMax");
}

/* What is gone is taken back, its file and the note of it too; what is somebody else's stays. */
static void test_taken_back(void)
{
        write_drop_in("MemoryMax");
        write_drop_in("IOWeight");
        write_drop_in("MemoryMin");
        CHECK_NUMBER(want("MemoryMax=2G\n"), 1);
        run_until_told();
        CHECK_STRING(host.asked, "MemoryHigh=max CPUQuotaPerSecUSec=max CPUWeight=max AllowedCPUs= "
                                 "TasksMax=16384 IOWeight=max IODeviceWeight= IOReadBandwidthMax= "
                                 "MemoryMax=2147483648 ");
        CHECK_STRING(record(), "MemoryMax");
        CHECK(has_drop_in("MemoryMax") && has_drop_in("MemoryMin") && !has_drop_in("IOWeight"));

        CHECK_NUMBER(want(""), 1);
        run_until_told();
        CHECK_STRING(host.asked, "MemoryMax=max ");
        CHECK_STRING(record(), "");
        CHECK(!has_drop_in("MemoryMax") && has_drop_in("MemoryMin"));

        unsigned calls = host.calls;
        CHECK_NUMBER(want(""), 0);
        CHECK_NUMBER(host.calls, calls);
}

static void run_until_clean(void)
{
        for (unsigned i = 0; i < 1000 && *record(); i++)
                CHECK(sd_event_run(event, 10000) >= 0);
        CHECK_STRING(record(), "");
}

static void run_until_kept(unsigned kept)
{
        for (unsigned i = 0; i < 1000 && told.kept < kept; i++)
                CHECK(sd_event_run(event, 10000) >= 0);
        CHECK_NUMBER(told.kept, kept);
}

static void forget(const char *lines)
{
        if (*lines) {
                CHECK_NUMBER(want(lines), 1);
                run_until_told();
        }
        memset(&told, 0, sizeof(told));
        unit_limits_forget(limits, UNIT_NAME);
        unit_limits_check_lost(limits, UNIT_NAME);
}

/* A unit of a machine that is gone is asked for, and none of its properties. */
static void test_forgotten(void)
{
        unsigned calls = host.calls + 1;

        write_drop_in("MemoryMax");
        forget("MemoryMax=2G\nIOWeight=5\n");
        CHECK(!has_drop_in("MemoryMax"));
        run_until_clean();
        CHECK_NUMBER(told.kept, 0);
        CHECK_NUMBER(host.calls, calls);
        forget("");
        CHECK_NUMBER(want(""), 0);
        CHECK_NUMBER(host.calls, calls);
}

/* What systemd goes on knowing is written down until it has read its units again. */
static void test_kept(void)
{
        host.knows = true;
        forget("MemoryMax=2G\n");
        unit_limits_begin_reading(limits); /* which does not come of it */
        run_until_kept(1);
        unit_limits_end_reading(limits, true);
        CHECK_STRING(record(), "MemoryMax");
        unit_limits_begin_reading(limits);
        unit_limits_end_reading(limits, false);
        CHECK_STRING(record(), "MemoryMax");
        unit_limits_begin_reading(limits);
        unit_limits_end_reading(limits, true);
        CHECK_STRING(record(), "");

        /* another machine of that name comes first */
        forget("MemoryMax=2G\n");
        run_until_kept(1);
        unit_limits_begin_reading(limits);
        CHECK_NUMBER(want("IOWeight=6\n"), 1);
        unit_limits_end_reading(limits, true);
        run_until_told();
        CHECK_STRING(host.asked, "MemoryMax=max IOWeight=6 ");
        CHECK_STRING(record(), "IOWeight");
        host.knows = false;
        forget("");
        run_until_clean();
}

/* systemd lets go of a unit a moment after it was told to: that is no reason to read all again. */
static void test_let_go(void)
{
        host.lets_go = 1;
        forget("MemoryMax=2G\n");
        CHECK_NUMBER(unit_limits_count(limits), 1);
        run_until_clean();
        CHECK_NUMBER(told.kept, 0);
        CHECK_NUMBER(host.lets_go, 0);
        CHECK_NUMBER(unit_limits_count(limits), 0);
}

#define GENERATED "/run/systemd/generator/" UNIT_NAME ".d"

/* What the generator has made of an earlier definition. */
static void test_generated(void)
{
        _cleanup_free_ char *directory = g_strconcat(root, GENERATED, NULL),
                            *path = g_strconcat(directory, "/10-lodge-limits.conf", NULL);

        CHECK(g_mkdir_with_parents(directory, 0755) == 0);
        CHECK(g_file_set_contents(path, "# a=b\n\n[Service]\nMemoryMax=1G\nIOWeight=5\n", -1,
                                  NULL));
        CHECK_NUMBER(want("IOWeight=6\n"), 1);
        run_until_told();
        CHECK_STRING(host.asked, "MemoryMax=max IOWeight=6 ");
        CHECK_STRING(record(), "IOWeight");
        CHECK_NUMBER(want(""), 1);
        run_until_told();
        CHECK_STRING(host.asked, "IOWeight=max MemoryMax=max ");

        forget(""); /* and systemd, which has the file, need not be asked */
        CHECK_NUMBER(told.kept, 1);
        CHECK(unlink(path) == 0);
        unit_limits_begin_reading(limits);
        unit_limits_end_reading(limits, true);
        CHECK_NUMBER(want(""), 0);
}

static void test_refused(void)
{
        host.refuse = true;
        CHECK_NUMBER(want("MemoryMax=1G\n"), 1);
        run_until_told();
        CHECK_STRING(told.error, "no way");
        CHECK_STRING(record(), "MemoryMax"); /* who knows how far it went */
        host.refuse = false;
        CHECK_NUMBER(want(""), 1);
        run_until_told();
        CHECK_STRING(record(), "");
}

static void test_away(void)
{
        host.away = 2;
        CHECK_NUMBER(want("MemoryMax=1G\n"), 1);
        run_until_told();
        CHECK_STRING(told.error, "");

        host.away = 1000; /* for longer than we wait */
        CHECK_NUMBER(want("MemoryMax=2G\n"), 1);
        run_until_told();
        CHECK_STRING(told.error, "systemd does not answer");
        host.away = 0;
}

/* The last wish counts, and is the only one that is told of. */
static void test_superseded(void)
{
        host.mute = true;
        CHECK_NUMBER(want("MemoryMax=1G\n"), 1);
        host.mute = false;
        CHECK_NUMBER(want("MemoryLow=1G\n"), 1);
        run_until_told();
        CHECK_STRING(host.asked, "MemoryMax=max MemoryLow=1073741824 ");
        CHECK_STRING(record(), "MemoryLow");
}

static void close_both(void)
{
        ours = sd_bus_flush_close_unref(ours);
        theirs = sd_bus_flush_close_unref(theirs);
}

static void test_lost_connection(void)
{
        sd_bus *before = sd_bus_ref(ours);

        close_both();
        CHECK_NUMBER(want("MemoryMin=1G\n"), 1);
        connect_both();
        unit_limits_set_bus(limits, ours);
        sd_bus_unref(before);
        run_until_told();
        CHECK_STRING(host.asked, "MemoryLow=0 MemoryMin=1073741824 ");
}

static bool knows(void *userdata, const char *name)
{
        return streq(name, userdata);
}

static void test_sweep(void)
{
        unit_limits_sweep(limits, knows, (char *)"a");
        CHECK_STRING(record(), "MemoryMin");
        unit_limits_sweep(limits, knows, (char *)"b");
        run_until_clean();
}

int main(void)
{
        CHECK(mkdtemp(root) != NULL);
        CHECK(sd_event_default(&event) >= 0);
        connect_both();
        limits = unit_limits_new(root, ours, ANSWER_USEC, &listener, NULL);
        test_values();
        test_taken_back();
        test_forgotten();
        test_kept();
        test_let_go();
        test_generated();
        test_refused();
        test_away();
        test_superseded();
        test_lost_connection();
        test_sweep();
        unit_limits_free(limits);
        close_both();
        sd_event_unref(event);
        _cleanup_free_ char *command = g_strdup_printf("rm -rf '%s'", root);
        return system(command) != 0;
}
