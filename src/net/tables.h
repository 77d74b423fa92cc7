/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Are our tables there? Others may remove them: `nft flush ruleset` does. */
#pragma once

#include <systemd/sd-event.h>

/** tables_exist() - are both there?
 * Return: 1, 0; negative errno. */
int tables_exist(void);

typedef struct TablesWatch TablesWatch;
typedef void (*TablesFn)(void *userdata);

/** tables_watch_new() - call @removed when one of ours was removed, by us too
 * Return: 0; negative errno. */
int tables_watch_new(sd_event *event, TablesFn removed, void *userdata, TablesWatch **ret);
/** tables_watch_free() - NULL is fine */
void tables_watch_free(TablesWatch *w);
