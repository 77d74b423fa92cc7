/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Another name for a stopped machine. What has the name, its definition, what it has written, its
 * volumes, addresses and what enables it, are many files that cannot be changed at once: so it is
 * first written down what is to be (rename-record.c). From then on it is carried out, also by the
 * next lodged if this one is killed: each step can be done again. A step that cannot be done has
 * all others undone, which is the same the other way round. */
#pragma once

#include "base/fault.h"
#include "core/request.h"
#include "core/types.h"

#include <stdbool.h>

/** machine_rename() - give a stopped machine another name; frees @m on success
 * Answered with the machine, and in lines what still goes by the old name.
 * Return: 0 and the answer comes; -EBUSY it is not stopped, or something works on it; -EEXIST;
 * -EINVAL; -EOPNOTSUPP its definition is a package's; another reason: it has its old name. */
int machine_rename(Machine *m, const char *name, AnswerFn done, void *userdata, Fault *reterr);

/** renames_resume() - carry out what an earlier lodged has begun; at start, before manager_load()
 */
void renames_resume(Manager *manager);
/** renames_adopted() - all machines are known: the rest of it */
void renames_adopted(Manager *manager);

/** rename_check() - is nobody being renamed from or to this name?
 * Return: 0; -EBUSY. */
int rename_check(Manager *manager, const char *name, Fault *reterr);
/** rename_check_usable() - has this machine all that is its?
 * Return: 0; -EBUSY a rename could neither be carried out nor undone. */
int rename_check_usable(Manager *manager, const char *name, Fault *reterr);
/** rename_free() - GDestroyNotify; it is carried out by the next lodged */
void rename_free(void *p);

/* ---- what host/ tells ---- */

/** manager_links_moved() - systemd has answered UnitPort's move_links()
 * @from  the unit that was enabled
 * @error what it says; NULL: another one is instead */
void manager_links_moved(Manager *manager, const char *from, const char *error);
