/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What callers ask to have mounted in a machine: of one that runs done by its shim, and then, if it
 * is to be kept, written into the definition; else only that. One at a time for a machine. */
#include "base/io.h"
#include "base/names.h"
#include "base/text.h"
#include "core/machine-mounts.h"
#include "core/machine.h"
#include "core/manager.h"
#include "core/settings-edit.h"
#include "core/store.h"
#include "core/volume.h"
#include "plan/plan-mount.h"

#include <string.h>

typedef struct MountEdit {
        bool adds;
        MountKind kind; /* of what is added */
        char *text;     /* likewise: the element */
        char *target;
} MountEdit;

struct MountChange {
        Machine *machine;
        Request *request;
        MountEdit edit;
        bool persist;
};

static void edit_done(MountEdit *e)
{
        g_free(e->text);
        g_free(e->target);
        *e = (MountEdit){0};
}

/* ---- the definition ---- */

static char ***list_of(Settings *s, MountKind kind)
{
        return kind == MOUNT_BIND ? &s->binds : kind == MOUNT_VOLUME ? &s->volumes : &s->tmpfs;
}

static bool is_at(MountKind kind, const char *text, const char *target)
{
        _cleanup_mount_entry_ MountEntry e = {0};
        const char *why;

        return mount_entry_parse(kind, text, &e, &why) >= 0 && streq(e.target, target);
}

/* Return: whether there was one. */
static bool remove_from(char **list, MountKind kind, const char *target)
{
        for (char **i = list; i && *i; i++) {
                if (!is_at(kind, *i, target))
                        continue;
                free(*i);
                do
                        i[0] = i[1];
                while (*i++);
                return true;
        }
        return false;
}

static int apply(const Machine *m, const MountEdit *e, Settings *s, Fault *reterr)
{
        bool found = false;

        if (e->adds)
                return strv_push(list_of(s, e->kind), e->text);
        for (MountKind kind = MOUNT_BIND; kind <= MOUNT_TMPFS; kind++)
                found = remove_from(*list_of(s, kind), kind, e->target) || found;
        return found ? 0
                     : fault_set(reterr, FAULT_NO_SUCH_MOUNT, ENOENT,
                                 "Machine '%s' has no mount at '%s' in its definition", m->name,
                                 e->target);
}

static int edit_settings(const Machine *m, const void *arg, Settings *s, Fault *reterr)
{
        _cleanup_settings_ Settings changed = {0};
        int r = settings_copy(s, &changed);

        r = r < 0 ? r : apply(m, arg, &changed, reterr);
        r = r < 0 ? r : settings_validate(&changed, reterr);
        if (r < 0)
                return r;
        Settings before = *s;
        *s = changed;
        changed = before;
        return 0;
}

/* ---- the shim ---- */

static void end(MountChange *c, const Fault *fault)
{
        Request *request = c->request;

        c->machine->mount_change = NULL;
        edit_done(&c->edit);
        g_free(c);
        if (fault)
                request_fail(request, fault);
        else
                request_answer(request, &(Answer){.terminal_fd = -EBADF});
}

static void begin_remove(const Machine *m, FrameWriter *w, const char *target)
{
        link_begin(m->link, w, FRAME_MOUNT_REMOVE);
        frame_add_string(w, FRAME_MOUNT, target);
}

/* What could not be written down is taken back. */
static int keep(MountChange *c, Fault *reterr)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        Machine *m = c->machine;
        int r = c->persist ? settings_edit_persist(m, edit_settings, &c->edit, reterr) : 0;

        if (r < 0 && c->edit.adds && m->link) {
                begin_remove(m, &w, c->edit.target);
                (void)link_send(m->link, &w, NULL, NULL, NULL); /* gone: and so is the mount */
        }
        return r;
}

