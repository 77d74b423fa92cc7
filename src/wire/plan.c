/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/plan.h"

#include "base/text.h"
#include "wire/buffer.h"
#include "wire/plan-op.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define PLAN_MAGIC "LODGEPLN"

typedef struct PlanHeader {
        char magic[8];
        uint32_t version;
        uint32_t n_steps;
        uint64_t size; /* of the whole plan */
} PlanHeader;

typedef struct StepHeader {
        uint16_t op, stage;
        uint32_t flags;
        uint64_t a, b;
        uint32_t n_s, n_t, n_data; /* n_s and n_t count the NUL; 0: absent */
        uint32_t reserved;
} StepHeader;

#define HOST    (1U << PLAN_STAGE_HOST)
#define TREE    (1U << PLAN_STAGE_TREE)
#define OUTER   (1U << PLAN_STAGE_OUTER)
#define ROOT    (1U << PLAN_STAGE_ROOT)
#define INNER   (1U << PLAN_STAGE_INNER)
#define PAYLOAD (1U << PLAN_STAGE_PAYLOAD)
#define S       PLAN_HAS_S
#define T       PLAN_HAS_T
#define MOUNTED (PLAN_RDONLY | PLAN_NOSUID | PLAN_NODEV | PLAN_NOEXEC | PLAN_OPTIONAL)

const PlanOpInfo plan_ops[_PLAN_OP_MAX] = {
        [PLAN_USERNS] = {"userns", HOST, .a = "base", .b = "count"},
        [PLAN_LOWER] = {"lower", HOST, S},
        [PLAN_LOWER_FD] = {"lower-fd", HOST, S, .a = "descriptor"},
        [PLAN_USR_FD] = {"usr-fd", HOST, S, .a = "descriptor"},
        [PLAN_LAYER] = {"layer", HOST, S | T},
        [PLAN_UPPER] = {"upper", HOST, S | T, .flags = PLAN_FRESH | PLAN_VOLATILE},
        [PLAN_MEMORY] = {"memory", HOST, .a = "size", .flags = PLAN_VOLATILE},
        [PLAN_LIMIT] = {"limit", HOST, .a = "size"},
        [PLAN_NETNS] = {"netns", HOST, .a = "private"},
        [PLAN_NETNS_PATH] = {"netns-path", HOST, S},
        [PLAN_VETH] = {"veth", HOST, S | T, PLAN_DATA_STRING, .numbers = PLAN_SHOW_LINK},
        [PLAN_MACVLAN] = {"macvlan", HOST, S | T, .numbers = PLAN_SHOW_LINK},
        [PLAN_LINK] = {"link", HOST, S | T, .numbers = PLAN_SHOW_LINK},
        [PLAN_ALTNAME] = {"altname", HOST, S | T},
        [PLAN_RATE] = {"rate", HOST | INNER, S, .a = "bits"},
        [PLAN_LINK_UP] = {"link-up", INNER, S},
        [PLAN_ADDRESS] = {"address", INNER, S | T},
        [PLAN_ROUTE] = {"route", INNER, S | T, PLAN_DATA_STRING},
        [PLAN_SYSCTL] = {"sysctl", INNER, S, PLAN_DATA_STRING, .flags = PLAN_OPTIONAL},
        [PLAN_NOTIFY] = {"notify", HOST, S},
        [PLAN_READY] = {"ready", HOST, S},
        [PLAN_START_TIMEOUT] = {"start-timeout", HOST, .a = "timeout"},
        [PLAN_STOP] = {"stop", HOST, .a = "signal", .b = "timeout", .numbers = PLAN_SHOW_STOP},
        [PLAN_REBOOT] = {"reboot", HOST, .flags = PLAN_FRESH},
        [PLAN_DIRECTORY] = {"directory", TREE | OUTER | ROOT | INNER, S, .numbers = PLAN_SHOW_MODE},
        [PLAN_FILE] = {"file", TREE | OUTER | INNER, S, PLAN_DATA_BYTES, .numbers = PLAN_SHOW_MODE},
        [PLAN_REWRITE] = {"rewrite", TREE, S | T, PLAN_DATA_BYTES},
        [PLAN_MOUNT] = {"mount", OUTER | ROOT | INNER, S | T, PLAN_DATA_STRING, .flags = MOUNTED,
                        .numbers = PLAN_SHOW_OWNER},
        [PLAN_DEVICE] = {"device", OUTER | INNER, S, .a = "major", .b = "minor"},
        [PLAN_SYMLINK] = {"symlink", OUTER | INNER, S | T},
        [PLAN_MASK] = {"mask", OUTER | INNER, S},
        [PLAN_READONLY] = {"readonly", OUTER | INNER, S},
        [PLAN_WRITABLE] = {"writable", OUTER | INNER, S},
        [PLAN_BIND] = {"bind", OUTER | INNER, S | T, .flags = MOUNTED},
        [PLAN_SHARE] = {"share", ROOT, S | T, .numbers = PLAN_SHOW_MAP,
                        .flags = MOUNTED | PLAN_RECURSIVE | PLAN_FILL},
        [PLAN_HOSTNAME] = {"hostname", PAYLOAD, S},
        [PLAN_TERMINAL] = {"terminal", PAYLOAD, .a = "rows", .b = "columns"},
        [PLAN_CONSOLE_CTTY] = {"console-ctty", PAYLOAD},
        [PLAN_RLIMIT] = {"rlimit", HOST | PAYLOAD, S, .a = "soft", .b = "hard"},
        [PLAN_CAPS] = {"caps", PAYLOAD, .numbers = PLAN_SHOW_CAPS},
        [PLAN_NO_NEW_PRIVS] = {"no-new-privs", PAYLOAD},
        [PLAN_SECCOMP] = {"seccomp", PAYLOAD, .data = PLAN_DATA_FILTER},
        [PLAN_ENV] = {"env", PAYLOAD, S},
        [PLAN_USER] = {"user", PAYLOAD, S},
        [PLAN_CHDIR] = {"chdir", PAYLOAD, S},
        [PLAN_ARG] = {"arg", PAYLOAD, S},
        [PLAN_HEALTH] = {"health", PAYLOAD, .a = "interval", .b = "timeout"},
        [PLAN_HEALTH_LIMIT] = {"health-limit", PAYLOAD, .a = "start", .b = "retries"},
        [PLAN_HEALTH_ACTION] = {"health-action", PAYLOAD, .a = "action"},
        [PLAN_HEALTH_ARG] = {"health-arg", PAYLOAD, S},
        [PLAN_INIT] = {"init", PAYLOAD, S},
};

