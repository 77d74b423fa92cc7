/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/network-service.h"

#include "base/names.h"
#include "base/text.h"
#include "core/link.h"
#include "core/machine-network.h"
#include "core/manager.h"
#include "core/network-internal.h"

#include <string.h>

#define WINDOW 32U /* requests that it has not answered: what a socket's buffer takes */

typedef struct Service {
        NetworkServices *all;
        NetworkServiceKind kind;
        Link *link;       /* NULL: it is not there */
        GQueue queue;     /* Item: not answered yet, the first WINDOW at most sent */
        unsigned n_sent;  /* of those, that wait for an answer */
        bool is_starting; /* systemd was asked */
        bool is_synced;   /* it has been told where the state begins and ends */
} Service;

struct NetworkServices {
        Manager *manager;
        Service services[_NETWORK_SERVICE_MAX];
        bool is_adopted;
};

typedef struct Item {
        Service *service;
        FrameType type;
        bool begins; /* FRAME_NETWORK_SYNC */
        char *name;
        bool is_sent;
        NetworkServiceDoneFn done;
        void *userdata;
        sd_event_source *deadline;
} Item;

static const char *const units[_NETWORK_SERVICE_MAX] = {
        [NETWORK_SERVICE_NET] = LODGE_NET_UNIT,
        [NETWORK_SERVICE_RELAY] = LODGE_RELAY_UNIT,
};

/* ---- what waits ---- */

static void item_free(void *p)
{
        Item *i = p;

        sd_event_source_disable_unref(i->deadline);
        g_free(i->name);
        g_free(i);
}

static void item_remove(Item *i)
{
        (void)g_queue_remove(&i->service->queue, i);
        item_free(i);
}

static void item_warn(const Item *i, const Fault *f)
{
        Manager *manager = i->service->all->manager;
        _cleanup_free_ char *text =
                g_strdup_printf("%s: %s", units[i->service->kind], f->message ?: "out of memory");

        manager_warn(manager, i->type == FRAME_MEMBER_SET ? i->name : NULL, text);
}

/* It is answered, or never will be. Frees @i. */
static void item_end(Item *i, Frame *reply, const Fault *fault)
{
        NetworkServiceDoneFn done = i->done;
        NetworkServiceKind kind = i->service->kind;
        void *userdata = i->userdata;

        if (fault && !done)
                item_warn(i, fault);
        item_remove(i);
        if (done)
                done(userdata, kind, reply, fault);
}

static void end_all(Service *s, const Fault *fault)
{
        for (GList *l = s->queue.head; l;) {
                Item *i = l->data;

                l = l->next;
                if (!i->done)
                        continue;
                item_end(i, NULL, fault);
                l = s->queue.head; /* whoever was told may have changed the queue */
        }
}

static void set_silent(Fault *f, NetworkServiceKind kind)
{
        int n = (int)(strlen(units[kind]) - strlen(LODGE_UNIT_SUFFIX));

        (void)fault_set(f, FAULT_TIMED_OUT, ETIMEDOUT,
                        "%.*s does not answer; see 'journalctl -u %.*s'", n, units[kind], n,
                        units[kind]);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
        Item *i = userdata;
        NetworkServiceDoneFn done = TAKE_PTR(i->done);
        NetworkServiceKind kind = i->service->kind;
        void *waiter = i->userdata;
        _cleanup_fault_ Fault f = {0};

        set_silent(&f, kind);
        i->deadline = sd_event_source_disable_unref(i->deadline);
        if (!i->is_sent)
                item_remove(i);
        done(waiter, kind, NULL, &f);
        return 0;
}

/* ---- sending ---- */

static void pump(Service *s);

static void on_reply(void *userdata, Frame *reply, const Fault *fault)
{
        Item *i = userdata;
        Service *s = i->service;
        _cleanup_fault_ Fault f = {0};

        s->n_sent--;
        if (!reply && fault->error != ETIMEDOUT) {
                i->is_sent = false; /* the connection is gone: to be said again */
                return;
        }
        if (!reply)
                set_silent(&f, s->kind);
        else if (reply->type == FRAME_ERROR)
                (void)frame_fault(reply, &f);
        item_end(i, reply, f.code != FAULT_NONE ? &f : NULL);
        pump(s);
}

