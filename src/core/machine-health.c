/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a machine's health check says, as its shim tells. */
#include "base/text.h"
#include "core/event.h"
#include "core/manager.h"

#include <glib.h>

#define HEALTH_TEXT_MAX 512

const char *machine_health_name(const Machine *m)
{
        static const char *const names[_SHIM_HEALTH_MAX] = {
                [SHIM_HEALTH_NONE] = "none",
                [SHIM_HEALTH_STARTING] = "starting",
                [SHIM_HEALTH_HEALTHY] = "healthy",
                [SHIM_HEALTH_UNHEALTHY] = "unhealthy",
        };

        return names[m->health];
}

/* Not of one that a restarted lodged finds. */
static void emit(Machine *m)
{
        bool is_news = m->health == SHIM_HEALTH_HEALTHY || m->health == SHIM_HEALTH_UNHEALTHY;

        if (!is_news || g_hash_table_contains(m->manager->adopting, m))
                return;
        if (m->health == SHIM_HEALTH_HEALTHY)
                machine_emit(m, "healthy", "Its health check has succeeded");
        else
                machine_emit(m, "unhealthy", m->health_text);
}

void machine_set_health(Machine *m, const Frame *f)
{
        uint64_t health = f ? frame_number(f, FRAME_HEALTH, SHIM_HEALTH_NONE) : SHIM_HEALTH_NONE;
        uint32_t streak = f ? (uint32_t)frame_number(f, FRAME_STREAK, 0) : 0;
        const char *told = f ? frame_string(f, FRAME_HEALTH_TEXT) : NULL;
        _cleanup_free_ char *text = text_for_display(told ?: "", HEALTH_TEXT_MAX);
        ShimHealth before = m->health;

        if (health >= _SHIM_HEALTH_MAX)
                health = SHIM_HEALTH_NONE;
        if (health == before && streak == m->health_streak &&
            streq(text ?: "", m->health_text ?: ""))
                return;
        m->health = (ShimHealth)health;
        m->health_streak = streak;
        g_free(m->health_text);
        m->health_text = TAKE_PTR(text);
        manager_note_change(m, MACHINE_CHANGED_HEALTH);
        if (m->health != before)
                emit(m);
}
