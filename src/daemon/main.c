/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lodged: puts the parts together. Root, in a tight sandbox; forks into no guest, waits for
 * nothing. */
#include "base/names.h"
#include "base/text.h"
#include "bus/bus.h"
#include "bus/private-socket.h"
#include "core/launch.h"
#include "core/manager.h"
#include "core/network.h"
#include "core/orphan.h"
#include "core/rename.h"
#include "host/definition-watch.h"
#include "host/firewalld.h"
#include "host/journal.h"
#include "host/machined.h"
#include "host/shim-socket.h"
#include "host/store-watch.h"
#include "host/systemd.h"
#include "host/worker.h"

#include <signal.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>

#define LOOK_USEC 1000000ULL /* for a bus that is not there */

typedef struct Daemon {
        sd_event *event;
        sd_bus *connection; /* to the system bus; NULL: it is not there, root is served alone */
        sd_bus *to_host; /* likewise: its answers must not wait behind the calls of many clients */
        Systemd *systemd;
        Worker *worker;
        Manager *manager;
        Bus *bus;
        ShimSocket *socket;
        int private_fd; /* listens; -EBADF: none, or taken over */
        PrivateSocket *private_socket;
        DefinitionWatch *definitions;
        Machined *machined;
        Firewalld *firewalld;
} Daemon;

static int on_idle(sd_event_source *source, void *userdata)
{
        launch_warm_up(userdata);
        sd_event_source_disable_unref(source);
        return 0;
}

/* Compiling the filter takes longer than the rest of a start: not while somebody waits for one. */
static void warm_up_when_idle(Daemon *d)
{
        sd_event_source *idle;

        if (sd_event_add_defer(d->event, &idle, on_idle, d->manager) >= 0)
                (void)sd_event_source_set_priority(idle, SD_EVENT_PRIORITY_IDLE);
}

static int on_name(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        Daemon *d = userdata;
        const sd_bus_error *e = sd_bus_message_get_error(reply);

        if (e) {
                (void)sd_journal_print(LOG_ERR, "cannot own " LODGE_BUS_NAME " on the bus: %s",
                                       e->message);
                return sd_event_exit(d->event, 1);
        }
        (void)sd_notify(0, "READY=1");
        warm_up_when_idle(d);
        return 0;
}

static int on_look(sd_event_source *source, uint64_t usec, void *userdata)
{
        _cleanup_(sd_bus_close_unrefp) sd_bus *bus = NULL;
        Daemon *d = userdata;

        if (sd_bus_open_system(&bus) >= 0)
                return sd_event_exit(d->event, 0); /* the next lodged has all that this one has */
        (void)sd_event_source_set_time_relative(source, LOOK_USEC);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* Machines can be looked after without a bus, by root. */
static int wait_for_bus(Daemon *d, int error)
{
        (void)sd_journal_print(LOG_WARNING,
                               "The system bus cannot be reached, serving root's socket alone: %s",
                               strerror(-error));
        return sd_event_add_time_relative(d->event, NULL, CLOCK_MONOTONIC, LOOK_USEC, 0, on_look,
                                          d);
}

/* Every shim that was there has answered: what we show from now on is right. */
static void on_adopted(void *userdata)
{
        Daemon *d = userdata;
        int r = 0;

        orphans_look(d->manager);
        systemd_forget_lost(d->systemd);
        if (d->private_fd >= 0)
                r = private_socket_new(d->bus, d->private_fd, &d->private_socket);
        if (r >= 0)
                d->private_fd = -EBADF;
        if (r >= 0 && d->connection)
                r = sd_bus_request_name_async(d->connection, NULL, LODGE_BUS_NAME, 0, on_name, d);
        else if (r >= 0) {
                (void)sd_notify(0, "READY=1");
                warm_up_when_idle(d);
        }
        if (r < 0)
                (void)sd_event_exit(d->event, r);
}

static int open_sockets(Daemon *d)
{
        int n = sd_listen_fds(1), shims = -EBADF;

        if (n < 0)
                return n;
        for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n; fd++)
                if (sd_is_socket(fd, AF_UNIX, SOCK_SEQPACKET, 1) > 0)
                        shims = fd;
                else if (sd_is_socket(fd, AF_UNIX, SOCK_STREAM, 1) > 0)
                        d->private_fd = fd;
        if (shims < 0) {
                (void)sd_journal_print(LOG_ERR,
                                       "lodged must be started by systemd with lodged.socket");
                return -EINVAL;
        }
        return shim_socket_new(d->manager, shims, &d->socket);
}

