/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What happens to machines and jobs as journal entries with MESSAGE_ID and fields; texts in
 * units/lodge.catalog. */
#pragma once

#include "core/types.h"

/** journal_listen() - log what happens from now on */
void journal_listen(Manager *manager);
