/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a program prints, collected through pipes in the event loop, for Run(). */
#pragma once

#include "core/types.h"

#include <glib.h>
#include <systemd/sd-event.h>

/* More than this of each stream is read and dropped. */
#define CAPTURE_BYTES_MAX (1U << 20)

/** capture_new() - make the pipes and start to read
 * @input      what the program gets on its standard input; copied
 * @ret_stdio  the program's ends, close-on-exec; the caller closes them once sent
 * Return: 0; negative errno. */
int capture_new(sd_event *event, const void *input, size_t n_input, int ret_stdio[static 3],
                Capture **ret);

/** capture_finish() - the program has ended: read what is left, and no more
 * What a child that it left behind prints later is lost. */
void capture_finish(Capture *c);

/** capture_output() - what was collected
 * @stream 1 stdout, 2 stderr
 * Return: bytes, borrowed; may be empty, never NULL. */
const GByteArray *capture_output(const Capture *c, int stream);

/** capture_free() - close the pipes; NULL is fine */
void capture_free(Capture *c);
