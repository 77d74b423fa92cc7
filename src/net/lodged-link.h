/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The connection to lodged, made again whenever it breaks. */
#pragma once

#include "wire/frame.h"

#include <stdbool.h>
#include <systemd/sd-event.h>

typedef struct LodgedLink LodgedLink;

/** LodgedRequestFn() - carry out a request
 * @reply begun as FRAME_DONE: add to it
 * Return: 0 it is sent; negative errno and @reterr, sent as FRAME_ERROR; -EBADMSG without a fault:
 * the frame is nonsense, the link is closed. */
typedef int (*LodgedRequestFn)(const Frame *request, FrameWriter *reply, void *userdata,
                               Fault *reterr);

/** lodged_link_new() - connect now, or as soon as it can be done
 * Return: 0; negative errno. */
int lodged_link_new(sd_event *event, LodgedRequestFn request, void *userdata, LodgedLink **ret);
/** lodged_link_free() - NULL is fine */
void lodged_link_free(LodgedLink *l);
