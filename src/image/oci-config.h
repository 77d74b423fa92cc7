/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An image's configuration: what its author says of it. All of it is data to be shown or checked
 * again by whoever uses it; hooks, sysctls, mounts and the like are never read. */
#pragma once

#include "image/oci-document.h"
#include "image/oci-platform.h"

#include <stddef.h>
#include <stdint.h>

typedef struct OciConfig {
        OciPlatform platform;
        uint64_t created_usec; /* CLOCK_REALTIME; 0: not given, or no date */
        char **diff_ids;       /* lowest first, checked */
        char **entrypoint, **command, **environment;
        char **volumes, **exposed_ports;
        char **labels; /* KEY=VALUE */
        char *user, *working_directory, *stop_signal;
        char **healthcheck; /* Docker's: the words of its Test; NULL: none */
        uint64_t health_interval_usec, health_timeout_usec, health_start_usec, health_retries;
} OciConfig;

/** oci_config_parse() - read an image's configuration, OCI's or Docker's
 * @ret oci_config_done() frees it; set on success only
 * Return: 0; -EBADMSG, -EFBIG with FAULT_IMPORT_FAILED; -EOPNOTSUPP; -ENOMEM. */
int oci_config_parse(const char *text, size_t n, OciConfig *ret, Fault *reterr);
/** oci_config_done() - free what @c holds and make it empty */
void oci_config_done(OciConfig *c);
#define _cleanup_oci_config_ _cleanup_(oci_config_done)

/** oci_check_layers() - do a manifest and its configuration speak of as many layers?
 * Return: 0; -EBADMSG. */
int oci_check_layers(const OciManifest *m, const OciConfig *c, Fault *reterr);

/** oci_time_parse() - "2024-05-13T12:00:00.123456789Z", "...+02:00" in µs since 1970
 * Return: 0; -EINVAL. Source: RFC 3339. */
int oci_time_parse(const char *text, uint64_t *ret);
/** oci_time_format() - likewise out of µs, in whole seconds, in UTC
 * @buf at least 32 bytes */
void oci_time_format(uint64_t usec, char buf[static 32]);
