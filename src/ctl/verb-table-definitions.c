/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Verbs on the definitions of machines. */
#include "ctl/verb-tables.h"
#include "ctl/verbs.h"

/* clang-format off */
static const Option import_nspawn_options[] = {
        {"dry-run", 0, OPTION_FLAG, NULL, "print the definition and create nothing"},
        {.name = NULL},
};

const Verb definition_verbs[] = {
        {.name = "import-nspawn", .synopsis = "NAME|FILE [NEW]",
         .summary = "Make a machine of systemd-nspawn's one of lodge's", .action = "take over",
         .options = import_nspawn_options, .without_bus = true, .min_words = 1, .max_words = 2,
         .run = verb_import_nspawn},
        {.name = NULL},
};
/* clang-format on */
