/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lodge-work as core's WorkPort: a child process, one at a time. */
#pragma once

#include "core/ports.h"

typedef struct Worker Worker;

/** worker_new() - ready to run lodge-work
 * Needs SIGCHLD blocked, for sd-event. */
Worker *worker_new(sd_event *event);
/** worker_free() - let a running lodge-work go on alone; NULL is fine */
void worker_free(Worker *w);

/** worker_port() - the port; its userdata is @w */
WorkPort worker_port(Worker *w);
