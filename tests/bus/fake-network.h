/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lodge-net and lodge-relay without a network: they connect to lodged, note what they are told and
 * answer that it is done. */
#pragma once

#include "core/manager.h"

#include <stdbool.h>
#include <systemd/sd-event.h>

typedef struct FakeNetwork {
        Manager *manager;
        sd_event *event;
        int fd; /* to lodged; -EBADF: it is not there */
        sd_event_source *io;
        const char *unit;
        GString *log; /* what it was told, a word or two for each frame */

        bool is_mute;        /* it answers nothing */
        char **facts;        /* FRAME_HAVE of FRAME_NETWORK_FACTS */
        const char *taken;   /* the next FRAME_MEMBER_SET fails, for this port is taken: "tcp
                                127.0.0.1 8080" */
        const char *refuses; /* every FRAME_NETWORK_SET fails with this */
        const char *holder;  /* who has that port */
        const char *finding; /* the answer to FRAME_NETWORK_CHECK */
} FakeNetwork;

/** fake_network_new() - one that has not connected
 * @unit LODGE_NET_UNIT or LODGE_RELAY_UNIT */
FakeNetwork *fake_network_new(sd_event *event, const char *unit);
/** fake_network_free() - it ends, if it has not */
void fake_network_free(FakeNetwork *s);
/** fake_network_connect() - it starts */
void fake_network_connect(FakeNetwork *s, Manager *manager);
/** fake_network_hang_up() - it ends */
void fake_network_hang_up(FakeNetwork *s);
/** fake_network_told() - what it was told since the last call; valid until the next */
const char *fake_network_told(FakeNetwork *s);
