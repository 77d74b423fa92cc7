/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/mount-entry.h"

#include "base/machine-name.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>

#define PATH_SIZE_MAX 4096
#define ID_MAX        65535
#define TMPFS_MODE    "1777"

#define OPTIONS_TMPFS  "the options are size=, mode=, uid=, gid=, ro, rw, exec and noexec"
#define OPTIONS_BIND   "the options are ro, rw, exec, noexec, norecursive and map="
#define OPTIONS_VOLUME "the options are ro, rw, exec, noexec and map="
#define NO_LABELS      "lodge sets no SELinux labels, so there is nothing to be said for 'z' and 'Z'"
#define NO_CHOWN                                                                                   \
        "map= says whose files are whose: root, owner, caller, same or none; the kernel maps "     \
        "them, and nothing is chowned"
#define NO_PROPAGATION                                                                             \
        "what is mounted later on one side is never seen on the other, as with 'rprivate', and "   \
        "that cannot be changed"
#define ALWAYS_RECURSIVE                                                                           \
        "what is mounted below the source comes along; write norecursive to leave it out"
#define NO_SUID "set-user-ID bits and devices never have an effect in there"

static const char *const maps[_MOUNT_MAP_MAX] = {
        [MOUNT_MAP_ROOT] = "root", [MOUNT_MAP_OWNER] = "owner", [MOUNT_MAP_CALLER] = "caller",
        [MOUNT_MAP_SAME] = "same", [MOUNT_MAP_NONE] = "none",
};

bool path_is_clean(const char *path)
{
        if (path[0] != '/' || strlen(path) >= PATH_SIZE_MAX || !utf8_is_valid(path) ||
            strpbrk(path, "\n\t"))
                return false;
        for (const char *p = path; path[1] && p; p = strchr(p + 1, '/')) {
                size_t n = strcspn(p + 1, "/");

                if (n == 0 || (n == 1 && p[1] == '.') || (n == 2 && p[1] == '.' && p[2] == '.'))
                        return false;
        }
        return true;
}

