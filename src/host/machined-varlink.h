/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* io.systemd.Machine.Register over a connection that a shim has opened: the one message of varlink
 * that D-Bus cannot stand in for, since machined takes who has connected for the supervisor.
 * Private to host/machined*.c. */
#pragma once

#include <stdint.h>
#include <systemd/sd-event.h>

#define MACHINED_SERVICE "lodge" /* what 'machinectl list' shows as SERVICE */

typedef struct VarlinkCall VarlinkCall;

/* Called once. @error: NULL done; else its name, or a sentence */
typedef void (*VarlinkDoneFn)(void *userdata, const char *error);

typedef struct VarlinkMachine {
        const char *name;  /* a valid one */
        const uint8_t *id; /* 16 bytes */
        uint32_t leader;
        const int *ifindexes; /* the host's ends of its links */
        size_t n_ifindexes;
} VarlinkMachine;

/** varlink_register() - send the message, await the answer
 * @fd connected, non-blocking; consumed
 * Return: 0; negative errno, @done is not called. */
int varlink_register(sd_event *event, int fd, const VarlinkMachine *machine, VarlinkDoneFn done,
                     void *userdata, VarlinkCall **ret);
/** varlink_free() - hang up; @done is not called any more; NULL is fine
 * Return: always NULL. */
VarlinkCall *varlink_free(VarlinkCall *c);
