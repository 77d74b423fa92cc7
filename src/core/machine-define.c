/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine-define.h"

#include "base/io.h"
#include "base/machine-name.h"
#include "base/names.h"
#include "base/text.h"
#include "core/image.h"
#include "core/machine-live.h"
#include "core/manager.h"
#include "core/network.h"
#include "core/rename.h"
#include "core/store.h"
#include "core/tree.h"
#include "core/volume.h"
#include "spec/ini-edit.h"

#include <string.h>
#include <sys/random.h>

/* ---- checks ---- */

static int check_source(Manager *manager, const Settings *s, Fault *reterr)
{
        _cleanup_tree_ Tree tree = {0};
        Image *image;

        if (s->root_directory)
                return tree_probe(s->root_directory, &tree, reterr);
        return image_check(manager, s->image, &image, reterr);
}

int manager_check_new(Manager *manager, const char *name, Fault *reterr)
{
        int r = machine_name_check(name, reterr);

        if (r < 0)
                return r;
        if (manager_find(manager, name) || definition_find(manager->root, name))
                return fault_set(reterr, FAULT_EXISTS, EEXIST, "There is a machine '%s' already",
                                 name);
        return rename_check(manager, name, reterr);
}

/* What only the host knows; @s is valid by itself. */
static int check_with_host(Manager *manager, const Settings *s, Fault *reterr)
{
        int r = check_source(manager, s, reterr);

        return r < 0 ? r : networks_check_settings(manager, s, reterr);
}

static bool is_id(const uint8_t id[static 16])
{
        static const uint8_t none[16];

        return memcmp(id, none, sizeof(none)) != 0;
}

static int make_machine_id(Settings *s, Fault *reterr)
{
        if (is_id(s->machine_id))
                return 0;
        if (getrandom(s->machine_id, sizeof(s->machine_id), 0) < 0)
                return fault_set(reterr, FAULT_FAILED, errno, "Cannot make a machine id: %s",
                                 strerror(errno));
        s->machine_id[6] = (uint8_t)((s->machine_id[6] & 0x0f) | 0x40);
        s->machine_id[8] = (uint8_t)((s->machine_id[8] & 0x3f) | 0x80);
        return 0;
}

/* ---- new machines ---- */

/* Nothing of an earlier machine of that name is to be this one's. */
static Machine *add_new(Manager *manager, const char *name)
{
        volumes_drop(manager, name);
        manager_forget_exit(manager, name);
        manager_load_name(manager, name);
        return manager_find(manager, name);
}

/* Those that were given, and what lodged adds. */
static int keys_to_write(char *const *given, char ***ret)
{
        static const char *const own[] = {"MachineID", "Owner", "Created"};
        _cleanup_strv_free_ char **keys = strv_copy(given);
        int r = keys ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(own); i++)
                r = strv_push(&keys, own[i]);
        if (r >= 0)
                *ret = TAKE_PTR(keys);
        return r;
}

static int draft_new(Manager *manager, const char *name, Settings *s, char *const *given,
                     DefinitionDraft *ret, Fault *reterr)
{
        _cleanup_strv_free_ char **keys = NULL;
        DefinitionPlace place = s->auto_remove ? DEFINITION_RUN : DEFINITION_ETC;
        int r = make_machine_id(s, reterr);

        s->created_usec = now_usec(CLOCK_REALTIME);
        r = r < 0 || !given ? r : keys_to_write(given, &keys);
        if (r < 0)
                return r;
        definition_forget_changes(manager->root, name);
        return definition_draft_new(manager->root, place, name,
                                    &(DefinitionChange){.keys = keys, .values = s}, ret, reterr);
}

int manager_define(Manager *manager, const char *name, Settings *s, Machine **ret, Fault *reterr)
{
        _cleanup_definition_draft_ DefinitionDraft draft = {0};
        int r = draft_new(manager, name, s, NULL, &draft, reterr);

        r = r < 0 ? r : definition_draft_write(&draft, reterr);
        if (r >= 0)
                *ret = add_new(manager, name);
        return r;
}

/* Said of what the caller gave, rather than of a file that does not exist yet. */
static int check_given(const Settings *s, Fault *reterr)
{
        if (s->profiles)
                return 0; /* which may have the rest */
        if (!s->image && !s->root_directory)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "Neither an image nor the setting RootDirectory is given");
        if (s->image && s->root_directory)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "Both an image, '%s', and RootDirectory '%s' are given: a machine "
                                 "starts from one of them",
                                 s->image, s->root_directory);
        return 0;
}

int manager_create(Manager *manager, const char *name, Settings *s, char *const *keys,
                   Machine **ret, Fault *reterr)
{
        _cleanup_definition_draft_ DefinitionDraft draft = {0};
        int r = manager_check_new(manager, name, reterr);

        r = r < 0 ? r : check_given(s, reterr);
        if (r >= 0 && !s->profiles) {
                r = check_source(manager, s, reterr);
                r = r < 0 ? r : settings_validate(s, reterr);
        }
        r = r < 0 ? r : draft_new(manager, name, s, keys, &draft, reterr);
        r = r < 0 ? r : check_with_host(manager, &draft.effective, reterr);
        r = r < 0 ? r : store_trash(manager->root, LODGE_STORE_MACHINES, name, reterr);
        r = r < 0 ? r : definition_draft_write(&draft, reterr);
        if (r >= 0)
                *ret = add_new(manager, name);
        return r;
}

/* ---- changes ---- */

