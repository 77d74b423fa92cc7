/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/guest-mounts.h"

#include "base/text.h"
#include "plan/plan-mount.h"

#include <string.h>

void guest_mounts_done(GuestMounts *m)
{
        for (size_t i = 0; i < m->n; i++)
                mount_entry_done(&m->entries[i]);
        free(m->entries);
        *m = (GuestMounts){0};
}

static int parse_all(GuestMounts *m, MountKind kind, char *const *texts)
{
        int r = 0;

        STRV_FOREACH (text, texts) {
                const char *why;

                r = mount_entry_parse(kind, *text, &m->entries[m->n], &why);
                if (r < 0)
                        break;
                m->n++;
        }
        return r;
}

/* Byte order puts a directory before what is below it. */
static int compare(const void *a, const void *b)
{
        const MountEntry *x = a, *y = b;

        return strcmp(x->target, y->target);
}

int guest_mounts_parse(const Settings *s, GuestMounts *ret)
{
        size_t n = strv_length(s->binds) + strv_length(s->volumes) + strv_length(s->tmpfs);
        _cleanup_guest_mounts_ GuestMounts m = {.entries = calloc(n + 1, sizeof(MountEntry))};

        if (!m.entries)
                return -ENOMEM;
        int r = parse_all(&m, MOUNT_BIND, s->binds);
        r = r < 0 ? r : parse_all(&m, MOUNT_VOLUME, s->volumes);
        r = r < 0 ? r : parse_all(&m, MOUNT_TMPFS, s->tmpfs);
        if (r < 0)
                return r;
        qsort(m.entries, m.n, sizeof(MountEntry), compare);
        *ret = m;
        m = (GuestMounts){0};
        return 0;
}

const MountEntry *guest_mounts_find(const GuestMounts *m, const char *target)
{
        for (size_t i = 0; i < m->n; i++)
                if (streq(m->entries[i].target, target))
                        return &m->entries[i];
        return NULL;
}

bool guest_mounts_has_below(const GuestMounts *m, const char *directory)
{
        size_t n = strlen(directory);

        for (size_t i = 0; i < m->n; i++)
                if (strncmp(m->entries[i].target, directory, n) == 0 &&
                    m->entries[i].target[n] == '/')
                        return true;
        return false;
}

static PlanMap plan_map(MountMap map)
{
        switch (map) {
        case MOUNT_MAP_OWNER: return PLAN_MAP_OWNER;
        case MOUNT_MAP_CALLER: return PLAN_MAP_CALLER;
        case MOUNT_MAP_SAME: return PLAN_MAP_SAME;
        case MOUNT_MAP_NONE: return PLAN_MAP_NONE;
        default: return PLAN_MAP_ROOT;
        }
}

static void add_tmpfs(PlanWriter *w, const MountEntry *e, uint32_t flags)
{
        if (streq(e->target, "/run"))
                return;
        plan_add(w, (PlanStep){
                            PLAN_MOUNT,
                            PLAN_STAGE_ROOT,
                            flags,
                            .s = e->target,
                            .t = "tmpfs",
                            .data = e->tmpfs_options,
                            .n_data = (uint32_t)strlen(e->tmpfs_options) + 1,
                            .a = e->uid,
                            .b = e->gid,
                    });
}

static void add_share(PlanWriter *w, const MountEntry *e, uint32_t flags,
                      const GuestMountFacts *facts)
{
        _cleanup_free_ char *volume = NULL;
        PlanMap map = plan_map(e->map);

        if (e->kind == MOUNT_VOLUME &&
            asprintf(&volume, "%s/%s/data", facts->volumes, e->source) < 0) {
                w->error = w->error ?: -ENOMEM;
                return;
        }
        if (volume && map == PLAN_MAP_SAME)
                flags |= PLAN_FILL;
        if (!volume && !e->not_recursive)
                flags |= PLAN_RECURSIVE;
        plan_add(w, (PlanStep){
                            PLAN_SHARE,
                            PLAN_STAGE_ROOT,
                            flags,
                            .s = volume ?: e->source,
                            .t = e->target,
                            .a = map,
                            .b = map == PLAN_MAP_CALLER ? facts->owner : 0,
                    });
}

static void add_entry(PlanWriter *w, const MountEntry *e, const GuestMountFacts *facts)
{
        uint32_t flags = PLAN_NOSUID | PLAN_NODEV | (e->read_only ? PLAN_RDONLY : 0) |
                         (e->no_exec ? PLAN_NOEXEC : 0);

        if (e->kind == MOUNT_TMPFS)
                add_tmpfs(w, e, flags);
        else
                add_share(w, e, flags, facts);
}

void guest_mounts_add(PlanWriter *w, const GuestMounts *m, const GuestMountFacts *facts)
{
        for (size_t i = 0; i < m->n; i++)
                add_entry(w, &m->entries[i], facts);
}

void plan_add_mount(PlanWriter *w, const MountEntry *e, const char *volumes, uint32_t owner)
{
        add_entry(w, e, &(GuestMountFacts){.volumes = volumes, .owner = owner});
}
