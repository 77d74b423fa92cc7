/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/cleanup.h"
#include "unit/test.h"
#include "wire/plan.h"

#include <linux/filter.h>

static const struct sock_filter filter[] = {BPF_STMT(BPF_RET | BPF_K, 0)};

static const PlanStep steps[] = {
        {PLAN_USERNS, PLAN_STAGE_HOST, .a = 524288, .b = 65536},
        {PLAN_STOP, PLAN_STAGE_HOST, .a = 15, .b = UINT64_MAX},
        {PLAN_UPPER, PLAN_STAGE_HOST, PLAN_FRESH, .s = "/upper", .t = "/trash"},
        {PLAN_FILE, PLAN_STAGE_TREE, .s = "/etc/hostname", .a = 0644, .data = "web\n", .n_data = 4},
        {PLAN_FILE, PLAN_STAGE_OUTER, .s = "/run/host/notify", .a = 0444},
        {PLAN_MOUNT, PLAN_STAGE_OUTER, PLAN_NOSUID | PLAN_NOEXEC, .s = "/dev", .t = "tmpfs",
         .data = "mode=0755", .n_data = sizeof("mode=0755")},
        {PLAN_SHARE, PLAN_STAGE_ROOT, PLAN_RDONLY | PLAN_RECURSIVE, .s = "/src", .t = "/dst",
         .a = PLAN_MAP_CALLER, .b = 7},
        {PLAN_MOUNT, PLAN_STAGE_ROOT, .s = "/t", .t = "tmpfs", .a = 1, .data = "mode=1777",
         .n_data = sizeof("mode=1777")},
        {PLAN_DIRECTORY, PLAN_STAGE_ROOT, .s = "/t/d", .a = 0755},
        {PLAN_SECCOMP, PLAN_STAGE_PAYLOAD, .data = filter, .n_data = sizeof(filter)},
        {PLAN_ENV, PLAN_STAGE_PAYLOAD, .s = "A=\x1b[0m\n\t\"ü\\"},
        {PLAN_ARG, PLAN_STAGE_PAYLOAD, .s = ""},
        {PLAN_CAPS, PLAN_STAGE_PAYLOAD, .a = 0x3},
};

static const char printed[] = "host:\n"
                              "  userns base=524288 count=65536\n"
                              "  stop signal=SIGTERM timeout=infinity\n"
                              "  upper \"/upper\" \"/trash\" fresh\n"
                              "tree:\n"
                              "  file \"/etc/hostname\" mode=0644 \"web\\n\"\n"
                              "outer:\n"
                              "  file \"/run/host/notify\" mode=0444 \"\"\n"
                              "  mount \"/dev\" \"tmpfs\" \"mode=0755\" nosuid noexec\n"
                              "root:\n"
                              "  share \"/src\" \"/dst\" map=caller uid=7 ro recursive\n"
                              "  mount \"/t\" \"tmpfs\" uid=1 \"mode=1777\"\n"
                              "  directory \"/t/d\" mode=0755\n"
                              "inner:\n"
                              "payload:\n"
                              "  seccomp instructions=1\n"
                              "  env \"A=?[0m\\n\\t\\\"ü\\\\\"\n"
                              "  arg \"\"\n"
                              "  caps CAP_CHOWN CAP_DAC_OVERRIDE\n";

static char *build(size_t *ret_n)
{
        PlanWriter w = {0};
        const void *plan;

        for (size_t i = 0; i < ELEMENTSOF(steps); i++)
                plan_add(&w, steps[i]);
        CHECK_NUMBER(plan_finish(&w, &plan, ret_n), 0);
        char *copy = malloc(*ret_n); /* exactly: a sanitizer sees one byte too many */
        memcpy(copy, plan, *ret_n);
        plan_writer_done(&w);
        return copy;
}

