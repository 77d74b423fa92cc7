/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "client/client-object.h"
#include "ctl/image-config.h"
#include "ctl/kinds.h"
#include "ctl/pager.h"
#include "ctl/report.h"
#include "ctl/size-text.h"
#include "ctl/table.h"
#include "ctl/terminal.h"
#include "ctl/time-text.h"
#include "ctl/verbs.h"
#include "spec/words.h"

#include <string.h>

#define LABEL "%12s: "

static void begin_field(const char *label)
{
        (void)printf(LABEL, label);
}

static void print_text_field(const json_t *image, const char *label, const char *key)
{
        const char *value = json_string_value(json_object_get(image, key));

        if (!value || !*value)
                return;
        begin_field(label);
        print_clean(stdout, value);
        (void)putchar('\n');
}

static void print_time_field(const json_t *image, const char *label, const char *key)
{
        uint64_t usec = (uint64_t)json_integer_value(json_object_get(image, key));
        char stamp[TIME_TEXT_MAX], ago[TIME_TEXT_MAX];

        if (usec > 0)
                (void)printf(LABEL "%s; %s\n", label, time_stamp(usec, stamp), time_ago(usec, ago));
}

/* A command line as a shell would take it, or names. */
static void print_words_field(const json_t *image, const char *label, const char *key)
{
        const json_t *array = json_object_get(image, key);
        _cleanup_strv_free_ char **words = NULL;
        json_t *word;
        size_t i;

        json_array_foreach(array, i, word)(void) strv_push(&words, json_string_value(word) ?: "?");
        _cleanup_free_ char *line = words ? words_join(words) : NULL;
        if (!line)
                return;
        begin_field(label);
        print_clean(stdout, line);
        (void)putchar('\n');
}

/* One a line, the label before the first. */
static void print_lines_field(const json_t *image, const char *label, const char *key)
{
        const json_t *values = json_object_get(image, key);
        const char *name;
        json_t *value;
        size_t i;

        json_array_foreach(values, i, value)
        {
                if (i == 0)
                        begin_field(label);
                else
                        (void)printf("%14s", "");
                print_clean(stdout, json_string_value(value) ?: "?");
                (void)putchar('\n');
        }
        i = 0;
        json_object_foreach((json_t *)values, name, value)
        {
                if (i++ == 0)
                        begin_field(label);
                else
                        (void)printf("%14s", "");
                print_clean(stdout, name);
                (void)putchar('=');
                print_clean(stdout, json_string_value(value) ?: "?");
                (void)putchar('\n');
        }
}

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

        begin_field("Type");
        print_clean(stdout, type ?: "?");
        if (json_is_true(json_object_get(image, "ReadOnly")))
                (void)fputs(", protected", stdout);
        (void)putchar('\n');
        if (architecture && *architecture) {
                begin_field("Platform");
                print_clean(stdout, os && *os ? os : "linux");
                (void)putchar('/');
                print_clean(stdout, architecture);
                (void)putchar('\n');
        }
        if (bytes > 0)
                (void)printf(LABEL "%s %s\n", "Size", size_text(bytes, size),
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
        (void)printf(LABEL "%zu, lowest first\n", "Layers", json_array_size(layers));
        json_array_foreach(layers, i, layer)
        {
                uint64_t bytes = image_config_layer_bytes(&config, i);

                (void)printf("%14s", "");
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
                        begin_field("Contents");
                else
                        (void)printf("%14s", "");
                print_clean(stdout, *line);
                (void)putchar('\n');
        }
}

static void print_screen(const Ctl *c, const json_t *image)
{
        print_header(image);
        print_kind(image);
        print_text_field(image, "Path", "Path");
        print_text_field(image, "Source", "Source");
        print_text_field(image, "Digest", "Digest");
        print_time_field(image, "Created", "CreatedTimestamp");
        print_time_field(image, "Added", "AddedTimestamp");
        print_words_field(image, "Used by", "UsedBy");
        print_words_field(image, "Entrypoint", "Entrypoint");
        print_words_field(image, "Command", "Command");
        print_text_field(image, "User", "User");
        print_text_field(image, "Directory", "WorkingDirectory");
        print_text_field(image, "Stop signal", "StopSignal");
        print_lines_field(image, "Environment", "Environment");
        print_words_field(image, "Volumes", "Volumes");
        print_words_field(image, "Ports", "ExposedPorts");
        print_words_field(image, "Healthcheck", "Healthcheck");
        print_lines_field(image, "Labels", "Labels");
        print_layers(c, image);
        print_contents(c, image);
}

int verb_image_status(Ctl *c)
{
        _cleanup_json_ json_t *images = json_array();
        _cleanup_strv_free_ char **names = NULL;
        int status = kind_expand(c, &kind_image, &names);
        json_t *image;
        size_t i;

        STRV_FOREACH (name, names) {
                _cleanup_fault_ Fault fault = {0};
                json_t *one = NULL;
                int s = kind_get(c, &kind_image, *name, &one, &fault) < 0
                                ? report_fault(c, *name, &fault)
                                : EXIT_OK;

                if (s == EXIT_OK)
                        (void)json_array_append_new(images, one);
                else if (status == EXIT_OK)
                        status = s;
        }
        if (c->json != JSON_OFF) {
                json_print(c, images);
                return status;
        }
        pager_open(c);
        json_array_foreach(images, i, image)
        {
                if (i > 0)
                        (void)putchar('\n');
                print_screen(c, image);
        }
        pager_close();
        return status;
}
