/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directory that lodgectl is called in, as a machine's Workspace=. */
#pragma once

#include "ctl/ctl.h"

/** workspace_bind() - what to bind for the workspace that the options or their profiles name
 * @ret an element of Bind=, caller frees; NULL: there is no workspace
 * Return: 0; negative errno, with a sentence. */
int workspace_bind(const Ctl *c, char **ret, Fault *reterr);
