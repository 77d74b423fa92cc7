/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/machine-name.h"

#include "base/names.h"
#include "base/text.h"

#include <string.h>

static bool is_alnum(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool machine_name_is_valid(const char *name)
{
        if (!name)
                return false;

        size_t n = strnlen(name, MACHINE_NAME_MAX + 1);
        if (n == 0 || n > MACHINE_NAME_MAX || strcmp(name, "host") == 0)
                return false;
        for (size_t i = 0; i < n; i++) {
                if (is_alnum(name[i]))
                        continue;
                if (name[i] != '-' && name[i] != '.')
                        return false;
                if (i == 0 || i == n - 1)
                        return false;
                if (name[i] == '.' && (!is_alnum(name[i - 1]) || !is_alnum(name[i + 1])))
                        return false;
        }
        return true;
}

int machine_name_check(const char *name, Fault *reterr)
{
        _cleanup_free_ char *shown = NULL;

        if (machine_name_is_valid(name))
                return 0;
        shown = text_for_display(name ?: "", 80);
        return fault_set(
                reterr, FAULT_INVALID_NAME, EINVAL,
                "'%s' cannot be a machine name: use at most 64 letters, digits, and '-' or '.' "
                "inside",
                shown ?: "");
}

int image_name_check(const char *name, Fault *reterr)
{
        static const char other[] = "_.-";
        _cleanup_free_ char *shown = NULL;
        size_t n = name ? strnlen(name, MACHINE_NAME_MAX + 1) : 0;
        bool ok = n > 0 && n <= MACHINE_NAME_MAX && name[0] != '.' && name[0] != '-';

        for (size_t i = 0; ok && i < n; i++)
                ok = is_alnum(name[i]) || strchr(other, name[i]);
        if (ok)
                return 0;
        shown = text_for_display(name ?: "", 80);
        return fault_set(
                reterr, FAULT_INVALID_NAME, EINVAL,
                "'%s' cannot be an image name: use at most 64 letters, digits, '_', '.' and '-'",
                shown ?: "");
}

char *machine_unit_name(const char *name)
{
        char *unit;

        return asprintf(&unit, LODGE_UNIT_PREFIX "%s" LODGE_UNIT_SUFFIX, name) < 0 ? NULL : unit;
}

char *machine_name_from_unit(const char *unit)
{
        size_t prefix = strlen(LODGE_UNIT_PREFIX), suffix = strlen(LODGE_UNIT_SUFFIX);
        size_t n = strlen(unit);
        _cleanup_free_ char *name = NULL;

        if (n <= prefix + suffix || strncmp(unit, LODGE_UNIT_PREFIX, prefix) != 0 ||
            strcmp(unit + n - suffix, LODGE_UNIT_SUFFIX) != 0)
                return NULL;
        name = strndup(unit + prefix, n - prefix - suffix);
        return machine_name_is_valid(name) ? TAKE_PTR(name) : NULL;
}
