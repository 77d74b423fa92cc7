/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/cleanup.h"
#include "base/machine-name.h"
#include "unit/test.h"

#define X16 "xxxxxxxxxxxxxxxx"
#define X64 X16 X16 X16 X16

static void test_machine_names(void)
{
        static const char *const good[] = {"a", "web", "web-1", "a.b-c.d", "0", "A9", "hosts", X64};
        static const char *const bad[] = {
                "",     ".",    "..",  "-a",   "a-",    ".a",      "a.",    "a..b",
                "a.-b", "a-.b", "a/b", "a b",  "a\n",   "host",    ".host", "a_b",
                "ü",    "%n",   "a@b", "a\\b", "x" X64, "\x1b[0m", "*",     "a:b",
        };

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                if (!machine_name_is_valid(good[i]))
                        test_fail_value(__FILE__, __LINE__, good[i], "refused", "taken");
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                if (machine_name_is_valid(bad[i]))
                        test_fail_value(__FILE__, __LINE__, bad[i], "taken", "refused");
        CHECK(!machine_name_is_valid(NULL));
}

static void test_messages(void)
{
        _cleanup_fault_ Fault f = {0};

        CHECK_NUMBER(machine_name_check("web", &f), 0);
        CHECK_NUMBER(machine_name_check("a\nb", &f), -EINVAL);
        CHECK_NUMBER(f.code, FAULT_INVALID_NAME);
        CHECK(strstr(f.message, "'a?b' cannot be a machine name"));
        CHECK_NUMBER(machine_name_check(NULL, NULL), -EINVAL);
}

static void test_image_names(void)
{
        CHECK_NUMBER(image_name_check("debian_13.raw", NULL), 0);
        CHECK_NUMBER(image_name_check("_a", NULL), 0);
        CHECK_NUMBER(image_name_check(X64, NULL), 0);
        static const char *const bad[] = {"",    ".",  "..", ".a", "-a",    "a/b",
                                          "a b", "a:", "%n", "ü",  "x" X64, "a\n"};
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                if (image_name_check(bad[i], NULL) != -EINVAL)
                        test_fail_value(__FILE__, __LINE__, bad[i], "taken", "refused");
        CHECK_NUMBER(image_name_check(NULL, NULL), -EINVAL);
}

static void test_units(void)
{
        static const char *const foreign[] = {
                "lodge@.service",     "lodge@web.socket",  "lodge@web", "xlodge@web.service",
                "lodge@host.service", "lodge@a_b.service", "lodge@",    ""};
        _cleanup_free_ char *unit = machine_unit_name("web-1"), *name = NULL;

        CHECK_STRING(unit, "lodge@web-1.service");
        name = machine_name_from_unit(unit);
        CHECK_STRING(name, "web-1");
        for (size_t i = 0; i < ELEMENTSOF(foreign); i++)
                CHECK_STRING(machine_name_from_unit(foreign[i]), NULL);
}

int main(void)
{
        test_machine_names();
        test_messages();
        test_image_names();
        test_units();
        return 0;
}
