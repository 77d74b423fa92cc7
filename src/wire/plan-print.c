/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/plan.h"

#include "base/capability.h"
#include "base/net-address.h"
#include "base/text.h"
#include "wire/plan-op.h"

#include <inttypes.h>
#include <linux/filter.h>
#include <string.h>

/* In quotes, on one line: \", \\, \n and \t as one would type them, the rest cleaned. */
static void print_text(FILE *f, const char *s)
{
        static const char special[] = "\"\\\n\t", letters[] = "\"\\nt";

        (void)fputs(" \"", f);
        for (;;) {
                size_t n = strcspn(s, special);
                _cleanup_free_ char *plain = strndup(s, n);
                _cleanup_free_ char *shown = plain ? text_for_display(plain, n) : NULL;

                (void)fputs(shown ?: "(out of memory)", f);
                if (!s[n])
                        break;
                (void)fprintf(f, "\\%c", letters[strchr(special, s[n]) - special]);
                s += n + 1;
        }
        (void)fputc('"', f);
}

/* The content of a file: as text if it can be one. */
static void print_bytes(FILE *f, const char *data, size_t n)
{
        _cleanup_free_ char *text = n > 0 ? strndup(data, n) : strdup("");

        if (text && strlen(text) == n)
                print_text(f, text);
        else
                (void)fprintf(f, " %zu bytes", n);
}

static void print_number(FILE *f, const char *label, uint64_t v)
{
        if (!label)
                return;
        if (v == UINT64_MAX)
                (void)fprintf(f, " %s=infinity", label);
        else
                (void)fprintf(f, " %s=%" PRIu64, label, v);
}

static void print_capabilities(FILE *f, uint64_t set)
{
        (void)fputs(set ? "" : " none", f);
        for (unsigned cap = 0; cap < 64; cap++) {
                const char *name = capability_name(cap);

                if (!(set & UINT64_C(1) << cap))
                        continue;
                if (name)
                        (void)fprintf(f, " %s", name);
                else
                        (void)fprintf(f, " %u", cap);
        }
}

static void print_map(FILE *f, const PlanStep *step)
{
        static const char *const names[_PLAN_MAP_MAX] = {
                [PLAN_MAP_ROOT] = "root", [PLAN_MAP_OWNER] = "owner", [PLAN_MAP_CALLER] = "caller",
                [PLAN_MAP_SAME] = "same", [PLAN_MAP_NONE] = "none",
        };

        (void)fprintf(f, " map=%s", step->a < _PLAN_MAP_MAX ? names[step->a] : "?");
        if (step->a == PLAN_MAP_CALLER)
                print_number(f, "uid", step->b);
}

static void print_link(FILE *f, const PlanStep *step)
{
        char mac[MAC_TEXT_MAX];

        if (step->a)
                (void)fprintf(f, " mac=%s", mac_format(step->a, mac));
        print_number(f, step->b ? "mtu" : NULL, step->b);
}

static void print_numbers(FILE *f, const PlanOpInfo *op, const PlanStep *step)
{
        char name[16];

        switch (op->numbers) {
        case PLAN_SHOW_NUMBERS:
                print_number(f, op->a, step->a);
                print_number(f, op->b, step->b);
                break;
        case PLAN_SHOW_MODE: (void)fprintf(f, " mode=%04" PRIo64, step->a); break;
        case PLAN_SHOW_STOP:
                /* 128 is above every signal: a wild number must not wrap into a valid one */
                (void)fprintf(f, " signal=%s", signal_name((int)MIN2(step->a, 128), name));
                if (step->b == UINT64_MAX)
                        print_number(f, "timeout", step->b);
                else
                        (void)fprintf(f, " timeout=%" PRIu64 "us", step->b);
                break;
        case PLAN_SHOW_CAPS: print_capabilities(f, step->a); break;
        case PLAN_SHOW_OWNER:
                print_number(f, step->a ? "uid" : NULL, step->a);
                print_number(f, step->b ? "gid" : NULL, step->b);
                break;
        case PLAN_SHOW_MAP: print_map(f, step); break;
        case PLAN_SHOW_LINK: print_link(f, step); break;
        }
}

static void print_flags(FILE *f, uint32_t flags)
{
        static const struct {
                uint32_t flag;
                const char *name;
        } names[] = {
                {PLAN_RDONLY, "ro"},         {PLAN_NOSUID, "nosuid"},
                {PLAN_NODEV, "nodev"},       {PLAN_NOEXEC, "noexec"},
                {PLAN_FRESH, "fresh"},       {PLAN_VOLATILE, "volatile"},
                {PLAN_OPTIONAL, "optional"}, {PLAN_RECURSIVE, "recursive"},
                {PLAN_FILL, "fill"},
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (flags & names[i].flag)
                        (void)fprintf(f, " %s", names[i].name);
}

static void print_step(FILE *f, const PlanStep *step)
{
        const PlanOpInfo *op = &plan_ops[step->op];

        (void)fprintf(f, "  %s", op->name);
        if (step->s)
                print_text(f, step->s);
        if (step->t)
                print_text(f, step->t);
        print_numbers(f, op, step);
        if (op->data == PLAN_DATA_FILTER)
                (void)fprintf(f, " instructions=%zu", step->n_data / sizeof(struct sock_filter));
        else if (op->data == PLAN_DATA_STRING && step->n_data > 0)
                print_text(f, step->data);
        else if (op->data == PLAN_DATA_BYTES)
                print_bytes(f, step->data, step->n_data);
        print_flags(f, step->flags);
        (void)fputc('\n', f);
}

void plan_print(const void *plan, size_t n, FILE *f)
{
        for (PlanStage stage = 0; stage < _PLAN_STAGE_MAX; stage++) {
                PlanStep step;

                (void)fprintf(f, "%s:\n", plan_stage_name(stage));
                PLAN_FOREACH (&step, plan, n)
                        if (step.stage == stage)
                                print_step(f, &step);
        }
}
