/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/properties.h"

#include "base/names.h"
#include "base/text.h"
#include "bus/named-value.h"
#include "bus/objects.h"

int manager_property(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        static const char *const features[] = {
                "machines",   "exec",    "terminals", "directory-images", "oci-images",
                "raw-images", "volumes", "jobs",      "networks",
        };
        const Target *t = userdata;

        if (streq(property, "Version"))
                return sd_bus_message_append(reply, "s", t->bus->version);
        int r = sd_bus_message_open_container(reply, 'a', "s");
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(features); i++)
                r = sd_bus_message_append(reply, "s", features[i]);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_detail_int(sd_bus_message *m, const char *key, int v)
{
        return sd_bus_message_append(m, "{sv}", key, "i", v);
}

static int append_detail_string(sd_bus_message *m, const char *key, const char *v)
{
        return v && *v ? sd_bus_message_append(m, "{sv}", key, "s", v) : 0;
}

int bus_append_end(sd_bus_message *m, const Machine *machine)
{
        const ExitRecord *e = &machine->end;

        if (!e->cause)
                return 0;
        int r = append_detail_int(m, "ExitStatus", e->status);
        r = r < 0 ? r : append_detail_int(m, "Signal", e->signal);
        r = r < 0 ? r
                  : sd_bus_message_append(m, "{sv}", "OOM", "b", streq(e->cause, EXIT_CAUSE_OOM));
        r = r < 0 ? r : append_detail_string(m, "Phase", e->phase);
        r = r < 0 ? r : append_detail_string(m, "Object", e->object);
        return r < 0 || e->error == 0 ? r : append_detail_int(m, "Errno", e->error);
}

/* Its definition cannot be used; that says more than how it has ended before. */
static int append_load_error(sd_bus_message *m, const Machine *machine)
{
        _cleanup_free_ char *file = g_strconcat(machine->name, LODGE_DEFINITION_SUFFIX, NULL);
        int r = append_detail_string(m, "Phase", "definition");

        r = r < 0 ? r : append_detail_string(m, "Object", file);
        return r < 0 || machine->load_error.error == 0
                       ? r
                       : append_detail_int(m, "Errno", machine->load_error.error);
}

static int append_reason(sd_bus_message *m, const Machine *machine)
{
        _cleanup_free_ char *sentence = machine_reason(machine);
        bool ended = machine_is_stopped(machine);

        if (!sentence)
                return -ENOMEM;
        int r = sd_bus_message_open_container(m, 'r', "ssa{sv}");
        r = r < 0 ? r
                  : sd_bus_message_append(m, "ss",
                                          machine->load_error.message   ? EXIT_CAUSE_FAILED
                                          : ended && machine->end.cause ? machine->end.cause
                                                                        : "",
                                          sentence);
        r = r < 0 ? r : sd_bus_message_open_container(m, 'a', "{sv}");
        if (ended && machine->load_error.message)
                r = r < 0 ? r : append_load_error(m, machine);
        else if (ended)
                r = r < 0 ? r : bus_append_end(m, machine);
        r = r < 0 ? r : sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_setting(sd_bus_message *m, const SettingKey *key, char **values)
{
        int r = sd_bus_message_open_container(m, 'e', "sv");

        r = r < 0 ? r : sd_bus_message_append(m, "s", key->name);
        if (key->kind != SETTING_STRV)
                r = r < 0 ? r : sd_bus_message_append(m, "v", "s", values[0] ?: "");
        else {
                r = r < 0 ? r : sd_bus_message_open_container(m, 'v', "as");
                r = r < 0 ? r : sd_bus_message_append_strv(m, values);
                r = r < 0 ? r : sd_bus_message_close_container(m);
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* Everybody may read properties, and the environment is where people put passwords. */
static bool is_shown(const SettingKey *key)
{
        return !key->internal && !streq(key->name, "Environment");
}

static int append_settings(sd_bus_message *m, const Settings *s)
{
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        for (const SettingKey *key = setting_keys(); r >= 0 && key->name; key++) {
                _cleanup_strv_free_ char **values = NULL;

                if (!is_shown(key) || settings_is_default(s, key))
                        continue;
                r = settings_get(s, key, &values);
                if (r > 0)
                        r = append_setting(m, key, values);
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int bus_append_machine(const void *object, const char *property, sd_bus_message *reply)
{
        static char *none[] = {NULL};
        const Machine *m = object;
        const NamedValue values[] = {
                NAMED_TEXT("Name", m->name),
                NAMED_TEXT("State", machine_state_name(m)),
                NAMED_TEXT("StatusText", m->status_text),
                NAMED_TEXT("Health", machine_health_name(m)),
                NAMED_TEXT("HealthOutput", m->health_text),
                NAMED_UINT32("HealthFailures", m->health_streak),
                NAMED_TEXT("Image", m->settings.image),
                NAMED_TEXT("RootDirectory", m->settings.root_directory),
                NAMED_TEXT("Unit", m->unit),
                NAMED_UINT32("Owner", m->settings.owner),
                NAMED_UINT32("Leader", (uint32_t)m->leader),
                NAMED_UINT32("Supervisor", (uint32_t)m->supervisor),
                NAMED_UINT32("UIDShift", m->uid_base),
                NAMED_UINT32("BootCount", m->boot_count),
                NAMED_UINT64("CreatedTimestamp", m->settings.created_usec),
                NAMED_UINT64("StartedTimestamp", m->started_usec),
                NAMED_UINT64("ReadyTimestamp", m->ready_usec),
                NAMED_UINT64("PausedTimestamp", m->paused_usec),
                NAMED_UINT64("StoppedTimestamp", m->stopped_usec),
        };
        int r = named_value_append(reply, values, ELEMENTSOF(values), property);

        if (r != 0)
                return r;
        if (streq(property, "StateReason"))
                return append_reason(reply, m);
        if (streq(property, "MachineID")) {
                uint8_t id[16];

                machine_id(m, id);
                return sd_bus_message_append_array(reply, 'y', id, sizeof(id));
        }
        if (streq(property, "DefinitionWarnings"))
                return sd_bus_message_append_strv(reply, m->warnings ?: none);
        if (streq(property, "Addresses"))
                return bus_append_machine_addresses(reply, m);
        if (streq(property, "Bandwidth"))
                return bus_append_machine_bandwidth(reply, m);
        if (streq(property, "Mounts"))
                return bus_append_machine_mounts(reply, m);
        if (streq(property, "Ports"))
                return bus_append_machine_ports(reply, m);
        return append_settings(reply, &m->settings);
}

int process_property(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        static char *none[] = {NULL};
        const Target *t = userdata;
        const Process *p = t->object;
        const NamedValue values[] = {
                NAMED_TEXT("Machine", p->machine),
                NAMED_TEXT("User", p->user),
                NAMED_TEXT("State", p->state),
                NAMED_UINT32("Pid", (uint32_t)p->pid),
                NAMED_UINT32("Owner", p->owner),
                NAMED_INT("ExitStatus", streq(p->state, "exited") ? p->status : -1),
                NAMED_INT("Signal", p->signal),
        };
        int r = named_value_append(reply, values, ELEMENTSOF(values), property);
        return r != 0 ? r : sd_bus_message_append_strv(reply, p->argv ?: none); /* Command */
}
