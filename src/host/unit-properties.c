/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/unit-properties.h"

#include "base/io.h"
#include "base/text.h"
#include "spec/settings.h"

#include <fcntl.h>
#include <glib.h>
#include <stddef.h>
#include <unistd.h>

struct UnitProperties {
        Settings settings; /* nothing but [Resources] */
        char **names;
};

typedef struct Property {
        const char *name;
        int (*append)(const struct Property *p, const void *field, sd_bus_message *m);
        int (*append_unset)(const struct Property *p, sd_bus_message *m);
        size_t offset;     /* in Resources */
        uint64_t standard; /* what is unset */
        const char *as;    /* systemd's name, if it is another */
        DeviceValue device;
} Property;

/* ---- values ---- */

static int append_number(const char *name, uint64_t v, sd_bus_message *m)
{
        return sd_bus_message_append(m, "(sv)", name, "t", v);
}

static int unset_number(const Property *p, sd_bus_message *m)
{
        return append_number(p->as ?: p->name, p->standard, m);
}

/* Percentages are worked out here. Their own properties (MemoryMaxScale ..) systemd writes down
 * beside those of numbers, where the older one of the two may win at the next reload; and of
 * TasksMaxScale it writes down a tenth, up to 257. */
static int append_limit(const char *name, const ResourceLimit *l, uint64_t all, sd_bus_message *m)
{
        if (l->permyriad == 0)
                return append_number(name, l->value, m);
        return append_number(name, MAX(all / RESOURCE_ALL * l->permyriad, 1), m);
}

static int append_memory(const Property *p, const void *field, sd_bus_message *m)
{
        return append_limit(p->name, field,
                            (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE), m);
}

static uint64_t read_sysctl(const char *path)
{
        _cleanup_free_ char *text = NULL;

        return read_file_at(AT_FDCWD, path, 32, &text, NULL) < 0 ? UINT64_MAX
                                                                 : g_ascii_strtoull(text, NULL, 10);
}

static int append_tasks(const Property *p, const void *field, sd_bus_message *m)
{
        return append_limit(p->name, field,
                            MIN(read_sysctl("/proc/sys/kernel/pid_max"),
                                read_sysctl("/proc/sys/kernel/threads-max")),
                            m);
}

static int append_quota(const Property *p, const void *field, sd_bus_message *m)
{
        return append_number(p->as, *(const uint64_t *)field, m);
}

static int append_weight(const Property *p, const void *field, sd_bus_message *m)
{
        uint32_t v = *(const uint32_t *)field;

        return append_number(p->name, v == CPU_WEIGHT_IDLE ? 0 : v, m);
}

