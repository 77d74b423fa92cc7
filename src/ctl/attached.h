/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What attach and run have in common: being connected to PID 1 of a machine. */
#pragma once

#include "ctl/session.h"

/* What is still copied from the shim after PID 1's end. */
#define ATTACHED_QUIET_MSEC 2000

/** attached_resize() - tell PID 1's terminal the size of ours
 * Return: 0; negative errno with a Fault, FAULT_NOT_SUPPORTED where PID 1 has no terminal. */
int attached_resize(Session *s, Fault *reterr);

/** attached_on_resize() - the same as a session's on_resize, without waiting for the answer */
void attached_on_resize(Session *s);

/** attached_note() - tell the user, before the terminal is raw, how to get out of it */
void attached_note(const Session *s);

/** attached_wait() - ask to be told when the machine is "stopped" or has "exited"
 * @on_answer gets the answer of Wait(), with the session
 * Return: 0; negative errno with a Fault. */
int attached_wait(Session *s, const char *condition, sd_bus_message_handler_t on_answer,
                  Fault *reterr);
