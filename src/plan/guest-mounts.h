/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a machine gets mounted besides what every machine has: Bind=, Volume= and Tmpfs=. Private to
 * plan. */
#pragma once

#include "spec/mount-entry.h"
#include "spec/settings.h"
#include "wire/plan.h"

typedef struct GuestMounts {
        MountEntry *entries; /* what is above comes before what is below */
        size_t n;
} GuestMounts;

typedef struct GuestMountFacts {
        const char *volumes; /* host directory: NAME/data */
        uint32_t owner;      /* uid of the machine's creator */
} GuestMountFacts;

/** guest_mounts_parse() - take the settings' entries apart
 * @s validated
 * @ret guest_mounts_done() frees it
 * Return: 0; -EINVAL it was not validated; -ENOMEM. */
int guest_mounts_parse(const Settings *s, GuestMounts *ret);
/** guest_mounts_done() - free it */
void guest_mounts_done(GuestMounts *m);
#define _cleanup_guest_mounts_ _cleanup_(guest_mounts_done)

/** guest_mounts_find() - the entry whose target is exactly this; NULL if there is none */
const MountEntry *guest_mounts_find(const GuestMounts *m, const char *target);
/** guest_mounts_has_below() - is there an entry whose target is below this directory? */
bool guest_mounts_has_below(const GuestMounts *m, const char *directory);
/** guest_mounts_add() - their steps of PLAN_STAGE_ROOT
 * Not that of a tmpfs at /run, which is mounted earlier. */
void guest_mounts_add(PlanWriter *w, const GuestMounts *m, const GuestMountFacts *facts);