/* Return: false: there is nothing to say any more. */
static bool add_content(const Item *i, FrameWriter *w)
{
        Manager *manager = i->service->all->manager;

        switch (i->type) {
        case FRAME_NETWORK_SYNC: frame_add_number(w, FRAME_BEGIN, i->begins); return true;
        case FRAME_NETWORK_SET: return network_add_record(manager, i->name, w);
        case FRAME_MEMBER_SET: return machine_network_add_record(manager, i->name, w);
        case FRAME_PORT_OWNER: frame_add_string(w, FRAME_ITEM, i->name); return true;
        default: frame_add_string(w, FRAME_NAME, i->name); return true;
        }
}

/* Return: false: it takes no more now. */
static bool send_item(Item *i)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        Service *s = i->service;
        bool is_answered = i->type != FRAME_NETWORK_SYNC || !i->begins;

        link_begin(s->link, &w, i->type);
        if (!add_content(i, &w)) {
                item_end(i, NULL, NULL);
                return true;
        }
        if (link_send(s->link, &w, is_answered ? on_reply : NULL, i, NULL) < 0)
                return false;
        if (!is_answered) {
                item_remove(i);
                return true;
        }
        i->is_sent = true;
        s->n_sent++;
        return true;
}

static Item *first_unsent(const Service *s)
{
        for (GList *l = s->queue.head; l; l = l->next)
                if (!((Item *)l->data)->is_sent)
                        return l->data;
        return NULL;
}

static void start_unit(Service *s)
{
        UnitPort *port = &s->all->manager->units;
        _cleanup_fault_ Fault f = {0};

        if (s->is_starting || !port->start)
                return;
        int r = port->start(port->userdata, units[s->kind]);
        s->is_starting = r >= 0;
        if (r >= 0)
                return;
        (void)fault_set(&f, FAULT_FAILED, r, "Cannot ask systemd to start %s: %s", units[s->kind],
                        strerror(-r));
        end_all(s, &f);
}

static void pump(Service *s)
{
        Item *i;

        if (!s->link) {
                if (s->queue.length > 0)
                        start_unit(s);
                return;
        }
        while (s->link && s->is_synced && s->n_sent < WINDOW && (i = first_unsent(s)))
                if (!send_item(i))
                        return;
}

static Item *item_new(Service *s, FrameType type, const char *name)
{
        Item *i = g_new0(Item, 1);

        *i = (Item){.service = s, .type = type, .name = g_strdup(name)};
        return i;
}

void network_service_send(Manager *manager, NetworkServiceKind service, FrameType type,
                          const char *name, NetworkServiceDoneFn done, void *userdata)
{
        Service *s = &manager->network_services->services[service];
        bool is_unset = type == FRAME_NETWORK_UNSET || type == FRAME_MEMBER_UNSET;
        Item *i;

        if (!s->link && is_unset && !done)
                return; /* it will not be told of it when it comes */
        i = item_new(s, type, name);
        i->done = done;
        i->userdata = userdata;
        if (done)
                (void)sd_event_add_time_relative(manager->event, &i->deadline, CLOCK_MONOTONIC,
                                                 manager->network_answer_usec, 0, on_deadline, i);
        g_queue_push_tail(&s->queue, i);
        pump(s);
}

void network_services_send(Manager *manager, FrameType type, const char *name,
                           NetworkServiceDoneFn done, void *userdata)
{
        for (NetworkServiceKind k = 0; k < _NETWORK_SERVICE_MAX; k++)
                network_service_send(manager, k, type, name, done, userdata);
}

void network_services_forget(Manager *manager, const void *userdata)
{
        for (NetworkServiceKind k = 0; k < _NETWORK_SERVICE_MAX; k++)
                for (GList *l = manager->network_services->services[k].queue.head; l; l = l->next) {
                        Item *i = l->data;

                        if (i->userdata != userdata)
                                continue;
                        i->done = NULL;
                        i->userdata = NULL;
                        i->deadline = sd_event_source_disable_unref(i->deadline);
                }
}

/* ---- the whole state ---- */

