/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* To tell the services what a machine has in networks, and to wait for what they say: for its
 * start, and for a change while it runs. */
#pragma once

#include "base/fault.h"
#include "core/types.h"

typedef struct NetworkTelling {
        Manager *manager;
        void (*done)(void *userdata); /* nothing is awaited any more; may free what this lies in */
        void *userdata;
        unsigned n_pending; /* answers, and what else is awaited */
        char *taken_port;   /* a service could not open it: "tcp 127.0.0.1 8080" */
        Fault fault;        /* the first reason against it */
} NetworkTelling;

/** network_telling_done() - nobody waits any more: free what it holds, not @t */
void network_telling_done(NetworkTelling *t);
/** network_telling_fail() - note why it cannot be; the first reason counts */
void network_telling_fail(NetworkTelling *t, const Fault *fault);
/** network_telling_hold() - await one thing more */
void network_telling_hold(NetworkTelling *t);
/** network_telling_release() - it is there, or @fault says why it will not be; may call done() */
void network_telling_release(NetworkTelling *t, const Fault *fault);

/** network_tell() - tell both services what @mn has now; networks come up if need be
 * The caller holds @t meanwhile: answers may come from within.
 * @t NULL: nobody waits */
void network_tell(MachineNetwork *mn, NetworkTelling *t);
