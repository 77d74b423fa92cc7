/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rename.h"

#include "base/machine-name.h"
#include "base/names.h"
#include "base/text.h"
#include "core/definition-change.h"
#include "core/event.h"
#include "core/job.h"
#include "core/machine-define.h"
#include "core/manager.h"
#include "core/network.h"
#include "core/rename-notes.h"
#include "core/rename-record.h"
#include "core/store.h"
#include "core/unit-reload.h"
#include "core/volume.h"

#include <glib.h>
#include <string.h>

/* From the record on disk until that is deleted. */
struct Rename {
        Manager *manager;
        char *file; /* of the record */
        char *from, *to;
        Fault fault;      /* it could neither be carried out nor undone */
        Request *request; /* who is waiting; NULL: nobody */
        GPtrArray *notes; /* sentences for them */
};

void rename_free(void *p)
{
        Rename *rename = p;

        fault_done(&rename->fault);
        g_ptr_array_unref(rename->notes);
        g_free(rename->file);
        g_free(rename->from);
        g_free(rename->to);
        g_free(rename);
}

static Rename *rename_add(Manager *manager, const char *file, const char *from, const char *to)
{
        Rename *rename = g_new0(Rename, 1);

        *rename = (Rename){
                .manager = manager,
                .file = g_strdup(file),
                .from = g_strdup(from),
                .to = g_strdup(to),
                .notes = g_ptr_array_new_with_free_func(g_free),
        };
        g_ptr_array_add(manager->renames, rename);
        return rename;
}

static const Rename *find(const Manager *manager, const char *name)
{
        for (guint i = 0; i < manager->renames->len; i++) {
                const Rename *rename = g_ptr_array_index(manager->renames, i);

                if (streq(rename->from, name) || streq(rename->to, name))
                        return rename;
        }
        return NULL;
}

static int unfinished(const Rename *rename, Fault *reterr)
{
        return fault_set(reterr, FAULT_BUSY, EBUSY,
                         "Machine '%s' could not quite be renamed to '%s': %s. Mend that and "
                         "restart lodged.service, which goes on with it",
                         rename->from, rename->to, rename->fault.message ?: "out of memory");
}

int rename_check(Manager *manager, const char *name, Fault *reterr)
{
        const Rename *rename = find(manager, name);

        if (!rename)
                return 0;
        if (rename->fault.code != FAULT_NONE)
                return unfinished(rename, reterr);
        return fault_set(reterr, FAULT_BUSY, EBUSY, "Machine '%s' is being renamed to '%s'",
                         rename->from, rename->to);
}

int rename_check_usable(Manager *manager, const char *name, Fault *reterr)
{
        const Rename *rename = find(manager, name);

        return rename && rename->fault.code != FAULT_NONE ? unfinished(rename, reterr) : 0;
}

/* ---- what has the name, on disk ---- */

static int rename_files(Manager *manager, const char *from, const char *to, Fault *reterr)
{
        return definition_rename(manager->root, from, to, reterr);
}

static int rename_layer(Manager *manager, const char *from, const char *to, Fault *reterr)
{
        return store_rename(manager->root, LODGE_STORE_MACHINES, from, to, reterr);
}

static int rename_exit(Manager *manager, const char *from, const char *to, Fault *reterr)
{
        return store_rename(manager->root, LODGE_RUNTIME_EXITS, from, to, reterr);
}

/* Each can be done again, and does nothing then. */
static int carry_out(Manager *manager, const char *from, const char *to, Fault *reterr)
{
        static int (*const steps[])(Manager * manager, const char *from, const char *to,
                                    Fault *reterr) = {
                rename_files,
                rename_layer,
                rename_exit,
                volumes_rename_machine,
                networks_rename_machine, /* goes by where the definition is */
        };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(steps); i++)
                r = steps[i](manager, from, to, reterr);
        return r;
}