static void test_round_trip(void)
{
        size_t n, i = 0;
        _cleanup_free_ char *plan = build(&n), *text = NULL;
        PlanStep step;

        CHECK_NUMBER(plan_check(plan, n), 0);
        PLAN_FOREACH (&step, plan, n) {
                CHECK_NUMBER(step.op, steps[i].op);
                CHECK_NUMBER(step.stage, steps[i].stage);
                CHECK_NUMBER(step.flags, steps[i].flags);
                CHECK_NUMBER(step.a, steps[i].a);
                CHECK_NUMBER(step.b, steps[i].b);
                CHECK_STRING(step.s, steps[i].s);
                CHECK_STRING(step.t, steps[i].t);
                CHECK_NUMBER(step.n_data, steps[i].n_data);
                CHECK(step.n_data == 0 || memcmp(step.data, steps[i].data, step.n_data) == 0);
                /* the shim hands it to the kernel as it lies there */
                if (step.op == PLAN_SECCOMP)
                        CHECK_NUMBER(((const char *)step.data - plan) % 8, 0);
                i++;
        }
        CHECK_NUMBER(i, ELEMENTSOF(steps));
        CHECK(plan_find(plan, n, PLAN_ENV, &step));
        CHECK_STRING(step.s, "A=\x1b[0m\n\t\"ü\\");
        CHECK(!plan_find(plan, n, PLAN_INIT, &step));

        size_t n_text;
        FILE *f = open_memstream(&text, &n_text);
        plan_print(plan, n, f);
        CHECK_NUMBER(fclose(f), 0);
        CHECK_STRING(text, printed);
}

/* Each byte changed in turn: it is refused, or everything in it can still be walked and printed. */
static void test_damage(void)
{
        size_t n;
        _cleanup_free_ char *plan = build(&n);
        _cleanup_fclose_ FILE *null = fopen("/dev/null", "we");
        size_t refused = 0;

        for (size_t i = 0; i < n; i++)
                for (int bit = 0; bit < 8; bit++) {
                        plan[i] ^= (char)(1 << bit);
                        if (plan_check(plan, n) >= 0)
                                plan_print(plan, n, null);
                        else
                                refused++;
                        plan[i] ^= (char)(1 << bit);
                }
        CHECK(refused > n); /* the rest are numbers, letters and flags that mean something else */
        for (size_t i = 0; i < n; i++) {
                _cleanup_free_ char *cut = malloc(i ?: 1);

                memcpy(cut, plan, i);
                CHECK_NUMBER(plan_check(cut, i), -EBADMSG);
        }
}

static void test_version(void)
{
        size_t n;
        _cleanup_free_ char *plan = build(&n);

        plan[8]++;
        CHECK_NUMBER(plan_check(plan, n), -EPROTONOSUPPORT);
}

static void expect_refused(PlanStep step)
{
        PlanWriter w = {0};
        const void *plan;
        size_t n;

        plan_add(&w, step);
        CHECK_NUMBER(plan_finish(&w, &plan, &n), 0);
        if (plan_check(plan, n) != -EBADMSG)
                test_fail_value(__FILE__, __LINE__, plan_op_name(step.op) ?: "?", "taken",
                                "-EBADMSG");
        plan_writer_done(&w);
}

