/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings + facts -> plan. A pure function: what it needs to know of the host is in PlanFacts. */
#pragma once

#include "base/fault.h"
#include "plan/plan-network.h"
#include "spec/settings.h"
#include "wire/plan.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct PlanFacts {
        const char *name;          /* the machine's */
        const char *const *layers; /* host paths of the read-only layers, or their names in the
                                    * store, topmost first, NULL-terminated; may be NULL beside an
                                    * image */
        const char *layer_store; /* host directory of an image's layers; NULL: *layers are others */
        const char *image; /* a disk image, the bottom layer: host path, for messages. Its mounts go
                            * with the plan: the root's, then that for /usr */
        bool image_has_usr;
        const char *volumes;        /* host directory of the volumes: NAME/data */
        const char *writable_layer; /* host path of the directory that holds upper/ and work/ */
        const char *trash;          /* host directory that a dropped layer is renamed into */
        uint32_t uid_base;
        const char *init; /* guest path of the tree's init, NULL if it has none */
        bool init_is_systemd;
        const void *seccomp; /* compiled filter, plan/seccomp-filter.h; may be NULL in tests */
        uint32_t n_seccomp;  /* bytes */
        const PlanNetwork *network; /* NULL: as one without interfaces and name servers */
} PlanFacts;

/** plan_compile() - the plan of one start
 * @s validated settings, with those of the image; every volume has a name
 * @w empty writer; caller finishes and frees it
 * Return: 0; -EINVAL with FAULT_INVALID_OPTION or FAULT_START_FAILED: the settings do not fit the
 * image (Boot=yes and no init; nothing to run). */
int plan_compile(const Settings *s, const PlanFacts *facts, PlanWriter *w, Fault *reterr);

/** plan_boots() - is the tree's init started, or Command=? */
bool plan_boots(const Settings *s, const PlanFacts *facts);

/** plan_capabilities() - the bounding set that the plan will have
 * For seccomp_filter_compile(), whose program goes into @facts: what is there already is not looked
 * at. */
uint64_t plan_capabilities(const Settings *s, const PlanFacts *facts);
