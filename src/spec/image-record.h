/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lodged knows of a layered image: the file images/ENC.oci of the store. lodge-import, which
 * reads what strangers wrote, writes it; lodged reads nothing else of an image. Plain data, no I/O.
 * libc only.
 *
 * Ini; each value is words quoted as in unit files, a key that is repeated appends:
 *   [Image]
 *   Name=          the image's canonical name
 *   Digest=        of the manifest: blobs/sha256-HEX
 *   Config=        likewise of the configuration
 *   Layer=         diff_id of each layer, lowest first: layers/sha256-HEX
 *   Source=        where it is from: a reference, the name of an archive
 *   Added=         when it came into the store, µs since 1970
 *   Created=       when it was made, as it says itself
 *   Architecture= Variant= OS=   as OCI has them
 *   Size=          bytes of all layers, unpacked
 *   ReadOnly=      yes: not to be removed or replaced
 *   [Config]       what the image asks for; a machine's settings override it
 *   Entrypoint= Command=         words
 *   Environment= Volume= ExposedPort= Label=   one a line
 *   User= WorkingDirectory= StopSignal=        as the image has them: not checked here
 *   Healthcheck=   words of its Test
 *   HealthcheckIntervalSec= HealthcheckTimeoutSec= HealthcheckStartPeriodSec= HealthcheckRetries=
 */
#pragma once

#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_RECORD_MAX   (1U << 20) /* bytes of the text */
#define IMAGE_LAYERS_MAX   127        /* more than that no overlay of a machine takes */
#define IMAGE_RECORD_WORDS 4096U      /* of one list */

typedef struct ImageRecord {
        char *name;                   /* canonical; never NULL once parsed */
        char *digest, *config_digest; /* "sha256:HEX", or NULL */
        char *source;                 /* for display only; NULL: not known */
        char *architecture, *variant, *os;
        char *user, *working_directory; /* of a stranger: text, nothing more */
        char **layers;                  /* diff_ids, lowest first; at least one */
        char **entrypoint, **command, **environment;
        char **volumes, **exposed_ports;
        char **labels; /* KEY=VALUE; the value may have newlines */
        char **healthcheck;
        uint64_t added_usec, created_usec; /* CLOCK_REALTIME; 0: not known */
        uint64_t size_bytes;
        uint64_t health_interval_usec, health_timeout_usec, health_start_usec; /* 0: not given */
        unsigned health_retries;
        int stop_signal; /* 0: not given */
        bool read_only;
} ImageRecord;

/** image_record_parse() - read a record
 * @name  what to call the file in messages
 * @text  written by lodge-import out of what strangers wrote: anything
 * @ret   image_record_done() frees it; set on success only
 * Strict: a key that is not known, or given twice where one value is wanted, is refused.
 * Return: 0; -EINVAL with FAULT_INVALID_OPTION "NAME:LINE: ..."; -ENOMEM. */
int image_record_parse(const char *name, const char *text, size_t n, ImageRecord *ret,
                       Fault *reterr);

/** image_record_format() - the text that image_record_parse() reads back to the same
 * @ret  newly allocated, caller frees
 * Return: 0; -EINVAL with FAULT_INVALID_OPTION where image_record_parse() would refuse it: a value
 * that is not UTF-8, too many layers, more than 1 MiB; -ENOMEM. */
int image_record_format(const ImageRecord *r, char **ret, Fault *reterr);

/** image_record_done() - free what @r holds and make it empty */
void image_record_done(ImageRecord *r);
#define _cleanup_image_record_ _cleanup_(image_record_done)
