/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/finding.h"

#include <string.h>

static int copy_text(char **ret, const char *s)
{
        *ret = s ? strdup(s) : NULL;
        return s && !*ret ? -ENOMEM : 0;
}

static void finding_free(Finding *f)
{
        free(f->path);
        free(f->message);
        free(f->hint);
}

int findings_add(Findings *f, const Finding *finding)
{
        Finding copy = {.level = finding->level, .line = finding->line, .column = finding->column};
        Finding *list = reallocarray(f->list, f->n + 1, sizeof(*list));

        if (!list)
                return -ENOMEM;
        f->list = list;
        if (copy_text(&copy.path, finding->path) < 0 ||
            copy_text(&copy.message, finding->message) < 0 ||
            copy_text(&copy.hint, finding->hint) < 0) {
                finding_free(&copy);
                return -ENOMEM;
        }
        f->list[f->n++] = copy;
        return 0;
}

void findings_done(Findings *f)
{
        for (size_t i = 0; i < f->n; i++)
                finding_free(&f->list[i]);
        free(f->list);
        *f = (Findings){0};
}

char *finding_text(const Finding *f)
{
        const char *colon = f->hint ? ": " : "", *hint = f->hint ?: "";
        char *text = NULL;
        int n = !f->path       ? asprintf(&text, "%s%s%s", f->message, colon, hint)
                : f->line == 0 ? asprintf(&text, "%s: %s%s%s", f->path, f->message, colon, hint)
                               : asprintf(&text, "%s:%u:%u: %s%s%s", f->path, f->line, f->column,
                                          f->message, colon, hint);

        return n < 0 ? NULL : text;
}

const Finding *findings_first_error(const Findings *f)
{
        for (size_t i = 0; i < f->n; i++)
                if (f->list[i].level == FINDING_ERROR)
                        return &f->list[i];
        return NULL;
}

int findings_fault(const Findings *f, Fault *reterr)
{
        const Finding *first = findings_first_error(f);
        _cleanup_free_ char *text = first ? finding_text(first) : NULL;

        if (!first)
                return 0;
        return text ? fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "%s", text) : -ENOMEM;
}
