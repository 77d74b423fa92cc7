/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two ends of a D-Bus connection in one program, without a bus between them. */
#pragma once

#include "unit/test.h"

#include <sys/socket.h>
#include <systemd/sd-bus.h>

static inline sd_bus *bus_pair_end(sd_event *event, int fd, bool server)
{
        sd_id128_t id;
        sd_bus *bus;

        CHECK(sd_bus_new(&bus) >= 0);
        CHECK(sd_bus_set_fd(bus, fd, fd) >= 0);
        if (server)
                CHECK(sd_id128_randomize(&id) >= 0 && sd_bus_set_server(bus, true, id) >= 0);
        CHECK(sd_bus_start(bus) >= 0);
        CHECK(sd_bus_attach_event(bus, event, 0) >= 0);
        return bus;
}

/** bus_pair_connect() - systemd's end and ours, attached to the event loop */
static inline void bus_pair_connect(sd_event *event, sd_bus **ret_theirs, sd_bus **ret_ours)
{
        int fds[2];

        CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
        *ret_theirs = bus_pair_end(event, fds[0], true);
        *ret_ours = bus_pair_end(event, fds[1], false);
}
