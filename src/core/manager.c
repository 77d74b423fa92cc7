/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/manager.h"

#include "base/io.h"
#include "base/machine-name.h"
#include "base/names.h"
#include "base/text.h"
#include "core/event.h"
#include "core/image.h"
#include "core/job.h"
#include "core/launch.h"
#include "core/machine-limits.h"
#include "core/machine-live.h"
#include "core/network-service.h"
#include "core/network.h"
#include "core/orphan.h"
#include "core/process.h"
#include "core/rename.h"
#include "core/store.h"
#include "core/volume.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>

/* More than any editor takes to write a file, or a package's update. */
#define ORPHAN_GRACE_USEC (60 * UINT64_C(1000000))

#define NETWORK_ANSWER_USEC (30 * UINT64_C(1000000))

/* What a machine needs in the runtime directory: its unit's directory with two sockets, its exit
 * record. */
#define RUNTIME_FILES    4
#define EXIT_RECORD_ROOM 16384

static void read_host_id(uint8_t ret[static 16])
{
        _cleanup_free_ char *text = NULL;
        GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
        uint8_t digest[32];
        gsize n = sizeof(digest);

        (void)read_file_at(AT_FDCWD, LODGE_HOST_MACHINE_ID, 64, &text, NULL);
        g_checksum_update(sum, (const guchar *)"lodge network", -1); /* the id itself is private */
        g_checksum_update(sum, (const guchar *)(text ?: ""), -1);
        g_checksum_get_digest(sum, digest, &n);
        g_checksum_free(sum);
        memcpy(ret, digest, 16);
}

static int on_flush(sd_event_source *source, void *userdata)
{
        manager_flush(userdata);
        return 0;
}

Manager *manager_new(sd_event *event, const char *root, const UnitPort *units, const WorkPort *work)
{
        Manager *manager = g_new0(Manager, 1);

        *manager = (Manager){
                .event = sd_event_ref(event),
                .root = root,
                .units = *units,
                .work = *work,
                .machines = g_hash_table_new(g_str_hash, g_str_equal),
                .processes = g_hash_table_new(g_str_hash, g_str_equal),
                /* a shim may still run what an earlier lodged numbered */
                .last_process_id = now_usec(CLOCK_BOOTTIME) / 1000,
                .images = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, image_free),
                .changed_images = g_ptr_array_new(),
                .changed_volumes = g_ptr_array_new(),
                .volumes = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, volume_free),
                .networks = g_hash_table_new(g_str_hash, g_str_equal),
                .changed_networks = g_ptr_array_new(),
                .preparations = g_ptr_array_new(),
                .jobs = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, job_free),
                .hidden_jobs = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, job_free),
                .lost_jobs = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free),
                .requests = g_ptr_array_new(),
                .changed = g_ptr_array_new(),
                .renames = g_ptr_array_new_with_free_func(rename_free),
                .filters = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL,
                                                 launch_free_filter),
                .adopting = g_hash_table_new(NULL, NULL),
                .orphans = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                .orphan_grace_usec = ORPHAN_GRACE_USEC,
                .network_answer_usec = NETWORK_ANSWER_USEC,
        };
        manager->network_services = network_services_new(manager);
        manager->unit_reload = unit_reload_new();
        read_host_id(manager->host_id);
        if (sd_event_add_defer(event, &manager->flush, on_flush, manager) >= 0)
                (void)sd_event_source_set_enabled(manager->flush, SD_EVENT_OFF);
        return manager;
}

