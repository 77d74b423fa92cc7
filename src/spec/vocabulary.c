/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one table of settings: a new one is a field in Settings and a line here. */
#include "spec/setting-type.h"
#include "spec/settings.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define KEY(section_, name_, kind_, field_, type_, help_)                                          \
        {                                                                                          \
                .section = section_, .name = name_, .kind = SETTING_##kind_, .help = help_,        \
                .type = &setting_##type_, .offset = offsetof(Settings, field_),                    \
        }
#define INTERNAL(section_, name_, field_, type_, help_)                                            \
        {                                                                                          \
                .section = section_, .name = name_, .kind = SETTING_OTHER, .internal = true,       \
                .help = help_, .type = &setting_##type_, .offset = offsetof(Settings, field_),     \
        }

static const SettingKey keys[] = {
        /* clang-format off */
        KEY("Machine", "Description", STRING, description, text,
            "What the machine is for, in one line"),
        KEY("Machine", "Image", STRING, image, image,
            "Image the machine starts from: its name, or where it is from, as docker.io/library/debian:13"),
        KEY("Machine", "RootDirectory", STRING, root_directory, root_directory,
            "Directory tree of the host to start from, instead of an image; never written to"),
        KEY("Machine", "MachineID", OTHER, machine_id, id,
            "The guest's machine-id, 32 hexadecimal digits"),
        KEY("Machine", "Hostname", STRING, hostname, hostname,
            "The guest's host name; the machine's name if not given"),
        KEY("Machine", "AutoRemove", BOOL, auto_remove, bool,
            "Remove the machine when it stops"),
        KEY("Machine", "Label", STRV, labels, label,
            "Something to know the machine by, KEY=VALUE; may be given several times"),
        INTERNAL("Machine", "Owner", owner, uid, "User id of who created the machine"),
        INTERNAL("Machine", "Created", created_usec, timestamp,
                 "When the machine was created, in µs since 1970"),

        KEY("Exec", "Boot", BOOL, boot, optional_bool,
            "Start the tree's init; if not given: only where there is no Command="),
        KEY("Exec", "Entrypoint", STRV, entrypoint, command,
            "Program and arguments that come before the command; if not given, the image's"),
        KEY("Exec", "Command", STRV, command, command,
            "Program and arguments to run as the machine's first process"),
        KEY("Exec", "Environment", STRV, environment, environment,
            "Environment variables, KEY=VALUE; may be given several times"),
        KEY("Exec", "User", STRING, user, user,
            "User to run the command as: user, user:group, uid or uid:gid of the guest"),
        KEY("Exec", "WorkingDirectory", STRING, working_directory, path,
            "Directory of the guest to run the command in"),
        KEY("Exec", "Terminal", BOOL, terminal, bool,
            "Give the command a terminal; a booted machine always has one"),
        KEY("Exec", "StopSignal", OTHER, stop_signal, signal,
            "Signal that asks the first process to stop; if not given: SIGRTMIN+3 for systemd, else SIGTERM"),
        KEY("Exec", "StopTimeoutSec", USEC, stop_timeout_usec, usec,
            "How long to wait for that before everything is killed"),
        KEY("Exec", "NotifyReady", BOOL, notify_ready, optional_bool,
            "Wait for READY=1 from inside; if not given: only where systemd is booted"),

        KEY("Files", "WritableLayer", OTHER, writable_layer, writable_layer,
            "How long what the guest writes is kept: until stop, until reboot too (reboot), or keep"),
        KEY("Files", "WritableLayerMedium", OTHER, writable_medium, writable_medium,
            "Where that lies: on disk, or in memory"),
        KEY("Files", "WritableLayerSize", OTHER, writable_size_bytes, bytes,
            "How large that may become, in bytes, or with K, M, G or T"),
        KEY("Files", "Bind", STRV, binds, bind,
            "File or directory of the host to show inside, SOURCE:TARGET[:ro,norecursive,map=root|owner|caller|same|none]"),
        KEY("Files", "Volume", STRV, volumes, volume,
            "Directory that outlives the machine, NAME:TARGET[:ro,map=...]; TARGET alone: one that goes with it"),
        KEY("Files", "Tmpfs", STRV, tmpfs, tmpfs,
            "File system in memory, TARGET[:size=...,mode=...,uid=...,gid=...,ro]"),

        KEY("Network", "PrivateNetwork", BOOL, private_network, bool,
            "A network of its own; no: the host's"),

        KEY("Security", "Capability", OTHER, capabilities_add, capabilities,
            "Capabilities to add to the default set"),
        KEY("Security", "DropCapability", OTHER, capabilities_drop, capabilities_or_all,
            "Capabilities to take out of the default set; all: every one"),
        {.name = NULL},
        /* clang-format on */
};

const SettingKey *setting_keys(void)
{
        return keys;
}

const SettingKey *setting_key_find(const char *name)
{
        for (const SettingKey *key = keys; key->name; key++)
                if (streq(key->name, name))
                        return key;
        return NULL;
}

static int lower(int c)
{
        return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/* How many letters must be put in, taken out or changed to make @b of @a, case aside. */
static unsigned edit_distance(const char *a, size_t n_a, const char *b)
{
        unsigned row[64];
        size_t n_b = strnlen(b, ELEMENTSOF(row) - 1);

        for (size_t j = 0; j <= n_b; j++)
                row[j] = (unsigned)j;
        for (size_t i = 1; i <= n_a; i++) {
                unsigned corner = row[0];

                row[0] = (unsigned)i;
                for (size_t j = 1; j <= n_b; j++) {
                        unsigned change = corner + (lower(a[i - 1]) != lower(b[j - 1]));

                        corner = row[j];
                        row[j] = MIN2(MIN2(row[j], row[j - 1]) + 1, change);
                }
        }
        return row[n_b];
}

const char *setting_key_nearest(const char *name)
{
        const char *nearest = NULL;
        size_t n = strnlen(name, 40);
        unsigned best = 0;

        if (n == 40)
                return NULL;
        for (const SettingKey *key = keys; key->name; key++) {
                unsigned distance = edit_distance(name, n, key->name);

                /* a third of the letters wrong is a slip, more is another word */
                if (!key->internal && distance <= MIN2(n, strlen(key->name)) / 3 + 1 &&
                    (!nearest || distance < best)) {
                        nearest = key->name;
                        best = distance;
                }
        }
        return nearest;
}
