/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings that are valid each, and do not go together. */
#include "spec/settings.h"

#include "base/text.h"
#include "spec/mount-entry.h"

#include <string.h>

static int check_program(const Settings *s, Fault *reterr)
{
        const char *message = NULL;

        if (s->boot == 1 && s->command)
                message = "Boot=yes and Command= exclude each other: an init is booted, or a "
                          "command is run";
        else if (s->boot == 1 && s->entrypoint)
                message = "Boot=yes and Entrypoint= exclude each other: an init is booted, or a "
                          "command is run";
        else if (s->boot == 0 && !s->command && !s->entrypoint && s->root_directory)
                message = "Boot=no needs a Command= to run";
        else if (s->boot == 1 && (s->user || s->working_directory))
                message = "User= and WorkingDirectory= are for a Command=, but Boot=yes is given: "
                          "an init runs as root in /";
        else if (s->command && !s->entrypoint && !*s->command[0])
                message = "Command= begins with an empty word: its first word names the program";
        else if (s->entrypoint && !*s->entrypoint[0] && s->entrypoint[1])
                message = "Entrypoint= begins with an empty word: its first word names the "
                          "program, or is the only one and empty for none at all";
        return message ? fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "%s", message) : 0;
}

static int check_restart(const Settings *s, Fault *reterr)
{
        const char *message = NULL;

        if (s->restart != RESTART_NO && s->auto_remove)
                message = "AutoRemove=yes and Restart= exclude each other: what is removed when it "
                          "stops cannot be started again";
        else if ((s->restart_steps > 0) != (s->restart_max_usec != UINT64_MAX))
                message = "RestartSteps= and RestartMaxDelaySec= need each other";
        else if (s->restart_max_usec < s->restart_usec)
                message = "RestartMaxDelaySec= is less than RestartSec=, from which it grows";
        else if (s->start_limit_burst > 0 && s->start_limit_usec == 0)
                message = "StartLimitBurst= needs StartLimitIntervalSec=: without it a machine may "
                          "be started as often as somebody asks";
        return message ? fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "%s", message) : 0;
}

static int check_health(const Settings *s, Fault *reterr)
{
        if (s->ready_when.kind == READY_HEALTHY && s->healthcheck && !*s->healthcheck[0])
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "ReadyWhen=healthy needs a Healthcheck=, and an empty one is "
                                 "none");
        if (!s->healthcheck || *s->healthcheck[0] || !s->healthcheck[1])
                return 0;
        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                         "Healthcheck= begins with an empty word: its first word names the "
                         "program, or is the only one and empty for none at all");
}

/* ---- mounts ---- */

typedef struct Mounts {
        char **targets; /* "Bind=/a", .. */
        Fault *reterr;
} Mounts;

static int note_target(Mounts *m, const char *key, const char *target)
{
        _cleanup_free_ char *entry = NULL, *shown = NULL;

        STRV_FOREACH (other, m->targets) {
                if (!streq(strchr(*other, '=') + 1, target))
                        continue;
                shown = text_for_display(target, 120);
                return fault_set(m->reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "two mounts have the target '%s': one of %.*s= and one of %s=",
                                 shown ?: "", (int)strcspn(*other, "="), *other, key);
        }
        if (asprintf(&entry, "%s=%s", key, target) < 0)
                return -ENOMEM;
        return strv_push(&m->targets, entry);
}

static int check_mounts_of(Mounts *m, const char *key, MountKind kind, char *const *entries)
{
        int r = 0;

        STRV_FOREACH (text, entries) {
                _cleanup_mount_entry_ MountEntry e = {0};
                const char *why = NULL;

                r = mount_entry_parse(kind, *text, &e, &why);
                if (r == -EINVAL)
                        return fault_set(m->reterr, FAULT_INVALID_OPTION, EINVAL, "%s=: %s", key,
                                         why);
                r = r < 0 ? r : note_target(m, key, e.target);
                if (r < 0)
                        break;
        }
        return r;
}

static int check_mounts(const Settings *s, Fault *reterr)
{
        Mounts m = {.reterr = reterr};
        int r = check_mounts_of(&m, "Bind", MOUNT_BIND, s->binds);

        r = r < 0 ? r : check_mounts_of(&m, "Volume", MOUNT_VOLUME, s->volumes);
        r = r < 0 ? r : check_mounts_of(&m, "Tmpfs", MOUNT_TMPFS, s->tmpfs);
        strv_free(m.targets);
        return r;
}

int settings_validate(const Settings *s, Fault *reterr)
{
        const char *message = NULL;

        if (!s->image && !s->root_directory)
                message = "a machine needs Image= or RootDirectory=";
        else if (s->image && s->root_directory)
                message = "Image= and RootDirectory= exclude each other: give one of them";
        else if (s->writable_medium == WRITABLE_MEDIUM_MEMORY &&
                 s->writable_layer != WRITABLE_LAYER_STOP)
                message = "WritableLayerMedium=memory keeps nothing: WritableLayer=reboot and "
                          "WritableLayer=keep need disk";
        if (message)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "%s", message);
        int r = check_program(s, reterr);
        r = r < 0 ? r : check_health(s, reterr);
        r = r < 0 ? r : check_restart(s, reterr);
        r = r < 0 ? r : check_mounts(s, reterr);
        return r < 0 ? r : settings_network_validate(s, reterr);
}
