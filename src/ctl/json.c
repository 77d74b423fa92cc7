/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/json.h"

#include "base/names.h"
#include "base/text.h"

#include <string.h>

static int read_number(sd_bus_message *m, char type, json_t **ret)
{
        union {
                uint8_t y;
                int b; /* sd-bus reads a boolean into an int */
                int16_t n;
                uint16_t q;
                int32_t i;
                uint32_t u;
                int64_t x;
                uint64_t t;
                double d;
        } v = {0};
        int r = sd_bus_message_read_basic(m, type, &v);

        if (r < 0)
                return r;
        switch (type) {
        case 'y': *ret = json_integer(v.y); break;
        case 'b': *ret = json_boolean(v.b); break;
        case 'n': *ret = json_integer(v.n); break;
        case 'q': *ret = json_integer(v.q); break;
        case 'i': *ret = json_integer(v.i); break;
        case 'u': *ret = json_integer(v.u); break;
        case 'x': *ret = json_integer(v.x); break;
        /* JSON has no "infinity", and jansson no number above 2^63 - 1. */
        case 't': *ret = v.t > INT64_MAX ? json_null() : json_integer((json_int_t)v.t); break;
        default: *ret = json_real(v.d); break;
        }
        return *ret ? 0 : -ENOMEM;
}

static int read_string(sd_bus_message *m, char type, json_t **ret)
{
        const char *s;
        int r = sd_bus_message_read_basic(m, type, &s);

        if (r < 0)
                return r;
        *ret = json_string(s); /* sd-bus has checked that it is UTF-8 */
        return *ret ? 0 : -ENOMEM;
}

static int read_bytes(sd_bus_message *m, json_t **ret)
{
        const uint8_t *bytes;
        size_t n;
        int r = sd_bus_message_read_array(m, 'y', (const void **)&bytes, &n);
        _cleanup_free_ char *hex = r < 0 ? NULL : calloc(n + 1, 2);

        if (r < 0)
                return r;
        if (!hex)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                (void)snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
        *ret = json_string(hex);
        return *ret ? 0 : -ENOMEM;
}

/* A dictionary whose keys are strings or paths; sd-bus guarantees the signature. */
static int read_dictionary(sd_bus_message *m, const char *entry, json_t **ret)
{
        _cleanup_json_ json_t *object = json_object();
        _cleanup_free_ char *contents = strndup(entry + 1, strlen(entry) - 2);
        int r = contents ? sd_bus_message_enter_container(m, 'a', entry) : -ENOMEM;

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', contents)) > 0) {
                _cleanup_json_ json_t *value = NULL;
                const char *key;

                r = sd_bus_message_read_basic(m, contents[0], &key);
                if (r >= 0)
                        r = json_from_message(m, &value);
                if (r >= 0 && json_object_set(object, key, value) < 0)
                        r = -ENOMEM;
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r >= 0)
                *ret = TAKE_PTR(object);
        return r;
}

/* What is in an array or a struct, one after the other. */
static int read_sequence(sd_bus_message *m, char type, const char *contents, json_t **ret)
{
        _cleanup_json_ json_t *array = json_array();
        int r = sd_bus_message_enter_container(m, type, contents);

        while (r >= 0 && (r = sd_bus_message_at_end(m, false)) == 0) {
                _cleanup_json_ json_t *value = NULL;

                r = json_from_message(m, &value);
                if (r >= 0 && json_array_append(array, value) < 0)
                        r = -ENOMEM;
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r >= 0)
                *ret = TAKE_PTR(array);
        return r;
}

static int read_variant(sd_bus_message *m, const char *contents, json_t **ret)
{
        _cleanup_json_ json_t *value = NULL;
        int r = sd_bus_message_enter_container(m, 'v', contents);

        if (r >= 0)
                r = json_from_message(m, &value);
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r >= 0)
                *ret = TAKE_PTR(value);
        return r;
}

int json_from_message(sd_bus_message *m, json_t **ret)
{
        const char *contents;
        char type;
        int r = sd_bus_message_peek_type(m, &type, &contents);

        if (r <= 0)
                return r < 0 ? r : -EBADMSG;
        switch (type) {
        case 's':
        case 'o':
        case 'g': return read_string(m, type, ret);
        case 'v': return read_variant(m, contents, ret);
        case 'r': return read_sequence(m, type, contents, ret);
        case 'a':
                if (streq(contents, "y"))
                        return read_bytes(m, ret);
                if (strncmp(contents, "{s", 2) == 0 || strncmp(contents, "{o", 2) == 0)
                        return read_dictionary(m, contents, ret);
                return read_sequence(m, type, contents, ret);
        case 'h': return -EBADMSG;
        default: return read_number(m, type, ret);
        }
}

