/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/registry.h"

#include "base/names.h"
#include "base/text.h"
#include "core/machine.h"
#include "core/manager.h"

#include <glib.h>
#include <sys/stat.h>

void registry_set_port(Manager *manager, const RegistryPort *port)
{
        manager->registry = *port;
}

bool registry_must_check(Machine *m)
{
        const RegistryPort *port = &m->manager->registry;
        _cleanup_free_ char *path =
                g_strconcat(m->manager->root, LODGE_MACHINED_STATE "/", m->name, NULL);
        struct stat st;

        /* usually there is no such file, and machined need not be asked */
        m->name_asked = port->check && lstat(path, &st) >= 0 && port->check(port->userdata, m) >= 0;
        return m->name_asked;
}

void registry_checked(Manager *manager, const char *name, const char *unit)
{
        _cleanup_free_ char *shown = unit ? text_for_display(unit, 256) : NULL;
        Machine *m = manager_find(manager, name);
        _cleanup_fault_ Fault f = {0};

        if (!m || !m->name_asked)
                return;
        m->name_asked = false;
        if (!m->link) /* gone meanwhile */
                return;
        if (unit)
                (void)fault_set(&f, FAULT_EXISTS, EEXIST,
                                "systemd-machined knows another machine '%s' on this host, in %s; "
                                "stop that one, or use another name",
                                name, shown);
        machine_launch(m, unit ? &f : NULL);
}

void registry_update(Machine *m)
{
        const RegistryPort *port = &m->manager->registry;
        bool runs = machine_is_up(m) && !m->has_end;
        uint32_t leader = runs ? m->leader : 0;

        /* one that is stopping stays until it has stopped */
        if (!port->enter || leader == m->registered_leader ||
            (m->state == MACHINE_STOPPING && !m->has_end))
                return;
        m->registered_leader = leader;
        if (leader)
                port->enter(port->userdata, m);
        else
                port->leave(port->userdata, m);
}

/* ---- the shim's connection ---- */

typedef struct Connect {
        RegistryConnectFn done;
        void *userdata;
} Connect;

static void on_connect_reply(void *userdata, Frame *reply, const Fault *fault)
{
        Connect *c = userdata;
        _cleanup_fault_ Fault f = {0};
        int fd = -EBADF;

        if (reply && reply->type == FRAME_ERROR) {
                (void)frame_fault(reply, &f);
                fault = &f;
        } else if (reply && reply->type == FRAME_DONE && reply->n_fds == 1) {
                fd = TAKE_FD(reply->fds[0]);
        } else if (!fault) {
                (void)fault_set(&f, FAULT_FAILED, EBADMSG, "the supervisor's answer is wrong");
                fault = &f;
        }
        c->done(c->userdata, fd, fault);
        g_free(c);
}

int registry_connect(Manager *manager, const char *name, RegistryConnectFn done, void *userdata,
                     Fault *reterr)
{
        Machine *m = manager_find(manager, name);
        _cleanup_frame_writer_ FrameWriter w = {0};
        Connect *c;

        if (!m || !m->link)
                return fault_set(reterr, FAULT_NOT_RUNNING, ESRCH, "its supervisor is gone");
        c = g_new0(Connect, 1);
        *c = (Connect){done, userdata};
        link_begin(m->link, &w, FRAME_MACHINED);
        int r = link_send(m->link, &w, on_connect_reply, c, reterr);
        if (r < 0)
                g_free(c);
        return r;
}
