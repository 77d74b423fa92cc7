/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The connection to lodged: the order comes in, progress, layers and the result go out. */
#pragma once

#include "import/progress.h"
#include "wire/frame.h"

typedef struct Link Link;

/** link_new() - connect to lodged
 * @path     its SOCK_SEQPACKET socket
 * @progress told from link_watch() on; borrowed */
int link_new(const char *path, Progress *progress, Link **ret, Fault *reterr);

/** link_order() - say whose job this is and wait for the order
 * @instance the job's ID
 * Return: 0; a refusal of lodged's; -ECONNRESET. */
int link_order(Link *l, const char *instance, Frame *ret, Fault *reterr);

/** link_end_with() - before link_watch(): the job is over as soon as a machine's PID 1 is
 * @pidfd   of that, copied; -EBADF: there is none
 * @machine its name, copied
 * @abandon called before the process ends without a result, by another thread; may be NULL
 * Return: 0; negative errno. */
int link_end_with(Link *l, int pidfd, const char *machine, void (*abandon)(void));

/** link_watch() - start the thread that tells of progress, at most four times a second
 * It ends the process as soon as lodged closes the connection: that is how a job is cancelled. */
int link_watch(Link *l);

/** link_send() - from any thread
 * Return: 0; as frame_send(). */
int link_send(Link *l, FrameWriter *w);
/** link_finish() - send the job's last frame; from now on lodged may go */
int link_finish(Link *l, FrameWriter *w);
