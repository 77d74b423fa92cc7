/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/client.h"

#include "base/io.h"
#include "base/names.h"

#include <string.h>

/* To be let in; lodged may just be starting, and then the bus is there to start it, too. */
#define PRIVATE_USEC 2000000ULL

struct ClientConnection {
        sd_bus *bus;
        sd_event *event;
        bool is_private; /* ends with lodged, other than a connection to the bus */
};

/* Until lodged has taken the connection, or refused it. */
static int wait_until_ready(sd_bus *bus)
{
        uint64_t until = now_usec(CLOCK_MONOTONIC) + PRIVATE_USEC;
        int r;

        while ((r = sd_bus_is_ready(bus)) == 0) {
                uint64_t now = now_usec(CLOCK_MONOTONIC);

                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = now < until ? sd_bus_wait(bus, until - now) : -ETIMEDOUT;
                if (r < 0 && r != -EINTR)
                        return r;
        }
        return r < 0 ? r : 0;
}

static int open_private(sd_bus **ret)
{
        _cleanup_(sd_bus_close_unrefp) sd_bus *bus = NULL;

        if (geteuid() != 0 || getenv("DBUS_SYSTEM_BUS_ADDRESS"))
                return -EACCES;
        int r = sd_bus_new(&bus);
        r = r < 0 ? r : sd_bus_set_address(bus, "unix:path=" LODGE_PRIVATE_SOCKET);
        r = r < 0 ? r : sd_bus_start(bus);
        r = r < 0 ? r : wait_until_ready(bus);
        if (r >= 0)
                *ret = TAKE_PTR(bus);
        return r;
}

static int open_bus(sd_bus **ret, bool *ret_private, Fault *reterr)
{
        _cleanup_(sd_bus_close_unrefp) sd_bus *bus = NULL;
        bool is_private = open_private(&bus) >= 0;
        int r = is_private ? 0 : sd_bus_open_system(&bus);

        if (r >= 0)
                r = sd_bus_set_close_on_exit(bus, false); /* the loop's end is not ours */
        if (r < 0) {
                (void)fault_set(reterr, FAULT_FAILED, CLIENT_UNREACHABLE,
                                "the system bus cannot be reached: %s", strerror(-r));
                return -CLIENT_UNREACHABLE;
        }
        *ret = TAKE_PTR(bus);
        *ret_private = is_private;
        return 0;
}

int client_open(bool interactive, Client *ret, Fault *reterr)
{
        _cleanup_free_ ClientConnection *connection = calloc(1, sizeof(*connection));

        if (!connection)
                return fault_set(reterr, FAULT_FAILED, ENOMEM, "out of memory");
        int r = open_bus(&connection->bus, &connection->is_private, reterr);
        if (r >= 0)
                *ret = (Client){.connection = TAKE_PTR(connection), .interactive = interactive};
        return r;
}

void client_close(Client *c)
{
        if (!c->connection)
                return;
        client_detach(c);
        sd_bus_flush_close_unref(c->connection->bus);
        free(c->connection);
        c->connection = NULL;
}

sd_bus *client_bus(const Client *c)
{
        return c->connection ? c->connection->bus : NULL;
}

bool client_has_signals(const Client *c)
{
        return c->connection && !c->connection->is_private;
}

int client_attach(const Client *c, sd_event *event)
{
        ClientConnection *connection = c->connection;
        int r = sd_bus_attach_event(connection->bus, event, SD_EVENT_PRIORITY_NORMAL);

        if (r >= 0 && connection->event != event) {
                sd_event_unref(connection->event);
                connection->event = sd_event_ref(event);
        }
        return r;
}

void client_detach(const Client *c)
{
        if (c->connection->event)
                (void)sd_bus_detach_event(c->connection->bus);
        c->connection->event = sd_event_unref(c->connection->event);
}

int client_renew(const Client *c, Fault *reterr)
{
        ClientConnection *connection = c->connection;
        sd_bus *bus;

        if (!connection->is_private || sd_bus_is_open(connection->bus) > 0)
                return 0;
        /* whoever waits for an answer on the old one has to hear that there will be none */
        while (sd_bus_process(connection->bus, NULL) > 0)
                ;
        int r = open_bus(&bus, &connection->is_private, reterr);
        if (r < 0)
                return r;
        sd_bus_close_unref(connection->bus);
        connection->bus = bus;
        return connection->event ? client_attach(c, connection->event) : 0;
}
