/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A layer made of directories: import of a tree, commit. */
#pragma once

#include "image/pack.h"
#include "import/job.h"

/** layer_in_trees() - make a layer of directories and hand it to lodged */
int layer_in_trees(Job *job, const LayerPackArgs *trees, ProgressItem *item, LayerResult *ret,
                   Fault *reterr);