static bool is_at_or_below(const char *path, const char *top)
{
        size_t n = strlen(top);

        return strncmp(path, top, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

const char *mount_target_refusal(MountKind kind, const char *path)
{
        static const char *const ours[] = {"/proc", "/sys", "/dev", "/run/host"};

        if (!path_is_clean(path))
                return "the machine's path must be absolute, without '.', '..' or control "
                       "characters";
        if (streq(path, "/"))
                return "nothing can be mounted over the machine's root";
        if (streq(path, "/dev/shm"))
                return NULL;
        if (streq(path, "/run") && kind != MOUNT_TMPFS)
                return "/run is a file system in memory; mount below it, or give Tmpfs=/run a size";
        for (size_t i = 0; i < ELEMENTSOF(ours); i++)
                if (is_at_or_below(path, ours[i]))
                        return "nothing can be mounted at or below /proc, /sys, /dev (but "
                               "/dev/shm) and /run/host";
        return NULL;
}

void mount_entry_done(MountEntry *e)
{
        free(e->source);
        free(e->target);
        free(e->tmpfs_options);
        *e = (MountEntry){0};
}

/* ---- options ---- */

typedef struct TmpfsOptions {
        char size[24]; /* bytes, or N% */
        char mode[8];
} TmpfsOptions;

/* Return: the value of "key=value"; NULL if @option is another one. */
static const char *value_of(const char *option, const char *key)
{
        size_t n = strlen(key);

        return strncmp(option, key, n) == 0 && option[n] == '=' ? option + n + 1 : NULL;
}

static bool parse_map(const char *s, MountMap *ret)
{
        for (MountMap i = 0; i < _MOUNT_MAP_MAX; i++) {
                if (streq(maps[i], s)) {
                        *ret = i;
                        return true;
                }
        }
        return false;
}

static bool parse_size(const char *s, TmpfsOptions *o)
{
        size_t n = strlen(s);
        char digits[4] = "";
        uint64_t v;

        if (n >= 2 && n <= 4 && s[n - 1] == '%') {
                memcpy(digits, s, n - 1);
                if (parse_u64(digits, 100, &v) < 0 || v == 0)
                        return false;
                (void)snprintf(o->size, sizeof(o->size), "%" PRIu64 "%%", v);
                return true;
        }
        /* 0 would be no limit to tmpfs */
        if (parse_bytes(s, &v) < 0 || v == 0)
                return false;
        (void)snprintf(o->size, sizeof(o->size), "%" PRIu64, v);
        return true;
}

static bool parse_mode(const char *s, TmpfsOptions *o)
{
        size_t n = strspn(s, "01234567");

        if (n < 3 || n > 5 || s[n])
                return false;
        (void)snprintf(o->mode, sizeof(o->mode), "%s", s);
        return n < 5 || s[0] == '0'; /* at most 07777 */
}

static bool parse_id(const char *s, uint32_t *ret)
{
        uint64_t v;

        if (parse_u64(s, ID_MAX, &v) < 0)
                return false;
        *ret = (uint32_t)v;
        return true;
}

static const char *apply_tmpfs_option(const char *option, MountEntry *e, TmpfsOptions *o)
{
        const char *value;

        if ((value = value_of(option, "size")))
                return parse_size(value, o) ? NULL
                                            : "size= takes bytes with K, M, G or T, or a "
                                              "percentage of the host's memory such as 10%";
        if ((value = value_of(option, "mode")))
                return parse_mode(value, o) ? NULL : "mode= takes an octal number such as 0755";
        if ((value = value_of(option, "uid")))
                return parse_id(value, &e->uid) ? NULL : "uid= takes a number from 0 to 65535";
        if ((value = value_of(option, "gid")))
                return parse_id(value, &e->gid) ? NULL : "gid= takes a number from 0 to 65535";
        return OPTIONS_TMPFS;
}

static const char *apply_share_option(const char *option, MountEntry *e)
{
        const char *value;

        if ((value = value_of(option, "map")))
                return parse_map(value, &e->map) ? NULL
                                                 : "map= takes root, owner, caller, same or none";
        if (e->kind == MOUNT_BIND && streq(option, "norecursive")) {
                e->not_recursive = true;
                return NULL;
        }
        return e->kind == MOUNT_BIND ? OPTIONS_BIND : OPTIONS_VOLUME;
}

/* What other managers take, and what becomes of it here; the options are ours. NULL: no such. */
static const char *refusal_of_foreign(const char *option)
{
        static const struct {
                const char *word, *why;
        } foreign[] = {
                {"z", NO_LABELS},
                {"Z", NO_LABELS},
                {"U", NO_CHOWN},
                {"idmap", NO_CHOWN},
                {"rootidmap", NO_CHOWN},
                {"owneridmap", NO_CHOWN},
                {"noidmap", NO_CHOWN},
                {"private", NO_PROPAGATION},
                {"rprivate", NO_PROPAGATION},
                {"slave", NO_PROPAGATION},
                {"rslave", NO_PROPAGATION},
                {"shared", NO_PROPAGATION},
                {"rshared", NO_PROPAGATION},
                {"bind-propagation", NO_PROPAGATION},
                {"rbind", ALWAYS_RECURSIVE},
                {"bind", ALWAYS_RECURSIVE},
                {"norbind", "write norecursive instead of norbind"},
                {"readonly", "write ro instead of readonly"},
                {"nocopy", "an empty volume always begins as a copy of what it covers"},
                {"suid", NO_SUID},
                {"dev", NO_SUID},
        };
        size_t n = strcspn(option, "=");

        for (size_t i = 0; i < ELEMENTSOF(foreign); i++)
                if (strlen(foreign[i].word) == n && strncmp(foreign[i].word, option, n) == 0)
                        return foreign[i].why;
        return NULL;
}

static const char *apply_option(const char *option, MountEntry *e, TmpfsOptions *o)
{
        if (streq(option, "ro") || streq(option, "rw"))
                e->read_only = streq(option, "ro");
        else if (streq(option, "exec") || streq(option, "noexec"))
                e->no_exec = streq(option, "noexec");
        else if (!streq(option, "nosuid") && !streq(option, "nodev")) { /* they are all that */
                const char *why = e->kind == MOUNT_TMPFS ? apply_tmpfs_option(option, e, o)
                                                         : apply_share_option(option, e);

                return why && e->kind != MOUNT_TMPFS ? refusal_of_foreign(option) ?: why : why;
        }
        return NULL;
}

static const char *apply_options(char *options, MountEntry *e, TmpfsOptions *o)
{
        const char *why = NULL, *option;

        while (!why && (option = strsep(&options, ",")))
                why = apply_option(option, e, o);
        return why;
}

/* "/srv,ro" could be a path, but nobody means that. */
static bool has_option_behind_comma(const char *target, MountKind kind)
{
        const char *comma = strrchr(target, ',');
        MountEntry e = {.kind = kind};
        TmpfsOptions o = {0};

        return comma && !apply_option(comma + 1, &e, &o);
}

/* ---- elements ---- */

/* As a shell completes it: "/srv/", or with a variable that ends so: "/srv//data". */
static void squeeze(char *path)
{
        char *out = path;

        if (path[0] != '/')
                return;
        for (const char *p = path; *p; p++)
                if (*p != '/' || out == path || out[-1] != '/')
                        *out++ = *p;
        if (out > path + 1 && out[-1] == '/')
                out--;
        *out = '\0';
}

static const char *check_source(const MountEntry *e, const char *source)
{
        if (e->kind == MOUNT_BIND)
                return path_is_clean(source) ? NULL
                                             : "it begins with an absolute path of the host, "
                                               "without '.' or '..'";
        return image_name_check(source, NULL) < 0
                       ? "a volume's name has at most 64 letters, digits, '_', '.' and '-', and "
                         "does not begin with '.' or '-'"
                       : NULL;
}

/* Takes @text, a copy, apart in place. */
static const char *split(char *text, MountEntry *e, char **ret_source, char **ret_target,
                         TmpfsOptions *o)
{
        bool anonymous = e->kind == MOUNT_TMPFS || (e->kind == MOUNT_VOLUME && text[0] == '/');
        const char *why;

        *ret_source = anonymous ? NULL : strsep(&text, ":");
        *ret_target = strsep(&text, ":");
        if (!*ret_target)
                return e->kind == MOUNT_BIND ? "give SOURCE:TARGET or SOURCE:TARGET:OPTIONS"
                                             : "give NAME:TARGET, or TARGET, an absolute path";
        if (e->kind == MOUNT_VOLUME && anonymous && text && text[0] == '/')
                return "a directory of the host is bound with Bind=";
        if (text && strchr(text, ':'))
                return "there are more than two ':'; a path cannot have one";
        if (e->kind == MOUNT_BIND)
                squeeze(*ret_source);
        squeeze(*ret_target);
        if (has_option_behind_comma(*ret_target, e->kind))
                return "options come behind a ':', not a ','";
        why = *ret_source ? check_source(e, *ret_source) : NULL;
        why = why ?: mount_target_refusal(e->kind, *ret_target);
        return why || !text ? why : apply_options(text, e, o);
}

static int fill(MountEntry *e, const char *source, const char *target, const TmpfsOptions *o)
{
        /* /run: as it is without Tmpfs= */
        const char *mode = o->mode[0] ? o->mode : streq(target, "/run") ? "0755" : TMPFS_MODE;

        e->source = source ? strdup(source) : NULL;
        e->target = strdup(target);
        if (!e->target || (source && !e->source))
                return -ENOMEM;
        if (e->kind == MOUNT_TMPFS && asprintf(&e->tmpfs_options, "mode=%s%s%s", mode,
                                               o->size[0] ? ",size=" : "", o->size) < 0) {
                e->tmpfs_options = NULL;
                return -ENOMEM;
        }
        return 0;
}

int mount_entry_parse(MountKind kind, const char *text, MountEntry *ret, const char **ret_why)
{
        _cleanup_mount_entry_ MountEntry e = {
                .kind = kind,
                .map = kind == MOUNT_VOLUME ? MOUNT_MAP_SAME : MOUNT_MAP_ROOT,
        };
        TmpfsOptions o = {0};
        _cleanup_free_ char *copy = strdup(text);
        char *source, *target;

        if (!copy)
                return -ENOMEM;
        *ret_why = split(copy, &e, &source, &target, &o);
        if (*ret_why)
                return -EINVAL;
        int r = fill(&e, source, target, &o);
        if (r < 0)
                return r;
        *ret = e;
        e = (MountEntry){0};
        return 0;
}

static const char *const kinds[_MOUNT_KIND_MAX] = {
        [MOUNT_BIND] = "Bind",
        [MOUNT_VOLUME] = "Volume",
        [MOUNT_TMPFS] = "Tmpfs",
};

const char *mount_kind_name(MountKind kind)
{
        return kinds[kind];
}

int mount_line_parse(const char *text, MountEntry *ret, const char **ret_element,
                     const char **ret_why)
{
        for (MountKind kind = 0; kind < _MOUNT_KIND_MAX; kind++) {
                *ret_element = value_of(text, kinds[kind]);
                if (*ret_element)
                        return mount_entry_parse(kind, *ret_element, ret, ret_why);
        }
        *ret_why = "write Bind=SOURCE:TARGET, Volume=NAME:TARGET or Tmpfs=TARGET, as in "
                   "lodge.machine(5)";
        return -EINVAL;
}