/* A struct as an object; NULL if it is none of these. */
static json_t *with_names(const json_t *values, const char *const *names, size_t n)
{
        json_t *object = json_array_size(values) == n ? json_object() : NULL;

        for (size_t i = 0; object && i < n; i++)
                (void)json_object_set(object, names[i], json_array_get(values, i));
        return object;
}

static void name_elements(json_t *list, const char *const *names)
{
        json_t *value, *named;
        size_t i, n = 0;

        while (names[n])
                n++;
        json_array_foreach(list, i, value)
        {
                named = with_names(value, names, n);
                if (named)
                        (void)json_array_set_new(list, i, named);
        }
}

json_t *json_strings(char *const *strings)
{
        json_t *list = json_array();

        STRV_FOREACH (string, strings)
                (void)json_array_append_new(list, json_string(*string));
        return list;
}

void json_name_fields(json_t *object)
{
        static const char *const reason[] = {"Code", "Message", "Details"};
        static const char *const pressures[] = {"CPUPressure", "MemoryPressure", "IOPressure"};
        static const char *const stall[] = {"Some10", "Some60", "Some300", "SomeUSec",
                                            "Full10", "Full60", "Full300", "FullUSec"};
        static const struct {
                const char *key;
                const char *names[8];
        } lists[] = {
                {"Items", {"Item", "Phase", "Bytes", "BytesTotal"}},
                {"Addresses", {"Network", "Interface", "Address"}},
                {"Ports", {"Protocol", "Address", "HostPort", "GuestPort", "Count"}},
                {"Mounts", {"Type", "Source", "Target", "Options"}},
                {"Leases", {"Machine", "Address"}},
                {"NetworkInterfaces",
                 {"Interface", "ReceivedBytes", "ReceivedPackets", "ReceivedDrops", "SentBytes",
                  "SentPackets", "SentDrops"}},
                {"IODevices",
                 {"Disk", "ReadBytes", "WrittenBytes", "Reads", "Writes", "DiscardedBytes",
                  "Discards"}},
                {"EffectiveLimits", {"Limit", "Value", "Cgroup"}},
        };
        json_t *named =
                with_names(json_object_get(object, "StateReason"), reason, ELEMENTSOF(reason));

        if (named)
                (void)json_object_set_new(object, "StateReason", named);
        for (size_t i = 0; i < ELEMENTSOF(pressures); i++) {
                named = with_names(json_object_get(object, pressures[i]), stall, ELEMENTSOF(stall));
                if (named)
                        (void)json_object_set_new(object, pressures[i], named);
        }
        for (size_t i = 0; i < ELEMENTSOF(lists); i++)
                name_elements(json_object_get(object, lists[i].key), lists[i].names);
}

int json_object_from_message(sd_bus_message *m, json_t **ret)
{
        int r = json_from_message(m, ret);

        if (r >= 0)
                json_name_fields(*ret);
        return r;
}

/* Each beside its name. */
typedef struct Entry {
        const char *name;
        json_t *object;
} Entry;

static int compare_names(const void *a, const void *b)
{
        return strverscmp(((const Entry *)a)->name, ((const Entry *)b)->name);
}

int json_objects_from_message(sd_bus_message *m, const char *key, json_t **ret)
{
        _cleanup_json_ json_t *all = NULL;
        int r = json_from_message(m, &all);
        _cleanup_free_ Entry *entries = calloc(json_object_size(all) + 1, sizeof(*entries));
        const char *name;
        json_t *object;
        size_t n = 0;

        if (r < 0 || !entries)
                return r < 0 ? r : -ENOMEM;
        json_object_foreach(all, name, object)
        {
                json_name_fields(object);
                if (!json_object_get(object, key))
                        (void)json_object_set_new(object, key, json_string(name));
                entries[n++] = (Entry){.name = name, .object = object};
        }
        qsort(entries, n, sizeof(*entries), compare_names);
        *ret = json_array();
        for (size_t i = 0; i < n; i++)
                (void)json_array_append(*ret, entries[i].object);
        return *ret ? 0 : -ENOMEM;
}
