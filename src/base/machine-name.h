/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What may be the name of a machine or an image. */
#pragma once

#include "base/fault.h"

#include <stdbool.h>

#define MACHINE_NAME_MAX 64

/** machine_name_is_valid() - may this be a machine's name?
 * @name sent by anybody; may be NULL
 * A hostname as systemd-machined wants it: labels of letters, digits and inner '-', joined by
 * single dots, at most 64 bytes, neither "host" nor ".host". So it is also a valid unit instance
 * and file name. */
bool machine_name_is_valid(const char *name);

/** machine_name_check() - the same, with a sentence
 * Return: 0, or -EINVAL with FAULT_INVALID_NAME in @reterr. */
int machine_name_check(const char *name, Fault *reterr);

/** image_name_check() - may this be an image's name?
 * Letters, digits and "_.-" (no dot first), at most 64 bytes: a file name in the store.
 * Return: 0, or -EINVAL with FAULT_INVALID_NAME in @reterr. */
int image_name_check(const char *name, Fault *reterr);

/** machine_unit_name() - "lodge@NAME.service"
 * Return: newly allocated, caller frees; NULL on OOM. */
char *machine_unit_name(const char *name);

/** machine_name_from_unit() - the name in "lodge@NAME.service"
 * Return: newly allocated, caller frees; NULL if it is no machine's unit, or on OOM. */
char *machine_name_from_unit(const char *unit);
