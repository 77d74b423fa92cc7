/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/oci-write.h"

#include "image/oci-config.h"
#include "image/oci-json.h"

#include "base/text.h"

#include <string.h>

/* ---- manifests ---- */

/* @type if it has none of its own. */
static json_t *descriptor(const OciDescriptor *d, const char *type)
{
        return json_pack("{s:s, s:s, s:I}", "mediaType", d->media_type ?: type, "digest", d->digest,
                         "size", (json_int_t)d->size);
}

char *oci_manifest_format(const OciManifest *m)
{
        _cleanup_json_ json_t *layers = json_array();
        _cleanup_json_ json_t *root = NULL;
        int failed = !layers;

        for (size_t i = 0; i < m->n_layers && !failed; i++)
                failed = json_array_append_new(layers, descriptor(&m->layers[i], OCI_TYPE_LAYER)) <
                         0;
        root = json_pack("{s:i, s:s, s:o, s:O}", "schemaVersion", 2, "mediaType",
                         m->docker ? DOCKER_TYPE_MANIFEST : OCI_TYPE_MANIFEST, "config",
                         descriptor(&m->config, m->docker ? DOCKER_TYPE_CONFIG : OCI_TYPE_CONFIG),
                         "layers", layers);
        return failed || !root ? NULL : oci_json_text(root);
}

char *oci_index_format(const OciDescriptor *manifest)
{
        json_t *d = descriptor(manifest, OCI_TYPE_MANIFEST);
        _cleanup_json_ json_t *root = NULL;

        if (d && manifest->ref_name &&
            json_object_set_new(d, "annotations",
                                json_pack("{s:s}", "org.opencontainers.image.ref.name",
                                          manifest->ref_name)) < 0) {
                json_decref(d);
                return NULL;
        }
        root = json_pack("{s:i, s:s, s:[o]}", "schemaVersion", 2, "mediaType", OCI_TYPE_INDEX,
                         "manifests", d);
        return root ? oci_json_text(root) : NULL;
}

/* ---- configurations ---- */

static int set(json_t *object, const char *key, json_t *value)
{
        return json_object_set_new(object, key, value) < 0 ? -ENOMEM : 0;
}

static int set_string(json_t *object, const char *key, const char *value)
{
        return value ? set(object, key, json_string(value)) : 0;
}

/* The object or array at @key, made if there is none. */
static json_t *member(json_t *object, const char *key, json_t *fresh)
{
        json_t *value = json_object_get(object, key);

        if (value && json_typeof(value) == json_typeof(fresh)) {
                json_decref(fresh);
                return value;
        }
        return json_object_set_new(object, key, fresh) < 0 ? NULL : fresh;
}

static int set_strings(json_t *object, const char *key, char *const *strings)
{
        json_t *array = strings ? json_array() : NULL;
        int r = 0;

        if (!strings)
                return 0;
        STRV_FOREACH (s, strings)
                if (json_array_append_new(array, json_string(*s)) < 0)
                        r = -ENOMEM;
        int k = set(object, key, array);
        return r < 0 ? r : k;
}

static int add_keys(json_t *object, const char *key, char *const *strings)
{
        json_t *keys = strings && *strings ? member(object, key, json_object()) : NULL;
        int r = 0;

        STRV_FOREACH (s, keys ? strings : NULL)
                if (json_object_set_new(keys, *s, json_object()) < 0)
                        r = -ENOMEM;
        return strings && *strings && !keys ? -ENOMEM : r;
}

static int add_labels(json_t *object, char *const *labels)
{
        json_t *map = labels && *labels ? member(object, "Labels", json_object()) : NULL;
        int r = 0;

        STRV_FOREACH (s, map ? labels : NULL) {
                _cleanup_free_ char *key = strndup(*s, strcspn(*s, "="));
                const char *value = *s + strcspn(*s, "=");

                if (!key || json_object_set_new(map, key, json_string(*value ? value + 1 : "")) < 0)
                        r = -ENOMEM;
        }
        return labels && *labels && !map ? -ENOMEM : r;
}

