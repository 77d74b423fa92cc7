/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/size-text.h"
#include "base/text.h"
#include "client/client-object.h"
#include "ctl/fields.h"
#include "ctl/image-config.h"
#include "ctl/kinds.h"
#include "ctl/report.h"
#include "ctl/screens.h"
#include "ctl/table.h"
#include "ctl/terminal.h"
#include "ctl/verbs.h"

#include <string.h>

static void print_header(const json_t *image)
{
        (void)printf("%s ", terminal_takes_utf8() ? "●" : "*");
        print_clean(stdout, kind_name_of(image));
        (void)putchar('\n');
}

static void print_kind(const json_t *image)
{
        const char *type = json_string_value(json_object_get(image, "Type"));
        const char *os = json_string_value(json_object_get(image, "OS"));
        const char *architecture = json_string_value(json_object_get(image, "Architecture"));
        uint64_t bytes = (uint64_t)json_integer_value(json_object_get(image, "Size"));
        char size[SIZE_TEXT_MAX];

        field_begin("Type");
        print_clean(stdout, type ?: "?");
        if (json_is_true(json_object_get(image, "ReadOnly")))
                (void)fputs(", protected", stdout);
        (void)putchar('\n');
        if (architecture && *architecture) {
                field_begin("Platform");
                print_clean(stdout, os && *os ? os : "linux");
                (void)putchar('/');
                print_clean(stdout, architecture);
                (void)putchar('\n');
        }
        if (bytes > 0)
                (void)printf(FIELD_LABEL "%s %s\n", "Size", size_text(bytes, size),
                             streq(type, "raw") ? "on disk" : "unpacked");
}

/* Who may see an image may be refused the JSON that it came with: then there are no sizes. */
static void print_layers(const Ctl *c, const json_t *image)
{
        const json_t *layers = json_object_get(image, "Layers");
        _cleanup_image_config_ ImageConfig config = {0};
        char size[SIZE_TEXT_MAX];
        json_t *layer;
        size_t i;

        if (json_array_size(layers) == 0)
                return;
        (void)image_config_get(c, kind_name_of(image), &config, NULL);
        (void)printf(FIELD_LABEL "%zu, lowest first\n", "Layers", json_array_size(layers));
        json_array_foreach(layers, i, layer)
        {
                uint64_t bytes = image_config_layer_bytes(&config, i);

                (void)printf(FIELD_INDENT);
                print_clean(stdout, json_string_value(layer) ?: "?");
                if (bytes > 0)
                        (void)printf("  %s packed", size_text(bytes, size));
                (void)putchar('\n');
        }
}

static int describe(const Ctl *c, const char *name, char ***ret)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        int r = client_object_call_new(&c->client, "Describe", "Image", name, &m, NULL);

        r = r < 0 ? r : sd_bus_message_append(m, "a{sv}", 0);
        r = r < 0 ? r : client_call(&c->client, m, 0, &reply, NULL);
        return r < 0 ? r : sd_bus_message_read_strv(reply, ret);
}

/* Who may see a disk image may be refused a look into it: then nothing is said of what is in it. */
static void print_contents(const Ctl *c, const json_t *image)
{
        _cleanup_strv_free_ char **lines = NULL;

        if (!streq(json_string_value(json_object_get(image, "Type")), "raw") ||
            describe(c, kind_name_of(image), &lines) < 0)
                return;
        STRV_FOREACH (line, lines) {
                if (line == lines)
                        field_begin("Contents");
                else
                        (void)printf(FIELD_INDENT);
                print_clean(stdout, *line);
                (void)putchar('\n');
        }
}

static void print_screen(const Ctl *c, const json_t *image)
{
        print_header(image);
        print_kind(image);
        field_text(image, "Path", "Path");
        field_text(image, "Source", "Source");
        field_text(image, "Digest", "Digest");
        field_time(image, "Created", "CreatedTimestamp");
        field_time(image, "Added", "AddedTimestamp");
        field_words(image, "Used by", "UsedBy");
        field_words(image, "Entrypoint", "Entrypoint");
        field_words(image, "Command", "Command");
        field_text(image, "User", "User");
        field_text(image, "Directory", "WorkingDirectory");
        field_text(image, "Stop signal", "StopSignal");
        field_lines(image, "Environment", "Environment");
        field_words(image, "Volumes", "Volumes");
        field_words(image, "Ports", "ExposedPorts");
        field_words(image, "Healthcheck", "Healthcheck");
        field_lines(image, "Labels", "Labels");
        print_layers(c, image);
        print_contents(c, image);
}

int verb_image_status(Ctl *c)
{
        return screens_print(c, &kind_image, print_screen);
}
