/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Machines in systemd-machined's list, so that the host's own tools know them. Never in the way of
 * a start, unless the name seems to be taken, and never a reason for a machine to fail. */
#pragma once

#include "base/fault.h"
#include "core/ports.h"
#include "core/types.h"

#include <stdbool.h>

/** registry_set_port() - from now on there is a list; without, nothing happens here */
void registry_set_port(Manager *manager, const RegistryPort *port);

/** registry_must_check() - does another machine seem to have this name?
 * Return: true if registry_checked() comes before long; false: there is nobody of that name. */
bool registry_must_check(Machine *m);

/** registry_checked() - the answer to RegistryPort.check
 * @unit of the other machine of that name; NULL: there is none */
void registry_checked(Manager *manager, const char *name, const char *unit);

/** registry_update() - enter a PID 1 that runs, once for each; leave when there is none */
void registry_update(Machine *m);

/* @fd, consumed; -EBADF with a fault. */
typedef void (*RegistryConnectFn)(void *userdata, int fd, const Fault *fault);

/** registry_connect() - let the machine's shim connect to machined: it becomes the supervisor
 * Return: 0 and @done is called once; negative errno, and it is not. */
int registry_connect(Manager *manager, const char *name, RegistryConnectFn done, void *userdata,
                     Fault *reterr);
