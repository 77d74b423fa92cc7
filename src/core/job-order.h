/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Orders in the making, among core/job-*.c. */
#pragma once

#include "core/image.h"
#include "core/job.h"

/** order_add() - one "key=value"; nothing for a NULL value */
void order_add(JobOrder *o, const char *key, const char *value);
/** order_add_fd() - a copy of a descriptor, and under @key which one it is; nothing for none */
void order_add_fd(JobOrder *o, const char *key, int fd);
/** order_hold_layers() - the job relies on the layers of this image */
void order_hold_layers(JobOrder *o, const Image *image);
/** order_done() - drop an order that did not become a job */
void order_done(JobOrder *o);

/** order_add_written() - "upper": what a machine has written
 * Return: 1; 0 nothing; -EOPNOTSUPP it is in memory. */
int order_add_written(JobOrder *o, const Machine *m, Fault *reterr);
/** order_add_lower() - "lower", topmost first: the machine's image
 * Return: 0; negative errno. */
int order_add_lower(JobOrder *o, const Machine *m, Fault *reterr);

/** image_need_layers() - refuse what only one of layers can, or whose record cannot be read
 * @verb "pushed" */
int image_need_layers(const Image *image, const char *verb, Fault *reterr);
