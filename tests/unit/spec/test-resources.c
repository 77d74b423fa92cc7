/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* [Resources]: what is taken, how it is written, and what it comes to. */
#include "spec/resources.h"

#include "base/text.h"
#include "spec/settings.h"
#include "unit/test.h"

#include <string.h>

static Settings s;

static int try(const char *key, const char *value, Fault *reterr)
{
        SettingValue v = {SETTING_STRING, .string = value};

        return settings_set(&s, key, &v, reterr);
}

/* It is taken, and reads back as @written. */
static void take(const char *key, const char *value, const char *written)
{
        _cleanup_fault_ Fault f = {0};
        _cleanup_strv_free_ char **words = NULL;

        if (try(key, value, &f) < 0)
                test_fail_value(__FILE__, __LINE__, key, f.message, "taken");
        CHECK(settings_get(&s, setting_key_find(key), &words) == 1);
        CHECK_STRING(words[0], written);
        CHECK(words[1] == NULL);
}

static void refuse(const char *key, const char *value, const char *says)
{
        _cleanup_fault_ Fault f = {0};

        if (try(key, value, &f) != -EINVAL || !strstr(f.message, says) || !strstr(f.message, key))
                test_fail_value(__FILE__, __LINE__, key, f.message ?: "taken", says);
}

static void test_memory(void)
{
        take("MemoryMax", "2147483648", "2G");
        CHECK_NUMBER(s.resources.memory_max.value, UINT64_C(2) << 30);
        take("MemoryMax", "infinity", "infinity");
        CHECK(s.resources.memory_max.value == RESOURCE_INFINITY);
        take("MemoryMax", "50%", "50%");
        CHECK_NUMBER(s.resources.memory_max.permyriad, 5000);
        take("MemoryMax", "12.5%", "12.5%");
        take("MemoryMax", "12.50%", "12.5%");
        take("MemoryMax", "0.01%", "0.01%");
        CHECK_NUMBER(s.resources.memory_max.permyriad, 1);
        take("MemoryMax", "100%", "100%");
        take("MemoryMax", "1", "1");
        take("MemorySwapMax", "0", "0");
        take("MemorySwapMax", "0%", "0");
        CHECK(s.resources.memory_swap_max.is_set && s.resources.memory_swap_max.value == 0);
        take("MemoryLow", "0", "0");
        refuse("MemoryMax", "0", "bytes above 0");
        refuse("MemoryMax", "0%", "bytes above 0");
        refuse("MemoryMax", "100.01%", "percentage");
        refuse("MemoryMax", "1.234%", "percentage");
        refuse("MemoryMax", "1.%", "percentage");
        refuse("MemoryMax", "%", "percentage");
        refuse("MemoryMax", "1%1", "percentage");
        refuse("MemoryMax", "-1", "bytes");
        refuse("MemoryMax", "1g", "bytes");
        refuse("MemoryMax", "18446744073709551615", "bytes");
        refuse("MemoryMax", "99999999999T", "bytes");
        refuse("MemoryHigh", "much", "bytes");
        CHECK(try("MemoryMax", "", NULL) == 0 && !s.resources.memory_max.is_set);
}

static void test_tasks(void)
{
        take("TasksMax", "100", "100");
        take("TasksMax", "10%", "10%");
        take("TasksMax", "infinity", "infinity");
        refuse("TasksMax", "0", "above 0");
        refuse("TasksMax", "1K", "number");
}

static void test_cpu(void)
{
        take("CPUQuota", "150%", "150%");
        CHECK_NUMBER(s.resources.cpu_quota_usec, 1500000);
        refuse("CPUQuota", "150", "percentage");
        refuse("CPUQuota", "0%", "percentage");
        refuse("CPUQuota", "12.5%", "whole");
        refuse("CPUQuota", "infinity", "percentage");
        take("CPUWeight", "200", "200");
        take("CPUWeight", "idle", "idle");
        refuse("CPUWeight", "0", "1 to 10000");
        refuse("CPUWeight", "10001", "1 to 10000");
        take("IOWeight", "10000", "10000");
        refuse("IOWeight", "idle", "1 to 10000");
        take("AllowedCPUs", "0-3,5", "0-3,5");
        refuse("AllowedCPUs", "3-0", "0-3,5");
        refuse("AllowedCPUs", "0-", "0-3,5");
        refuse("AllowedCPUs", ",", "0-3,5");
        refuse("AllowedCPUs", "0,,1", "0-3,5");
        refuse("AllowedCPUs", "8192", "0-3,5");
        refuse("AllowedCPUs", "99999999999999999999", "0-3,5");
}

