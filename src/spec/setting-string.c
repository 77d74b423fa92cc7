/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings that are strings, or lists of them: what may be in one. */
#include "spec/setting-type.h"

#include "base/machine-name.h"
#include "base/text.h"
#include "spec/mount-entry.h"
#include "spec/network-settings.h"
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

static bool check_profile(const char *s, const char **ret_why)
{
        return machine_name_is_valid(s);
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

/* ---- network ---- */

static bool check_network(const char *s, const char **ret_why)
{
        _cleanup_network_entry_ NetworkEntry e = {0};

        return utf8_is_valid(s) && network_entry_parse(s, &e, ret_why) >= 0;
}

static int canonical_network(const char *s, char **ret)
{
        _cleanup_network_entry_ NetworkEntry e = {0};
        const char *why;
        int r = network_entry_parse(s, &e, &why);

        return r < 0 ? r : network_entry_format(&e, ret);
}

static bool check_publish(const char *s, const char **ret_why)
{
        PortEntry e;

        return port_entry_parse(s, &e, ret_why) >= 0;
}

static int canonical_publish(const char *s, char **ret)
{
        PortEntry e;
        const char *why;
        int r = port_entry_parse(s, &e, &why);

        return r < 0 ? r : port_entry_format(&e, ret);
}

static bool check_egress(const char *s, const char **ret_why)
{
        EgressEntry e;

        return egress_entry_parse(s, &e, ret_why) >= 0;
}

static int canonical_egress(const char *s, char **ret)
{
        EgressEntry e;
        const char *why;
        int r = egress_entry_parse(s, &e, &why);

        return r < 0 ? r : egress_entry_format(&e, ret);
}

static bool check_subnet(const char *s, const char **ret_why)
{
        NetAddress a;

        return streq(s, "none") || subnet_parse(s, &a, ret_why) >= 0;
}

static int canonical_subnet(const char *s, char **ret)
{
        NetAddress a;
        const char *why;
        char text[NET_ADDRESS_TEXT_MAX] = "none";

        if (!streq(s, "none") && subnet_parse(s, &a, &why) >= 0)
                net_address_format(&a, true, text);
        *ret = strdup(text);
        return *ret ? 0 : -ENOMEM;
}

static bool check_link_name(const char *s, const char **ret_why)
{
        return link_name_is_valid(s) && !streq(s, "lo");
}

#define PATH_ALLOWED                                                                               \
        "give an absolute path without '.', '..', '//', a '/' at the end or control characters"

const SettingType setting_text = {
        .allowed = "give one line of UTF-8 text, at most 4096 bytes",
        .check = check_text,
};
const SettingType setting_profile = {
        .allowed = "give names of profiles: letters, digits, and '-' or single '.' inside",
        .check = check_profile,
        .is_list = true,
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
const SettingType setting_network = {
        .allowed = "give private, a network's name, none, host, bridge=, macvlan=, interface= or "
                   "netns=",
        .check = check_network,
        .canonical = canonical_network,
        .is_list = true,
        .one_a_line = true,
};
const SettingType setting_publish = {
        .allowed = "give [ADDRESS:]HOST:GUEST[/tcp|udp]",
        .check = check_publish,
        .canonical = canonical_publish,
        .is_list = true,
        .one_a_line = true,
};
const SettingType setting_egress = {
        .allowed = "give none, or ADDRESS[/BITS][:PORT][/tcp|udp]",
        .check = check_egress,
        .canonical = canonical_egress,
        .is_list = true,
        .one_a_line = true,
        .none = "none",
};
const SettingType setting_subnet = {
        .allowed = "give ADDRESS/BITS, or none",
        .check = check_subnet,
        .canonical = canonical_subnet,
        .is_list = true,
        .one_a_line = true,
};
const SettingType setting_link_name = {
        .allowed = "give a name for an interface: at most 15 letters, digits and the like, not lo",
        .check = check_link_name,
};
