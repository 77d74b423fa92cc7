/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ReadyWhen=: when a machine counts as ready, and its unit as active. libc only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef enum ReadyKind {
        READY_NOT_GIVEN, /* READY=1 where systemd is booted, else as soon as PID 1 runs */
        READY_STARTED,
        READY_NOTIFY,
        READY_HEALTHY,
        READY_TCP,
        READY_UDP,
} ReadyKind;

/* Without padding: compared by its bytes. */
typedef struct ReadyWhen {
        ReadyKind kind;
        uint32_t port; /* of READY_TCP and READY_UDP */
} ReadyWhen;

/** ready_when_holds_unit() - does a start last until the machine is ready? For who asks for it */
static inline bool ready_when_holds_unit(const ReadyWhen *r)
{
        return r->kind > READY_STARTED;
}

/** ready_when_parse() - "started", "notify", "healthy", "port:80", "port:80/tcp" or "port:53/udp"
 * Return: 0; -EINVAL. */
int ready_when_parse(const char *s, ReadyWhen *ret);

/** ready_when_format() - the same as text
 * @ret newly allocated; NULL if it is not given
 * Return: 0; -ENOMEM. */
int ready_when_format(const ReadyWhen *r, char **ret);
