/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/service.h"

#include "base/text.h"
#include "net/bridge.h"
#include "net/check.h"
#include "net/engine.h"
#include "net/facts.h"
#include "net/link-watch.h"
#include "net/lodged-link.h"
#include "net/port-owner.h"
#include "net/tables.h"

#include <signal.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#define IDLE_USEC   60000000ULL
#define LINGER_USEC 1000000ULL /* a machine that is started again soon finds its network */

typedef struct Service {
        sd_event *event;
        Engine *engine;
        LodgedLink *lodged;
        TablesWatch *tables;
        LinkWatch *links;
        sd_event_source *linger, *idle;
} Service;

/* ---- time ---- */

static int on_linger(sd_event_source *source, uint64_t usec, void *userdata)
{
        Service *s = userdata;

        s->linger = sd_event_source_disable_unref(s->linger);
        if (engine_collect(s->engine, LINGER_USEC) == 0)
                return 0;
        return sd_event_add_time_relative(s->event, &s->linger, CLOCK_MONOTONIC, LINGER_USEC, 0,
                                          on_linger, s);
}

static int collect_later(Service *s)
{
        if (s->linger)
                return 0;
        return sd_event_add_time_relative(s->event, &s->linger, CLOCK_MONOTONIC, LINGER_USEC, 0,
                                          on_linger, s);
}

static int on_idle(sd_event_source *source, uint64_t usec, void *userdata)
{
        Service *s = userdata;

        s->idle = sd_event_source_disable_unref(s->idle);
        return engine_is_empty(s->engine) ? sd_event_exit(s->event, 0) : 0;
}

/* Counted from the last request; nobody is waited for. */
static int watch_idleness(Service *s)
{
        s->idle = sd_event_source_disable_unref(s->idle);
        return sd_event_add_time_relative(s->event, &s->idle, CLOCK_MONOTONIC, IDLE_USEC, 0,
                                          on_idle, s);
}

/* ---- requests ---- */

static int do_sync(Service *s, const Frame *f, FrameWriter *reply, Fault *reterr)
{
        if (frame_number(f, FRAME_BEGIN, 0) == 0)
                return engine_end_sync(s->engine, reterr);
        engine_begin_sync(s->engine);
        return 0;
}

static int do_network_set(Service *s, const Frame *f, FrameWriter *reply, Fault *reterr)
{
        NetworkRecord n;
        int r = network_record_read(f, &n);

        return r < 0 ? r : engine_set_network(s->engine, &n, reterr);
}

static int do_network_unset(Service *s, const Frame *f, FrameWriter *reply, Fault *reterr)
{
        const char *name = frame_string(f, FRAME_NAME);

        if (!name)
                return -EBADMSG;
        engine_unset_network(s->engine, name);
        return collect_later(s);
}

static int do_member_set(Service *s, const Frame *f, FrameWriter *reply, Fault *reterr)
{
        _cleanup_member_record_ MemberRecord m = {0};
        int r = member_record_read(f, &m);

        return r < 0 ? r : engine_set_member(s->engine, &m, reterr);
}

static int do_member_unset(Service *s, const Frame *f, FrameWriter *reply, Fault *reterr)
{
        const char *name = frame_string(f, FRAME_NAME);

        return name ? engine_unset_member(s->engine, name, reterr) : -EBADMSG;
}

static int do_facts(Service *s, const Frame *f, FrameWriter *reply, Fault *reterr)
{
        g_autoptr(GHashTable) ours = NULL;
        g_autoptr(GArray) routes = NULL;
        char text[NET_ADDRESS_TEXT_MAX];

        int r = bridge_list(engine_route(s->engine), &ours);
        if (r >= 0)
                r = facts_routes(engine_route(s->engine), ours, &routes);
        if (r < 0)
                return fault_set(reterr, FAULT_FAILED, r, "cannot list the routes of this host: %s",
                                 strerror(-r));
        for (guint i = 0; i < routes->len; i++)
                frame_add_string(
                        reply, FRAME_HAVE,
                        net_address_format(&g_array_index(routes, HostRoute, i).to, true, text));
        return 0;
}

