/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* df: what lodged has measured, added up by kind; what prune would free of it. */
#include "base/names.h"
#include "base/text.h"
#include "ctl/columns.h"
#include "ctl/kinds.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

/* Names in use, as keys: layers that an image has, images and volumes that a machine uses. */
typedef struct Usage {
        json_t *layers, *images, *volumes;
} Usage;

static void usage_done(Usage *u)
{
        json_decref(u->layers);
        json_decref(u->images);
        json_decref(u->volumes);
}

static void add_key(json_t *set, const char *key)
{
        if (key)
                (void)json_object_set_new(set, key, json_true());
}

static int get_usage(const Ctl *c, Usage *ret, Fault *reterr)
{
        _cleanup_json_ json_t *images = NULL, *volumes = NULL;
        json_t *row, *layer;
        size_t i, k;
        int r = kind_list(c, &kind_image, (const char *const[]){"Name", "Layers", "UsedBy", NULL},
                          &images, reterr);

        if (r >= 0)
                r = kind_list(c, &kind_volume, (const char *const[]){"Name", "UsedBy", NULL},
                              &volumes, reterr);
        if (r < 0)
                return r;
        *ret = (Usage){.layers = json_object(), .images = json_object(), .volumes = json_object()};
        json_array_foreach(images, i, row)
        {
                json_array_foreach(json_object_get(row, "Layers"), k, layer)
                        add_key(ret->layers, json_string_value(layer));
                if (json_array_size(json_object_get(row, "UsedBy")) > 0)
                        add_key(ret->images, kind_name_of(row));
        }
        json_array_foreach(volumes, i, row)
        {
                if (json_array_size(json_object_get(row, "UsedBy")) > 0)
                        add_key(ret->volumes, kind_name_of(row));
        }
        return 0;
}

static bool is_reclaimable(const Usage *u, const char *kind, const char *name)
{
        if (streq(kind, "layer"))
                return !json_object_get(u->layers, name);
        if (streq(kind, "image"))
                return !json_object_get(u->images, name);
        if (streq(kind, "volume"))
                return !json_object_get(u->volumes, name);
        return streq(kind, "trash") || streq(kind, "incoming");
}

/* Array of {Kind, Name, Size, Reclaimable}. */
static int read_rows(sd_bus_message *reply, const Usage *u, json_t *rows)
{
        const char *kind, *name;
        uint64_t bytes;
        int r = sd_bus_message_enter_container(reply, 'a', "(sst)");

        while (r >= 0 && (r = sd_bus_message_read(reply, "(sst)", &kind, &name, &bytes)) > 0) {
                json_int_t size = (json_int_t)MIN2(bytes, (uint64_t)INT64_MAX);

                (void)json_array_append_new(
                        rows, json_pack("{ss ss sI sI}", "Kind", kind, "Name", name, "Size", size,
                                        "Reclaimable",
                                        is_reclaimable(u, kind, name) ? size : (json_int_t)0));
        }
        return r;
}

static void add_to(json_t *sum, const char *key, json_int_t n)
{
        json_t *value = json_object_get(sum, key);

        (void)json_integer_set(value, json_integer_value(value) + n);
}

/* Array of {Kind, Count, Size, Reclaimable}, in the order in which kinds come up. */
static json_t *add_up(const json_t *rows)
{
        json_t *sums = json_array(), *row, *sum;
        size_t i, k;

        json_array_foreach(rows, i, row)
        {
                const char *kind = json_string_value(json_object_get(row, "Kind"));
                json_t *mine = NULL;

                json_array_foreach(sums, k,
                                   sum) if (streq(json_string_value(json_object_get(sum, "Kind")),
                                                  kind)) mine = sum;
                if (!mine) {
                        mine = json_pack("{ss si si si}", "Kind", kind, "Count", 0, "Size", 0,
                                         "Reclaimable", 0);
                        (void)json_array_append_new(sums, mine);
                }
                add_to(mine, "Count", 1);
                add_to(mine, "Size", json_integer_value(json_object_get(row, "Size")));
                add_to(mine, "Reclaimable",
                       json_integer_value(json_object_get(row, "Reclaimable")));
        }
        return sums;
}

static int ask(const Ctl *c, json_t *rows, Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        _cleanup_(usage_done) Usage usage = {0};
        int r = client_call_new(&c->client, LODGE_OBJECT_PATH, LODGE_MANAGER_INTERFACE, "GetUsage",
                                &m, reterr);

        if (r >= 0)
                r = sd_bus_message_append(m, "a{sv}", 0);
        if (r >= 0)
                r = client_call(&c->client, m, CLIENT_FOREVER, &reply, reterr);
        if (r >= 0)
                r = get_usage(c, &usage, reterr);
        if (r >= 0)
                r = read_rows(reply, &usage, rows);
        return r < 0 ? client_fault(NULL, r, reterr) : 0;
}

int verb_df(Ctl *c)
{
        static const Column kinds[] = {{"KIND", "Kind", NULL},
                                       {"COUNT", "Count", NULL},
                                       {"SIZE", "Size", NULL},
                                       {"RECLAIMABLE", "Reclaimable", NULL},
                                       {.heading = NULL}};
        static const Column names[] = {{"KIND", "Kind", NULL},
                                       {"NAME", "Name", NULL},
                                       {"SIZE", "Size", NULL},
                                       {"RECLAIMABLE", "Reclaimable", NULL},
                                       {.heading = NULL}};
        _cleanup_json_ json_t *rows = json_array(), *sums = NULL;
        _cleanup_fault_ Fault fault = {0};

        if (ask(c, rows, &fault) < 0)
                return report_fault(c, NULL, &fault);
        if (args_has(&c->args, "verbose"))
                return columns_print(c, rows, names);
        sums = add_up(rows);
        return columns_print(c, sums, kinds);
}