const char *plan_op_name(PlanOp op)
{
        return (unsigned)op < _PLAN_OP_MAX ? plan_ops[op].name : NULL;
}

const char *plan_stage_name(PlanStage stage)
{
        static const char *const names[_PLAN_STAGE_MAX] = {
                [PLAN_STAGE_HOST] = "host",   [PLAN_STAGE_TREE] = "tree",
                [PLAN_STAGE_OUTER] = "outer", [PLAN_STAGE_ROOT] = "root",
                [PLAN_STAGE_INNER] = "inner", [PLAN_STAGE_PAYLOAD] = "payload",
        };

        return (unsigned)stage < _PLAN_STAGE_MAX ? names[stage] : NULL;
}

static int writer_extend(PlanWriter *w, size_t more)
{
        int r = buffer_extend(&w->buf, &w->allocated, w->n, more, PLAN_SIZE_MAX);

        if (r < 0)
                w->error = r;
        return r;
}

void plan_add(PlanWriter *w, PlanStep step)
{
        size_t n_s = step.s ? strlen(step.s) + 1 : 0, n_t = step.t ? strlen(step.t) + 1 : 0;
        size_t start = w->n ?: sizeof(PlanHeader);

        if (w->error < 0)
                return;
        /* each bounded before they are added up: no sum can wrap on 32 bits */
        if (n_s > PLAN_SIZE_MAX || n_t > PLAN_SIZE_MAX || step.n_data > PLAN_SIZE_MAX ||
            w->n_steps >= PLAN_STEPS_MAX) {
                w->error = -E2BIG;
                return;
        }

        size_t size = align8(sizeof(StepHeader) + n_s + n_t + step.n_data);
        if (writer_extend(w, start - w->n + size) < 0)
                return;

        StepHeader h = {
                .op = (uint16_t)step.op,
                .stage = (uint16_t)step.stage,
                .flags = step.flags,
                .a = step.a,
                .b = step.b,
                .n_s = (uint32_t)n_s,
                .n_t = (uint32_t)n_t,
                .n_data = step.n_data,
        };
        char *p = mempcpy(w->buf + start, &h, sizeof(h));
        if (n_s > 0)
                p = mempcpy(p, step.s, n_s);
        if (n_t > 0)
                p = mempcpy(p, step.t, n_t);
        if (step.n_data > 0)
                memcpy(p, step.data, step.n_data);
        w->n = start + size;
        w->n_steps++;
}

int plan_finish(PlanWriter *w, const void **ret, size_t *ret_n)
{
        if (w->n == 0 && w->error == 0 && writer_extend(w, sizeof(PlanHeader)) >= 0)
                w->n = sizeof(PlanHeader);
        if (w->error < 0)
                return w->error;

        PlanHeader h = {.version = PLAN_VERSION, .n_steps = w->n_steps, .size = w->n};
        memcpy(h.magic, PLAN_MAGIC, sizeof(h.magic));
        memcpy(w->buf, &h, sizeof(h));
        *ret = w->buf;
        *ret_n = w->n;
        return 0;
}

int plan_writer_take(PlanWriter *w, char **plan, size_t *n_plan)
{
        const void *bytes;
        size_t n;

        int r = plan_finish(w, &bytes, &n);
        if (r >= 0) {
                free(*plan);
                *plan = TAKE_PTR(w->buf); /* that is what plan_finish() returned */
                *n_plan = n;
        }
        plan_writer_done(w);
        return r;
}

void plan_writer_done(PlanWriter *w)
{
        free(w->buf);
        *w = (PlanWriter){0};
}

static bool string_is_sound(const char *s, size_t n)
{
        return n == 0 || memchr(s, '\0', n) == s + n - 1;
}

