/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* df: what lodged has measured, added up by kind; what prune would free of it. */
#include "base/names.h"
#include "base/text.h"
#include "ctl/columns.h"
#include "ctl/kinds.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

/* Names that stay if prune is asked for all that it can remove: of images that a machine uses, that
 * are read-only or not of layers, and of what these are made of. As keys. */
typedef struct Usage {
        json_t *digests, *images, *volumes;
} Usage;

static void usage_done(Usage *u)
{
        json_decref(u->digests);
        json_decref(u->images);
        json_decref(u->volumes);
}

static void add_key(json_t *set, json_t *key)
{
        if (json_is_string(key))
                (void)json_object_set_new(set, json_string_value(key), json_true());
}

static bool is_used(const json_t *row)
{
        return json_array_size(json_object_get(row, "UsedBy")) > 0;
}

static void add_image(Usage *u, const json_t *row)
{
        json_t *layer;
        size_t i;

        if (streq(json_string_value(json_object_get(row, "Type")), "oci") && !is_used(row) &&
            !json_is_true(json_object_get(row, "ReadOnly")))
                return;
        add_key(u->images, json_object_get(row, "Name"));
        add_key(u->digests, json_object_get(row, "Digest"));
        add_key(u->digests, json_object_get(row, "ConfigDigest"));
        json_array_foreach(json_object_get(row, "Layers"), i, layer) add_key(u->digests, layer);
}

static int get_usage(const Ctl *c, Usage *ret, Fault *reterr)
{
        static const char *const properties[] = {"Name",   "Type",         "ReadOnly", "Digest",
                                                 "Layers", "ConfigDigest", "UsedBy",   NULL};
        _cleanup_json_ json_t *images = NULL, *volumes = NULL;
        json_t *row;
        size_t i;
        int r = kind_list(c, &kind_image, properties, &images, reterr);

        if (r >= 0)
                r = kind_list(c, &kind_volume, (const char *const[]){"Name", "UsedBy", NULL},
                              &volumes, reterr);
        if (r < 0)
                return r;
        *ret = (Usage){.digests = json_object(), .images = json_object(), .volumes = json_object()};
        json_array_foreach(images, i, row) add_image(ret, row);
        json_array_foreach(volumes, i, row)
        {
                if (is_used(row))
                        add_key(ret->volumes, json_object_get(row, "Name"));
        }
        return 0;
}

static bool is_reclaimable(const Usage *u, const char *kind, const char *name)
{
        if (streq(kind, "layer") || streq(kind, "blob"))
                return !json_object_get(u->digests, name);
        if (streq(kind, "image"))
                return !json_object_get(u->images, name);
        if (streq(kind, "volume"))
                return !json_object_get(u->volumes, name);
        return streq(kind, "trash"); /* incoming may be of jobs that go on */
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