static void on_reply(void *userdata, Frame *reply, const Fault *fault)
{
        _cleanup_fault_ Fault f = {0};
        MountChange *c = userdata;

        if (reply && reply->type == FRAME_ERROR) {
                (void)frame_fault(reply, &f);
                fault = &f;
        }
        if (!fault && keep(c, &f) < 0)
                fault = &f;
        end(c, fault);
}

/* @edit is emptied on success. */
static int send_change(Machine *m, FrameWriter *w, MountEdit *edit, bool persist, AnswerFn done,
                       void *userdata, Fault *reterr)
{
        MountChange *c = g_new0(MountChange, 1);
        int r = link_send(m->link, w, on_reply, c, reterr);

        if (r < 0) {
                g_free(c);
                return r;
        }
        *c = (MountChange){m, request_new(m->manager, REQUEST_COMMAND, m->name, done, userdata),
                           *edit, persist};
        *edit = (MountEdit){0};
        m->mount_change = c;
        return 0;
}

static int check_idle(const Machine *m, Fault *reterr)
{
        int r = machine_check_running(m, reterr);

        if (r >= 0 && m->mount_change)
                return fault_set(
                        reterr, FAULT_BUSY, EBUSY,
                        "Something is being mounted in machine '%s', or unmounted, already",
                        m->name);
        return r;
}

/* Return: 0, and @edit is emptied. */
static int change_definition(Machine *m, MountEdit *edit, bool persist, AnswerFn done,
                             void *userdata, Fault *reterr)
{
        if (!persist)
                return fault_set(reterr, FAULT_NOT_RUNNING, ESRCH,
                                 "Machine '%s' does not run, it is %s: only its definition can be "
                                 "changed, with Persist",
                                 m->name, machine_state_name(m));
        int r = settings_edit_persist(m, edit_settings, edit, reterr);
        if (r < 0)
                return r;
        request_answer(request_new(m->manager, REQUEST_COMMAND, m->name, done, userdata),
                       &(Answer){.terminal_fd = -EBADF});
        return 0;
}

/* ---- mounting ---- */

static int parse_entry(const char *text, MountEntry *ret, MountEdit *edit, Fault *reterr)
{
        _cleanup_free_ char *shown = text_for_display(text, 256);
        const char *why = "", *element;
        int r = mount_line_parse(text, ret, &element, &why);

        if (r == -EINVAL)
                return fault_set(reterr, FAULT_INVALID_OPTION, r, "'%s' is not valid: %s",
                                 shown ?: "", why);
        if (r < 0)
                return r;
        *edit = (MountEdit){true, ret->kind, g_strdup(element), g_strdup(ret->target)};
        return 0;
}

static bool is_below(const char *path, const char *top)
{
        size_t n = strlen(top);

        return strncmp(path, top, n) == 0 && path[n] == '/';
}

/* What is mounted already stays reachable. */
static int check_target(const Machine *m, const MountEntry *e, Fault *reterr)
{
        size_t n;
        MachineMount *const *mounts = machine_mounts(m, &n);

        if (streq(e->target, "/run"))
                return fault_set(reterr, FAULT_NOT_SUPPORTED, EOPNOTSUPP,
                                 "Nothing can be mounted at '/run' of machine '%s' while it runs",
                                 m->name);
        for (size_t i = 0; i < n; i++) {
                if (streq(mounts[i]->target, e->target))
                        return fault_set(reterr, FAULT_EXISTS, EEXIST,
                                         "Machine '%s' has '%s' mounted at '%s' already", m->name,
                                         mount_kind_name(mounts[i]->kind), e->target);
                if (is_below(mounts[i]->target, e->target))
                        return fault_set(reterr, FAULT_EXISTS, EEXIST,
                                         "A mount at '%s' would hide that at '%s' of machine '%s'; "
                                         "unmount that first",
                                         e->target, mounts[i]->target, m->name);
        }
        return 0;
}