/* Of what was changed, what waits. */
static int keep_changed(char **waiting, char *const *keys, char ***ret)
{
        _cleanup_strv_free_ char **kept = calloc(1, sizeof(char *));
        int r = kept ? 0 : -ENOMEM;

        STRV_FOREACH (key, waiting)
                if (strv_contains(keys, *key))
                        r = r < 0 ? r : strv_push(&kept, *key);
        if (r >= 0)
                *ret = TAKE_PTR(kept);
        return r;
}

/* The files say it: so does the machine, as far as it can. */
static int follow(Machine *m, const Settings *wanted, Fault *reterr)
{
        if (machine_is_stopped(m)) {
                machine_load(m);
                return 0;
        }
        m->place = definition_find(m->manager->root, m->name);
        return machine_apply_live(m, wanted, reterr);
}

int machine_set_properties(Machine *m, const DefinitionChange *change, bool dry_run,
                           char ***ret_waiting, Fault *reterr)
{
        _cleanup_definition_draft_ DefinitionDraft draft = {0};
        _cleanup_strv_free_ char **waiting = NULL;
        const char *root = m->manager->root;
        int r = definition_draft_change(root, m->name, change, &draft, reterr);

        r = r < 0 ? r : networks_check_settings(m->manager, &draft.effective, reterr);
        if (r >= 0 &&
            (strv_contains(change->keys, "Image") || strv_contains(change->keys, "RootDirectory")))
                r = check_source(m->manager, &draft.effective, reterr);
        if (r >= 0 && !machine_is_stopped(m))
                r = machine_waiting(m, &draft.effective, &waiting);
        r = r < 0 ? r : keep_changed(waiting, change->keys, ret_waiting);
        if (r < 0 || dry_run)
                return r;
        r = definition_draft_write(&draft, reterr);
        return r < 0 ? r : follow(m, &draft.effective, reterr);
}

/* ---- whole definitions ---- */

static int keep_key(char **text, const char *name, const char *value)
{
        const SettingKey *key = setting_key_find(name);
        char *edited =
                value ? ini_edit(*text, key->section, name, (char *const[]){(char *)value, NULL})
                      : NULL;

        if (!edited)
                return -ENOMEM;
        free(*text);
        *text = edited;
        return 0;
}

static int keep_key_of(char **text, const char *name, const Settings *old)
{
        _cleanup_strv_free_ char **lines = NULL;
        int r = settings_lines(old, setting_key_find(name), &lines);

        return r < 0 ? r : keep_key(text, name, lines[0]);
}

/* The text with what it does not say about whose machine it is, and which. */
static int keep_identity(const DefinitionText *given, const Machine *old, char **text,
                         Fault *reterr)
{
        _cleanup_settings_ Settings s = {0};
        uint32_t owner = old ? old->settings.owner : given->owner;
        _cleanup_free_ char *number = g_strdup_printf("%u", owner);
        int r = settings_parse("", *text, strlen(*text), &s, NULL);

        if (r < 0)
                return r == -EINVAL ? 0 : r; /* said with the file's name later */
        if (s.owner != owner && s.owner != 0 && given->owner != 0)
                return fault_set(reterr, FAULT_NOT_AUTHORIZED, EACCES,
                                 "Owner=%u is not who this machine belongs to: leave it out",
                                 s.owner);
        if (s.owner == 0 && owner != 0)
                r = keep_key(text, "Owner", number);
        if (r >= 0 && old && s.created_usec == 0 && old->settings.created_usec != 0)
                r = keep_key_of(text, "Created", &old->settings);
        if (r >= 0 && old && !is_id(s.machine_id) && is_id(old->settings.machine_id))
                r = keep_key_of(text, "MachineID", &old->settings);
        return r;
}

static DefinitionPlace place_for(Manager *manager, const char *name, const char *text)
{
        DefinitionPlace place = definition_find(manager->root, name);
        _cleanup_settings_ Settings s = {0};

        if (place == DEFINITION_ETC || place == DEFINITION_RUN)
                return place;
        /* that of a package is hidden by ours */
        return settings_parse("", text, strlen(text), &s, NULL) >= 0 && s.auto_remove
                       ? DEFINITION_RUN
                       : DEFINITION_ETC;
}

static int check_text(Manager *manager, const char *name, const char *text, DefinitionDraft *ret,
                      Fault *reterr)
{
        int r = definition_draft_text(manager->root, place_for(manager, name, text), name, text,
                                      ret, reterr);

        return r < 0 ? r : check_with_host(manager, &ret->effective, reterr);
}

int manager_set_definition(Manager *manager, const char *name, const DefinitionText *given,
                           char ***ret_waiting, Fault *reterr)
{
        _cleanup_definition_draft_ DefinitionDraft draft = {0};
        _cleanup_free_ char *text = g_strdup(given->text);
        Machine *m = manager_find(manager, name);
        int r = m && given->replace ? 0 : manager_check_new(manager, name, reterr);

        if (r == -EEXIST)
                return r;
        r = r < 0 ? r : keep_identity(given, m, &text, reterr);
        if (r >= 0 && !m && !given->dry_run)
                definition_forget_changes(manager->root, name);
        r = r < 0 ? r : check_text(manager, name, text, &draft, reterr);
        if (r >= 0 && m && !machine_is_stopped(m))
                r = machine_waiting(m, &draft.effective, ret_waiting);
        if (r < 0 || given->dry_run)
                return r;
        if (!m)
                r = store_trash(manager->root, LODGE_STORE_MACHINES, name, reterr);
        r = r < 0 ? r : definition_draft_write(&draft, reterr);
        if (r < 0)
                return r;
        if (m)
                return follow(m, &draft.effective, reterr);
        (void)add_new(manager, name);
        return 0;
}
