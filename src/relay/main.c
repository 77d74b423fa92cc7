/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lodge-relay: names for machines in lodge's networks, and what nft cannot rewrite of what comes to
 * their published ports. Main process of lodge-relay.service. Begins as root, for nothing but
 * lodged's socket; what strangers send is read by an own user that may bind low ports and no more.
 */
#include "base/names.h"
#include "base/text.h"
#include "relay/connector.h"
#include "relay/link.h"
#include "sys/identity.h"

#include <getopt.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#define IDLE_USEC (60 * UINT64_C(1000000))

typedef struct Options {
        const char *socket, *resolv_conf;
        uint64_t idle_usec;
} Options;

typedef struct Daemon {
        sd_event *event;
        sd_event_source *idle;
        uint64_t idle_usec;
        Relay *relay;
        Link *link;
} Daemon;

static int usage(int status)
{
        (void)fputs("lodge-relay [OPTIONS]\n\n"
                    "Names and ports of machines in networks. Main process of " LODGE_RELAY_UNIT
                    ".\n\n"
                    "     --socket=PATH       where lodged listens (" LODGE_RUNTIME_SOCKET ")\n"
                    "     --resolv-conf=PATH  who knows other names (" LODGE_HOST_RESOLV ")\n"
                    "     --idle=TIME         end after so long without anything to do (60s)\n"
                    "  -h --help              show this text\n"
                    "     --version           show the version\n",
                    status ? stderr : stdout);
        return status;
}

/* The unit has a user of its own made (DynamicUser=) and leaves it to us to become it: the owner of
 * its runtime directory. Without a unit, in tests, we stay who we are. */
static int drop_privileges(void)
{
        const char *directory = getenv("RUNTIME_DIRECTORY");
        struct stat st = {.st_uid = getuid(), .st_gid = getgid()};

        if (directory && stat(directory, &st) < 0)
                return -errno;
        if (directory && st.st_uid == 0)
                return -EPERM;
        int r = identity_change(st.st_uid, st.st_gid, CAPABILITY_BIT(CAP_NET_BIND_SERVICE));
        if (r < 0)
                return r;
        return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

static int on_idle(sd_event_source *source, uint64_t usec, void *userdata)
{
        return sd_event_exit(((Daemon *)userdata)->event, 0);
}

static void became_idle(void *userdata, bool idle)
{
        Daemon *d = userdata;

        (void)sd_event_source_set_time_relative(d->idle, d->idle_usec);
        (void)sd_event_source_set_enabled(d->idle, idle ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

static int serve(const Options *o, int connector)
{
        Daemon d = {.idle_usec = o->idle_usec};
        int r = sd_event_default(&d.event);

        if (r >= 0)
                r = sd_event_add_time_relative(d.event, &d.idle, CLOCK_MONOTONIC, d.idle_usec, 0,
                                               on_idle, &d);
        if (r < 0)
                return r;
        RelayArgs args = {.event = d.event,
                          .resolv_conf = o->resolv_conf,
                          .became_idle = became_idle,
                          .userdata = &d};
        d.relay = relay_new(&args);
        r = link_new(d.event, connector, d.relay, &d.link);
        if (r >= 0)
                r = sd_event_loop(d.event);
        link_free(d.link);
        relay_free(d.relay);
        sd_event_source_disable_unref(d.idle);
        sd_event_unref(d.event);
        return r;
}

static int parse_options(int argc, char *argv[], Options *ret)
{
        static const struct option options[] = {{"socket", required_argument, NULL, 's'},
                                                {"resolv-conf", required_argument, NULL, 'r'},
                                                {"idle", required_argument, NULL, 'i'},
                                                {"help", no_argument, NULL, 'h'},
                                                {"version", no_argument, NULL, 'v'},
                                                {0}};
        Options o = {.socket = LODGE_RUNTIME_SOCKET,
                     .resolv_conf = LODGE_HOST_RESOLV,
                     .idle_usec = IDLE_USEC};
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (c) {
                case 's': o.socket = optarg; break;
                case 'r': o.resolv_conf = optarg; break;
                case 'i':
                        if (parse_usec(optarg, &o.idle_usec) < 0)
                                return -EINVAL;
                        break;
                case 'h': exit(usage(0));
                case 'v': (void)puts("lodge " LODGE_VERSION); exit(0);
                default: return -EINVAL;
                }
        *ret = o;
        return optind == argc ? 0 : -EINVAL;
}

int main(int argc, char *argv[])
{
        Options o;

        if (parse_options(argc, argv, &o) < 0)
                return usage(2);
        (void)signal(SIGPIPE, SIG_IGN); /* errors of write(2) and splice(2) tell it */
        _cleanup_close_ int connector = connector_start(o.socket);
        int r = connector < 0 ? connector : drop_privileges();
        if (r >= 0)
                r = serve(&o, connector);
        if (r < 0)
                (void)fprintf(stderr, SD_ERR "lodge-relay ends: %s\n", strerror(-r));
        return r != 0;
}
