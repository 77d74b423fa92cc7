/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/cleanup.h"
#include "fuzz/fuzz.h"
#include "wire/plan.h"

/* A plan that is taken can be walked, printed, and written again to the same bytes. */
static void try_plan(const char *plan, size_t n)
{
        _cleanup_fclose_ FILE *null = NULL;
        PlanWriter w = {0};
        const void *again;
        PlanStep step;
        size_t n_again;

        if (plan_check(plan, n) < 0)
                return;
        PLAN_FOREACH (&step, plan, n) {
                PROMISE(plan_op_name(step.op) && plan_stage_name(step.stage));
                plan_add(&w, step);
        }
        PROMISE(plan_finish(&w, &again, &n_again) >= 0);
        PROMISE(n == n_again && memcmp(plan, again, n) == 0);
        plan_writer_done(&w);
        null = fopen("/dev/null", "we");
        PROMISE(null);
        plan_print(plan, n, null);
        PROMISE(plan_images(plan, n) <= PLAN_IMAGES_MAX);
}

/* A header that fits what is there, so that the mutations reach the steps. */
static void repair(char *plan, size_t n)
{
        uint32_t version = PLAN_VERSION, n_steps = 0, lengths[3];
        uint64_t size = n;

        for (uint64_t at = 24; at + 40 <= n; n_steps++) {
                memcpy(lengths, plan + at + 24, sizeof(lengths));
                at += (UINT64_C(40) + lengths[0] + lengths[1] + lengths[2] + 7) & ~UINT64_C(7);
        }
        memcpy(plan, "LODGEPLN", 8);
        memcpy(plan + 8, &version, 4);
        memcpy(plan + 12, &n_steps, 4);
        memcpy(plan + 16, &size, 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        _cleanup_free_ char *plan = fuzz_copy(data, n);

        try_plan(plan, n);
        if (n >= 24) {
                repair(plan, n);
                try_plan(plan, n);
        }
        return 0;
}
