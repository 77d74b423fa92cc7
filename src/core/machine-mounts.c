/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine-mounts.h"

#include "base/names.h"
#include "base/text.h"
#include "core/machine.h"
#include "core/manager.h"
#include "core/store.h"
#include "core/volume.h"
#include "wire/plan.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>

#define MOUNTS_TOLD_MAX 4096
#define PATH_TEXT_MAX   4096

static void mount_free(void *p)
{
        MachineMount *mount = p;

        g_free(mount->source);
        g_free(mount->target);
        g_free(mount->options);
        g_free(mount);
}

/* ---- what the shim tells ---- */

static void add_option(GString *s, const char *option)
{
        if (s->len > 0)
                g_string_append_c(s, ',');
        g_string_append(s, option);
}

static void add_id(GString *s, const char *key, uint64_t id)
{
        if (id == 0)
                return;
        if (s->len > 0)
                g_string_append_c(s, ',');
        g_string_append_printf(s, "%s=%" PRIu64, key, id);
}

static void add_map(GString *s, MountKind kind, uint64_t map)
{
        static const char *const maps[_PLAN_MAP_MAX] = {
                [PLAN_MAP_ROOT] = "map=root",     [PLAN_MAP_OWNER] = "map=owner",
                [PLAN_MAP_CALLER] = "map=caller", [PLAN_MAP_SAME] = "map=same",
                [PLAN_MAP_NONE] = "map=none",
        };
        uint64_t usual = kind == MOUNT_VOLUME ? PLAN_MAP_SAME : PLAN_MAP_ROOT;

        if (map < _PLAN_MAP_MAX && map != usual)
                add_option(s, maps[map]);
}

static char *options_of(MountKind kind, const Frame *told)
{
        _cleanup_free_ char *tmpfs =
                text_for_display(frame_string(told, FRAME_OPTIONS) ?: "", PATH_TEXT_MAX);
        uint64_t flags = frame_number(told, FRAME_FLAGS, 0);
        uint64_t a = frame_number(told, FRAME_STEP_A, 0), b = frame_number(told, FRAME_STEP_B, 0);
        GString *s = g_string_new(NULL);

        if (flags & PLAN_RDONLY)
                add_option(s, "ro");
        if (flags & PLAN_NOEXEC)
                add_option(s, "noexec");
        if (kind == MOUNT_BIND && !(flags & PLAN_RECURSIVE))
                add_option(s, "norecursive");
        if (kind != MOUNT_TMPFS)
                add_map(s, kind, a);
        else {
                if (tmpfs && *tmpfs)
                        add_option(s, tmpfs);
                add_id(s, "uid", a);
                add_id(s, "gid", b);
        }
        return g_string_free(s, FALSE);
}

/* "VOLUMES/db/data" is the volume "db". */
static char *volume_of(const char *volumes, const char *source)
{
        size_t n = strlen(volumes);
        const char *name =
                strncmp(source, volumes, n) == 0 && source[n] == '/' ? source + n + 1 : "";
        const char *slash = strchr(name, '/');

        return slash && streq(slash + 1, LODGE_VOLUME_DATA)
                       ? g_strndup(name, (size_t)(slash - name))
                       : NULL;
}

static MachineMount *mount_new(const Machine *m, const Frame *told)
{
        _cleanup_free_ char *volumes = store_path(m->manager->root, LODGE_STORE_VOLUMES, NULL);
        const char *source = frame_string(told, FRAME_SOURCE);
        MachineMount *mount = g_new0(MachineMount, 1);
        char *volume = source ? volume_of(volumes, source) : NULL;

        mount->kind = !source ? MOUNT_TMPFS : volume ? MOUNT_VOLUME : MOUNT_BIND;
        mount->source = volume ?: text_for_display(source ?: "", PATH_TEXT_MAX);
        mount->target = text_for_display(frame_string(told, FRAME_MOUNT) ?: "", PATH_TEXT_MAX);
        mount->options = options_of(mount->kind, told);
        return mount;
}

static bool mounts_are_equal(const GPtrArray *a, const GPtrArray *b)
{
        if ((a ? a->len : 0) != b->len)
                return false;
        for (guint i = 0; i < b->len; i++) {
                const MachineMount *x = g_ptr_array_index(a, i), *y = g_ptr_array_index(b, i);

                if (x->kind != y->kind || !streq(x->source, y->source) ||
                    !streq(x->target, y->target) || !streq(x->options, y->options))
                        return false;
        }
        return true;
}

/* Volumes say which machines use them. */
static void note_volumes(Machine *m, const GPtrArray *mounts)
{
        for (guint i = 0; mounts && i < mounts->len; i++) {
                const MachineMount *mount = g_ptr_array_index(mounts, i);
                char *name[] = {mount->source, NULL};

                if (mount->kind == MOUNT_VOLUME)
                        volume_note_use(m->manager, name);
        }
}

static void set_mounts(Machine *m, GPtrArray *mounts)
{
        GPtrArray *before = m->mounts;

        m->mounts = mounts;
        note_volumes(m, before);
        note_volumes(m, mounts);
        if (before)
                g_ptr_array_unref(before);
        manager_note_change(m, MACHINE_CHANGED_MOUNTS);
}

void machine_mounts_told(Machine *m, const Frame *f)
{
        GPtrArray *mounts = g_ptr_array_new_with_free_func(mount_free);
        size_t offset = 0;
        Frame told;

        while (mounts->len < MOUNTS_TOLD_MAX && frame_next_group(f, FRAME_MOUNT, &offset, &told))
                g_ptr_array_add(mounts, mount_new(m, &told));
        if (mounts_are_equal(m->mounts, mounts))
                g_ptr_array_unref(mounts);
        else
                set_mounts(m, mounts);
}

void machine_mounts_clear(Machine *m)
{
        if (m->mounts)
                set_mounts(m, NULL);
}

MachineMount *const *machine_mounts(const Machine *m, size_t *ret_n)
{
        *ret_n = m->mounts ? m->mounts->len : 0;
        return m->mounts ? (MachineMount *const *)m->mounts->pdata : NULL;
}

bool machine_mounts_volume(const Machine *m, const char *name)
{
        size_t n;
        MachineMount *const *mounts = machine_mounts(m, &n);

        for (size_t i = 0; i < n; i++)
                if (mounts[i]->kind == MOUNT_VOLUME && streq(mounts[i]->source, name))
                        return true;
        return false;
}
