/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs beside PID 1 outlive lodged, which keeps nothing on disk: so we tell the next one what
 * runs here, and what has ended while nobody listened. */
#include "base/io.h"
#include "base/text.h"
#include "shim/shim.h"

#include <string.h>

/* As long as lodged shows a process that has ended. */
#define KEEP_USEC 30000000ULL

static bool is_known(const Shim *s, uint64_t id)
{
        for (size_t i = 0; i < s->n_processes; i++)
                if (s->processes[i].note.id == id)
                        return true;
        for (size_t i = 0; i < s->n_ended; i++)
                if (s->ended[i].note.id == id)
                        return true;
        return false;
}

int exec_note_take(const Shim *s, const Frame *f, ExecNote *ret)
{
        const char *user = frame_string(f, FRAME_USER);
        ExecNote n = {
                .id = frame_number(f, FRAME_ID, 0),
                .owner = (uint32_t)frame_number(f, FRAME_OWNER, 0),
                .needs_root = frame_number(f, FRAME_NEEDS_ROOT, 0),
        };

        if (n.id == 0)
                return -EBADMSG;
        if (is_known(s, n.id))
                return -EEXIST;
        int r = frame_strv(f, FRAME_ARG, &n.argv);
        if (r >= 0 && user) {
                n.user = strdup(user);
                r = n.user ? 0 : -ENOMEM;
        }
        if (r < 0) {
                exec_note_done(&n);
                return r;
        }
        strv_limit(&n.argv, PROCESS_COMMAND_MAX);
        *ret = n;
        return 0;
}

void exec_note_done(ExecNote *n)
{
        free(n->user);
        strv_free(n->argv);
        *n = (ExecNote){0};
}

static void forget(Shim *s, size_t i)
{
        exec_note_done(&s->ended[i].note);
        s->n_ended--;
        memmove(s->ended + i, s->ended + i + 1, (s->n_ended - i) * sizeof(s->ended[0]));
}

static void forget_old(Shim *s)
{
        uint64_t now = now_usec(CLOCK_MONOTONIC);

        for (size_t i = s->n_ended; i > 0; i--)
                if (s->ended[i - 1].is_told && s->ended[i - 1].when_usec + KEEP_USEC < now)
                        forget(s, i - 1);
        while (s->n_ended >= SHIM_ENDED_MAX)
                forget(s, 0);
}

void exec_remember(Shim *s, ExecNote *note, int status, int sig, bool is_told)
{
        ExecEnded e = {
                .note = *note,
                .status = status,
                .signal = sig,
                .is_told = is_told,
                .when_usec = now_usec(CLOCK_MONOTONIC),
        };

        *note = (ExecNote){0};
        forget_old(s);
        ExecEnded *grown = reallocarray(s->ended, s->n_ended + 1, sizeof(e));
        if (!grown) {
                exec_note_done(&e.note);
                return;
        }
        s->ended = grown;
        s->ended[s->n_ended++] = e;
}

static void add_note(FrameWriter *w, const ExecNote *n)
{
        frame_add_number(w, FRAME_ID, n->id);
        frame_add_number(w, FRAME_PID, (uint64_t)n->pid);
        frame_add_number(w, FRAME_OWNER, n->owner);
        frame_add_number(w, FRAME_NEEDS_ROOT, n->needs_root);
        frame_add_string(w, FRAME_USER, n->user);
        frame_add_strv(w, FRAME_ARG, n->argv);
}

void exec_tell(Shim *s, FrameWriter *w)
{
        forget_old(s);
        for (size_t i = 0; i < s->n_processes; i++)
                if (!s->processes[i].failed)
                        add_note(w, &s->processes[i].note);
        for (size_t i = 0; i < s->n_ended; i++) {
                ExecEnded *e = &s->ended[i];

                add_note(w, &e->note);
                frame_add_number(w, FRAME_STATUS, (uint64_t)e->status);
                frame_add_number(w, FRAME_SIGNAL, (uint64_t)e->signal);
                e->is_told = true;
        }
}
