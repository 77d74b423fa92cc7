/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What commit --change changes in the new image's configuration. */
#pragma once

#include "client/client.h"

/** change_append() - append the entries of an open a{sv} for all changes
 * @changes "Command=sh -c 'exit 3'" in the words of definitions, or what a Dockerfile would have:
 *          "CMD [\"sh\"]", "ENV A=1", "WORKDIR /srv"; the last one of a key counts, ENV adds
 * Return: 0; -EINVAL with FAULT_INVALID_OPTION; -ENOMEM, other errors of the message. */
int change_append(sd_bus_message *m, char *const *changes, Fault *reterr);
