/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way back to lodged, whose socket is root's alone: a process that stays uid 0, without any
 * capability, and does nothing but connect to that one path when it is asked. It reads no byte but
 * that request; it ends with its parent. */
#pragma once

/** connector_start() - make it; to be called while still root
 * @path of the socket; too long a one is refused
 * Return: a SOCK_SEQPACKET socket to it; negative errno. */
int connector_start(const char *path);
/** connector_ask() - have it connect
 * Return: 0 and @fd becomes readable; -EPIPE it is gone. */
int connector_ask(int fd);
/** connector_take() - what came of it
 * Return: a connected non-blocking socket, caller closes; -EPIPE the connector is gone; else why
 * connect(2) failed. */
int connector_take(int fd);
