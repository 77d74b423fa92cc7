/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lodged wants of a worker: FRAME_ORDER taken apart. Its values may come from a user of
 * lodged, so each key is checked against the operation's list. */
#pragma once

#include "wire/frame.h"

#define ORDER_OPERATION "op"

typedef enum OrderKeyType {
        ORDER_STRING,
        ORDER_NUMBER,     /* decimal */
        ORDER_FLAG,       /* yes, no */
        ORDER_DESCRIPTOR, /* which of the frame's descriptors, from 0 */
        ORDER_DIGEST,     /* sha256:HEX */
} OrderKeyType;

typedef struct OrderKey {
        const char *name; /* NULL ends a list */
        OrderKeyType type;
        bool required, repeated;
} OrderKey;

typedef struct Order Order;

/** order_new() - take a FRAME_ORDER apart
 * @f its descriptors are moved into the order
 * Return: 0; -EBADMSG no such frame, a word without '=', no operation; -ENOMEM. */
int order_new(Frame *f, Order **ret, Fault *reterr);
/** order_free() - close its descriptors, too
 * Return: always NULL. */
Order *order_free(Order *o);

/** order_check() - every key known, given once unless repeated, and of its type?
 * @keys what the operation takes, besides "op", "uid", "limit-bytes" and "limit-entries"
 * Return: 0; -EINVAL. */
int order_check(const Order *o, const OrderKey *keys, Fault *reterr);

/** order_get() - the value of a key; NULL if it is absent */
const char *order_get(const Order *o, const char *key);
/** order_next() - the next value of a repeated key
 * @at where to look on, from 0
 * Return: the value; NULL at the end. */
const char *order_next(const Order *o, const char *key, size_t *at);
/** order_count() - how often a key is given */
size_t order_count(const Order *o, const char *key);
/** order_flag() - is it given, and yes? */
bool order_flag(const Order *o, const char *key);
/** order_number() - a checked number, or @fallback */
uint64_t order_number(const Order *o, const char *key, uint64_t fallback);
/** order_fd() - the descriptor that a key names; borrowed; -EBADF if it is absent */
int order_fd(const Order *o, const char *key);
/** order_close() - close the descriptor that a key names, if it is there */
void order_close(Order *o, const char *key);
/** order_has_layer() - is this layer in the store already? */
bool order_has_layer(const Order *o, const char *diff_id);

static inline void order_freep(Order **o)
{
        (void)order_free(*o);
}
#define _cleanup_order_ _cleanup_(order_freep)
