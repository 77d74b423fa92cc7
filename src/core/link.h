/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The connection to one shim: frames in and out, replies matched to requests. What comes in is not
 * trusted. Knows nothing of machines. */
#pragma once

#include "base/fault.h"
#include "core/types.h"
#include "wire/frame.h"

#include <systemd/sd-event.h>

/* Called once for a request: with a reply, or with @reply NULL and why there is none. */
typedef void (*LinkReplyFn)(void *userdata, Frame *reply, const Fault *fault);

typedef struct LinkHandlers {
        void (*frame)(void *userdata, Link *link, Frame *frame); /* what answers nothing */
        void (*closed)(void *userdata, Link *link); /* after all replies; the link is still there */
} LinkHandlers;

/** link_new() - watch a connected SOCK_SEQPACKET socket
 * @fd       consumed on success
 * @handlers static
 * Return: 0; negative errno. */
int link_new(sd_event *event, int fd, const LinkHandlers *handlers, void *userdata, Link **ret);

/** link_set_handlers() - from now on, tell somebody else */
void link_set_handlers(Link *link, const LinkHandlers *handlers, void *userdata);

/** link_close() - end the connection; requests fail, closed() is not called
 * Return: always NULL. Safe from within the handlers. */
Link *link_close(Link *link);

/** link_hang_up() - end the connection as if the peer had: closed() is called */
void link_hang_up(Link *link);

/** link_begin() - start a frame; with a serial of its own, so that it can be answered */
void link_begin(Link *link, FrameWriter *w, FrameType type);

/** link_send() - send the frame last begun
 * @reply NULL: no answer is expected
 * Return: 0; negative errno with a sentence in @reterr, @reply is not called. */
int link_send(Link *link, FrameWriter *w, LinkReplyFn reply, void *userdata, Fault *reterr);

/** link_peer() - pid of the process at the other end; 0: unknown */
pid_t link_peer(const Link *link);

/** link_drain() - handle now what has already arrived
 * The link may be closed afterwards. */
void link_drain(Link *link);