/* What would make the shim dereference NULL or do a step with the wrong rights. */
static void test_steps_that_do_not_fit(void)
{
        expect_refused((PlanStep){PLAN_ENV, PLAN_STAGE_PAYLOAD});
        expect_refused((PlanStep){PLAN_ENV, PLAN_STAGE_HOST, .s = "A=b"});
        expect_refused((PlanStep){PLAN_ENV, PLAN_STAGE_PAYLOAD, .s = "A=b", .t = "x"});
        expect_refused((PlanStep){PLAN_ENV, PLAN_STAGE_PAYLOAD, PLAN_RDONLY, .s = "A=b"});
        expect_refused(
                (PlanStep){PLAN_ENV, PLAN_STAGE_PAYLOAD, .s = "A=b", .data = "x", .n_data = 1});
        expect_refused((PlanStep){PLAN_UPPER, PLAN_STAGE_HOST, .s = "/upper"});
        expect_refused((PlanStep){PLAN_LOWER, PLAN_STAGE_INNER, .s = "/lower"});
        expect_refused((PlanStep){PLAN_SECCOMP, PLAN_STAGE_PAYLOAD});
        expect_refused(
                (PlanStep){PLAN_SECCOMP, PLAN_STAGE_PAYLOAD, .data = "1234567", .n_data = 7});
        expect_refused((PlanStep){PLAN_MOUNT, PLAN_STAGE_OUTER, .s = "/d", .t = "tmpfs",
                                  .data = "abc", .n_data = 3});
        expect_refused((PlanStep){PLAN_MOUNT, PLAN_STAGE_OUTER, .s = "/d", .t = "tmpfs",
                                  .data = "a\0c", .n_data = 4});
        expect_refused((PlanStep){_PLAN_OP_MAX, PLAN_STAGE_HOST});
        expect_refused((PlanStep){PLAN_ENV, _PLAN_STAGE_MAX, .s = "A=b"});
}

static void test_limits(void)
{
        PlanWriter w = {0};
        const void *plan;
        size_t n;
        static char large[PLAN_SIZE_MAX];

        CHECK_NUMBER(plan_finish(&w, &plan, &n), 0); /* no steps are a plan too */
        CHECK_NUMBER(plan_check(plan, n), 0);
        plan_writer_done(&w);

        memset(large, 'x', sizeof(large) - 1);
        plan_add(&w, (PlanStep){PLAN_ENV, PLAN_STAGE_PAYLOAD, .s = large});
        plan_add(&w, (PlanStep){PLAN_ENV, PLAN_STAGE_PAYLOAD, .s = "A=b"});
        CHECK_NUMBER(plan_finish(&w, &plan, &n), -E2BIG);
        plan_writer_done(&w);

        for (size_t i = 0; i <= PLAN_STEPS_MAX; i++)
                plan_add(&w, (PlanStep){PLAN_CAPS, PLAN_STAGE_PAYLOAD});
        CHECK_NUMBER(plan_finish(&w, &plan, &n), -E2BIG);
        plan_writer_done(&w);
}

static int images_of(const uint64_t *numbers, size_t n)
{
        PlanWriter w = {0};
        const void *plan;
        size_t n_plan;

        for (size_t i = 0; i < n; i++)
                plan_add(&w, (PlanStep){i == 0 ? PLAN_LOWER_FD : PLAN_USR_FD, PLAN_STAGE_HOST,
                                        .s = "/i.raw", .a = numbers[i]});
        CHECK_NUMBER(plan_finish(&w, &plan, &n_plan), 0);
        CHECK_NUMBER(plan_check(plan, n_plan), 0);
        int r = plan_images(plan, n_plan);
        plan_writer_done(&w);
        return r;
}

static void test_images(void)
{
        CHECK_NUMBER(images_of(NULL, 0), 0);
        CHECK_NUMBER(images_of((const uint64_t[]){0}, 1), 1);
        CHECK_NUMBER(images_of((const uint64_t[]){1, 0}, 2), 2);
        CHECK_NUMBER(images_of((const uint64_t[]){1}, 1), -EBADMSG);
        CHECK_NUMBER(images_of((const uint64_t[]){0, 0}, 2), -EBADMSG);
        CHECK_NUMBER(images_of((const uint64_t[]){0, UINT64_MAX}, 2), -EBADMSG);
        CHECK_NUMBER(images_of((const uint64_t[]){0, 32}, 2), -EBADMSG);
}

int main(void)
{
        for (PlanOp op = 0; op < _PLAN_OP_MAX; op++)
                CHECK(plan_op_name(op));
        CHECK_STRING(plan_op_name(_PLAN_OP_MAX), NULL);
        CHECK_STRING(plan_stage_name(_PLAN_STAGE_MAX), NULL);
        test_round_trip();
        test_damage();
        test_version();
        test_steps_that_do_not_fit();
        test_limits();
        test_images();
        return 0;
}
