/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine-limits.h"

#include "base/text.h"
#include "core/machine.h"
#include "core/manager.h"

#include <string.h>

static int ask(const Machine *m, const Resources *r)
{
        const UnitPort *units = &m->manager->units;

        return units->limit ? units->limit(units->userdata, m->unit, r) : 0;
}

void machine_limits_apply(Machine *m)
{
        int r = ask(m, &m->settings.resources);

        g_clear_pointer(&m->limits_error, g_free);
        m->is_limiting = r > 0;
        if (r < 0)
                machine_limits_told(m, strerror(-r));
}

int machine_limits_follow(Machine *m, const Settings *wanted, Fault *reterr)
{
        int r = ask(m, &wanted->resources);

        if (r < 0)
                return fault_set(reterr, FAULT_FAILED, r, "Cannot ask systemd to limit %s: %s",
                                 m->unit, strerror(-r));
        g_clear_pointer(&m->limits_error, g_free);
        m->is_limiting = r > 0;
        return 0;
}

void machine_limits_changed(Machine *m, const Settings *before)
{
        for (const SettingKey *key = setting_keys(); key->name; key++) {
                if (!resources_is_unit_key(key) || settings_equal_key(before, &m->settings, key))
                        continue;
                machine_limits_apply(m);
                return;
        }
}

int machine_limits_await(Machine *m, Fault *reterr)
{
        if (m->limits_error)
                return fault_set(reterr, FAULT_START_FAILED, EINVAL,
                                 "systemd does not take the limits of %s: %s", m->unit,
                                 m->limits_error);
        m->awaits_limits = m->is_limiting;
        return m->is_limiting;
}

void machine_limits_told(Machine *m, const char *error)
{
        m->is_limiting = false;
        m->limits_error = g_strdup(error);
        if (m->awaits_limits) {
                m->awaits_limits = false;
                machine_launch(m, NULL);
        } else if (error && !machine_is_stopped(m) && m->has_run) {
                _cleanup_free_ char *sentence = g_strdup_printf(
                        "systemd does not take the limits of %s, which go on as they were: %s",
                        m->unit, error);

                manager_warn(m->manager, m->name, sentence);
        }
}
