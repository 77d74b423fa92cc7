/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What changes of a machine's network: the same edit for what it runs with, and for its definition.
 */
#pragma once

#include "core/machine.h"
#include "spec/settings.h"

typedef enum NetworkEditKind {
        NETWORK_EDIT_ATTACH,
        NETWORK_EDIT_DETACH,
        NETWORK_EDIT_ADD_PORT,
        NETWORK_EDIT_REMOVE_PORT,
        NETWORK_EDIT_BANDWIDTH,
} NetworkEditKind;

typedef struct NetworkEdit {
        NetworkEditKind kind;
        char *text; /* element of Network= or Publish= in its one form; name of a network or an
                     * interface inside; NULL: Bandwidth= */
        Bandwidth bandwidth;
} NetworkEdit;

/** network_edit_check() - could the machine's definition be changed by it?
 * Return: 0; -EEXIST; -ENOENT there is nothing to take away; -EINVAL; negative errno. */
int network_edit_check(Machine *m, const NetworkEdit *edit, Fault *reterr);
/** network_edit_persist() - change the machine's definition by it
 * Return: 0; negative errno with a sentence. */
int network_edit_persist(Machine *m, const NetworkEdit *edit, Fault *reterr);
/** network_edit_done() - free what it holds */
void network_edit_done(NetworkEdit *edit);

/** port_entry_equal() - the same port, published in the same way? */
bool port_entry_equal(const PortEntry *a, const PortEntry *b);