void manager_free(Manager *manager)
{
        GHashTableIter i;
        void *p;

        if (!manager)
                return;
        networks_save(manager);
        g_hash_table_iter_init(&i, manager->machines);
        while (g_hash_table_iter_next(&i, NULL, &p))
                machine_free(p); /* fails the requests to its shim */
        network_services_free(manager->network_services);
        while (manager->requests->len > 0)
                request_free(g_ptr_array_index(manager->requests, 0));
        g_hash_table_iter_init(&i, manager->processes);
        while (g_hash_table_iter_next(&i, NULL, &p))
                process_free(p);
        unit_reload_free(manager->unit_reload);
        g_hash_table_unref(manager->jobs); /* their workers end with the connection */
        g_hash_table_unref(manager->hidden_jobs);
        g_hash_table_unref(manager->lost_jobs);
        g_hash_table_unref(manager->volumes);
        g_hash_table_iter_init(&i, manager->networks);
        while (g_hash_table_iter_next(&i, NULL, &p))
                network_free(p);
        g_hash_table_unref(manager->networks);
        g_ptr_array_unref(manager->changed_networks);
        g_ptr_array_unref(manager->preparations);
        sd_event_source_disable_unref(manager->network_hosts);
        sd_event_source_disable_unref(manager->job_idle);
        sd_event_source_disable_unref(manager->flush);
        sd_event_source_disable_unref(manager->adoption_deadline);
        sd_event_source_disable_unref(manager->removal);
        sd_event_source_disable_unref(manager->orphan_timer);
        g_hash_table_unref(manager->machines);
        g_hash_table_unref(manager->processes);
        g_hash_table_unref(manager->adopting);
        g_hash_table_unref(manager->orphans);
        g_hash_table_unref(manager->filters);
        g_hash_table_unref(manager->images);
        g_ptr_array_unref(manager->changed_images);
        g_ptr_array_unref(manager->changed_volumes);
        g_ptr_array_unref(manager->requests);
        g_ptr_array_unref(manager->changed);
        g_ptr_array_unref(manager->renames);
        sd_event_unref(manager->event);
        g_free(manager);
}

/* ---- listeners ---- */

void manager_add_listener(Manager *manager, const ManagerListener *l)
{
        g_assert(manager->n_listeners < MANAGER_LISTENERS_MAX);
        manager->listeners[manager->n_listeners++] = *l;
}

void manager_note_change(Machine *m, unsigned changes)
{
        Manager *manager = m->manager;

        if (manager_find(manager, m->name) != m)
                return; /* not announced yet */
        if (m->changes == 0)
                g_ptr_array_add(manager->changed, m);
        m->changes |= changes;
        (void)sd_event_source_set_enabled(manager->flush, SD_EVENT_ONESHOT);
}

void manager_flush(Manager *manager)
{
        while (manager->changed->len > 0) {
                Machine *m = g_ptr_array_steal_index(manager->changed, 0);
                unsigned changes = m->changes;

                m->changes = 0;
                EACH_LISTENER(manager, l)
                if (l->machine_changed)
                        l->machine_changed(l->userdata, m, changes);
        }
        while (manager->changed_images->len > 0) {
                Image *image = g_ptr_array_steal_index(manager->changed_images, 0);
                unsigned changes = image->changes;

                image->changes = 0;
                EACH_LISTENER(manager, l)
                if (l->image_changed)
                        l->image_changed(l->userdata, image, changes);
        }
        while (manager->changed_volumes->len > 0) {
                Volume *v = g_ptr_array_steal_index(manager->changed_volumes, 0);

                v->is_changed = false;
                EACH_LISTENER(manager, l)
                if (l->volume_changed)
                        l->volume_changed(l->userdata, v);
        }
        networks_flush(manager);
}

void manager_warn(Manager *manager, const char *machine, const char *message)
{
        EACH_LISTENER(manager, l)
        if (l->warning)
                l->warning(l->userdata, machine, message ?: "out of memory");
}

void manager_sweep(Manager *manager)
{
        if (!store_trash_is_empty(manager->root))
                manager->work.sweep(manager->work.userdata);
}

/* ---- machines ---- */

Machine *manager_find(Manager *manager, const char *name)
{
        return g_hash_table_lookup(manager->machines, name);
}

