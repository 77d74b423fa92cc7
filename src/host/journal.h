/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of machines as journal entries with MESSAGE_ID and fields; texts in units/lodge.catalog.
 */
#pragma once

#include "core/types.h"

/** journal_listen() - log what happens to machines from now on */
void journal_listen(Manager *manager);
