/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/rlimit.h"

#include "base/text.h"

#include <stdio.h>
#include <sys/resource.h>

int rlimit_resource(const char *name)
{
        static const struct {
                const char *name;
                int resource;
        } names[] = {
                {"AS", RLIMIT_AS},
                {"CORE", RLIMIT_CORE},
                {"CPU", RLIMIT_CPU},
                {"DATA", RLIMIT_DATA},
                {"FSIZE", RLIMIT_FSIZE},
                {"MEMLOCK", RLIMIT_MEMLOCK},
                {"NOFILE", RLIMIT_NOFILE},
                {"NPROC", RLIMIT_NPROC},
                {"STACK", RLIMIT_STACK},
                {"SIGPENDING", RLIMIT_SIGPENDING},
                {"MSGQUEUE", RLIMIT_MSGQUEUE},
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (streq(names[i].name, name))
                        return names[i].resource;
        return -EINVAL;
}

int rlimit_raise(const PlanStep *s)
{
        struct rlimit l;
        int resource = rlimit_resource(s->s);

        if (resource < 0)
                return resource;
        if (getrlimit((__rlimit_resource_t)resource, &l) < 0)
                return -errno;
        if (s->b <= l.rlim_max)
                return 0;
        l.rlim_max = s->b;
        if (setrlimit((__rlimit_resource_t)resource, &l) >= 0)
                return 0;
        /* for open files the kernel has an end, fs.nr_open: "infinity" is what there is */
        return s->b == RLIM_INFINITY ? 0 : -errno;
}

int rlimit_failed(const PlanStep *s, int r, Failure *f)
{
        char object[64];

        (void)snprintf(object, sizeof(object), "Limit%s=%llu", s->s, (unsigned long long)s->b);
        return failure_set(f, FAULT_START_FAILED, r, "apply", object);
}
