/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The layers that this job has made. lodged is told of each as soon as it is complete, so that a
 * job that is broken off was not for nothing; but one with directories that its archive does not
 * tell of has to wait for those below it, see layer_adopt(). */
#pragma once

#include "import/job.h"

typedef struct MadeLayers MadeLayers;

/** made_layers_new() - none yet
 * Return: new object, caller frees; NULL on OOM. */
MadeLayers *made_layers_new(void);
/** made_layers_free() - @m may be NULL
 * Return: always NULL. */
MadeLayers *made_layers_free(MadeLayers *m);

/** made_layers_add() - a layer is complete and synced under its name in incoming/ID/layers
 * @layer_fd its directory; borrowed
 * Context: any thread. */
int made_layers_add(Job *job, const char *diff_id, int layer_fd, Fault *reterr);

/** made_layers_finish() - all layers of an image are there: complete and tell those that waited
 * @diff_ids of the image, lowest first
 * After a failure none of those that waited has been told of. */
int made_layers_finish(Job *job, char *const *diff_ids, Fault *reterr);

static inline void made_layers_freep(MadeLayers **m)
{
        made_layers_free(*m);
}
#define _cleanup_made_layers_ _cleanup_(made_layers_freep)
