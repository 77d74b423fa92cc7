/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests to the kernel by netlink(7): one is put together, sent, and its answer waited for. */
#pragma once

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

#define NETLINK_REQUEST_MAX 1024
#define NETLINK_REASON_MAX  128

/* A socket; it keeps the network namespace it was made in alive. */
typedef struct Netlink {
        int fd; /* -EBADF: not open */
        uint32_t serial;
        char reason[NETLINK_REASON_MAX]; /* what the kernel said of the last call that failed,
                                          * beside the errno; empty: nothing */
} Netlink;

typedef struct NetlinkRequest {
        union {
                struct nlmsghdr header;
                char bytes[NETLINK_REQUEST_MAX];
        };
        int error; /* -E2BIG: something did not fit; told by netlink_call() */
} NetlinkRequest;

/** netlink_open() - a socket in the caller's network namespace
 * Nobody but the kernel can send to it: whoever is root in that namespace may try.
 * @protocol NETLINK_ROUTE, NETLINK_SOCK_DIAG
 * Return: 0; negative errno. */
int netlink_open(int protocol, Netlink *ret);
/** netlink_open_in() - a socket in another one; the caller is in it for that moment
 * @netns a descriptor of it, or a pidfd of a process in it
 * @own   a descriptor of the caller's, where it returns to */
int netlink_open_in(int protocol, int netns, int own, Netlink *ret);
/** netlink_namespace() - a descriptor of the network namespace of a socket
 * Return: descriptor, O_CLOEXEC; negative errno. */
int netlink_namespace(const Netlink *n);
/** netlink_close() - close it, if it is open */
void netlink_close(Netlink *n);

/** netlink_begin() - start a request
 * @flags  NLM_F_* beside NLM_F_REQUEST and NLM_F_ACK
 * @body   what follows the header; it is padded */
void netlink_begin(NetlinkRequest *q, uint16_t type, uint16_t flags, const void *body, size_t n);
/** netlink_add() - append an attribute */
void netlink_add(NetlinkRequest *q, uint16_t type, const void *data, size_t n);
/** netlink_add_u32() - append a number */
void netlink_add_u32(NetlinkRequest *q, uint16_t type, uint32_t v);
/** netlink_add_string() - append a string, with its NUL */
void netlink_add_string(NetlinkRequest *q, uint16_t type, const char *s);
/** netlink_nest() - begin an attribute that holds others
 * @body  what comes before those; may be NULL
 * Return: for netlink_nest_end(). */
size_t netlink_nest(NetlinkRequest *q, uint16_t type, const void *body, size_t n);
/** netlink_nest_end() - what follows is outside of it */
void netlink_nest_end(NetlinkRequest *q, size_t nest);

/* A message of an answer; its length is checked. Return: 0; negative errno for netlink_call(). */
typedef int (*NetlinkFn)(const struct nlmsghdr *h, void *arg);

/** netlink_call() - send a request, hand on what comes as its answer
 * @fn may be NULL; is called until it fails; must not call this function
 * Context: one thread.
 * Return: 0; the kernel's negative errno, with n->reason; what @fn returned. */
int netlink_call(Netlink *n, NetlinkRequest *q, NetlinkFn fn, void *arg);

/** netlink_attribute() - the attribute @type among those in @data
 * @ret_n its length
 * Return: its content, NULL if it is not there. */
const void *netlink_attribute(const void *data, size_t n, uint16_t type, size_t *ret_n);
