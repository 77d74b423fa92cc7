/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a machine's health check is, and what it says, as its shim tells. */
#include "core/machine-health.h"

#include "base/io.h"
#include "base/text.h"
#include "core/event.h"
#include "core/image.h"
#include "core/manager.h"
#include "plan/plan-health.h"
#include "spec/settings-image.h"

#include <glib.h>
#include <string.h>

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

/* ---- while it runs ---- */

static int take_section(Settings *s, const Settings *from)
{
        int r = 0;

        for (const SettingKey *key = setting_keys(); r >= 0 && key->name; key++)
                if (streq(key->section, "Health"))
                        r = settings_copy_key(s, from, key);
        return r;
}

/* With what the image that it was started from says, if that is still there. */
static int effective(const Machine *m, const Settings *wanted, Settings *ret, Fault *reterr)
{
        _cleanup_settings_ Settings s = {0};
        Image *image;
        int r = settings_copy(&m->settings, &s);

        r = r < 0 ? r : take_section(&s, wanted);
        if (r >= 0 && s.image && image_find(m->manager, s.image, &image, NULL) >= 0 &&
            image->kind == IMAGE_OCI)
                r = settings_apply_image(&s, &image->record, false, reterr);
        if (r < 0)
                return r;
        *ret = s;
        s = (Settings){0};
        return 0;
}

static void on_applied(void *userdata, Frame *reply, const Fault *fault)
{
        _cleanup_free_ char *sentence = NULL;
        _cleanup_fault_ Fault f = {0};
        Machine *m = userdata;

        if (!reply || reply->type != FRAME_ERROR)
                return; /* or it has ended meanwhile */
        (void)frame_fault(reply, &f);
        sentence = g_strdup_printf("The health check of machine '%s' goes on as it was: %s",
                                   m->name, f.message ?: "its supervisor refuses another");
        manager_warn(m->manager, m->name, sentence);
}

static int send_plan(Machine *m, PlanWriter *plan, Fault *reterr)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        const void *bytes;
        size_t n;
        int r = plan_finish(plan, &bytes, &n);
        _cleanup_close_ int fd = r < 0 ? r : sealed_memfd("lodge-health", bytes, n);

        if (fd < 0)
                return fault_set(reterr, FAULT_FAILED, fd,
                                 "Cannot tell the supervisor of machine '%s' of its health check: "
                                 "%s",
                                 m->name, strerror(-fd));
        link_begin(m->link, &w, FRAME_HEALTH_APPLY);
        frame_add_fd(&w, fd);
        return link_send(m->link, &w, on_applied, m, reterr);
}

int machine_health_follow(Machine *m, const Settings *wanted, Fault *reterr)
{
        _cleanup_settings_ Settings s = {0};
        PlanWriter plan = {0};

        if (!m->link || machine_awaits_plan(m) ||
            m->has_end) /* what its plan will say, or nobody */
                return 0;
        int r = effective(m, wanted, &s, reterr);
        if (r < 0)
                return r;
        plan_health_add(&plan, &s);
        /* of the most, which have none, nobody is told */
        if (plan.n_steps > 0 || m->health != SHIM_HEALTH_NONE)
                r = send_plan(m, &plan, reterr);
        plan_writer_done(&plan);
        return r;
}

void machine_health_adopt(Machine *m)
{
        _cleanup_fault_ Fault f = {0};

        if (machine_health_follow(m, &m->settings, &f) < 0)
                manager_warn(m->manager, m->name, f.message);
}