int manager_get(Manager *manager, const char *name, Machine **ret, Fault *reterr)
{
        int r = machine_name_check(name, reterr);

        if (r < 0)
                return r;
        *ret = manager_find(manager, name);
        if (*ret)
                return 0;
        return fault_set(reterr, FAULT_NO_SUCH_MACHINE, ENOENT,
                         "No machine '%s' is known; 'lodgectl list' shows those that are", name);
}

void manager_add_machine(Manager *manager, Machine *m)
{
        g_hash_table_insert(manager->machines, m->name, m);
        g_hash_table_remove(manager->orphans, m->name);
        image_note_use(manager, m->settings.image);
        volume_note_use(manager, machine_volumes(m));
        EACH_LISTENER(manager, l)
        if (l->machine_added)
                l->machine_added(l->userdata, m);
}

/* It is not known by this name any more. */
static void retract_machine(Manager *manager, Machine *m)
{
        manager_flush(manager);
        EACH_LISTENER(manager, l)
        if (l->machine_removed)
                l->machine_removed(l->userdata, m);
        g_hash_table_remove(manager->machines, m->name);
        g_hash_table_remove(manager->adopting, m);
        image_note_use(manager, m->settings.image);
        volume_note_use(manager, machine_volumes(m));
        unit_reload_note(manager, m->name, NULL);
}

static void drop_machine(Manager *manager, Machine *m)
{
        manager_flush(manager);
        machine_emit(m, "removed", NULL);
        retract_machine(manager, m);
        networks_forget_machine(manager, m->name);
        if (m->restarts) /* systemd would go on trying */
                (void)manager->units.stop(manager->units.userdata, m->unit);
        machine_free(m);
}

/* What ran in an earlier machine of that name. */
static void forget_processes(Manager *manager, const char *machine)
{
        GList *all = g_hash_table_get_values(manager->processes);

        for (GList *i = all; i; i = i->next) {
                Process *p = i->data;

                if (streq(p->machine, machine))
                        manager_remove_process(manager, p);
        }
        g_list_free(all);
}

static Machine *load_machine(Manager *manager, const char *name)
{
        Machine *m = machine_new(manager, name);

        forget_processes(manager, name);
        machine_load(m);
        if (m->load_error.code != FAULT_NONE) {
                m->state = MACHINE_FAILED;
                manager_warn(manager, m->name, m->load_error.message);
        }
        manager_add_machine(manager, m);
        return m;
}

Machine *manager_rename_machine(Manager *manager, Machine *m, const char *name)
{
        const UnitPort *units = &manager->units;

        forget_processes(manager, m->name);
        requests_follow(manager, m->name, name);
        units->unwatch(units->userdata, m->unit);
        units->forget(units->userdata, m->unit);
        retract_machine(manager, m);
        machine_free(m);
        m = load_machine(manager, name);
        volume_note_machine(manager, name); /* now that there is a machine of it */
        return m;
}

/* What @m runs with follows its file as far as it can; the rest counts at the next start. */
static void follow_definition(Machine *m)
{
        _cleanup_strv_free_ char **warnings = NULL;
        _cleanup_settings_ Settings s;
        _cleanup_fault_ Fault f = {0};

        settings_init(&s);
        if (m->place == DEFINITION_NOWHERE)
                return;
        int r = definition_load(m->manager->root, m->name, &s, &warnings, &f);
        r = r < 0 ? r : machine_apply_live(m, &s, &f);
        if (r < 0)
                manager_warn(m->manager, m->name, f.message);
}

/* @m's file is now in @place, or was all the time. May free @m. */
static void definition_changed(Machine *m, DefinitionPlace place)
{
        Manager *manager = m->manager;

        if (!machine_is_stopped(m)) { /* without one, @m goes when it stops */
                m->place = place;
                follow_definition(m);
        } else if (place != DEFINITION_NOWHERE) {
                machine_load(m);
        } else {
                manager_forget_exit(manager, m->name);
                manager->units.forget(manager->units.userdata, m->unit);
                drop_machine(manager, m);
                orphans_look(manager);
        }
}

