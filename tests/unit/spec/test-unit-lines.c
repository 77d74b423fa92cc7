/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "spec/unit-lines.h"
#include "unit/test.h"

#define HEADER "# Made by lodge-generator(8) from the machine's definition: changes are lost.\n"

static void parse(const char *text, Settings *ret)
{
        _cleanup_fault_ Fault f = {0};

        if (settings_parse("test", text, strlen(text), ret, &f) < 0)
                test_fail_value(__FILE__, __LINE__, text, f.message, "taken");
}

static void expect(const char *text, const char *lines)
{
        _cleanup_settings_ Settings s = {0};
        _cleanup_free_ char *is = NULL;

        parse(text, &s);
        is = unit_lines(&s);
        CHECK_STRING(is, lines);
}

static void expect_mounts(const char *text, const char *lines)
{
        _cleanup_settings_ Settings s = {0};
        _cleanup_free_ char *is = NULL;

        parse(text, &s);
        is = unit_mount_lines(&s);
        CHECK_STRING(is, lines);
}

static void refuse(const char *text, const char *says)
{
        _cleanup_settings_ Settings s = {0};
        _cleanup_fault_ Fault f = {0};

        CHECK_NUMBER(settings_parse("test", text, strlen(text), &s, &f), -EINVAL);
        if (!strstr(f.message, says))
                test_fail_value(__FILE__, __LINE__, text, f.message, says);
}

static void test_lines(void)
{
        expect("[Machine]\nImage=a\n[Exec]\nUser=b\n[Files]\nBind=/a:/b\n", "");
        expect("[Unit]\nAfter=a.service  b.mount\nAfter=c.target\n",
               HEADER "\n[Unit]\nAfter=a.service\nAfter=b.mount\nAfter=c.target\n");
        expect("[Unit]\nAfter=a.service\nAfter=\n", "");
        /* what systemd escapes in names, and expands, stays as it is */
        expect("[Unit]\nRequires=mnt-my\\x2ddisk.mount a@%i.service\n",
               HEADER "\n[Unit]\nRequires=mnt-my\\x2ddisk.mount\nRequires=a@%i.service\n");
        /* a condition is a line, with all blanks and quotes in it */
        expect("[Unit]\nConditionKernelVersion=>= 5.10 < 7\nConditionPathExists=|!/a \"b\n"
               "ConditionPathExists=|/c\nAssertHost=*x\n",
               HEADER "\n[Unit]\nConditionKernelVersion=>= 5.10 < 7\n"
                      "ConditionPathExists=|!/a \"b\nConditionPathExists=|/c\nAssertHost=*x\n");
        expect("[Install]\nRequiredBy=a.target\n[Unit]\nStartLimitIntervalSec=1min\n"
               "StartLimitBurst=3\n[Exec]\nRestart=always\n",
               HEADER "\n[Unit]\nStartLimitIntervalSec=60s\nStartLimitBurst=3\n"
                      "\n[Service]\nRestart=always\nRestartSec=1s\n"
                      "\n[Install]\nWantedBy=\nRequiredBy=a.target\n");
        expect("[Exec]\nRestart=on-failure\nRestartSec=100ms\nRestartSteps=5\n"
               "RestartMaxDelaySec=1min\n",
               HEADER "\n[Service]\nRestart=on-failure\nRestartSec=100ms\nRestartSteps=5\n"
                      "RestartMaxDelaySec=60s\n");
}

static void test_mounts(void)
{
        expect_mounts("[Unit]\nAfter=a.service\n[Files]\nVolume=a:/b\nTmpfs=/c\n", "");
        expect_mounts("[Machine]\nRootDirectory=/srv/a\n[Files]\nBind=\"/b c:/d\" /e%f:/g:ro\n",
                      HEADER "\n[Unit]\nRequiresMountsFor=/srv/a\nRequiresMountsFor=\"/b c\"\n"
                             "RequiresMountsFor=/e%%f\n");
}

static void test_limits(void)
{
        _cleanup_settings_ Settings s = {0};
        _cleanup_free_ char *is = NULL, *none = NULL;

        parse("[Resources]\nMemoryMax=64M\nMemoryHigh=12.5%\nCPUQuota=20%\nAllowedCPUs=0-1 3\n"
              "IOWriteBandwidthMax=/dev/a%b 1M\nIOWriteBandwidthMax=/dev/c 2M\n"
              "LimitNOFILE=16\n[Unit]\nAfter=a.service\n",
              &s);
        is = unit_limit_lines(&s); /* no rlimit: it would be the supervisor's */
        CHECK_STRING(is, HEADER "\n[Service]\nMemoryMax=64M\nMemoryHigh=12.5%\nCPUQuota=20%\n"
                                "AllowedCPUs=0-1\nAllowedCPUs=3\n"
                                "IOWriteBandwidthMax=/dev/a%%b 1M\n"
                                "IOWriteBandwidthMax=/dev/c 2M\n");
        settings_done(&s);
        parse("[Unit]\nAfter=a.service\n", &s);
        none = unit_limit_lines(&s);
        CHECK_STRING(none, "");
}

static void test_refusals(void)
{
        refuse("[Unit]\nAfter=db\n", "lodge@NAME.service");
        refuse("[Unit]\nAfter=.service\n", "After='.service' is not valid");
        refuse("[Unit]\nWants=a/b.service\n", "names of units");
        refuse("[Unit]\nWants=@a.service\n", "names of units");
        refuse("[Unit]\nWants=\"a.service\n", "names of units");
        refuse("[Unit]\nDocumentation=ftp://a\n", "http://");
        refuse("[Unit]\nDocumentation=man:\n", "http://");
        refuse("[Unit]\nConditionPathExists=/a\tb\n", "one line");
        refuse("[Unit]\nRestart=no\n", "belongs in [Exec]");
        refuse("[Exec]\nRestart=sometimes\n", "on-failure");
        refuse("[Exec]\nRestartSteps=0\n", "whole number");
        /* not passed on, and told as a warning */
        expect("[Unit]\nFailureAction=poweroff\n[Install]\nAlias=a.service\n", "");
}

static void expect_misfit(const char *text, const char *says)
{
        _cleanup_settings_ Settings s = {0};
        _cleanup_fault_ Fault f = {0};

        parse(text, &s);
        CHECK_NUMBER(settings_validate(&s, &f), says ? -EINVAL : 0);
        if (says && !strstr(f.message, says))
                test_fail_value(__FILE__, __LINE__, text, f.message, says);
}

static void test_misfits(void)
{
#define MACHINE "[Machine]\nImage=a\n"
        expect_misfit(MACHINE "AutoRemove=yes\n[Exec]\nRestart=always\n", "AutoRemove=yes");
        expect_misfit(MACHINE "AutoRemove=yes\n[Exec]\nRestart=no\n", NULL);
        expect_misfit(MACHINE "[Exec]\nRestartSteps=3\n", "need each other");
        expect_misfit(MACHINE "[Exec]\nRestartMaxDelaySec=3\n", "need each other");
        expect_misfit(MACHINE "[Exec]\nRestartSec=9\nRestartSteps=2\nRestartMaxDelaySec=3\n",
                      "less than RestartSec=");
        expect_misfit(MACHINE "[Unit]\nStartLimitBurst=3\n", "StartLimitIntervalSec=");
}

int main(void)
{
        test_lines();
        test_mounts();
        test_limits();
        test_refusals();
        test_misfits();
        return 0;
}
