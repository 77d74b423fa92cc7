/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings that end up as lines of a systemd unit: what systemd would not understand is refused
 * where somebody can still be told. */
#include "spec/setting-type.h"

#include "base/names.h"
#include "base/text.h"

#include <string.h>

#define UNIT_NAME_SIZE_MAX 255U

/* The line goes into a unit file as it is, specifiers such as %i included. */
static bool check_line(const char *s, const char **ret_why)
{
        size_t n = strlen(s);

        if (n == 0 || n > SETTING_STRING_SIZE_MAX || !utf8_is_valid(s) || strpbrk(s, "\n\t"))
                return false;
        if (s[0] != ' ' && !strchr(" \\", s[n - 1]))
                return true;
        *ret_why = "it must not begin or end with a blank, nor end with a backslash";
        return false;
}

static bool has_unit_suffix(const char *s)
{
        static const char *const suffixes[] = {
                ".service", ".target", ".socket", ".mount", ".automount", ".swap",
                ".timer",   ".path",   ".slice",  ".scope", ".device",
        };
        const char *dot = strrchr(s, '.');

        for (size_t i = 0; dot > s && i < ELEMENTSOF(suffixes); i++)
                if (streq(dot, suffixes[i]))
                        return true;
        return false;
}

/* systemd warns of what is no unit's name, in its log, and goes on without it. */
static bool check_unit(const char *s, const char **ret_why)
{
        static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789:-_.\\@%";

        if (strlen(s) > UNIT_NAME_SIZE_MAX || s[strspn(s, allowed)] || *s == '@')
                return false;
        if (has_unit_suffix(s))
                return true;
        *ret_why = "a unit's name ends with what kind it is, such as .service or .target; that of "
                   "another machine is " LODGE_UNIT_PREFIX "NAME" LODGE_UNIT_SUFFIX;
        return false;
}

/* What systemd takes for Documentation=. */
static bool check_uri(const char *s, const char **ret_why)
{
        static const char *const schemes[] = {"http://", "https://", "file:/", "info:", "man:"};

        if (strpbrk(s, " \"'\\") || !check_line(s, ret_why))
                return false;
        for (size_t i = 0; i < ELEMENTSOF(schemes); i++)
                if (strncmp(s, schemes[i], strlen(schemes[i])) == 0 && s[strlen(schemes[i])])
                        return true;
        return false;
}

const SettingType setting_units = {
        .allowed = "give names of units, such as " LODGE_UNIT_PREFIX "db" LODGE_UNIT_SUFFIX
                   " or network-online.target",
        .check = check_unit,
        .is_list = true,
        .is_raw = true,
};
const SettingType setting_uri = {
        .allowed = "give URIs that begin with http://, https://, file:/, info: or man:",
        .check = check_uri,
        .is_list = true,
        .is_raw = true,
};
const SettingType setting_condition = {
        .allowed = "give one line of UTF-8 text, as in systemd.unit(5)",
        .check = check_line,
        .is_list = true,
        .is_raw = true,
        .whole_line = true,
};
