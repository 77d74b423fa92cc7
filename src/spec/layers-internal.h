/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between layers.c and layers-parse.c. */
#pragma once

#include "spec/layers.h"

/** layers_profiles() - the profiles that these name
 * @ret caller frees; NULL: none
 * Return: 0; -ENOMEM. */
int layers_profiles(const Layers *l, char ***ret);
