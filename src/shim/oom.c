/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel's OOM killer does to the machine. That of PID 1 is its end, and told as that;
 * others are told of while it runs on. */
#include "base/io.h"
#include "shim/shim.h"
#include "sys/cgroup.h"

/* From the first sign until we look: what was killed is gone by then, and a machine that is at its
 * limit all the time, of which the kernel tells a hundred times a second, wakes us twice in that
 * time. */
#define LOOK_USEC 500000ULL

void oom_begin(Shim *s)
{
        s->oom = (Oom){.events = cgroup_open_memory_events(s->payload_cgroup)};
        s->oom.before = cgroup_oom_kills(s->oom.events);
}

void oom_end(Shim *s)
{
        s->oom.events = close_fd(s->oom.events);
        s->oom.look_usec = 0;
}

int oom_descriptor(const Shim *s)
{
        return s->oom.look_usec ? -EBADF : s->oom.events;
}

void oom_noticed(Shim *s)
{
        s->oom.look_usec = now_usec(CLOCK_MONOTONIC) + LOOK_USEC;
}

uint64_t oom_kills(const Shim *s)
{
        uint64_t n = cgroup_oom_kills(s->oom.events);

        return n > s->oom.before ? n - s->oom.before : 0;
}

void oom_check(Shim *s)
{
        if (oom_timeout(s) > 0)
                return;
        s->oom.look_usec = 0;
        uint64_t n = oom_kills(s);
        if (n == s->oom.told)
                return;
        s->oom.told = n;
        link_send_state(s);
}

uint64_t oom_timeout(const Shim *s)
{
        uint64_t now = now_usec(CLOCK_MONOTONIC);

        if (!s->oom.look_usec)
                return UINT64_MAX;
        return s->oom.look_usec > now ? s->oom.look_usec - now : 0;
}
