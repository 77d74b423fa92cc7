/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/oci-json.h"

#include "base/text.h"

#include <stdarg.h>
#include <string.h>

int oci_json_fault(const OciReader *r, const char *format, ...)
{
        _cleanup_free_ char *text = NULL;
        va_list ap;

        va_start(ap, format);
        if (vasprintf(&text, format, ap) < 0)
                text = NULL;
        va_end(ap);
        return fault_set(r->reterr, FAULT_IMPORT_FAILED, EBADMSG, "%s %s", r->what,
                         text ?: "is not valid");
}

/* jansson has limits of its own, but far above what an image needs: a deep text costs stack, and a
 * short one of many values a hundred times its size. */
static int check_shape(const OciReader *r, const char *text, size_t n)
{
        size_t depth = 0, n_values = 0;
        bool quoted = false;

        for (size_t i = 0; i < n; i++) {
                char c = text[i];

                if (quoted) {
                        if (c == '\\')
                                i++;
                        else if (c == '"')
                                quoted = false;
                        continue;
                }
                quoted = c == '"';
                n_values += c == ',' || c == '[' || c == '{';
                if (c == '[' || c == '{')
                        depth++;
                else if ((c == ']' || c == '}') && depth > 0)
                        depth--;
                if (depth > OCI_JSON_DEPTH_MAX)
                        return oci_json_fault(r, "is nested deeper than %u levels",
                                              OCI_JSON_DEPTH_MAX);
                if (n_values > OCI_JSON_VALUES_MAX)
                        return oci_json_fault(r, "has more than %u values", OCI_JSON_VALUES_MAX);
        }
        return 0;
}

int oci_json_load(const OciReader *r, const char *text, size_t n, json_t **ret)
{
        json_error_t error;

        if (n > OCI_JSON_MAX)
                return fault_set(r->reterr, FAULT_IMPORT_FAILED, EFBIG,
                                 "%s is larger than %u bytes", r->what, OCI_JSON_MAX);
        int k = check_shape(r, text, n);
        if (k < 0)
                return k;
        json_t *value = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error);
        if (!value) {
                _cleanup_free_ char *shown = text_for_display(error.text, sizeof(error.text));

                return oci_json_fault(r, "is not valid JSON: line %d: %s", error.line, shown ?: "");
        }
        *ret = value;
        return 0;
}

/* The value at @key unless it is null, which Docker writes for what is not set. */
static json_t *get(const json_t *object, const char *key)
{
        json_t *value = json_object_get(object, key);

        return json_is_null(value) ? NULL : value;
}

int oci_json_object(const OciReader *r, const json_t *object, const char *key, json_t **ret)
{
        json_t *value = get(object, key);

        if (value && !json_is_object(value))
                return oci_json_fault(r, "has no object in '%s'", key);
        *ret = value;
        return 0;
}

int oci_json_array(const OciReader *r, const json_t *object, const char *key, size_t max,
                   json_t **ret)
{
        json_t *value = get(object, key);

        if (value && !json_is_array(value))
                return oci_json_fault(r, "has no list in '%s'", key);
        if (json_array_size(value) > max)
                return oci_json_fault(r, "has more than %zu values in '%s'", max, key);
        *ret = value;
        return 0;
}

static int check_string(const OciReader *r, const json_t *value, const char *key)
{
        if (!json_is_string(value))
                return oci_json_fault(r, "has something else than a string in '%s'", key);
        if (json_string_length(value) > OCI_STRING_MAX)
                return oci_json_fault(r, "has a string of more than %u bytes in '%s'",
                                      OCI_STRING_MAX, key);
        return 0;
}

int oci_json_string(const OciReader *r, const json_t *object, const char *key, char **ret)
{
        json_t *value = get(object, key);
        char *s = NULL;

        if (value) {
                int k = check_string(r, value, key);
                if (k < 0)
                        return k;
        }
        if (json_string_length(value) > 0) {
                s = strdup(json_string_value(value));
                if (!s)
                        return -ENOMEM;
        }
        *ret = s;
        return 0;
}

int oci_json_number(const OciReader *r, const json_t *object, const char *key, uint64_t fallback,
                    uint64_t *ret)
{
        json_t *value = get(object, key);

        if (value && (!json_is_integer(value) || json_integer_value(value) < 0))
                return oci_json_fault(r, "has no whole number in '%s'", key);
        *ret = value ? (uint64_t)json_integer_value(value) : fallback;
        return 0;
}

int oci_json_strings(const OciReader *r, const json_t *object, const char *key, char ***ret)
{
        _cleanup_strv_free_ char **v = NULL;
        json_t *array = NULL, *value;
        size_t i;

        int k = oci_json_array(r, object, key, OCI_JSON_VALUES_MAX, &array);
        if (k < 0)
                return k;
        if (!array) {
                *ret = NULL;
                return 0;
        }
        v = calloc(json_array_size(array) + 1, sizeof(*v));
        if (!v)
                return -ENOMEM;
        json_array_foreach(array, i, value)
        {
                k = check_string(r, value, key);
                if (k < 0)
                        return k;
                v[i] = strdup(json_string_value(value));
                if (!v[i])
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(v);
        return 0;
}

static int compare(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One string for each member; with its value if @pairs. */
static int read_members(const OciReader *r, const json_t *object, const char *key, bool pairs,
                        char ***ret)
{
        _cleanup_strv_free_ char **v = NULL;
        json_t *members = NULL, *value;
        const char *name;
        size_t n = 0;

        int k = oci_json_object(r, object, key, &members);
        if (k < 0)
                return k;
        if (!members) {
                *ret = NULL;
                return 0;
        }
        v = calloc(json_object_size(members) + 1, sizeof(*v));
        if (!v)
                return -ENOMEM;
        json_object_foreach(members, name, value)
        {
                k = pairs ? check_string(r, value, key) : 0;
                if (k < 0)
                        return k;
                if (asprintf(&v[n], pairs ? "%s=%s" : "%s", name,
                             pairs ? json_string_value(value) : "") < 0) {
                        v[n] = NULL;
                        return -ENOMEM;
                }
                n++;
        }
        qsort(v, n, sizeof(*v), compare);
        *ret = TAKE_PTR(v);
        return 0;
}

int oci_json_keys(const OciReader *r, const json_t *object, const char *key, char ***ret)
{
        return read_members(r, object, key, false, ret);
}

int oci_json_pairs(const OciReader *r, const json_t *object, const char *key, char ***ret)
{
        return read_members(r, object, key, true, ret);
}

char *oci_json_text(const json_t *value)
{
        return json_dumps(value, JSON_COMPACT);
}
