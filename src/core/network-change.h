/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes of the network of a machine that runs, which core/network-request.c has checked: carried
 * out step by step, and undone if a step fails. Whoever asked is answered at the end. */
#pragma once

#include "core/request.h"
#include "core/types.h"
#include "spec/network-entry.h"

#include <stdbool.h>

typedef struct NetworkChange NetworkChange;
typedef struct NetworkEdit NetworkEdit;

/** network_change_new() - the one that is under way; to be begun by one of the next four
 * @edit its text is taken */
NetworkChange *network_change_new(Machine *m, NetworkEdit *edit, bool persist, AnswerFn done,
                                  void *userdata);
/** network_change_attach() - another interface
 * @entry has a name; emptied */
void network_change_attach(NetworkChange *c, NetworkEntry *entry);
/** network_change_detach() - one less; @inside: its name, copied before anything changes */
void network_change_detach(NetworkChange *c, const char *inside);
/** network_change_ports() - what is published has been changed already */
void network_change_ports(NetworkChange *c);
/** network_change_bandwidth() - to that of the edit */
void network_change_bandwidth(NetworkChange *c);

/** network_change_abort() - the machine has ended: whoever asked for the change is told */
void network_change_abort(NetworkChange *c);
