/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The connections to lodge-net and lodge-relay. What is asked of them waits until they are there
 * and know the whole state; they are started when something waits. They may end at any time, and
 * are told everything when they are back. */
#pragma once

#include "base/fault.h"
#include "core/types.h"
#include "wire/frame.h"

#include <stdbool.h>

typedef enum NetworkServiceKind {
        NETWORK_SERVICE_NET,
        NETWORK_SERVICE_RELAY,
        _NETWORK_SERVICE_MAX,
} NetworkServiceKind;

/* Called once: @reply is what it answered, or NULL and @fault why there is no answer or what it
 * could not do. */
typedef void (*NetworkServiceDoneFn)(void *userdata, NetworkServiceKind service, Frame *reply,
                                     const Fault *fault);

/** network_services_new() - none is there yet; Return: never NULL. */
NetworkServices *network_services_new(Manager *manager);
/** network_services_free() - what waits is forgotten; NULL is fine */
void network_services_free(NetworkServices *s);

/** network_services_hello() - a service has connected
 * @unit of the peer
 * Return: true, @link is consumed; false: it is none of them. */
bool network_services_hello(Manager *manager, const char *unit, Link *link);
/** network_services_adopted() - all machines that run are known: services may be told to drop what
 * they are not told of */
void network_services_adopted(Manager *manager);
/** network_services_job_done() - systemd has started a service, or not
 * Return: false: the unit is none of theirs. */
bool network_services_job_done(Manager *manager, const char *unit, const char *result,
                               const char *error);

/** network_service_send() - FRAME_NETWORK_SET, FRAME_MEMBER_SET or the opposite, or a question
 * @name  of the network or machine, whose state is read when it is sent; FRAME_PORT_OWNER: the
 *        question; copied; NULL where there is none
 * @done  NULL: nobody waits; a failure is warned of */
void network_service_send(Manager *manager, NetworkServiceKind service, FrameType type,
                          const char *name, NetworkServiceDoneFn done, void *userdata);
/** network_services_send() - the same to both; @done is called for each of them */
void network_services_send(Manager *manager, FrameType type, const char *name,
                           NetworkServiceDoneFn done, void *userdata);
/** network_services_forget() - who waits with this @userdata is gone */
void network_services_forget(Manager *manager, const void *userdata);
