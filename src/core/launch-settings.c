/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/launch-settings.h"

#include "base/text.h"
#include "core/machine.h"
#include "core/volume.h"
#include "spec/mount-entry.h"
#include "spec/settings-image.h"

#include <glib.h>

/* "/path:ro" as "NAME:/path:ro". */
static int name_volume(Machine *m, bool make, char **entry, Fault *reterr)
{
        _cleanup_mount_entry_ MountEntry e = {0};
        _cleanup_free_ char *name = NULL;
        const char *why = NULL;
        Volume *volume;
        int r = mount_entry_parse(MOUNT_VOLUME, *entry, &e, &why);

        if (r == -EINVAL)
                return fault_set(reterr, FAULT_INVALID_OPTION, r, "Volume='%s' is not valid: %s",
                                 *entry, why);
        if (r < 0)
                return r;
        if (make)
                r = volume_ensure(m, e.source, e.target, &volume, reterr);
        if (r < 0 || e.source)
                return r;
        name = volume_anonymous_name(m, e.target);
        char *named = g_strconcat(name, ":", *entry, NULL);
        free(*entry);
        *entry = named;
        return 0;
}

int launch_settings(Machine *m, const ImageRecord *record, bool has_init, bool make, Settings *ret,
                    Fault *reterr)
{
        _cleanup_settings_ Settings s = {0};
        int r = settings_copy(&m->settings, &s);

        if (r >= 0 && record)
                r = settings_apply_image(&s, record, has_init, reterr);
        STRV_FOREACH (entry, s.volumes)
                r = r < 0 ? r : name_volume(m, make, entry, reterr);
        if (r < 0)
                return fault_set(reterr, FAULT_START_FAILED, r,
                                 "Cannot put together the settings of machine '%s': %s", m->name,
                                 strerror(-r));
        machine_id(m, s.machine_id);
        *ret = s;
        s = (Settings){0};
        return 0;
}