static void drop(Rename *rename)
{
        Manager *manager = rename->manager;
        _cleanup_fault_ Fault f = {0};

        /* one that stays is carried out once more, and does nothing then */
        if (rename_record_delete(manager->root, rename->file, &f) < 0)
                manager_warn(manager, NULL, f.message);
        g_ptr_array_remove(manager->renames, rename);
}

/* As if nothing had been; with @why it came to that. */
static void undo(Rename *rename, const Fault *why)
{
        Manager *manager = rename->manager;
        _cleanup_fault_ Fault f = {0};
        char *from = rename->from;
        int r = rename_record_write(manager->root, rename->file, rename->to, from, &f);

        r = r < 0 ? r : carry_out(manager, rename->to, from, &f);
        if (r >= 0) {
                drop(rename);
                return;
        }
        (void)fault_set(&rename->fault, FAULT_FAILED, why->error, "%s", why->message ?: "");
        manager_warn(manager, from, rename->fault.message);
        manager_warn(manager, from, f.message);
}

/* ---- what enables it, and the end ---- */

static void finish(Rename *rename)
{
        Manager *manager = rename->manager;
        Machine *m = manager_find(manager, rename->to);
        _cleanup_free_ char *reason = g_strdup_printf("its name was '%s' until now", rename->from);

        if (m) {
                g_free(m->former_name);
                m->former_name = g_strdup(rename->from);
                machine_emit(m, "renamed", reason);
        }
        if (rename->request) {
                g_ptr_array_add(rename->notes, NULL);
                request_answer(rename->request,
                               &(Answer){
                                       .machine = m,
                                       .lines = (char *const *)rename->notes->pdata,
                                       .terminal_fd = -EBADF,
                               });
        }
        drop(rename);
}

static void note_links(Rename *rename, const char *error)
{
        char *text = g_strdup_printf("What enables machine '%s' could not be changed to '%s' (%s): "
                                     "lodgectl disable %s, lodgectl enable %s",
                                     rename->from, rename->to, error, rename->from, rename->to);

        g_ptr_array_add(rename->notes, text);
        manager_warn(rename->manager, rename->to, text);
}

static void move_links(Rename *rename)
{
        UnitPort *units = &rename->manager->units;
        _cleanup_free_ char *from = machine_unit_name(rename->from),
                            *to = machine_unit_name(rename->to);
        int r = units->move_links ? units->move_links(units->userdata, from, to) : 0;

        if (r > 0)
                return;
        if (r < 0)
                note_links(rename, strerror(-r));
        finish(rename);
}

void manager_links_moved(Manager *manager, const char *from, const char *error)
{
        _cleanup_free_ char *name = machine_name_from_unit(from);

        for (guint i = 0; i < manager->renames->len; i++) {
                Rename *rename = g_ptr_array_index(manager->renames, i);

                if (!streq(rename->from, name))
                        continue;
                if (error)
                        note_links(rename, error);
                unit_reload_demand(manager, rename->to); /* for what enables it */
                finish(rename);
                return;
        }
}

/* ---- on request ---- */

static int check_machine(const Machine *m, Fault *reterr)
{
        const Job *j = job_of_machine(m->manager, m->name);

        if (!machine_is_stopped(m) || m->job != UNIT_JOB_NONE)
                return fault_set(reterr, FAULT_BUSY, EBUSY, "Machine '%s' is %s: stop it first",
                                 m->name, machine_state_name(m));
        if (m->restarts)
                return fault_set(reterr, FAULT_BUSY, EBUSY,
                                 "Machine '%s' is about to be started again (Restart=): stop it "
                                 "first",
                                 m->name);
        if (j)
                return fault_set(reterr, FAULT_BUSY, EBUSY,
                                 "Machine '%s' is in use by job %s (%s): wait for it or cancel it",
                                 m->name, j->id, j->operation);
        if (m->load_error.code != FAULT_NONE)
                return fault_set(reterr, FAULT_FAILED, EUCLEAN,
                                 "Machine '%s' cannot be renamed before its definition is mended: "
                                 "%s",
                                 m->name, m->load_error.message ?: "out of memory");
        return volumes_check_rename(m->manager, m->name, reterr);
}

