/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The type UUIDs of the Discoverable Partitions Specification, as <systemd/sd-gpt.h> lists them. */
#pragma once

#include "disk/disk-image.h"

#define DISK_TYPE_NAME_MAX 40

/** partition_type_role() - what a partition of this type is for on this architecture
 * Return: the role; -1: none that matters to a machine. */
int partition_type_role(const uint8_t type[static 16]);

/** partition_type_is_generic() - "Linux filesystem data", which says nothing about its use */
bool partition_type_is_generic(const uint8_t type[static 16]);

/** partition_type_is_missed() - would an ordinary host mount it, so that its files are missed?
 * True of /home and the like, false of what is there to boot with and of swap. */
bool partition_type_is_missed(const uint8_t type[static 16]);

/** partition_type_name() - a word for people
 * @buf for the UUID of a type without one
 * Return: a static string, or @buf. */
const char *partition_type_name(const uint8_t type[static 16], char buf[static DISK_TYPE_NAME_MAX]);

/** uuid_parse() - "01234567-89ab-cdef-0123-456789abcdef", in either case
 * Return: 0; -EINVAL, also for NULL. */
int uuid_parse(const char *text, uint8_t ret[static 16]);
