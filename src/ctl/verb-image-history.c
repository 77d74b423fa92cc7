/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* image history: from the config, which a stranger wrote. */
#include "ctl/columns.h"
#include "ctl/image-config.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

#include <string.h>
#include <time.h>

#define STEPS_MAX 10000U

static const char *string_in(const json_t *object, const char *key)
{
        return json_string_value(json_object_get(object, key)) ?: "";
}

/* "2024-05-14T00:00:00.123Z"; a time that cannot be read is none. */
static uint64_t parse_time(const char *text)
{
        struct tm tm = {0};
        time_t seconds = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) ? timegm(&tm) : 0;

        return seconds > 0 ? (uint64_t)seconds * 1000000U : 0;
}

static json_t *make_row(const ImageConfig *config, const json_t *step, size_t *layer)
{
        bool empty = json_is_true(json_object_get(step, "empty_layer"));
        uint64_t bytes = empty ? 0 : image_config_layer_bytes(config, (*layer)++);
        const char *by = string_in(step, "created_by");

        /* buildkit and docker say so of every step that is no command */
        if (strncmp(by, "/bin/sh -c #(nop) ", 18) == 0)
                by += 18;
        return json_pack("{sI sI ss ss ss}", "CreatedTimestamp",
                         (json_int_t)parse_time(string_in(step, "created")), "Size",
                         (json_int_t)bytes, "CreatedBy", by, "Author", string_in(step, "author"),
                         "Comment", string_in(step, "comment"));
}

/* The last step comes first. */
static json_t *make_rows(const ImageConfig *config)
{
        const json_t *history = json_object_get(config->config, "history");
        json_t *rows = json_array(), *step;
        size_t i, layer = 0;

        json_array_foreach(history, i, step)
        {
                json_t *row = i < STEPS_MAX ? make_row(config, step, &layer) : NULL;

                if (row)
                        (void)json_array_insert_new(rows, 0, row);
        }
        return rows;
}

int verb_image_history(Ctl *c)
{
        static const Column columns[] = {{"CREATED", "CreatedTimestamp", NULL},
                                         {"SIZE", "Size", NULL},
                                         {"CREATED BY", "CreatedBy", NULL},
                                         {"COMMENT", "Comment", NULL},
                                         {.heading = NULL}};
        _cleanup_image_config_ ImageConfig config = {0};
        _cleanup_json_ json_t *rows = NULL;
        _cleanup_fault_ Fault fault = {0};

        if (image_config_get(c, c->args.words[0], &config, &fault) < 0)
                return report_fault(c, c->args.words[0], &fault);
        rows = make_rows(&config);
        return columns_print(c, rows, columns);
}
