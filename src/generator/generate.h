/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Definitions of machines as drop-ins of their units lodge@NAME.service. */
#pragma once

/* Told of a definition that is left out, and why. */
typedef void (*GenerateWarn)(void *userdata, const char *message);

/** generate_drop_ins() - write those of every machine that needs one
 * A definition that cannot be used is told and left out: its unit is there all the same, and fails
 * with the reason when it is started.
 * @root what the paths of base/names.h are below; "" but in tests
 * @out  directory of systemd's for this run, empty
 * Return: 0; negative errno if that cannot be written to. */
int generate_drop_ins(const char *root, int out, GenerateWarn warn, void *userdata);

/** generate_target() - write machines.target, for hosts where nobody else brings one
 * @out the directory that counts least
 * Return: as above. */
int generate_target(int out);
