/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Are our tables as we have made them? Others may remove them or parts of them: `nft flush ruleset`
 * does. */
#pragma once

#include <stdbool.h>
#include <systemd/sd-event.h>

/** tables_exist() - are both there?
 * Return: 1, 0; negative errno. */
int tables_exist(void);

typedef struct TablesWatch TablesWatch;
typedef void (*TablesFn)(bool is_sure, void *userdata);

/** tables_watch_new() - call @removed when others have removed something of ours; not sure: they
 * may have, since too much was changed on this host for all of it to be told
 * Return: 0; negative errno. */
int tables_watch_new(sd_event *event, TablesFn removed, void *userdata, TablesWatch **ret);
/** tables_watch_free() - NULL is fine */
void tables_watch_free(TablesWatch *w);