static int do_check(Service *s, const Frame *f, FrameWriter *reply, Fault *reterr)
{
        _cleanup_strv_free_ char **lines = NULL;
        int r = check_run(s->engine, &lines);

        if (r >= 0)
                frame_add_strv(reply, FRAME_LINE, lines);
        return r;
}

static int do_port_owner(Service *s, const Frame *f, FrameWriter *reply, Fault *reterr)
{
        const char *item = frame_string(f, FRAME_ITEM);
        char protocol[8], text[NET_ADDRESS_TEXT_MAX], end;
        g_autofree char *owner = NULL;
        NetAddress address;
        unsigned port;

        if (!item || sscanf(item, "%7s %51s %u%c", protocol, text, &port, &end) != 3 ||
            net_address_parse(text, NET_PREFIX_NONE, &address) < 0 || port < 1 || port > 65535 ||
            (!streq(protocol, "tcp") && !streq(protocol, "udp")))
                return -EBADMSG;
        int r = port_owner(streq(protocol, "tcp") ? PORT_TCP : PORT_UDP, &address, (uint16_t)port,
                           &owner);
        if (r < 0)
                return fault_set(reterr, FAULT_FAILED, r,
                                 "cannot list the sockets of this host: %s", strerror(-r));
        frame_add_string(reply, FRAME_MESSAGE, owner);
        return 0;
}

static const struct {
        FrameType type;
        int (*run)(Service *s, const Frame *f, FrameWriter *reply, Fault *reterr);
} requests[] = {
        {FRAME_NETWORK_SYNC, do_sync},           {FRAME_NETWORK_SET, do_network_set},
        {FRAME_NETWORK_UNSET, do_network_unset}, {FRAME_MEMBER_SET, do_member_set},
        {FRAME_MEMBER_UNSET, do_member_unset},   {FRAME_NETWORK_FACTS, do_facts},
        {FRAME_NETWORK_CHECK, do_check},         {FRAME_PORT_OWNER, do_port_owner},
};

static int on_request(const Frame *f, FrameWriter *reply, void *userdata, Fault *reterr)
{
        Service *s = userdata;
        int r = watch_idleness(s);

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(requests); i++)
                if (requests[i].type == f->type)
                        return requests[i].run(s, f, reply, reterr);
        return r < 0 ? r : -EBADMSG;
}

/* ---- life ---- */

static void on_tables_removed(bool is_sure, void *userdata)
{
        Service *s = userdata;
        _cleanup_fault_ Fault f = {0};
        int r = engine_repair(s->engine, is_sure, &f);

        if (r < 0)
                (void)fprintf(stderr, SD_ERR "%s\n", f.message ? f.message : strerror(-r));
        if (r > 0)
                (void)fprintf(stderr,
                              SD_NOTICE "Somebody has removed lodge's nftables tables; they "
                                        "were made anew\n");
}

static int setup_signals(sd_event *event)
{
        sigset_t set;

        (void)sigemptyset(&set);
        (void)sigaddset(&set, SIGTERM);
        (void)sigaddset(&set, SIGINT);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return -errno;
        int r = sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL);
        return r < 0 ? r : sd_event_add_signal(event, NULL, SIGINT, NULL, NULL);
}

static int start(Service *s)
{
        int r = sd_event_default(&s->event);

        if (r >= 0)
                r = setup_signals(s->event);
        if (r >= 0)
                r = engine_new(&s->engine);
        if (r >= 0)
                r = tables_watch_new(s->event, on_tables_removed, s, &s->tables);
        if (r >= 0)
                r = link_watch_new(s->event, s->engine, &s->links);
        if (r >= 0)
                r = lodged_link_new(s->event, on_request, s, &s->lodged);
        return r < 0 ? r : watch_idleness(s);
}

int service_run(void)
{
        Service s = {0};
        int r = start(&s);

        if (r >= 0) {
                (void)sd_notify(0, "READY=1");
                r = sd_event_loop(s.event);
                (void)sd_notify(0, "STOPPING=1");
        }
        lodged_link_free(s.lodged);
        link_watch_free(s.links);
        tables_watch_free(s.tables);
        sd_event_source_disable_unref(s.linger);
        sd_event_source_disable_unref(s.idle);
        engine_free(s.engine);
        sd_event_unref(s.event);
        return r;
}
