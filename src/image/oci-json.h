/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON of strangers: bounded in size, depth and number of values, no key twice, every type as it
 * has to be. A reader holds what the sentences of its faults begin with. Private to image/oci-*. */
#pragma once

#include "base/fault.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OCI_JSON_MAX        (4U << 20) /* bytes; registries refuse larger manifests, too */
#define OCI_JSON_DEPTH_MAX  64U
#define OCI_JSON_VALUES_MAX 200000U
#define OCI_STRING_MAX      (64U << 10)

typedef struct OciReader {
        const char *what; /* "the image's manifest" */
        Fault *reterr;
} OciReader;

/** oci_json_fault() - refuse it: "WHAT ..."
 * Return: -EBADMSG. */
int oci_json_fault(const OciReader *r, const char *format, ...) _printf_(2, 3);

/** oci_json_load() - parse a whole text, which has to be an object or an array
 * @ret caller has _cleanup_json_ for it
 * Return: 0; -EBADMSG; -EFBIG; -ENOMEM. */
int oci_json_load(const OciReader *r, const char *text, size_t n, json_t **ret);

/** oci_json_object() - the object at @key
 * Return: 0; *ret is borrowed, NULL if the key is absent or null; -EBADMSG something else. */
int oci_json_object(const OciReader *r, const json_t *object, const char *key, json_t **ret);
/** oci_json_array() - likewise the array at @key, of at most @max values */
int oci_json_array(const OciReader *r, const json_t *object, const char *key, size_t max,
                   json_t **ret);
/** oci_json_string() - a copy of the string at @key; NULL if it is absent, null or empty */
int oci_json_string(const OciReader *r, const json_t *object, const char *key, char **ret);
/** oci_json_number() - the whole number at @key, at least 0; @fallback if it is absent or null */
int oci_json_number(const OciReader *r, const json_t *object, const char *key, uint64_t fallback,
                    uint64_t *ret);
/** oci_json_strings() - the strings of the array at @key; NULL if it is absent or null */
int oci_json_strings(const OciReader *r, const json_t *object, const char *key, char ***ret);
/** oci_json_keys() - the keys of the object at @key, whatever their values; sorted */
int oci_json_keys(const OciReader *r, const json_t *object, const char *key, char ***ret);
/** oci_json_pairs() - the object of strings at @key as KEY=VALUE, sorted */
int oci_json_pairs(const OciReader *r, const json_t *object, const char *key, char ***ret);

/** oci_json_text() - as text, compact, keys in the order they were set
 * Return: newly allocated, caller frees; NULL on OOM. */
char *oci_json_text(const json_t *value);

#define _cleanup_json_ _cleanup_(json_decrefp) /* the function is jansson's */
