/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One element of Bind=, Volume= or Tmpfs=: what a machine gets mounted besides its root. Text and
 * rules, no I/O. libc only. */
#pragma once

#include "base/fault.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum MountKind {
        MOUNT_BIND,   /* SRC:DST[:OPTION,..] */
        MOUNT_VOLUME, /* NAME:DST[:OPTION,..], or DST[:OPTION,..]: an anonymous one */
        MOUNT_TMPFS,  /* DST[:OPTION,..] */
        _MOUNT_KIND_MAX,
} MountKind;

/* Whose files in the source are whose in the machine. */
typedef enum MountMap {
        MOUNT_MAP_ROOT,   /* the guest's root is the owner of the source */
        MOUNT_MAP_OWNER,  /* the owner of the target in the image is the owner of the source */
        MOUNT_MAP_CALLER, /* the machine's user is the machine's Owner= */
        MOUNT_MAP_SAME,   /* id N of the guest is id N of the host, from 0 to 65535 */
        MOUNT_MAP_NONE,   /* everything belongs to nobody */
        _MOUNT_MAP_MAX,
} MountMap;

typedef struct MountEntry {
        MountKind kind;
        char *source; /* host path or volume's name; NULL: anonymous, or a tmpfs */
        char *target; /* absolute path of the guest, clean */
        bool read_only, not_recursive, no_exec;
        MountMap map;
        char *tmpfs_options; /* size=, mode=, uid=, gid= as tmpfs takes them; never NULL for one */
        uint32_t uid, gid;   /* of a tmpfs, in the guest */
} MountEntry;

/** mount_entry_parse() - take an element apart
 * @text    from anybody
 * @ret     mount_entry_done() frees it
 * @ret_why what is wrong, without a full stop; static
 * Return: 0; -EINVAL with @ret_why; -ENOMEM. */
int mount_entry_parse(MountKind kind, const char *text, MountEntry *ret, const char **ret_why);
/** mount_line_parse() - a line of a definition, "Bind=/srv:/srv:ro"
 * @ret_element what is behind the '='; in @text
 * Return: as mount_entry_parse(). */
int mount_line_parse(const char *text, MountEntry *ret, const char **ret_element,
                     const char **ret_why);
/** mount_kind_name() - the key of such a line: "Bind", "Volume", "Tmpfs" */
const char *mount_kind_name(MountKind kind);
/** mount_entry_done() - free what it holds */
void mount_entry_done(MountEntry *e);
#define _cleanup_mount_entry_ _cleanup_(mount_entry_done)

/** mount_target_refusal() - may something be mounted there?
 * Not what lodge provides itself (/proc, /sys, /dev, /run, /run/host, and below); a tmpfs may
 * replace that at /run, and anything that at /dev/shm.
 * @path from anybody
 * Return: NULL if it may, else why not; static. */
const char *mount_target_refusal(MountKind kind, const char *path);

/** path_is_clean() - absolute, without '.', '..', '//' and a '/' at the end, in UTF-8 without
 * control characters, shorter than 4096 bytes? */
bool path_is_clean(const char *path);
