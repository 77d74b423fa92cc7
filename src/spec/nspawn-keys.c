/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/nspawn-keys.h"

#include "base/text.h"
#include "spec/setting-type.h"
#include "spec/words.h"

#include <string.h>

static void *field_of(Nspawn *n, const NspawnKey *key)
{
        return (char *)n + key->offset;
}

static int note_ignored(Nspawn *n, const NspawnKey *key, const char *value, const char *why)
{
        return nspawn_note(n, "%s=%s is ignored: %s", key->name, value, why);
}

static int take_flag(Nspawn *n, const NspawnKey *key, const char *value)
{
        int *flag = field_of(n, key), v = *value ? parse_bool(value) : -1;

        if (*value && v < 0)
                return note_ignored(n, key, value, "it takes yes or no");
        *flag = v;
        return 0;
}

static int take_text(Nspawn *n, const NspawnKey *key, const char *value)
{
        char **text = field_of(n, key), *copy = *value ? strdup(value) : NULL;

        if (*value && !copy)
                return -ENOMEM;
        free(*text);
        *text = copy;
        return 0;
}

static int push(Nspawn *n, const NspawnKey *key, const char *word)
{
        char ***list = field_of(n, key);

        if (strv_length(*list) < SETTING_WORDS_MAX)
                return strv_push(list, word);
        return note_ignored(n, key, word, "there are more than 1024 of these");
}

/* The whole line is one element. */
static int take_element(Nspawn *n, const NspawnKey *key, const char *value)
{
        return *value ? push(n, key, value) : 0;
}

static int take_words(Nspawn *n, const NspawnKey *key, const char *value)
{
        _cleanup_strv_free_ char **words = NULL;
        char ***list = field_of(n, key);
        int r = 0;

        if (!*value) {
                *list = strv_free(*list);
                return 0;
        }
        r = words_split(value, SETTING_WORDS_MAX, &words);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return note_ignored(n, key, value, "the words cannot be told apart");
        STRV_FOREACH (word, words) {
                r = push(n, key, *word);
                if (r < 0)
                        break;
        }
        return r;
}

/* Is @value one of those with which the key asks for nothing that is not so anyway? */
static bool is_idle(const NspawnKey *key, const char *value)
{
        size_t n = strlen(value);
        int flag = parse_bool(value);

        for (const char *p = key->idle ?: ""; *p; p += strspn(p, " ")) {
                size_t n_word = strcspn(p, " ");

                if (n == n_word && strncmp(p, value, n) == 0)
                        return true;
                if (flag >= 0 && strncmp(p, flag ? "yes" : "no", n_word) == 0)
                        return true;
                p += n_word;
        }
        return !*value;
}

static int take_nothing(Nspawn *n, const NspawnKey *key, const char *value)
{
        return is_idle(key, value) ? 0
                                   : nspawn_note(n, "%s=%s has no counterpart: %s", key->name,
                                                 value, key->argument);
}

/* A setting of ours that takes the same values. */
static int take_setting(Nspawn *n, const NspawnKey *key, const char *value)
{
        _cleanup_free_ char *shown = NULL;

        if (!*value)
                return 0;
        if (!setting_key_find(key->argument))
                return nspawn_note(n, "%s=%s has no counterpart", key->name, value);
        if (asprintf(&shown, "%s=%s", key->name, value) < 0)
                return -ENOMEM;
        return nspawn_set(n, key->argument, value, shown);
}

static int take_users(Nspawn *n, const NspawnKey *key, const char *value)
{
        if (!*value || streq(value, "pick") || streq(value, "managed") || parse_bool(value) > 0)
                return 0;
        n->host_ids = streq(value, "identity") || parse_bool(value) == 0;
        if (n->host_ids)
                return nspawn_note(n,
                                   "%s=%s has no counterpart: root of a machine is never root of "
                                   "the host",
                                   key->name, value);
        return nspawn_note(n, "%s=%s has no counterpart: lodge chooses the machine's user ids",
                           key->name, value);
}

/* clang-format off */
#define NONE(section_, name_, why_, idle_) \
        {section_, name_, false, take_nothing, 0, why_, idle_}
#define SETTING(section_, name_, privileged_, setting_) \
        {section_, name_, privileged_, take_setting, 0, setting_, NULL}
