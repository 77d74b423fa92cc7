/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One netlink socket and its requests, one at a time. */
#pragma once

#include "base/cleanup.h"

#include <libmnl/libmnl.h>
#include <stdint.h>

/* Room for any request of ours. */
#define NETLINK_REQUEST_MAX 2048U

typedef struct Netlink Netlink;

/** netlink_open() - open a socket
 * @bus NETLINK_ROUTE, NETLINK_SOCK_DIAG, ..
 * Return: 0; negative errno. */
int netlink_open(int bus, Netlink **ret);
/** netlink_close() - NULL is fine */
void netlink_close(Netlink *n);

static inline void netlink_closep(Netlink **n)
{
        netlink_close(*n);
}
#define _cleanup_netlink_ _cleanup_(netlink_closep)

/** netlink_begin() - start a request
 * @buf   NETLINK_REQUEST_MAX bytes
 * @flags NLM_F_*, besides NLM_F_REQUEST
 * Return: its header, for mnl_nlmsg_put_extra_header() and mnl_attr_put(). */
struct nlmsghdr *netlink_begin(void *buf, uint16_t type, uint16_t flags);
/** netlink_ask() - send a request and wait for its end
 * @cb for each message of the answer; NULL: only the acknowledgement matters
 * Return: 0; negative errno, also of @cb if it has returned MNL_CB_ERROR. */
int netlink_ask(Netlink *n, struct nlmsghdr *request, mnl_cb_t cb, void *userdata);
/** netlink_listen() - get the messages of a group, too; not for a socket that asks
 * Return: the socket's descriptor, not blocking; negative errno. */
int netlink_listen(Netlink *n, int group);
/** netlink_receive() - what has come for netlink_listen()
 * Return: 0; -EAGAIN nothing more; -ENOBUFS some was lost. */
int netlink_receive(Netlink *n, mnl_cb_t cb, void *userdata);
