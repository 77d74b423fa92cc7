/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lodged wants of lodge-work: FRAME_ORDER taken apart. */
#pragma once

#include "wire/frame.h"

#include <sys/types.h>

typedef enum Operation {
        OPERATION_ATTACH, /* mount a disk image for a machine */
        OPERATION_PROBE,  /* tell what is in one */
} Operation;

typedef struct Order {
        Operation operation;
        const char *name; /* the image's; borrowed from the frame */
        int source;       /* the image; likewise */
        uid_t uid;        /* whom those parts run as that read what strangers wrote */
} Order;

/** order_parse() - take a FRAME_ORDER apart
 * @f must live as long as the order
 * Return: 0; -EBADMSG no order that this lodge-work knows. */
int order_parse(const Frame *f, Order *ret, Fault *reterr);