static bool data_is_sound(PlanData kind, const char *data, size_t n)
{
        switch (kind) {
        case PLAN_DATA_NONE: return n == 0;
        case PLAN_DATA_STRING: return string_is_sound(data, n);
        case PLAN_DATA_FILTER:
                return n > 0 && n % sizeof(struct sock_filter) == 0 &&
                       n / sizeof(struct sock_filter) <= BPF_MAXINSNS;
        case PLAN_DATA_BYTES: return true;
        }
        return false;
}

/* The bytes that the step at @p takes, 0 if it is not sound. */
static size_t step_check(const char *p, size_t n)
{
        StepHeader h;

        if (n < sizeof(h))
                return 0;
        memcpy(&h, p, sizeof(h));
        if (h.op >= _PLAN_OP_MAX || h.stage >= _PLAN_STAGE_MAX || h.reserved != 0)
                return 0;

        const PlanOpInfo *op = &plan_ops[h.op];
        if (!(op->stages & 1U << h.stage) || (h.flags & ~op->flags) != 0)
                return 0;
        /* 64 bits hold the sum of three 32-bit numbers */
        uint64_t used = (uint64_t)sizeof(h) + h.n_s + h.n_t + h.n_data;
        if (used > n || align8((size_t)used) > n)
                return 0;
        if (!!h.n_s != !!(op->strings & PLAN_HAS_S) || !!h.n_t != !!(op->strings & PLAN_HAS_T))
                return 0;

        const char *s = p + sizeof(h), *t = s + h.n_s, *data = t + h.n_t;
        if (!string_is_sound(s, h.n_s) || !string_is_sound(t, h.n_t) ||
            !data_is_sound(op->data, data, h.n_data))
                return 0;
        for (const char *pad = p + used; pad < p + align8((size_t)used); pad++)
                if (*pad != '\0')
                        return 0;
        return align8((size_t)used);
}

int plan_check(const void *plan, size_t n)
{
        PlanHeader h;
        size_t offset = sizeof(h);
        uint32_t n_steps = 0;

        if (n < sizeof(h) || n > PLAN_SIZE_MAX)
                return -EBADMSG;
        memcpy(&h, plan, sizeof(h));
        if (memcmp(h.magic, PLAN_MAGIC, sizeof(h.magic)) != 0)
                return -EBADMSG;
        if (h.version != PLAN_VERSION)
                return -EPROTONOSUPPORT;
        if (h.size != n || h.n_steps > PLAN_STEPS_MAX)
                return -EBADMSG;

        for (; offset < n; n_steps++) {
                size_t size = step_check((const char *)plan + offset, n - offset);

                if (size == 0)
                        return -EBADMSG;
                offset += size;
        }
        return n_steps == h.n_steps ? 0 : -EBADMSG;
}

bool plan_next(const void *plan, size_t n, size_t *offset, PlanStep *ret)
{
        size_t at = *offset ?: sizeof(PlanHeader);
        StepHeader h;

        if (at >= n)
                return false;
        memcpy(&h, (const char *)plan + at, sizeof(h));

        const char *s = (const char *)plan + at + sizeof(h), *t = s + h.n_s, *data = t + h.n_t;
        *ret = (PlanStep){
                .op = h.op,
                .stage = h.stage,
                .flags = h.flags,
                .a = h.a,
                .b = h.b,
                .s = h.n_s > 0 ? s : NULL,
                .t = h.n_t > 0 ? t : NULL,
                .data = h.n_data > 0 ? data : NULL,
                .n_data = h.n_data,
        };
        *offset = at + align8(sizeof(h) + h.n_s + h.n_t + h.n_data);
        return true;
}

bool plan_find(const void *plan, size_t n, PlanOp op, PlanStep *ret)
{
        PlanStep step;

        PLAN_FOREACH (&step, plan, n) {
                if (step.op == op) {
                        *ret = step;
                        return true;
                }
        }
        return false;
}

int plan_images(const void *plan, size_t n)
{
        unsigned count = 0, seen = 0;
        PlanStep step;

        PLAN_FOREACH (&step, plan, n) {
                if (step.op != PLAN_LOWER_FD && step.op != PLAN_USR_FD)
                        continue;
                if (step.a >= PLAN_IMAGES_MAX || (seen & 1U << step.a))
                        return -EBADMSG;
                seen |= 1U << step.a;
                count++;
        }
        return seen == (1U << count) - 1 ? (int)count : -EBADMSG;
}

int plan_open(int fd, void **ret, size_t *ret_n)
{
        const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
        struct stat st;

        *ret = NULL;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (st.st_size <= 0 || st.st_size > PLAN_SIZE_MAX ||
            (fcntl(fd, F_GET_SEALS) & seals) != seals)
                return -EBADMSG;
        *ret_n = (size_t)st.st_size;
        void *p = mmap(NULL, *ret_n, PROT_READ, MAP_PRIVATE, fd, 0);
        if (p == MAP_FAILED)
                return -errno;
        int r = plan_check(p, *ret_n);
        if (r < 0)
                (void)munmap(p, *ret_n);
        else
                *ret = p;
        return r;
}