/* One variable: in the place of the old one, or at the end. */
static int set_variable(json_t *array, const char *variable)
{
        size_t n = strcspn(variable, "="), i;
        json_t *value;

        json_array_foreach(array, i, value)
        {
                const char *old = json_string_value(value) ?: "";

                if (strncmp(old, variable, n) == 0 && (old[n] == '=' || !old[n]))
                        return json_array_set_new(array, i, json_string(variable)) < 0 ? -ENOMEM
                                                                                       : 0;
        }
        return json_array_append_new(array, json_string(variable)) < 0 ? -ENOMEM : 0;
}

static int add_environment(json_t *object, char *const *environment)
{
        json_t *array = environment && *environment ? member(object, "Env", json_array()) : NULL;
        int r = 0;

        STRV_FOREACH (s, array ? environment : NULL)
                if (r >= 0)
                        r = set_variable(array, *s);
        return environment && *environment && !array ? -ENOMEM : r;
}

static int amend_execution(json_t *config, const OciChange *c)
{
        int r = set_strings(config, "Entrypoint", c->entrypoint);

        if (r >= 0)
                r = set_strings(config, "Cmd", c->command);
        if (r >= 0)
                r = add_environment(config, c->environment);
        if (r >= 0)
                r = add_labels(config, c->labels);
        if (r >= 0)
                r = add_keys(config, "Volumes", c->volumes);
        if (r >= 0)
                r = add_keys(config, "ExposedPorts", c->exposed_ports);
        if (r >= 0)
                r = set_string(config, "User", c->user);
        if (r >= 0)
                r = set_string(config, "WorkingDir", c->working_directory);
        return r < 0 ? r : set_string(config, "StopSignal", c->stop_signal);
}

/* Others count: either there is no history, or it has an entry for each layer. */
static json_t *complete_history(json_t *root, size_t n_layers)
{
        bool fresh = !json_is_array(json_object_get(root, "history"));
        json_t *history = member(root, "history", json_array());

        for (size_t i = 0; fresh && history && i < n_layers; i++)
                if (json_array_append_new(history, json_object()) < 0)
                        return NULL;
        return history;
}

static int add_layer(json_t *root, const OciChange *c, const char *created)
{
        json_t *rootfs = member(root, "rootfs", json_object());
        json_t *ids = rootfs ? member(rootfs, "diff_ids", json_array()) : NULL;
        json_t *history = complete_history(root, json_array_size(ids));
        json_t *entry = json_pack("{s:s}", "created", created);

        if (!ids || !history || !entry || json_array_append(history, entry) < 0) {
                json_decref(entry);
                return -ENOMEM;
        }
        json_decref(entry); /* the list holds it */
        int r = set_string(rootfs, "type", "layers");
        if (r >= 0)
                r = json_array_append_new(ids, json_string(c->diff_id)) < 0 ? -ENOMEM : 0;
        if (r >= 0)
                r = set_string(entry, "created_by", c->created_by);
        if (r >= 0)
                r = set_string(entry, "author", c->author);
        return r < 0 ? r : set_string(entry, "comment", c->message);
}

static int amend(json_t *root, bool fresh, const OciChange *c)
{
        char created[32];
        int r = 0;

        oci_time_format(c->created_usec, created);
        if (fresh) {
                r = set_string(root, "architecture", c->platform_architecture);
                if (r >= 0)
                        r = set_string(root, "os", c->platform_os);
                if (r >= 0)
                        r = set_string(root, "variant", c->platform_variant);
        }
        if (r >= 0)
                r = set_string(root, "created", created);
        if (r >= 0)
                r = set_string(root, "author", c->author);
        json_t *config = member(root, "config", json_object());
        if (r >= 0)
                r = config ? amend_execution(config, c) : -ENOMEM;
        return r < 0 ? r : add_layer(root, c, created);
}

int oci_config_amend(const char *base, size_t n_base, const OciChange *change, char **ret,
                     Fault *reterr)
{
        const OciReader r = {.what = "the image's configuration", .reterr = reterr};
        _cleanup_json_ json_t *root = NULL;

        int k = base ? oci_json_load(&r, base, n_base, &root) : 0;
        if (k < 0)
                return k;
        if (!base)
                root = json_object();
        k = json_is_object(root) ? amend(root, !base, change) : -ENOMEM;
        if (k < 0)
                return k;
        *ret = oci_json_text(root);
        return *ret ? 0 : -ENOMEM;
}