static int check(const Machine *m, const char *name, Fault *reterr)
{
        Manager *manager = m->manager;
        int r = machine_name_check(name, reterr);

        if (r >= 0 && streq(name, m->name))
                return fault_set(reterr, FAULT_EXISTS, EEXIST, "Machine '%s' has that name already",
                                 name);
        r = r < 0 ? r : manager_check_new(manager, name, reterr);
        r = r < 0 ? r : rename_check(manager, m->name, reterr);
        r = r < 0 ? r : check_machine(m, reterr);
        if (r >= 0 && definition_find(manager->root, m->name) == DEFINITION_NOWHERE)
                return definition_gone_fault(m->name, reterr); /* which we hear of soon */
        return r < 0 ? r : definition_check_rename(manager->root, m->name, name, reterr);
}

/* Where its definition does not say one, it is made of the name. */
static int keep_id(Machine *m, Fault *reterr)
{
        static char key[] = "MachineID";
        static const uint8_t none[16];
        _cleanup_strv_free_ char **waiting = NULL;
        _cleanup_settings_ Settings s;
        const DefinitionChange change = {.keys = (char *const[]){key, NULL}, .values = &s};

        settings_init(&s);
        if (memcmp(m->settings.machine_id, none, sizeof(none)) != 0)
                return 0;
        machine_id(m, s.machine_id);
        return machine_set_properties(m, &change, false, &waiting, reterr);
}

/* Nothing of an earlier machine of that name is to be this one's. */
static int clear_way(Manager *manager, const char *name, Fault *reterr)
{
        int r = store_trash(manager->root, LODGE_STORE_MACHINES, name, reterr);

        if (r < 0)
                return r;
        volumes_drop(manager, name);
        networks_forget_machine(manager, name);
        manager_forget_exit(manager, name);
        manager_sweep(manager);
        return 0;
}

int machine_rename(Machine *m, const char *name, AnswerFn done, void *userdata, Fault *reterr)
{
        Manager *manager = m->manager;
        _cleanup_fault_ Fault f = {0};
        int r = check(m, name, reterr);

        r = r < 0 ? r : keep_id(m, reterr);
        r = r < 0 ? r : clear_way(manager, name, reterr);
        r = r < 0 ? r : rename_record_write(manager->root, m->name, m->name, name, reterr);
        if (r < 0)
                return r;
        Rename *rename = rename_add(manager, m->name, m->name, name);
        r = carry_out(manager, m->name, name, &f);
        if (r < 0) {
                undo(rename, &f);
                return fault_set(reterr, f.code, f.error, "%s", f.message ?: "");
        }
        (void)manager_rename_machine(manager, m, name);
        rename->request = request_new(manager, REQUEST_RENAME, NULL, done, userdata);
        rename_notes(manager, rename->from, rename->to, rename->notes);
        move_links(rename);
        return 0;
}

/* ---- at start ---- */

static void resume(Manager *manager, const char *file)
{
        _cleanup_free_ char *from = NULL, *to = NULL;
        _cleanup_fault_ Fault f = {0};

        if (rename_record_read(manager->root, file, &from, &to, &f) < 0) {
                manager_warn(manager, NULL, f.message);
                return;
        }
        Rename *rename = rename_add(manager, file, from, to);
        if (carry_out(manager, from, to, &rename->fault) < 0)
                manager_warn(manager, to, rename->fault.message);
}

void renames_resume(Manager *manager)
{
        g_auto(GStrv) files = rename_records(manager->root);

        store_delete_temporary(manager->root, LODGE_STORE_RENAMES);
        if (!files[0])
                return;
        volumes_load(manager);
        networks_load(manager);
        STRV_FOREACH (file, files)
                resume(manager, *file);
}

void renames_adopted(Manager *manager)
{
        for (guint i = manager->renames->len; i-- > 0;) { /* one that is finished goes */
                Rename *rename = g_ptr_array_index(manager->renames, i);

                if (rename->fault.code == FAULT_NONE)
                        move_links(rename);
        }
}
