/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/environment.h"

#include "base/text.h"

#include <string.h>

static int push_own(char ***variables, const char *name)
{
        _cleanup_free_ char *variable = NULL;
        const char *value = getenv(name);

        if (!value)
                return -ENOENT;
        if (asprintf(&variable, "%s=%s", name, value) < 0) {
                variable = NULL;
                return -ENOMEM;
        }
        return strv_push(variables, variable);
}

int environment_push(char ***variables, const char *word, Fault *reterr)
{
        if (*word == '=' || !*word)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "'%s' is no variable: want NAME=VALUE or NAME", word);
        if (strchr(word, '='))
                return strv_push(variables, word);
        int r = push_own(variables, word);
        if (r == -ENOENT)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "the variable %s is not set here; give it a value: %s=...", word,
                                 word);
        return r;
}

static bool is_locale(const char *variable)
{
        const char *name = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";

        return (strncmp(variable, "LANG=", 5) == 0 || strncmp(variable, "LC_", 3) == 0) &&
               variable[strspn(variable, name)] == '=' && utf8_is_well_formed(variable);
}

int environment_of_caller(bool terminal, char ***ret)
{
        static const char *const names[] = {"TERM", "COLORTERM"};
        _cleanup_strv_free_ char **variables = NULL;

        for (size_t i = 0; terminal && i < ELEMENTSOF(names); i++)
                if (push_own(&variables, names[i]) == -ENOMEM)
                        return -ENOMEM;
        STRV_FOREACH (variable, environ)
                if (is_locale(*variable) && strv_push(&variables, *variable) < 0)
                        return -ENOMEM;
        *ret = TAKE_PTR(variables);
        return 0;
}