static int setup_signals(Daemon *d)
{
        static const int signals[] = {SIGTERM, SIGINT};
        sigset_t set;

        (void)sigemptyset(&set);
        (void)sigaddset(&set, SIGCHLD);
        (void)sigaddset(&set, SIGTERM);
        (void)sigaddset(&set, SIGINT);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return -errno;
        (void)signal(SIGPIPE, SIG_IGN);
        for (size_t i = 0; i < ELEMENTSOF(signals); i++) {
                int r = sd_event_add_signal(d->event, NULL, signals[i], NULL, NULL);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int open_bus(Daemon *d, sd_bus **ret, int64_t priority)
{
        int r = sd_bus_open_system(ret);

        r = r < 0 ? r : sd_bus_attach_event(*ret, d->event, priority);
        return r < 0 ? r : sd_bus_set_exit_on_disconnect(*ret, 1);
}

static int connect_all(Daemon *d)
{
        int r = open_bus(d, &d->connection, SD_EVENT_PRIORITY_NORMAL);

        if (r < 0)
                r = wait_for_bus(d, r);
        else
                r = open_bus(d, &d->to_host, SD_EVENT_PRIORITY_NORMAL - 3);
        return r < 0 ? r : systemd_new(d->event, d->to_host, &d->systemd);
}

static int connect_to_machined(Daemon *d)
{
        if (!d->to_host)
                return 0;
        int r = machined_new(d->to_host, d->manager, &d->machined);
        if (r < 0)
                return r;
        RegistryPort registry = machined_port(d->machined);
        registry_set_port(d->manager, &registry);
        return 0;
}

static int connect_to_firewalld(Daemon *d)
{
        if (!d->to_host)
                return 0;
        int r = firewalld_new(d->to_host, d->manager, &d->firewalld);
        if (r < 0)
                return r;
        FirewallPort firewall = firewalld_port(d->firewalld);
        network_set_firewall(d->manager, &firewall);
        return 0;
}

static int setup(Daemon *d)
{
        int r = sd_event_default(&d->event);

        r = r < 0 ? r : setup_signals(d);
        r = r < 0 ? r : connect_all(d);
        if (r < 0)
                return r;
        d->worker = worker_new(d->event);
        UnitPort units = systemd_unit_port(d->systemd);
        WorkPort work = worker_port(d->worker);
        d->manager = manager_new(d->event, "", &units, &work);
        systemd_set_manager(d->systemd, d->manager);
        journal_listen(d->manager);
        r = connect_to_machined(d);
        r = r < 0 ? r : connect_to_firewalld(d);
        r = r < 0 ? r : definition_watch_new(d->manager, d->event, &d->definitions);
        r = r < 0 ? r : store_watch(d->manager, d->event);
        renames_resume(d->manager);
        manager_load(d->manager);
        r = r < 0 ? r : bus_new(d->connection, d->manager, LODGE_VERSION, &d->bus);
        r = r < 0 ? r : open_sockets(d);
        if (r < 0)
                return r;
        manager_adopt(d->manager, on_adopted, d);
        return 0;
}

static void teardown(Daemon *d)
{
        shim_socket_free(d->socket);
        private_socket_free(d->private_socket);
        (void)close_fd(d->private_fd);
        bus_free(d->bus);
        definition_watch_free(d->definitions);
        if (d->manager)
                manager_free(d->manager);
        machined_free(d->machined);
        firewalld_free(d->firewalld);
        worker_free(d->worker);
        systemd_free(d->systemd);
        sd_bus_flush_close_unref(d->connection);
        sd_bus_flush_close_unref(d->to_host);
        sd_event_unref(d->event);
}

static int usage(int status)
{
        (void)fputs(
                "lodged\n\nThe daemon that manages machines. Started by systemd; see lodged(8).\n\n"
                "  -h --help     show this text\n"
                "     --version  show the version\n",
                status ? stderr : stdout);
        return status;
}

int main(int argc, char *argv[])
{
        Daemon d = {.private_fd = -EBADF};

        if (argc == 2 && (streq(argv[1], "-h") || streq(argv[1], "--help")))
                return usage(0);
        if (argc == 2 && streq(argv[1], "--version")) {
                (void)puts("lodge " LODGE_VERSION);
                return 0;
        }
        if (argc != 1)
                return usage(2);
        int r = setup(&d);
        r = r < 0 ? r : sd_event_loop(d.event);
        (void)sd_notify(0, "STOPPING=1");
        if (r < 0)
                (void)sd_journal_print(LOG_ERR, "lodged ends: %s", strerror(-r));
        teardown(&d);
        return r != 0;
}