void manager_load(Manager *manager)
{
        char **ignored, **names = definition_list(manager->root, &ignored);
        GHashTable *found = g_hash_table_new(g_str_hash, g_str_equal);
        GList *known = g_hash_table_get_values(manager->machines);

        images_load(manager);
        volumes_load(manager);
        networks_load(manager);
        STRV_FOREACH (path, ignored) {
                _cleanup_free_ char *text = g_strdup_printf(
                        "%s is no valid name for a machine's definition, ignoring", *path);

                manager_warn(manager, NULL, text);
        }
        STRV_FOREACH (name, names) {
                Machine *m = manager_find(manager, *name);

                g_hash_table_add(found, *name);
                if (!m)
                        (void)load_machine(manager, *name);
                else
                        definition_changed(m, definition_find(manager->root, *name));
        }
        for (GList *i = known; i; i = i->next) {
                Machine *m = i->data;

                if (!g_hash_table_contains(found, m->name))
                        definition_changed(m, DEFINITION_NOWHERE);
        }
        g_list_free(known);
        g_hash_table_unref(found);
        g_strfreev(ignored);
        g_strfreev(names);
}

void manager_load_name(Manager *manager, const char *name)
{
        Machine *m = manager_find(manager, name);
        DefinitionPlace place = definition_find(manager->root, name);

        if (!machine_name_is_valid(name))
                manager_warn(manager, NULL, "a definition file has an invalid name, ignoring");
        else if (m)
                definition_changed(m, place);
        else if (place != DEFINITION_NOWHERE) {
                m = load_machine(manager, name);
                machine_emit(m, "created", NULL);
        }
}

/* What runs may have another one in its file by now, and of a broken file nothing is known. */
static bool may_go_by(const Machine *m, const char *profile)
{
        return !profile || m->load_error.code != FAULT_NONE || !machine_is_stopped(m) ||
               strv_contains(m->settings.profiles, profile);
}

void manager_load_profile(Manager *manager, const char *profile)
{
        GList *all = g_hash_table_get_values(manager->machines);

        for (GList *i = all; i; i = i->next) {
                Machine *m = i->data;

                if (may_go_by(m, profile))
                        definition_changed(m, definition_find(manager->root, m->name));
        }
        g_list_free(all);
}

int manager_delete_machine(Manager *manager, const Machine *m, Fault *reterr)
{
        _cleanup_fault_ Fault f = {0};
        int r = definition_remove(manager->root, m->name, reterr);

        if (r < 0)
                return r;
        /* a store that has become read-only is no reason to keep the machine: its layer is an
         * orphan then */
        if (store_trash(manager->root, LODGE_STORE_MACHINES, m->name, &f) < 0)
                manager_warn(manager, m->name, f.message);
        volumes_drop(manager, m->name);
        manager_forget_exit(manager, m->name);
        return f.code != FAULT_NONE;
}

void manager_forget_machine(Manager *manager, Machine *m, bool leaves_layer)
{
        manager->units.forget(manager->units.userdata, m->unit);
        drop_machine(manager, m);
        if (leaves_layer)
                orphans_look(manager);
        else
                manager_sweep(manager);
}

int manager_remove_machine(Manager *manager, Machine *m, Fault *reterr)
{
        int r = manager_delete_machine(manager, m, reterr);

        if (r >= 0)
                manager_forget_machine(manager, m, r > 0);
        return MIN2(r, 0);
}

void manager_job_done(Manager *manager, const char *unit, UnitJob job, const char *result,
                      const char *error)
{
        _cleanup_free_ char *name = machine_name_from_unit(unit);
        Machine *m = name ? manager_find(manager, name) : NULL;
        Job *j = name ? NULL : job_of_unit(manager, unit);

        if (m)
                machine_job_done(m, job, result, error);
        else if (j && job == UNIT_JOB_START)
                job_unit_started(j, error ?: streq(result, "done") ? NULL : result);
        else if (j)
                job_unit_ended(j);
        else if (!name && job == UNIT_JOB_START)
                (void)network_services_job_done(manager, unit, result, error);
        else if (!name && job == UNIT_JOB_STOP)
                jobs_lost_stopped(manager, unit);
}