#define READ(section_, name_, privileged_, how_, field_) \
        {section_, name_, privileged_, take_##how_, offsetof(Nspawn, field_), NULL, NULL}
#define LIMIT(name_) SETTING("Exec", name_, true, name_)

static const NspawnKey keys[] = {
        READ("Exec", "Boot", false, flag, boot),
        READ("Exec", "Ephemeral", false, flag, ephemeral),
        READ("Exec", "ProcessTwo", false, flag, process_two),
        READ("Exec", "Parameters", false, words, parameters),
        READ("Exec", "Environment", false, words, environment),
        SETTING("Exec", "User", false, "User"),
        READ("Exec", "Capability", true, words, capabilities),
        NONE("Exec", "AmbientCapability", "capabilities are given to programs that run as root", NULL),
        READ("Exec", "DropCapability", false, words, drop_capabilities),
        SETTING("Exec", "KillSignal", false, "StopSignal"),
        NONE("Exec", "Personality", "programs are told the architecture of the host", NULL),
        SETTING("Exec", "MachineID", true, "MachineID"),
        SETTING("Exec", "WorkingDirectory", false, "WorkingDirectory"),
        NONE("Exec", "PivotRoot", "the machine's root is the image's", NULL),
        {"Exec", "PrivateUsers", true, take_users, 0, NULL, NULL},
        NONE("Exec", "PrivateUsersDelegate", "a machine has 65536 user ids", "0"),
        READ("Exec", "NotifyReady", false, flag, notify_ready),
        NONE("Exec", "SystemCallFilter", "lodge's filter of system calls goes by the capabilities", NULL),
        NONE("Exec", "RestrictAddressFamilies", "sockets of all families can be made", NULL),
        LIMIT("LimitCPU"), LIMIT("LimitFSIZE"), LIMIT("LimitDATA"), LIMIT("LimitSTACK"), LIMIT("LimitCORE"),
        LIMIT("LimitRSS"), LIMIT("LimitNOFILE"), LIMIT("LimitAS"), LIMIT("LimitNPROC"), LIMIT("LimitMEMLOCK"),
        LIMIT("LimitLOCKS"), LIMIT("LimitSIGPENDING"), LIMIT("LimitMSGQUEUE"), LIMIT("LimitNICE"),
        LIMIT("LimitRTPRIO"), LIMIT("LimitRTTIME"),
        SETTING("Exec", "Hostname", false, "Hostname"),
        NONE("Exec", "NoNewPrivileges", "sudo, ping and their like work in every machine", "no"),
        NONE("Exec", "OOMScoreAdjust", "lodge leaves that to the kernel", "0"),
        SETTING("Exec", "CPUAffinity", true, "AllowedCPUs"),
        NONE("Exec", "ResolvConf", "lodge writes resolv.conf where a network has name servers", "auto"),
        NONE("Exec", "LinkJournal", "the guest's journal stays in the machine", "no auto"),
        NONE("Exec", "Timezone", "/etc/localtime is the image's", "auto off"),
        NONE("Exec", "SuppressSync", "fsync(2) does what it says", "no"),

        READ("Files", "ReadOnly", false, flag, read_only),
        READ("Files", "Volatile", false, text, volatile_),
        READ("Files", "Bind", true, element, binds),
        READ("Files", "BindReadOnly", true, element, read_only_binds),
        READ("Files", "TemporaryFileSystem", true, element, tmpfs),
        NONE("Files", "Inaccessible", "nothing of the image is hidden from the machine", NULL),
        NONE("Files", "Overlay", "Bind= and Volume= show directories as they are", NULL),
        NONE("Files", "OverlayReadOnly", "Bind= and Volume= show directories as they are", NULL),
        NONE("Files", "PrivateUsersOwnership", "lodge maps the owners of files and changes none", "auto off map"),
        NONE("Files", "PrivateUsersChown", "lodge maps the owners of files and changes none", "no"),
        NONE("Files", "BindUser", "users of the host are not made inside; see map=caller of Bind=", NULL),
        NONE("Files", "BindUserShell", "users of the host are not made inside", "no"),

        READ("Network", "Private", true, flag, private),
        READ("Network", "NamespacePath", true, text, namespace_path),
        READ("Network", "Interface", true, words, interfaces),
        READ("Network", "MACVLAN", true, words, macvlans),
        READ("Network", "IPVLAN", true, words, ipvlans),
        READ("Network", "VirtualEthernet", true, flag, virtual_ethernet),
        READ("Network", "VirtualEthernetExtra", true, element, extra_links),
        READ("Network", "Bridge", true, text, bridge),
        READ("Network", "Zone", true, text, zone),
        READ("Network", "Port", true, element, ports),
        {.name = NULL},
};
/* clang-format on */

const NspawnKey *nspawn_keys(void)
{
        return keys;
}
