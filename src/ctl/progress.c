/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/progress.h"

#include "base/size-text.h"
#include "base/text.h"
#include "ctl/progress-bars.h"
#include "ctl/report.h"

#include <string.h>

static bool is_fit_for_bars(void)
{
        const char *term = getenv("TERM");

        return isatty(STDERR_FILENO) && term && *term && !streq(term, "dumb");
}

int progress_open(const Ctl *c, Progress *ret)
{
        const char *form = args_value(&c->args, "progress") ?: "auto";
        static const struct {
                const char *name;
                ProgressForm form;
        } forms[] = {{"none", PROGRESS_NONE}, {"plain", PROGRESS_PLAIN}, {"json", PROGRESS_JSON}};

        *ret = (Progress){.verb = c->verb,
                          .form = c->quiet            ? PROGRESS_NONE
                                  : is_fit_for_bars() ? PROGRESS_BARS
                                                      : PROGRESS_PLAIN};
        if (streq(form, "auto"))
                return EXIT_OK;
        for (size_t i = 0; i < ELEMENTSOF(forms); i++)
                if (streq(form, forms[i].name)) {
                        ret->form = forms[i].form;
                        return EXIT_OK;
                }
        return report_usage(c->verb, "--progress wants auto, plain, json or none, not '%s'", form);
}

static bool was_said(const Progress *p, const char *phase)
{
        STRV_FOREACH (said, p->said)
                if (streq(*said, phase))
                        return true;
        return false;
}

/* Phases of layers overlap, so each is said the first time it comes up. */
static void say_phase(Progress *p, const json_t *job)
{
        const char *phase = json_string_value(json_object_get(job, "Phase"));
        json_int_t total = json_integer_value(json_object_get(job, "BytesTotal"));
        char size[SIZE_TEXT_MAX];

        if (!phase || !*phase || was_said(p, phase) || strv_push(&p->said, phase) < 0)
                return;
        (void)fprintf(stderr, "%s '", p->verb->action);
        print_clean(stderr, json_string_value(json_object_get(job, "Object")) ?: "");
        (void)fputs("': ", stderr);
        print_clean(stderr, phase);
        if (total > 0)
                (void)fprintf(stderr, ", %s", size_text((uint64_t)total, size));
        (void)fputc('\n', stderr);
}

void progress_show(Progress *p, const json_t *job)
{
        switch (p->form) {
        case PROGRESS_NONE: break;
        case PROGRESS_BARS: p->n_drawn = progress_draw(job, p->verb->action, p->n_drawn); break;
        case PROGRESS_PLAIN: say_phase(p, job); break;
        case PROGRESS_JSON:
                json_print_line(stderr, job);
                (void)fflush(stderr);
                break;
        }
}

void progress_leave(Progress *p)
{
        p->n_drawn = 0;
}

void progress_done(Progress *p)
{
        p->said = strv_free(p->said);
}
