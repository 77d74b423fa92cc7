/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The networks and machines that lodged has told us of, and what is open for them. */
#pragma once

#include "base/fault.h"
#include "relay/ports.h"
#include "wire/network-record.h"

#include <systemd/sd-event.h>

typedef struct Relay Relay;

typedef struct RelayArgs {
        sd_event *event;
        const char *resolv_conf;                        /* path */
        void (*became_idle)(void *userdata, bool idle); /* nothing is left to do; something is */
        void *userdata;
} RelayArgs;

/** relay_new() - nothing yet */
Relay *relay_new(const RelayArgs *args);
/** relay_free() - close everything; NULL is fine */
void relay_free(Relay *relay);

/** relay_sync_begin() - what is not set again until relay_sync_end() is to go */
void relay_sync_begin(Relay *relay);
/** relay_sync_end() - and goes */
void relay_sync_end(Relay *relay);
/** relay_set_network() - a new or changed network */
void relay_set_network(Relay *relay, const NetworkRecord *network);
/** relay_unset_network() - close what it has; unknown is fine */
void relay_unset_network(Relay *relay, const char *name);
/** relay_set_member() - a new or changed machine
 * @m        emptied on success
 * @ret_port the port that somebody of the host has, if it is that, as in FRAME_PORT_OWNER, else ""
 * Return: 0; negative errno with a sentence: nothing was changed. */
int relay_set_member(Relay *relay, MemberRecord *m, char ret_port[static PORT_TEXT_MAX],
                     Fault *reterr);
/** relay_unset_member() - close what it has; unknown is fine */
void relay_unset_member(Relay *relay, const char *name);
