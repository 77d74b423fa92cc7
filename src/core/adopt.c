/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How shims and this lodged find each other: at their start they come to us; at ours we go to those
 * that run already. */
#include "core/manager.h"

#include "base/io.h"
#include "base/machine-name.h"
#include "base/names.h"
#include "base/text.h"
#include "core/job.h"
#include "core/machine-network.h"
#include "core/network-internal.h"
#include "core/rename.h"
#include "core/uid-range.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define ADOPTION_USEC (1 * UINT64_C(1000000))
#define REMOVAL_USEC  (10 * UINT64_C(1000000))
#define HELLO_USEC    (10 * UINT64_C(1000000))

/* ---- they come to us ---- */

typedef struct Visitor {
        Manager *manager;
        char *unit;
        sd_event_source *deadline;
} Visitor;

static void visitor_free(Visitor *v)
{
        sd_event_source_disable_unref(v->deadline);
        g_free(v->unit);
        g_free(v);
}

static int check_hello(const Visitor *v, const char *name, Fault *reterr)
{
        _cleanup_free_ char *unit = NULL;
        int r = machine_name_check(name, reterr);

        if (r < 0)
                return r;
        unit = machine_unit_name(name);
        if (!streq(unit, v->unit))
                return fault_set(reterr, FAULT_NOT_AUTHORIZED, EACCES,
                                 "A process of unit %s cannot be the supervisor of machine '%s'",
                                 v->unit ?: "none", name);
        return 0;
}

/* The machine is new to us, or its file is; or its last run ended unnoticed. */
static Machine *machine_for(Manager *manager, const char *name, Link *visitor)
{
        Machine *m = manager_find(manager, name);

        /* we went to it while it waited for the plan of a lodged that was killed */
        if (m && m->link && link_peer(m->link) == link_peer(visitor)) {
                m->link = link_close(m->link);
                return m;
        }
        if (m && (m->link || (m->state == MACHINE_STOPPING && (m->has_run || m->has_end)))) {
                machine_ended(m);
                m = manager_find(manager, name);
        }
        if (!m) {
                manager_load(manager);
                m = manager_find(manager, name);
        }
        return m;
}

static void on_visitor_frame(void *userdata, Link *link, Frame *f)
{
        Visitor *v = userdata;
        const char *name = frame_string(f, FRAME_NAME);
        _cleanup_fault_ Fault fault = {0};
        Machine *m = NULL;

        if (f->type == FRAME_WORK) {
                if (!job_hello(v->manager, name ?: "", v->unit ?: "", link))
                        link_close(link); /* of a job that was cancelled: it ends by that */
                visitor_free(v);
                return;
        }
        if (f->type == FRAME_NETWORK_HELLO) {
                if (!network_services_hello(v->manager, v->unit, link))
                        link_close(link);
                visitor_free(v);
                return;
        }
        int r = f->type == FRAME_HELLO
                        ? check_hello(v, name, &fault)
                        : fault_set(&fault, FAULT_FAILED, EBADMSG, "The first frame is no hello");

        if (r >= 0) {
                m = machine_for(v->manager, name, link);
                if (!m)
                        r = manager_get(v->manager, name, &m, &fault);
                if (r == -ENOENT) /* perhaps systemd knows a Restart= of it still */
                        unit_reload_note(v->manager, name, NULL);
        }
        if (r < 0) {
                manager_warn(v->manager, NULL, fault.message);
                machine_refuse(link, &fault);
        } else {
                machine_hello(m, link);
        }
        visitor_free(v);
}

static void on_visitor_closed(void *userdata, Link *link)
{
        visitor_free(userdata);
        link_close(link);
}

static const LinkHandlers visitor_handlers = {on_visitor_frame, on_visitor_closed};

static int on_visitor_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
        Link *link = userdata;

        link_hang_up(link);
        return 0;
}

void manager_accept(Manager *manager, int fd, const char *unit)
{
        Visitor *v = g_new0(Visitor, 1);
        Link *link;

        v->manager = manager;
        v->unit = g_strdup(unit);
        if (link_new(manager->event, fd, &visitor_handlers, v, &link) < 0) {
                (void)close_fd(fd);
                visitor_free(v);
                return;
        }
        (void)sd_event_add_time_relative(manager->event, &v->deadline, CLOCK_MONOTONIC, HELLO_USEC,
                                         0, on_visitor_deadline, link);
}

/* ---- we go to them ---- */