/* It is made if it is missing, and an anonymous one gets its name. */
static int find_volume(Machine *m, MountEntry *e, Fault *reterr)
{
        Volume *volume;

        if (e->kind != MOUNT_VOLUME)
                return 0;
        int r = volume_ensure(m, e->source, e->target, &volume, reterr);
        if (r < 0 || e->source)
                return r;
        e->source = strdup(volume->name);
        return e->source ? 0 : -ENOMEM;
}

static int make_plan(const Machine *m, const MountEntry *e, Fault *reterr)
{
        _cleanup_free_ char *volumes = store_path(m->manager->root, LODGE_STORE_VOLUMES, NULL);
        PlanWriter plan = {0};
        const void *bytes;
        size_t n;

        plan_add_mount(&plan, e, volumes, m->settings.owner);
        int r = plan_finish(&plan, &bytes, &n);
        r = r < 0 ? r : sealed_memfd("lodge-mount", bytes, n);
        plan_writer_done(&plan);
        return r < 0 ? fault_set(reterr, FAULT_FAILED, r, "Cannot make a plan: %s", strerror(-r))
                     : r;
}

int machine_add_mount(Machine *m, const char *entry, bool persist, AnswerFn done, void *userdata,
                      Fault *reterr)
{
        _cleanup_(edit_done) MountEdit edit = {0};
        _cleanup_mount_entry_ MountEntry e = {0};
        _cleanup_frame_writer_ FrameWriter w = {0};
        _cleanup_close_ int plan = -EBADF;
        int r = parse_entry(entry, &e, &edit, reterr);

        if (r < 0)
                return r;
        if (machine_is_stopped(m))
                return change_definition(m, &edit, persist, done, userdata, reterr);
        r = check_idle(m, reterr);
        r = r < 0 ? r : check_target(m, &e, reterr);
        if (r >= 0 && persist)
                r = settings_edit_check(m, edit_settings, &edit, reterr);
        r = r < 0 ? r : find_volume(m, &e, reterr);
        if (r >= 0)
                r = plan = make_plan(m, &e, reterr);
        if (r < 0)
                return r;
        link_begin(m->link, &w, FRAME_MOUNT_APPLY);
        frame_add_fd(&w, plan);
        return send_change(m, &w, &edit, persist, done, userdata, reterr);
}

/* ---- unmounting ---- */

static int check_mounted(const Machine *m, const char *target, Fault *reterr)
{
        size_t n;
        MachineMount *const *mounts = machine_mounts(m, &n);
        bool found = false;

        for (size_t i = 0; i < n; i++) {
                found = found || streq(mounts[i]->target, target);
                if (is_below(mounts[i]->target, target))
                        return fault_set(reterr, FAULT_BUSY, EBUSY,
                                         "'%s' is mounted below '%s' of machine '%s'; unmount that "
                                         "first",
                                         mounts[i]->target, target, m->name);
        }
        if (found)
                return 0;
        _cleanup_free_ char *shown = text_for_display(target, 256);
        return fault_set(reterr, FAULT_NO_SUCH_MOUNT, ENOENT,
                         "Machine '%s' has nothing mounted at '%s' that lodge has mounted there",
                         m->name, shown ?: "");
}

int machine_remove_mount(Machine *m, const char *target, bool persist, AnswerFn done,
                         void *userdata, Fault *reterr)
{
        _cleanup_(edit_done) MountEdit edit = {.target = g_strdup(target)};
        _cleanup_frame_writer_ FrameWriter w = {0};
        int r;

        if (machine_is_stopped(m))
                return change_definition(m, &edit, persist, done, userdata, reterr);
        r = check_idle(m, reterr);
        r = r < 0 ? r : check_mounted(m, target, reterr);
        if (r >= 0 && persist)
                r = settings_edit_check(m, edit_settings, &edit, reterr);
        if (r < 0)
                return r;
        begin_remove(m, &w, target);
        return send_change(m, &w, &edit, persist, done, userdata, reterr);
}
