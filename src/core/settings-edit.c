/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/settings-edit.h"

#include "base/text.h"
#include "core/definition-change.h"
#include "core/machine.h"
#include "core/manager.h"
#include "core/volume.h"

/* The definition's settings as they are, and as they are to be. */
static int load_and_edit(Machine *m, SettingsEditFn edit, const void *arg, Settings *ret_before,
                         Settings *ret, Fault *reterr)
{
        _cleanup_strv_free_ char **warnings = NULL;
        int r = definition_load(m->manager->root, m->name, ret_before, &warnings, reterr);

        r = r < 0 ? r : settings_copy(ret_before, ret);
        return r < 0 ? r : edit(m, arg, ret, reterr);
}

/* The settings that are to be written, and no others: their lines stay as somebody wrote them. */
static int differing(const Settings *a, const Settings *b, char ***ret)
{
        int r = 0;

        for (const SettingKey *key = setting_keys(); r >= 0 && key->name; key++)
                if (!settings_equal_key(a, b, key))
                        r = strv_push(ret, key->name);
        return r;
}

/* @ret nothing, if that changes nothing */
static int draft(Machine *m, SettingsEditFn edit, const void *arg, DefinitionDraft *ret,
                 Fault *reterr)
{
        _cleanup_strv_free_ char **keys = NULL;
        _cleanup_settings_ Settings before = {0}, after = {0};
        int r = load_and_edit(m, edit, arg, &before, &after, reterr);

        r = r < 0 ? r : differing(&before, &after, &keys);
        if (r < 0 || !keys)
                return r;
        return definition_draft_change(m->manager->root, m->name,
                                       &(DefinitionChange){.keys = keys, .values = &after}, ret,
                                       reterr);
}

int settings_edit_check(Machine *m, SettingsEditFn edit, const void *arg, Fault *reterr)
{
        _cleanup_definition_draft_ DefinitionDraft d = {0};

        return draft(m, edit, arg, &d, reterr);
}

int settings_edit_persist(Machine *m, SettingsEditFn edit, const void *arg, Fault *reterr)
{
        _cleanup_definition_draft_ DefinitionDraft d = {0};
        int r = draft(m, edit, arg, &d, reterr);

        r = r < 0 ? r : definition_draft_write(&d, reterr);
        if (r < 0)
                return r;
        if (machine_is_stopped(m)) {
                machine_load(m);
                return 0;
        }
        /* what it runs with may differ from the file in other things */
        volume_note_use(m->manager, machine_volumes(m));
        if (edit(m, arg, &m->settings, NULL) >= 0)
                manager_note_change(m, MACHINE_CHANGED_DEFINITION);
        volume_note_use(m->manager, machine_volumes(m));
        return 0;
}
