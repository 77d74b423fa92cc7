/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limits of a machine as systemd's properties of its unit. */
#pragma once

#include "spec/resources.h"

#include <systemd/sd-bus.h>

typedef struct UnitProperties UnitProperties;

/** unit_properties_new() - those that @r sets
 * @r copied
 * Return: 0; negative errno. */
int unit_properties_new(const Resources *r, UnitProperties **ret);
/** unit_properties_free() - NULL is fine */
void unit_properties_free(UnitProperties *p);

/** unit_properties_names() - settings that are given, as in the vocabulary; borrowed */
char *const *unit_properties_names(const UnitProperties *p);

/** unit_properties_append() - as a(sv)
 * @unset settings that are to be what they are without being set
 * Return: 0; negative errno. */
int unit_properties_append(const UnitProperties *p, char *const *unset, sd_bus_message *m);