void manager_unit_limited(Manager *manager, const char *unit, const char *error)
{
        _cleanup_free_ char *name = machine_name_from_unit(unit);
        Machine *m = name ? manager_find(manager, name) : NULL;

        if (m)
                machine_limits_told(m, error);
}

void manager_unit_outdated(Manager *manager, const char *unit)
{
        _cleanup_free_ char *name = machine_name_from_unit(unit);

        if (name)
                unit_reload_demand(manager, name);
}

void manager_unit_ended(Manager *manager, const char *unit, UnitEnd end)
{
        _cleanup_free_ char *name = machine_name_from_unit(unit);
        Machine *m = name ? manager_find(manager, name) : NULL;
        Job *j = name ? NULL : job_of_unit(manager, unit);

        if (j)
                job_unit_ended(j);
        /* a job of ours is on its way still: its end tells, and until then systemd takes no other
         */
        if (!m || m->link || m->job != UNIT_JOB_NONE)
                return;
        m->restarts = end == UNIT_END_RESTARTS;
        if (machine_is_stopped(m))
                return;
        m->unit_failed = end != UNIT_END_INACTIVE;
        machine_ended(m);
}

/* ---- exit records ---- */

int manager_open_exits(Manager *manager)
{
        _cleanup_free_ char *path = g_strconcat(manager->root, LODGE_RUNTIME_EXITS, NULL);

        (void)g_mkdir_with_parents(path, 0700); /* open tells */
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

int manager_check_runtime(Manager *manager, const char *name, Fault *reterr)
{
        static const char zeros[EXIT_RECORD_ROOM];
        int fds[RUNTIME_FILES], r = 0;
        _cleanup_close_ int dir = manager_open_exits(manager);

        for (size_t i = 0; i < ELEMENTSOF(fds); i++) {
                fds[i] = dir < 0 || r < 0
                                 ? dir
                                 : openat(dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
                if (fds[i] < 0 && r == 0)
                        r = dir < 0 ? dir : -errno;
        }
        if (r >= 0)
                r = write_all(fds[0], zeros, sizeof(zeros));
        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                (void)close_fd(fds[i]);
        if (r >= 0 || r == -EOPNOTSUPP) /* no such files there: then the start itself will tell */
                return 0;
        return fault_set(
                reterr, r == -ENOSPC || r == -EDQUOT ? FAULT_NO_SPACE : FAULT_START_FAILED, r,
                "Cannot keep the state of machine '%s' in " LODGE_RUNTIME ": %s; make room in /run",
                name, strerror(-r));
}

int manager_read_exit(Manager *manager, const char *name, ExitRecord *ret)
{
        _cleanup_close_ int dir = manager_open_exits(manager);

        return dir < 0 ? dir : exit_record_read(dir, name, ret);
}

void manager_write_exit(Manager *manager, const char *name, const ExitRecord *r)
{
        _cleanup_close_ int dir = manager_open_exits(manager);
        int e = dir < 0 ? dir : exit_record_write(dir, name, r);

        if (e < 0)
                manager_warn(manager, name, "Cannot write down how the machine ended, ignoring");
}

void manager_release_exit(Manager *manager, const char *name)
{
        _cleanup_close_ int dir = manager_open_exits(manager);

        if (dir >= 0)
                exit_record_release(dir, name);
}

void manager_forget_exit(Manager *manager, const char *name)
{
        _cleanup_close_ int dir = manager_open_exits(manager);

        if (dir < 0)
                return;
        (void)unlinkat(dir, name, 0); /* none is fine */
        exit_record_release(dir, name);
}
