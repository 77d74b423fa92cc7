/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What pull and push have in common: an order made into a registry to ask. */
#pragma once

#include "import/job.h"
#include "import/registry.h"

typedef struct RemoteImage {
        Reference reference;
        char *name; /* the reference, for sentences */
        Registry *registry;
        atomic_bool stop; /* ends all calls */
} RemoteImage;

/** remote_image_pull() - read reference=, insecure=, auth-fd= and config-fd= of the order
 * @ret  must stay where it is; remote_image_done()
 * Return: 0; negative errno with @reterr set. */
int remote_image_pull(Job *job, RemoteImage *ret, Fault *reterr);
/** remote_image_push() - likewise, to write there
 * @source  where the image was had from, if that is known: blobs may be there already */
int remote_image_push(Job *job, const char *source, RemoteImage *ret, Fault *reterr);
/** remote_image_done() - free what it holds */
void remote_image_done(RemoteImage *r);
#define _cleanup_remote_image_ _cleanup_(remote_image_done)

/** remote_image_fault() - pass a fault on, with the reference in front of its sentence
 * @code   that takes the place of those that say no more than that it failed
 * @fault  of what was called; may be empty
 * Return: @error. */
int remote_image_fault(const RemoteImage *r, FaultCode code, int error, const Fault *fault,
                       Fault *reterr);
