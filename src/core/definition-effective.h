/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every setting of a machine, with where its values are from. */
#pragma once

#include "base/fault.h"
#include "core/types.h"
#include "spec/origin.h"

/** definition_effective() - what the files and the image come to
 * As the next start would find it.
 * @ret each setting at least once, in the order of the vocabulary; of a list each part by itself
 * Return: 0; -ENOENT there is no definition; -EINVAL it is not valid. */
int definition_effective(const Machine *m, Origins *ret, Fault *reterr);