static int append_mask(const Property *p, const uint8_t *mask, size_t n, sd_bus_message *m)
{
        int r = sd_bus_message_open_container(m, 'r', "sv");

        r = r < 0 ? r : sd_bus_message_append(m, "s", p->name);
        r = r < 0 ? r : sd_bus_message_open_container(m, 'v', "ay");
        r = r < 0 ? r : sd_bus_message_append_array(m, 'y', mask, n);
        r = r < 0 ? r : sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_cpus(const Property *p, const void *field, sd_bus_message *m)
{
        uint8_t mask[RESOURCE_CPUS_MAX / 8] = {0};
        size_t n = sizeof(mask);
        int r = 0;

        STRV_FOREACH (text, *(char **const *)field)
                r = r < 0 ? r : cpu_list_parse(*text, mask);
        while (n > 1 && mask[n - 1] == 0)
                n--;
        return r < 0 ? r : append_mask(p, mask, n, m);
}

static int unset_cpus(const Property *p, sd_bus_message *m)
{
        return append_mask(p, NULL, 0, m);
}

static int unset_devices(const Property *p, sd_bus_message *m)
{
        return sd_bus_message_append(m, "(sv)", p->name, "a(st)", 0);
}

static int append_device(const Property *p, const char *text, sd_bus_message *m)
{
        _cleanup_free_ char *path = NULL;
        const char *why;
        uint64_t value;
        int r = device_value_parse(p->device, text, &path, &value, &why);

        return r < 0 ? r : sd_bus_message_append(m, "(st)", path, value);
}

/* systemd adds to what is there: so that is taken away before. */
static int append_devices(const Property *p, const void *field, sd_bus_message *m)
{
        int r = unset_devices(p, m);

        r = r < 0 ? r : sd_bus_message_open_container(m, 'r', "sv");
        r = r < 0 ? r : sd_bus_message_append(m, "s", p->name);
        r = r < 0 ? r : sd_bus_message_open_container(m, 'v', "a(st)");
        r = r < 0 ? r : sd_bus_message_open_container(m, 'a', "(st)");
        STRV_FOREACH (text, *(char **const *)field)
                r = r < 0 ? r : append_device(p, *text, m);
        for (int i = 0; r >= 0 && i < 3; i++)
                r = sd_bus_message_close_container(m);
        return r;
}

/* ---- all of them ---- */

#define MEMORY(name_, field_, standard_)                                                           \
        {                                                                                          \
                .name = name_, .append = append_memory, .append_unset = unset_number,              \
                .offset = offsetof(Resources, field_), .standard = standard_                       \
        }
#define WEIGHT(name_, field_)                                                                      \
        {                                                                                          \
                .name = name_, .append = append_weight, .append_unset = unset_number,              \
                .offset = offsetof(Resources, field_), .standard = UINT64_MAX                      \
        }
#define DEVICES(name_, field_, device_)                                                            \
        {                                                                                          \
                .name = name_, .append = append_devices, .append_unset = unset_devices,            \
                .offset = offsetof(Resources, field_), .device = device_                           \
        }

static const Property properties[] = {
        MEMORY("MemoryMax", memory_max, UINT64_MAX),
        MEMORY("MemoryHigh", memory_high, UINT64_MAX),
        MEMORY("MemorySwapMax", memory_swap_max, UINT64_MAX),
        MEMORY("MemoryLow", memory_low, 0),
        MEMORY("MemoryMin", memory_min, 0),
        {.name = "TasksMax",
         .append = append_tasks,
         .append_unset = unset_number,
         .offset = offsetof(Resources, tasks_max),
         .standard = LODGE_UNIT_TASKS_MAX},
        {.name = "CPUQuota",
         .as = "CPUQuotaPerSecUSec",
         .append = append_quota,
         .append_unset = unset_number,
         .offset = offsetof(Resources, cpu_quota_usec),
         .standard = UINT64_MAX},
        WEIGHT("CPUWeight", cpu_weight),
        WEIGHT("IOWeight", io_weight),
        {.name = "AllowedCPUs",
         .append = append_cpus,
         .append_unset = unset_cpus,
         .offset = offsetof(Resources, allowed_cpus)},
        DEVICES("IODeviceWeight", io_device_weight, DEVICE_WEIGHT),
        DEVICES("IOReadBandwidthMax", io_read_bandwidth_max, DEVICE_BYTES),
        DEVICES("IOWriteBandwidthMax", io_write_bandwidth_max, DEVICE_BYTES),
        DEVICES("IOReadIOPSMax", io_read_iops_max, DEVICE_COUNT),
        DEVICES("IOWriteIOPSMax", io_write_iops_max, DEVICE_COUNT),
};

static const Property *find(const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(properties); i++)
                if (streq(properties[i].name, name))
                        return &properties[i];
        return NULL;
}

static int note_name(UnitProperties *p, const SettingKey *key)
{
        _cleanup_strv_free_ char **words = NULL;
        int r = settings_get(&p->settings, key, &words);

        if (r <= 0)
                return r;
        return find(key->name) ? strv_push(&p->names, key->name) : -EOPNOTSUPP;
}

int unit_properties_new(const Resources *r, UnitProperties **ret)
{
        UnitProperties *p = g_new0(UnitProperties, 1);
        Settings all;

        settings_init(&p->settings);
        settings_init(&all);
        all.resources = *r; /* borrowed */
        int e = settings_copy(&all, &p->settings);
        for (const SettingKey *key = setting_keys(); e >= 0 && key->name; key++)
                if (resources_is_unit_key(key))
                        e = note_name(p, key);
        if (e < 0)
                unit_properties_free(p);
        else
                *ret = p;
        return e < 0 ? e : 0;
}

void unit_properties_free(UnitProperties *p)
{
        if (!p)
                return;
        settings_done(&p->settings);
        strv_free(p->names);
        g_free(p);
}

char *const *unit_properties_names(const UnitProperties *p)
{
        return p->names;
}

int unit_properties_append(const UnitProperties *p, char *const *unset, sd_bus_message *m)
{
        int r = sd_bus_message_open_container(m, 'a', "(sv)");

        STRV_FOREACH (name, unset) {
                const Property *property = find(*name); /* NULL: of another release */

                if (r >= 0 && property)
                        r = property->append_unset(property, m);
        }
        STRV_FOREACH (name, p->names) {
                const Property *property = find(*name);
                const char *resources = (const char *)&p->settings.resources;

                if (r >= 0)
                        r = property->append(property, resources + property->offset, m);
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}
