/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine-live.h"

#include "base/text.h"
#include "core/machine-health.h"
#include "core/machine-limits.h"
#include "core/manager.h"

/* Settings that go together. A new kind of setting that can be changed live is a line in the table
 * below. */
typedef struct LiveSettings {
        const char *section;
        const char *name;                        /* NULL: every one of the section */
        bool (*includes)(const SettingKey *key); /* that this does not leave out; may be NULL */
        /* Bring what runs to what @wanted says; NULL: lodged alone goes by it, from m->settings.
         * Return: 0; negative errno with a sentence. */
        int (*apply)(Machine *m, const Settings *wanted, Fault *reterr);
} LiveSettings;

static const LiveSettings live_settings[] = {
        {"Machine", "Description"},
        {"Machine", "Label"},
        {"Machine", "AutoRemove"},
        /* of which systemd knows by then */
        {"Exec", "Restart"},
        {"Exec", "RestartSec"},
        {"Exec", "RestartSteps"},
        {"Exec", "RestartMaxDelaySec"},
        {"Unit"},
        {"Install"},
        {"Resources", NULL, resources_is_unit_key, machine_limits_follow},
        {"Health", NULL, NULL, machine_health_follow},
};

static bool is_of(const LiveSettings *l, const SettingKey *key)
{
        return streq(l->section, key->section) && (!l->name || streq(l->name, key->name)) &&
               (!l->includes || l->includes(key));
}

static bool is_live(const SettingKey *key)
{
        for (size_t i = 0; i < ELEMENTSOF(live_settings); i++)
                if (is_of(&live_settings[i], key))
                        return true;
        return false;
}

static bool differ(const LiveSettings *l, const Settings *a, const Settings *b)
{
        for (const SettingKey *key = setting_keys(); key->name; key++)
                if (is_of(l, key) && !settings_equal_key(a, b, key))
                        return true;
        return false;
}

static int apply(Machine *m, const LiveSettings *l, const Settings *wanted, Fault *reterr)
{
        if (!differ(l, &m->settings, wanted))
                return 0;

        int r = l->apply ? l->apply(m, wanted, reterr) : 0;
        for (const SettingKey *key = setting_keys(); r >= 0 && key->name; key++)
                if (is_of(l, key))
                        r = settings_copy_key(&m->settings, wanted, key);
        manager_note_change(m, MACHINE_CHANGED_DEFINITION);
        return r;
}

int machine_apply_live(Machine *m, const Settings *wanted, Fault *reterr)
{
        int r = 0;

        unit_reload_note(m->manager, m->name, wanted);
        for (size_t i = 0; i < ELEMENTSOF(live_settings); i++) {
                int e = apply(m, &live_settings[i], wanted, reterr);

                r = r < 0 ? r : e;
        }
        return r;
}

int machine_waiting(const Machine *m, const Settings *wanted, char ***ret)
{
        int r = 0;

        for (const SettingKey *key = setting_keys(); r >= 0 && key->name; key++)
                if (!key->internal && !is_live(key) &&
                    !settings_equal_key(&m->settings, wanted, key))
                        r = strv_push(ret, key->name);
        return r;
}
