/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Published ports: a socket for each, so that it is taken, and what passes through it. */
#pragma once

#include "base/fault.h"
#include "wire/network-record.h"

#include <systemd/sd-event.h>

#define PORT_TEXT_MAX (NET_ADDRESS_TEXT_MAX + 16)

typedef struct Ports Ports;

/* Who is in the way. */
typedef struct PortConflict {
        const char *machine; /* another one of ours, else ""; it may be gone by the next call */
        char port[PORT_TEXT_MAX]; /* as in FRAME_PORT_OWNER; "": it is not that somebody else of the
                                     host has it */
} PortConflict;

/** ports_new() - none yet */
Ports *ports_new(sd_event *event);
/** ports_free() - close all; NULL is fine */
void ports_free(Ports *p);

/** ports_set() - have exactly these ports open for a machine
 * Those it has already stay open, with their connections; new connections go where @m says now.
 * @ret_conflict set on failure only
 * Return: 0; negative errno with a sentence, and nothing has changed. */
int ports_set(Ports *p, const MemberRecord *m, PortConflict *ret_conflict, Fault *reterr);
/** ports_unset() - close a machine's ports and their connections */
void ports_unset(Ports *p, const char *machine);