static void test_cpu_mask(void)
{
        uint8_t mask[RESOURCE_CPUS_MAX / 8] = {0};

        CHECK(cpu_list_parse("0-3,5", mask) == 0);
        CHECK_NUMBER(mask[0], 0x2f);
        CHECK(cpu_list_parse("8191", mask) == 0);
        CHECK_NUMBER(mask[0], 0x2f);
        CHECK_NUMBER(mask[sizeof(mask) - 1], 0x80);
}

static void test_devices(void)
{
        _cleanup_free_ char *path = NULL;
        const char *why;
        uint64_t value;

        take("IOReadBandwidthMax", "/dev/vda 10M", "/dev/vda 10M");
        take("IOReadBandwidthMax", "/dev/vda \t 10M", "/dev/vda 10M");
        take("IODeviceWeight", "/dev/disk/by-id/a-b 200", "/dev/disk/by-id/a-b 200");
        refuse("IODeviceWeight", "/dev/vda 0", "1 to 10000");
        refuse("IODeviceWeight", "/dev/vda infinity", "1 to 10000");
        refuse("IOReadIOPSMax", "vda 10", "absolute path");
        refuse("IOReadIOPSMax", "/ 10", "absolute path");
        refuse("IOReadIOPSMax", "/dev/../etc 10", "absolute path");
        refuse("IOReadIOPSMax", "/dev/vda", "DEVICE NUMBER");
        refuse("IOReadIOPSMax", "/dev/vda 1 2", "DEVICE NUMBER");
        refuse("IOReadIOPSMax", "/dev/vda 0", "above 0");
        refuse("IOReadIOPSMax", "/dev/vda 1k", "above 0");
        refuse("IOReadIOPSMax", "/dev/vda 10%", "above 0");
        CHECK(device_value_parse(DEVICE_BYTES, "/dev/vda 10M", &path, &value, &why) == 0);
        CHECK_STRING(path, "/dev/vda");
        CHECK_NUMBER(value, 10000000); /* not 10 << 20: as systemd has it for disks */
}

static void test_rlimits(void)
{
        const RlimitPair *p = &s.resources.rlimits[RLIMIT_KIND_NOFILE];

        CHECK(!rlimit_is_set(p));
        take("LimitNOFILE", "1024:4096", "1024:4096");
        CHECK(rlimit_is_set(p) && p->soft == 1024 && p->hard == 4096);
        take("LimitNOFILE", "0", "0");
        take("LimitNOFILE", "7:infinity", "7:infinity");
        take("LimitNOFILE", "infinity", "infinity");
        refuse("LimitNOFILE", "5:4", "SOFT:HARD");
        refuse("LimitNOFILE", "infinity:4", "SOFT:HARD");
        refuse("LimitNOFILE", "1K", "number");
        refuse("LimitNOFILE", ":", "number");
        refuse("LimitNOFILE", "1:2:3", "number");
        take("LimitSTACK", "8388608", "8M");
        take("LimitCPU", "1min 30s", "90");
        take("LimitCPU", "500ms", "1");
        take("LimitCPU", "1:infinity", "1:infinity");
        CHECK(try("LimitNOFILE", "", NULL) == 0 && !rlimit_is_set(p));
}

static void test_whose(void)
{
        CHECK(resources_is_unit_key(setting_key_find("MemoryMax")));
        CHECK(!resources_is_unit_key(setting_key_find("LimitNOFILE")));
        CHECK(!resources_is_unit_key(setting_key_find("Image")));
        for (RlimitKind kind = 0; kind < _RLIMIT_KIND_MAX; kind++) {
                char name[32];

                (void)snprintf(name, sizeof(name), "Limit%s", rlimit_name(kind));
                CHECK(setting_key_find(name) != NULL);
        }
}

/* The file has devices a line each, unquoted, as systemd's has them. */
static void test_file(void)
{
        static const char text[] =
                "[Machine]\nImage=x\n\n[Resources]\nMemoryMax=1G\nAllowedCPUs=0-1 3\n"
                "IOWriteBandwidthMax=/dev/vda 5M\nIOWriteBandwidthMax=/dev/vdb 7M\n"
                "LimitNOFILE=10:20\n";
        _cleanup_settings_ Settings read;

        CHECK(settings_parse("a", text, strlen(text), &read, NULL) == 0);
        _cleanup_free_ char *written = settings_format(&read);
        CHECK_STRING(written, text);
}

int main(void)
{
        settings_init(&s);
        test_memory();
        test_tasks();
        test_cpu();
        test_cpu_mask();
        test_devices();
        test_rlimits();
        test_whose();
        test_file();
        settings_done(&s);
        return 0;
}
