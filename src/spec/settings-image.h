/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a machine becomes of its settings and its image's configuration. No I/O. libc only. */
#pragma once

#include "spec/image-record.h"
#include "spec/settings.h"

/** settings_apply_image() - add what the image asks for and the machine says nothing about
 * Entrypoint of the machine: the image's Command is dropped. Command of the machine: the image's
 * Entrypoint stays. An image whose program is an init is booted, if it has one. Environment and
 * labels merge by key; the image's volumes become anonymous ones, unless the machine has something
 * else there, or lodge itself.
 * @s         the machine's settings, to become the effective ones; unchanged on failure
 * @r         of a stranger: what it says is checked here
 * @has_init  the image has an init that Boot=yes would find
 * Return: 0; -EINVAL with FAULT_START_FAILED naming the image; -ENOMEM. */
int settings_apply_image(Settings *s, const ImageRecord *r, bool has_init, Fault *reterr);

/** settings_exposed_ports() - what PublishExposed=yes adds to Publish=: the ports that the image
 * exposes and Publish= does not have, each at the same port of the host's loopback
 * @r    of a stranger, as above
 * @ret  elements of Publish=, or NULL for none; caller frees
 * Return: 0; -EINVAL with FAULT_START_FAILED naming the image; -ENOMEM. */
int settings_exposed_ports(const Settings *s, const ImageRecord *r, char ***ret, Fault *reterr);

/** settings_may_boot() - does it matter whether the image has an init? */
bool settings_may_boot(const Settings *s, const ImageRecord *r);

/** settings_program() - the effective command line: Entrypoint=, then Command=
 * @ret new vector, caller frees; empty if there is nothing to run
 * Return: 0; -ENOMEM. */
int settings_program(const Settings *s, char ***ret);
/** settings_have_program() - is there a word of that? */
bool settings_have_program(const Settings *s);
