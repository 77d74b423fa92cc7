/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What pull and push tell lodged about a registry, from the options that they share. */
#pragma once

#include "ctl/ctl.h"

/** registry_append_options() - append the entries of an open a{sv}: Insecure, AuthFile, Username
 * and Password, Platform
 * @reference whose registry; one that makes no sense is lodged's to refuse
 * May ask for a password. Return: 0; negative errno, with a Fault where the caller can do better.
 */
int registry_append_options(const Ctl *c, sd_bus_message *m, const char *reference, Fault *reterr);

/** registry_plain_reference() - a reference without the "docker://" that others want before it */
const char *registry_plain_reference(const char *word);
