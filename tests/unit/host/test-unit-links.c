/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What systemd is asked so that another unit is enabled as one was. */
#include "host/unit-links.h"

#include "base/text.h"
#include "unit/host/bus-pair.h"
#include "unit/test.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_USEC 700000ULL
#define FROM        "lodge@old.service"
#define TO          "lodge@new.service"
#define ETC         "/etc/systemd/system/"
#define RUN         "/run/systemd/system/"

static sd_event *event;
static sd_bus *ours, *theirs;
static UnitLinks *links;
static char root[] = "/tmp/test-unit-links.XXXXXX";

static struct {
        unsigned away;
        const char *refuses; /* a method */
        char asked[1024];
} host;

static struct {
        unsigned n;
        char from[64], error[64];
} told;

static void on_done(void *userdata, const char *from, const char *error)
{
        told.n++;
        (void)snprintf(told.from, sizeof(told.from), "%s", from);
        (void)snprintf(told.error, sizeof(told.error), "%s", error ?: "");
}

static void note(const char *text)
{
        size_t n = strlen(host.asked);

        (void)snprintf(host.asked + n, sizeof(host.asked) - n, "%s", text);
}

static void read_call(sd_bus_message *m)
{
        const char *method = sd_bus_message_get_member(m), *unit, *target, *type;
        _cleanup_free_ char *text = NULL;
        int runtime = 0, force = 0;

        if (streq(method, "Reload")) {
                note("Reload\n");
                return;
        }
        CHECK(sd_bus_message_read(m, "as", 1, &unit) >= 0);
        if (streq(method, "AddDependencyUnitFiles"))
                CHECK(sd_bus_message_read(m, "ssbb", &target, &type, &runtime, &force) >= 0);
        else
                target = type = "";
        if (streq(method, "EnableUnitFiles"))
                CHECK(sd_bus_message_read(m, "bb", &runtime, &force) >= 0);
        if (streq(method, "DisableUnitFiles"))
                CHECK(sd_bus_message_read(m, "b", &runtime) >= 0);
        CHECK(sd_bus_message_at_end(m, true) > 0 && !force);
        text = g_strdup_printf("%s %s%s%s%s%s%s\n", method, unit, *target ? " " : "", target,
                               *type ? " " : "", type, runtime ? " runtime" : "");
        note(text);
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const char *method = sd_bus_message_get_member(m);

        if (sd_bus_message_is_method_call(m, "org.freedesktop.systemd1.Manager", NULL) <= 0)
                return 0;
        if (host.away > 0) {
                host.away--;
                return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_NO_REPLY, "away");
        }
        read_call(m);
        if (streq(method, host.refuses))
                return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_ACCESS_DENIED, "read-only");
        return sd_bus_reply_method_return(m, NULL);
}

static void link_to(const char *place)
{
        _cleanup_free_ char *path = g_strconcat(root, place, "/" FROM, NULL),
                            *directory = g_path_get_dirname(path);

        CHECK(g_mkdir_with_parents(directory, 0755) == 0);
        CHECK(symlink("/usr/lib/systemd/system/lodge@.service", path) == 0);
}

static void begin(void)
{
        (void)strcpy(root, "/tmp/test-unit-links.XXXXXX");
        CHECK(mkdtemp(root));
        bus_pair_connect(event, &theirs, &ours);
        CHECK(sd_bus_add_filter(theirs, NULL, on_message, NULL) >= 0);
        links = unit_links_new(root, ours, ANSWER_USEC, on_done, NULL);
        memset(&host, 0, sizeof(host));
        memset(&told, 0, sizeof(told));
}

static void end(void)
{
        _cleanup_free_ char *command = g_strdup_printf("rm -r '%s'", root);

        unit_links_free(links);
        sd_bus_close_unref(ours);
        sd_bus_close_unref(theirs);
        CHECK(system(command) == 0);
}

static void move(void)
{
        CHECK_NUMBER(unit_links_move(links, FROM, TO), 1);
        while (told.n == 0)
                CHECK(sd_event_run(event, UINT64_MAX) >= 0);
        CHECK_STRING(told.from, FROM);
}

static void test_none(void)
{
        begin();
        CHECK_NUMBER(unit_links_move(links, FROM, TO), 0);
        link_to(ETC "multi-user.target.d");
        CHECK_NUMBER(unit_links_move(links, FROM, TO), 0);
        end();
}

static void test_one(void)
{
        begin();
        link_to(ETC "multi-user.target.wants");
        move();
        CHECK_STRING(told.error, "");
        CHECK_STRING(host.asked, "AddDependencyUnitFiles " TO " multi-user.target Wants\n"
                                 "DisableUnitFiles " FROM "\n");
        end();
}

static void test_kinds(void)
{
        begin();
        link_to(ETC "a.target.requires");
        link_to(RUN "b.service.wants");
        move();
        CHECK_STRING(host.asked, "AddDependencyUnitFiles " TO " a.target Requires\n"
                                 "AddDependencyUnitFiles " TO " b.service Wants runtime\n"
                                 "DisableUnitFiles " FROM "\n"
                                 "DisableUnitFiles " FROM " runtime\n");
        end();

        begin();
        link_to(RUN "c.target.upholds");
        move();
        CHECK_STRING(host.asked, "Reload\nEnableUnitFiles " TO " runtime\n"
                                 "DisableUnitFiles " FROM " runtime\n");
        end();
}

/* What is old stays where what is new cannot be made. */
static void test_refused(void)
{
        begin();
        host.refuses = "AddDependencyUnitFiles";
        link_to(ETC "multi-user.target.wants");
        move();
        CHECK_STRING(told.error, "read-only");
        CHECK_STRING(host.asked, "AddDependencyUnitFiles " TO " multi-user.target Wants\n");
        end();
}

static void test_away(void)
{
        begin();
        link_to(ETC "multi-user.target.wants");
        host.away = 2;
        move();
        CHECK_STRING(told.error, "");
        CHECK(strstr(host.asked, "DisableUnitFiles"));
        end();

        begin();
        link_to(ETC "multi-user.target.wants");
        host.away = 1000;
        move();
        CHECK_STRING(told.error, "systemd does not answer");
        end();
}

static void test_another_connection(void)
{
        begin();
        link_to(ETC "multi-user.target.wants");
        CHECK_NUMBER(unit_links_move(links, FROM, TO), 1);
        sd_bus_close_unref(ours);
        sd_bus_close_unref(theirs);
        bus_pair_connect(event, &theirs, &ours);
        CHECK(sd_bus_add_filter(theirs, NULL, on_message, NULL) >= 0);
        unit_links_set_bus(links, ours);
        while (told.n == 0)
                CHECK(sd_event_run(event, UINT64_MAX) >= 0);
        CHECK_STRING(told.error, "");
        CHECK(strstr(host.asked, "DisableUnitFiles " FROM "\n"));
        end();
}

int main(void)
{
        CHECK(sd_event_default(&event) >= 0);
        test_none();
        test_one();
        test_kinds();
        test_refused();
        test_away();
        test_another_connection();
        sd_event_unref(event);
        return 0;
}
