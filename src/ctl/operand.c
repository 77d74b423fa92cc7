/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/operand.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

int operand_in_machine(const char *machine, const char *path, Operand *ret)
{
        *ret = (Operand){.machine = strdup(machine)};
        if (!ret->machine || asprintf(&ret->path, "%s%s", *path == '/' ? "" : "/", path) < 0) {
                free(ret->machine);
                *ret = (Operand){0};
                return -ENOMEM;
        }
        return 0;
}

int operand_parse(const char *word, Operand *ret)
{
        size_t n = strcspn(word, ":/");

        if (n > 0 && word[n] == ':') {
                _cleanup_free_ char *machine = strndup(word, n);

                return machine ? operand_in_machine(machine, word + n + 1, ret) : -ENOMEM;
        }
        *ret = (Operand){.path = strdup(word), .is_stream = streq(word, "-")};
        return ret->path ? 0 : -ENOMEM;
}

void operand_done(Operand *o)
{
        free(o->machine);
        free(o->path);
        *o = (Operand){0};
}