/* What nobody waits for is part of it. */
static void drop_unheard(Service *s)
{
        for (GList *l = s->queue.head; l;) {
                Item *i = l->data;

                l = l->next;
                if (!i->done)
                        item_remove(i);
        }
}

static void push_names(Service *s, FrameType type, GPtrArray *names, GQueue *to)
{
        for (guint i = 0; i < names->len; i++)
                g_queue_push_tail(to, item_new(s, type, g_ptr_array_index(names, i)));
}

static void push_sync(Service *s, bool begins, GQueue *to)
{
        Item *i = item_new(s, FRAME_NETWORK_SYNC, NULL);

        i->begins = begins;
        g_queue_push_tail(to, i);
}

static void synchronize(Service *s)
{
        Manager *manager = s->all->manager;
        g_autoptr(GPtrArray) networks = networks_up(manager), members = network_machines(manager);
        GQueue later = s->queue;

        g_queue_init(&s->queue);
        push_sync(s, true, &s->queue);
        push_names(s, FRAME_NETWORK_SET, networks, &s->queue);
        push_names(s, FRAME_MEMBER_SET, members, &s->queue);
        push_sync(s, false, &s->queue);
        for (void *i; (i = g_queue_pop_head(&later));)
                g_queue_push_tail(&s->queue, i);
        s->is_synced = true;
        pump(s);
}

/* ---- coming and going ---- */

static void on_frame(void *userdata, Link *link, Frame *f)
{
        /* they only answer */
}

static void on_closed(void *userdata, Link *link)
{
        Service *s = userdata;

        s->link = link_close(s->link);
        s->is_synced = false;
        s->n_sent = 0;
        drop_unheard(s);
        pump(s); /* somebody waits: it was about to end, or its end is nothing that systemd mends */
}

static const LinkHandlers handlers = {on_frame, on_closed};

static Service *service_of(Manager *manager, const char *unit)
{
        for (NetworkServiceKind k = 0; k < _NETWORK_SERVICE_MAX; k++)
                if (streq(unit, units[k]))
                        return &manager->network_services->services[k];
        return NULL;
}

bool network_services_hello(Manager *manager, const char *unit, Link *link)
{
        Service *s = service_of(manager, unit);

        if (!s)
                return false;
        if (s->link)
                link_hang_up(s->link); /* of one that has ended, which we have not read yet */
        s->link = link;
        s->is_starting = false;
        link_set_handlers(link, &handlers, s);
        if (s->all->is_adopted)
                synchronize(s);
        return true;
}

void network_services_adopted(Manager *manager)
{
        NetworkServices *all = manager->network_services;
        g_autoptr(GPtrArray) up = networks_up(manager);

        if (all->is_adopted)
                return;
        all->is_adopted = true;
        for (NetworkServiceKind k = 0; k < _NETWORK_SERVICE_MAX; k++)
                if (all->services[k].link)
                        synchronize(&all->services[k]);
                else if (up->len > 0)
                        start_unit(&all->services[k]); /* usually it is there, and on its way */
}

bool network_services_job_done(Manager *manager, const char *unit, const char *result,
                               const char *error)
{
        Service *s = service_of(manager, unit);
        _cleanup_fault_ Fault f = {0};

        if (!s)
                return false;
        s->is_starting = false;
        if (!error && streq(result, "done"))
                return true; /* it says hello */
        if (s->link)
                return true;
        (void)fault_set(&f, FAULT_FAILED, 0, "systemd cannot start %s: %s; see 'journalctl -u %s'",
                        unit, error ?: result, unit);
        end_all(s, &f);
        return true;
}

NetworkServices *network_services_new(Manager *manager)
{
        NetworkServices *all = g_new0(NetworkServices, 1);

        all->manager = manager;
        for (NetworkServiceKind k = 0; k < _NETWORK_SERVICE_MAX; k++) {
                all->services[k] = (Service){.all = all, .kind = k};
                g_queue_init(&all->services[k].queue);
        }
        return all;
}

void network_services_free(NetworkServices *all)
{
        for (NetworkServiceKind k = 0; all && k < _NETWORK_SERVICE_MAX; k++) {
                Service *s = &all->services[k];

                s->link = link_close(s->link);
                g_queue_clear_full(&s->queue, item_free);
        }
        g_free(all);
}
