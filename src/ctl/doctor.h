/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a host must have so that machines run on it: looked at directly, not by way of lodged, so
 * that it works where nothing else does, and as far as the caller's rights go. */
#pragma once

#include "ctl/json.h"

typedef enum Finding {
        FINDING_OK,
        FINDING_SKIPPED, /* the caller may not find out */
        FINDING_WARNING, /* machines run, something is missing or will be soon */
        FINDING_PROBLEM, /* machines do not run */
        _FINDING_MAX,
} Finding;

/** doctor_say() - add a finding
 * @findings array
 * @check    what was looked at: "kernel"
 * @hint     a command that helps and works as it is; NULL: none */
void doctor_say(json_t *findings, Finding finding, const char *check, const char *hint,
                const char *format, ...) _printf_(5, 6);

/** doctor_kernel() - version, cgroups, namespaces, overlayfs, idmapped mounts, seccomp */
void doctor_kernel(json_t *findings);

/** doctor_services() - systemd, bus, lodged, lodge-shim and the workers, polkit, machined */
void doctor_services(json_t *findings);

/** doctor_files() - directories and their modes, free space, free ranges of user ids */
void doctor_files(json_t *findings);

/** doctor_store() - the store's file system, and what lodged finds in it that does not fit
 * @deep compare the digest of each layer, too, which takes long
 * The one look that lodged has to take: only it knows what is being built. */
void doctor_store(const Ctl *c, json_t *findings, bool deep);

/** doctor_network() - names of machines on this host, and what lodged finds that drops traffic */
void doctor_network(const Ctl *c, json_t *findings);

/** doctor_ask() - call a method of the manager that only an administrator may call
 * @option of the method, to be set; NULL: none
 * @check  what is said to be skipped, or a problem, if there is no answer
 * Return: 0; negative errno, which is said. */
int doctor_ask(const Ctl *c, json_t *findings, const char *method, const char *option,
               const char *check, sd_bus_message **ret);

/** doctor_read_line() - the first line of a small file
 * Return: 0; negative errno. */
int doctor_read_line(const char *path, char *buffer, size_t size);
