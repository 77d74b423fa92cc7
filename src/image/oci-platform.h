/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an image runs on, in the words of Go, which OCI took over. */
#pragma once

#include "base/fault.h"

typedef struct OciPlatform {
        char *os, *architecture, *variant;
} OciPlatform;

/** oci_platform_parse() - "linux/arm64/v8", "linux/amd64"
 * @text NULL or empty: this host's
 * Return: 0; -EINVAL with FAULT_INVALID_OPTION; -ENOMEM. */
int oci_platform_parse(const char *text, OciPlatform *ret, Fault *reterr);
/** oci_platform_format() - the text that oci_platform_parse() takes
 * Return: newly allocated, caller frees; NULL on OOM. */
char *oci_platform_format(const OciPlatform *p);
/** oci_platform_match() - how well does @has do where @wanted is asked for?
 * Return: 0 not at all; the higher the better. */
int oci_platform_match(const OciPlatform *has, const OciPlatform *wanted);
/** oci_platform_done() - free what @p holds and make it empty */
void oci_platform_done(OciPlatform *p);
#define _cleanup_oci_platform_ _cleanup_(oci_platform_done)
