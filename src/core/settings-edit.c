/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/settings-edit.h"

#include "core/definition.h"
#include "core/machine.h"
#include "core/manager.h"

static int load_and_edit(Machine *m, SettingsEditFn edit, const void *arg, Settings *ret,
                         DefinitionPlace *ret_place, Fault *reterr)
{
        DefinitionPlace place = definition_find(m->manager->root, m->name);

        *ret_place = place;
        if (place == DEFINITION_NOWHERE)
                return fault_set(reterr, FAULT_NO_SUCH_MACHINE, ENOENT,
                                 "Machine '%s' has no definition any more", m->name);
        int r = definition_load(m->manager->root, place, m->name, ret, reterr);
        return r < 0 ? r : edit(m, arg, ret, reterr);
}

int settings_edit_check(Machine *m, SettingsEditFn edit, const void *arg, Fault *reterr)
{
        _cleanup_settings_ Settings s = {0};
        DefinitionPlace place;

        return load_and_edit(m, edit, arg, &s, &place, reterr);
}

int settings_edit_persist(Machine *m, SettingsEditFn edit, const void *arg, Fault *reterr)
{
        _cleanup_settings_ Settings s = {0};
        DefinitionPlace place;
        int r = load_and_edit(m, edit, arg, &s, &place, reterr);

        if (place == DEFINITION_USR) /* a package's: ours goes before it */
                place = DEFINITION_ETC;
        r = r < 0 ? r : definition_write(m->manager->root, place, m->name, &s, reterr);
        if (r < 0)
                return r;
        if (machine_is_stopped(m)) {
                machine_load(m);
                return 0;
        }
        /* what it runs with may differ from the file in other things */
        if (edit(m, arg, &m->settings, NULL) >= 0)
                manager_note_change(m, MACHINE_CHANGED_DEFINITION);
        return 0;
}
