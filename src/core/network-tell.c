/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/network-tell.h"

#include "core/machine-network.h"
#include "core/machine.h"
#include "core/network-internal.h"
#include "core/network-ports.h"

void network_telling_done(NetworkTelling *t)
{
        network_services_forget(t->manager, t);
        fault_done(&t->fault);
        g_free(t->taken_port);
}

void network_telling_fail(NetworkTelling *t, const Fault *fault)
{
        (void)fault_set(&t->fault, fault->code ?: FAULT_FAILED, fault->error, "%s",
                        fault->message ?: "out of memory");
}

void network_telling_hold(NetworkTelling *t)
{
        t->n_pending++;
}

void network_telling_release(NetworkTelling *t, const Fault *fault)
{
        if (fault)
                network_telling_fail(t, fault);
        if (--t->n_pending == 0)
                t->done(t->userdata);
}

/* ---- what they say ---- */

static void on_answer(void *userdata, NetworkServiceKind service, Frame *reply, const Fault *fault)
{
        network_telling_release(userdata, fault);
}

static void on_port_owner(void *userdata, NetworkServiceKind service, Frame *reply,
                          const Fault *fault)
{
        NetworkTelling *t = userdata;
        _cleanup_fault_ Fault f = {0};

        ports_taken(t->taken_port, reply, &f);
        network_telling_release(t, &f);
}

static void on_member_set(void *userdata, NetworkServiceKind service, Frame *reply,
                          const Fault *fault)
{
        NetworkTelling *t = userdata;

        if (t->taken_port || !ports_is_taken(reply, fault, &t->taken_port))
                network_telling_release(t, fault);
        else /* by whom? */
                network_service_send(t->manager, NETWORK_SERVICE_NET, FRAME_PORT_OWNER,
                                     t->taken_port, on_port_owner, t);
}

/* ---- telling ---- */

static void send(Manager *manager, FrameType type, const char *name, NetworkServiceDoneFn done,
                 NetworkTelling *t)
{
        if (t)
                t->n_pending += _NETWORK_SERVICE_MAX;
        network_services_send(manager, type, name, t ? done : NULL, t);
}

static void bring_up(Manager *manager, const char *name, NetworkTelling *t)
{
        Network *n = network_ensure(manager, name);
        bool was_up = n->is_up;

        network_update_use(n);
        if (!was_up)
                send(manager, FRAME_NETWORK_SET, name, on_answer, t);
}

static bool is_in_network(const MachineNetwork *mn)
{
        for (guint i = 0; i < mn->links->len; i++)
                if (machine_network_link(mn, i)->network)
                        return true;
        return false;
}

void network_tell(MachineNetwork *mn, NetworkTelling *t)
{
        Manager *manager = mn->machine->manager;
        bool was_member = mn->is_member;

        mn->is_member = is_in_network(mn);
        for (guint i = 0; i < mn->links->len; i++)
                if (machine_network_link(mn, i)->network)
                        bring_up(manager, machine_network_link(mn, i)->network, t);
        if (mn->is_member)
                send(manager, FRAME_MEMBER_SET, mn->machine->name, on_member_set, t);
        else if (was_member)
                send(manager, FRAME_MEMBER_UNSET, mn->machine->name, on_answer, t);
}
