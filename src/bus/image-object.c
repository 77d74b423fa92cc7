/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "bus/named-value.h"
#include "bus/objects.h"

static int append_strv(sd_bus_message *reply, char *const *v)
{
        static char *none[] = {NULL};

        return sd_bus_message_append_strv(reply, v ? (char **)v : none);
}

/* What strangers wrote is shown as it is, if D-Bus can carry it. */
int bus_append_labels(sd_bus_message *reply, char *const *labels)
{
        int r = sd_bus_message_open_container(reply, 'a', "{ss}");

        for (char *const *l = labels; r >= 0 && l && *l; l++) {
                const char *value = strchr(*l, '=');
                _cleanup_free_ char *key = value ? strndup(*l, (size_t)(value - *l)) : strdup(*l);

                r = key ? sd_bus_message_append(reply, "{ss}", key, value ? value + 1 : "")
                        : -ENOMEM;
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_stop_signal(sd_bus_message *reply, int sig)
{
        char buf[16];

        return sd_bus_message_append(reply, "s", sig ? signal_name(sig, buf) : "");
}

static int append_list(const Image *image, const char *property, sd_bus_message *reply)
{
        const struct {
                const char *name;
                char *const *strv;
        } lists[] = {
                {"Layers", image->record.layers},
                {"Entrypoint", image->record.entrypoint},
                {"Command", image->record.command},
                {"Environment", image->record.environment},
                {"Volumes", image->record.volumes},
                {"ExposedPorts", image->record.exposed_ports},
                {"Healthcheck", image->record.healthcheck},
        };

        for (size_t i = 0; i < ELEMENTSOF(lists); i++)
                if (streq(property, lists[i].name))
                        return append_strv(reply, lists[i].strv);
        if (streq(property, "Labels"))
                return bus_append_labels(reply, image->record.labels);
        if (streq(property, "StopSignal"))
                return append_stop_signal(reply, image->record.stop_signal);

        _cleanup_strv_free_ char **machines = image_used_by(image);
        return append_strv(reply, machines);
}

int bus_append_image(const void *object, const char *property, sd_bus_message *reply)
{
        const Image *image = object;
        const ImageRecord *record = &image->record;
        const NamedValue values[] = {
                NAMED_TEXT("Name", image->name),
                NAMED_TEXT("Type", image_kind_name(image->kind)),
                NAMED_TEXT("Path", image->path),
                NAMED_TEXT("Digest", record->digest),
                NAMED_TEXT("ConfigDigest", record->config_digest),
                NAMED_TEXT("Architecture", record->architecture),
                NAMED_TEXT("OS", record->os),
                NAMED_TEXT("Source", record->source),
                NAMED_TEXT("User", record->user),
                NAMED_TEXT("WorkingDirectory", record->working_directory),
                NAMED_UINT64("Size", image->size_bytes),
                NAMED_UINT64("CreatedTimestamp", image->created_usec),
                NAMED_UINT64("AddedTimestamp", image->added_usec),
                NAMED_BOOL("ReadOnly", image->read_only),
        };
        int r = named_value_append(reply, values, ELEMENTSOF(values), property);

        return r != 0 ? r : append_list(image, property, reply);
}
