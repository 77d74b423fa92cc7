/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings that are strings, or lists of them: what may be in one. */
#include "spec/setting-type.h"

#include "base/machine-name.h"
#include "base/text.h"
#include "spec/mount-entry.h"
#include "spec/reference.h"

#include <string.h>

#define HOSTNAME_MAX 64 /* of sethostname(2) */
#define USER_MAX     32
#define ID_MAX       65535 /* ids are those of the machine's own range */

static bool is_alnum(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* The definition file strips blanks at both ends and joins lines at a backslash: a value that could
 * not be read back is refused. */
static bool fits_in_a_line(const char *s, const char **ret_why)
{
        size_t n = strlen(s);

        if (n > 0 && !strchr(" \t", s[0]) && !strchr(" \t\\", s[n - 1]))
                return true;
        *ret_why = "it must not begin or end with a blank, nor end with a backslash";
        return false;
}

static bool check_text(const char *s, const char **ret_why)
{
        return strlen(s) <= SETTING_STRING_SIZE_MAX && utf8_is_valid(s) && !strpbrk(s, "\n\t") &&
               fits_in_a_line(s, ret_why);
}

static bool check_image(const char *s, const char **ret_why)
{
        _cleanup_free_ char *name = NULL;

        return image_name_canonical(s, &name, NULL) >= 0;
}

static int canonical_image(const char *s, char **ret)
{
        return image_name_canonical(s, ret, NULL);
}

/* Only the text: whether it exists, and what it is, is a question for who opens it. */
static bool check_path(const char *s, const char **ret_why)
{
        return path_is_clean(s) && fits_in_a_line(s, ret_why);
}

static bool check_root_directory(const char *s, const char **ret_why)
{
        if (!streq(s, "/"))
                return check_path(s, ret_why);
        *ret_why = "the host's own root cannot be a machine's";
        return false;
}

/* A name, or a whole decimal number. Nothing that starts with a digit is a name: "0x1" and
 * "4294967296" have become root elsewhere. */
static bool user_part_is_valid(const char *s, size_t n)
{
        char part[USER_MAX + 1] = "";
        uint64_t id;

        if (n == 0 || n > USER_MAX)
                return false;
        memcpy(part, s, n);
        if (part[0] >= '0' && part[0] <= '9')
                return parse_u64(part, ID_MAX, &id) >= 0;
        if (part[0] == '-' || part[0] == '.')
                return false;
        for (size_t i = 0; i < n; i++)
                if (!is_alnum(part[i]) && !strchr("_-.", part[i]))
                        return false;
        return true;
}

static bool check_user(const char *s, const char **ret_why)
{
        const char *colon = strchr(s, ':');

        if (!colon)
                return user_part_is_valid(s, strlen(s));
        return user_part_is_valid(s, (size_t)(colon - s)) &&
               user_part_is_valid(colon + 1, strlen(colon + 1));
}

static bool check_hostname(const char *s, const char **ret_why)
{
        size_t n = strlen(s);

        if (n == 0 || n > HOSTNAME_MAX)
                return false;
        for (size_t i = 0; i < n; i++) {
                bool edge = i == 0 || i == n - 1 || s[i - 1] == '.' || s[i + 1] == '.';

                if (!is_alnum(s[i]) && (edge || (s[i] != '-' && s[i] != '.')))
                        return false;
        }
        return true;
}

static bool check_word(const char *s, const char **ret_why)
{
        if (strlen(s) >= SETTING_WORD_SIZE_MAX)
                *ret_why = "a word may have at most 128 KiB";
        return strlen(s) < SETTING_WORD_SIZE_MAX && utf8_is_well_formed(s);
}

static bool check_assignment(const char *s, const char **ret_why)
{
        size_t n = strcspn(s, "=");

        if (s[n] != '=' || n == 0 || (s[0] >= '0' && s[0] <= '9'))
                return false;
        for (size_t i = 0; i < n; i++)
                if (!is_alnum(s[i]) && s[i] != '_')
                        return false;
        return check_word(s, ret_why);
}

/* The rules of OCI: any key but an empty one. */
static bool check_label(const char *s, const char **ret_why)
{
        return s[0] && s[0] != '=' && strchr(s, '=') && check_word(s, ret_why);
}

static bool check_mount(MountKind kind, const char *s, const char **ret_why)
{
        _cleanup_mount_entry_ MountEntry e = {0};

        return utf8_is_valid(s) && mount_entry_parse(kind, s, &e, ret_why) >= 0;
}

static bool check_bind(const char *s, const char **ret_why)
{
        return check_mount(MOUNT_BIND, s, ret_why);
}

static bool check_volume(const char *s, const char **ret_why)
{
        return check_mount(MOUNT_VOLUME, s, ret_why);
}

static bool check_tmpfs(const char *s, const char **ret_why)
{
        return check_mount(MOUNT_TMPFS, s, ret_why);
}

#define PATH_ALLOWED                                                                               \
        "give an absolute path without '.', '..', '//', a '/' at the end or control characters"

const SettingType setting_text = {
        .allowed = "give one line of UTF-8 text, at most 4096 bytes",
        .check = check_text,
};
const SettingType setting_image = {
        .allowed =
                "give a name of at most 64 letters, digits, '_', '.' and '-', or where the image "
                "is from, such as docker.io/library/debian:13",
        .check = check_image,
        .canonical = canonical_image,
};
const SettingType setting_root_directory = {.allowed = PATH_ALLOWED, .check = check_root_directory};
const SettingType setting_path = {.allowed = PATH_ALLOWED, .check = check_path};
const SettingType setting_user = {
        .allowed = "give user, user:group, uid or uid:gid, with numbers from 0 to 65535",
        .check = check_user,
};
const SettingType setting_hostname = {
        .allowed = "give at most 64 letters, digits, and '-' or single '.' inside",
        .check = check_hostname,
};
const SettingType setting_command = {
        .allowed = "give UTF-8 text",
        .check = check_word,
        .is_list = true,
};
const SettingType setting_environment = {
        .allowed = "give KEY=VALUE in UTF-8, with a key of letters, digits and '_'",
        .check = check_assignment,
        .is_list = true,
        .one_a_line = true,
};
const SettingType setting_label = {
        .allowed = "give KEY=VALUE in UTF-8",
        .check = check_label,
        .is_list = true,
        .one_a_line = true,
};
const SettingType setting_bind = {
        .allowed = "give SOURCE:TARGET or SOURCE:TARGET:OPTIONS in UTF-8",
        .check = check_bind,
        .is_list = true,
        .one_a_line = true,
};
const SettingType setting_volume = {
        .allowed = "give NAME:TARGET, TARGET, or either with :OPTIONS, in UTF-8",
        .check = check_volume,
        .is_list = true,
        .one_a_line = true,
};
const SettingType setting_tmpfs = {
        .allowed = "give TARGET or TARGET:OPTIONS in UTF-8",
        .check = check_tmpfs,
        .is_list = true,
        .one_a_line = true,
};