/* Shims that were killed with nobody to notice: they had no time to say how their machine ended. */
static void find_lost(Manager *manager)
{
        int fd = manager_open_exits(manager);
        _cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);

        for (struct dirent *e; dir && (e = readdir(dir));) {
                const char *name = exit_record_reserved(e->d_name);
                _cleanup_free_ char *unit =
                        g_strconcat(manager->root, LODGE_RUNTIME_UNITS "/", name, NULL);
                ExitRecord r = {
                        .cause = (char *)EXIT_CAUSE_LOST,
                        .status = -1,
                        .when_usec = now_usec(CLOCK_REALTIME),
                };

                /* in this order: a shim that was still there then has not been killed since */
                if (name && machine_name_is_valid(name) && access(unit, F_OK) < 0 &&
                    faccessat(fd, e->d_name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                        manager_write_exit(manager, name, &r);
        }
        if (!dir)
                (void)close_fd(fd);
        uid_range_sweep(manager->root);
}

/* Removes itself when it stops: it has, and nobody was there to do it. */
static bool is_over(const Machine *m)
{
        return machine_is_stopped(m) && m->job == UNIT_JOB_NONE && m->settings.auto_remove &&
               m->end.cause;
}

static int on_removal(sd_event_source *source, uint64_t usec, void *userdata)
{
        Manager *manager = userdata;
        GList *all = g_hash_table_get_values(manager->machines);

        for (GList *i = all; i; i = i->next) {
                _cleanup_fault_ Fault f = {0};

                if (is_over(i->data) && manager_remove_machine(manager, i->data, &f) < 0)
                        manager_warn(manager, NULL, f.message);
        }
        g_list_free(all);
        return 0;
}

/* Machines that ended after their definitions were loaded, and before we looked for their shims. */
static void find_ends(Manager *manager)
{
        GHashTableIter i;
        bool any_over = false;
        void *p;

        find_lost(manager);
        g_hash_table_iter_init(&i, manager->machines);
        while (g_hash_table_iter_next(&i, NULL, &p)) {
                Machine *m = p;

                if (!machine_is_stopped(m))
                        continue;
                machine_load_end(m);
                if (streq(m->end.cause, EXIT_CAUSE_LOST))
                        machine_drop_layer(m);
                if (m->settings.restart != RESTART_NO) /* systemd may be about to start it again */
                        (void)manager->units.watch(manager->units.userdata, m->unit);
                any_over = any_over || is_over(m);
        }
        /* not at once: who waits for one of them asks again for how it has ended */
        if (any_over)
                (void)sd_event_add_time_relative(manager->event, &manager->removal, CLOCK_MONOTONIC,
                                                 REMOVAL_USEC, 0, on_removal, manager);
}

static void adoption_finished(Manager *manager)
{
        void (*done)(void *userdata) = TAKE_PTR(manager->adopted);

        manager->adoption_deadline = sd_event_source_disable_unref(manager->adoption_deadline);
        networks_adopted(manager);
        networks_forget_lost(manager);
        renames_adopted(manager);
        if (done)
                done(manager->adopted_userdata);
}

void manager_adoption_step(Manager *manager, Machine *m)
{
        if (g_hash_table_remove(manager->adopting, m) && g_hash_table_size(manager->adopting) == 0)
                adoption_finished(manager);
}

static int on_adoption_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
        adoption_finished(userdata);
        return 0;
}

static int connect_control(Manager *manager, const char *name)
{
        struct sockaddr_un sa = {.sun_family = AF_UNIX};
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        int n = snprintf(sa.sun_path, sizeof(sa.sun_path), "%s%s/%s/%s", manager->root,
                         LODGE_RUNTIME_UNITS, name, LODGE_SHIM_CONTROL);

        if (fd < 0)
                return -errno;
        if (n < 0 || (size_t)n >= sizeof(sa.sun_path))
                return -ENAMETOOLONG;
        if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static void adopt_one(Manager *manager, const char *name)
{
        Machine *m = manager_find(manager, name);

        if (!m) { /* its definition was deleted while it runs: it goes when it stops */
                m = machine_new(manager, name);
                machine_load(m);
                manager_add_machine(manager, m);
        }
        machine_network_adopt(m);
        int fd = connect_control(manager, name);
        g_hash_table_add(manager->adopting, m);
        if (fd >= 0 && machine_adopt(m, fd) >= 0)
                return;
        g_hash_table_remove(manager->adopting, m);
        m->has_run = true; /* for all we know: its runtime directory is there */
        machine_set_state(m, MACHINE_STOPPING);
        machine_lost(m);
}

void manager_adopt(Manager *manager, void (*done)(void *userdata), void *userdata)
{
        _cleanup_free_ char *path = g_strconcat(manager->root, LODGE_RUNTIME_UNITS, NULL);
        _cleanup_closedir_ DIR *dir = opendir(path);

        manager->adopted = done;
        manager->adopted_userdata = userdata;
        for (struct dirent *e; dir && (e = readdir(dir));)
                if (machine_name_is_valid(e->d_name))
                        adopt_one(manager, e->d_name);
        find_ends(manager);
        jobs_sweep(manager);
        if (g_hash_table_size(manager->adopting) == 0)
                adoption_finished(manager);
        else
                (void)sd_event_add_time_relative(manager->event, &manager->adoption_deadline,
                                                 CLOCK_MONOTONIC, ADOPTION_USEC, 0,
                                                 on_adoption_deadline, manager);
}
