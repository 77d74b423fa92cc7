/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Verbs on the definitions of machines. */
#include "ctl/verb-tables.h"
#include "ctl/verbs.h"

/* clang-format off */
static const Option set_options[] = {
        {"runtime", 0, OPTION_FLAG, NULL, "only until the host is booted again"},
        {"dry-run", 0, OPTION_FLAG, NULL, "only check it, and say what would count later"},
        {.name = NULL},
};
static const Option apply_options[] = {
        {"dry-run", 0, OPTION_FLAG, NULL, "print what would change, and change nothing"},
        {.name = NULL},
};
static const Option import_nspawn_options[] = {
        {"dry-run", 0, OPTION_FLAG, NULL, "print the definition and create nothing"},
        {.name = NULL},
};

const Verb definition_verbs[] = {
        {.name = "cat", .synopsis = "NAME...", .summary = "Print the files that define machines",
         .action = "read the definition of", .min_words = 1, .max_words = ANY_NUMBER, .run = verb_cat},
        {.name = "edit", .synopsis = "NAME", .summary = "Change a definition in an editor",
         .action = "edit", .min_words = 1, .max_words = 1, .run = verb_edit},
        {.name = "set", .synopsis = "NAME KEY=VALUE...", .summary = "Give settings other values",
         .action = "change", .options = set_options, .min_words = 2, .max_words = ANY_NUMBER,
         .run = verb_set},
        {.name = "apply", .synopsis = "FILE|DIRECTORY...",
         .summary = "Create and change machines as their definitions say", .action = "apply",
         .options = apply_options, .min_words = 1, .max_words = ANY_NUMBER, .run = verb_apply},
        {.name = "verify", .synopsis = "FILE|NAME...", .summary = "Look for mistakes in definitions",
         .action = "verify", .without_bus = true, .min_words = 1, .max_words = ANY_NUMBER,
         .run = verb_verify},
        {.name = "import-nspawn", .synopsis = "NAME|FILE [NEW]",
         .summary = "Make a machine of systemd-nspawn's one of lodge's", .action = "take over",
         .options = import_nspawn_options, .without_bus = true, .min_words = 1, .max_words = 2,
         .run = verb_import_nspawn},
        {.name = NULL},
};
/* clang-format on */
