/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/nspawn-internal.h"

#include "base/text.h"
#include "spec/mount-entry.h"

#include <string.h>

/* Up to the next ':' that no backslash stands before, which are taken out; in place. */
static char *next_part(char **rest)
{
        char *part = *rest, *out = part, *in = part;

        if (!part)
                return NULL;
        for (; *in && *in != ':'; in++) {
                if (*in == '\\' && in[1])
                        in++;
                *out++ = *in;
        }
        *rest = *in ? in + 1 : NULL;
        *out = '\0';
        return part;
}

/* Without what means nothing in a path: "//", "/./", and "/" at the end. */
static void simplify(char *path)
{
        char *out = path;

        for (const char *in = path; *in;) {
                size_t n = strcspn(in + 1, "/") + 1;
                bool means_nothing = n == 1 || (n == 2 && in[1] == '.');

                if (*in != '/')
                        return; /* refused later, as it is */
                if (!means_nothing) {
                        memmove(out, in, n);
                        out += n;
                }
                in += n;
        }
        if (out == path && *path)
                out++; /* the root */
        *out = '\0';
}

/* ---- Bind= ---- */

/* What a bind's option is here; NULL: there is none. */
static const char *bind_option(const char *option, bool *is_map)
{
        static const struct {
                const char *theirs, *ours;
                bool is_map;
        } options[] = {
                {"rbind", "", false},
                {"norbind", "norecursive", false},
                {"idmap", "map=same", true},
                {"noidmap", "", false},
                {"rootidmap", "map=root", true},
                {"owneridmap", "map=owner", true},
        };

        for (size_t i = 0; i < ELEMENTSOF(options); i++) {
                if (!streq(option, options[i].theirs))
                        continue;
                *is_map = *is_map || options[i].is_map;
                return options[i].ours;
        }
        return NULL;
}

static int put_bind_options(Nspawn *n, FILE *f, const char *shown, char *options, bool *has_map)
{
        const char *option, *ours;
        int r = 0;

        while (r >= 0 && (option = strsep(&options, ","))) {
                ours = bind_option(option, has_map);
                if (!ours)
                        r = nspawn_note(n, "the option '%s' of %s has no counterpart", option,
                                        shown);
                else if (*ours)
                        (void)fprintf(f, ",%s", ours);
        }
        return r;
}

/* @text is taken apart. */
static int push_bind(Nspawn *n, char *text, bool read_only, const char *shown, bool *is_foreign)
{
        char *rest = text, *source = next_part(&rest), *target = next_part(&rest) ?: source;
        _cleanup_free_ char *element = NULL;
        bool has_map = false;
        size_t size;

        if (!*source)
                return nspawn_note(n,
                                   "%s has no counterpart: an empty source is a directory that "
                                   "is made for one run; Tmpfs= comes near",
                                   shown);
        if (*source == '+')
                return nspawn_note(n, "%s has no counterpart: its source lies in the image", shown);
        if (target != source)
                simplify(target);
        simplify(source);
        FILE *f = open_memstream(&element, &size);
        if (!f)
                return -ENOMEM;
        (void)fprintf(f, "%s:%s:%s", source, target, read_only ? "ro" : "rw");
        int r = put_bind_options(n, f, shown, rest, &has_map);
        /* Files of the host are nobody's in a machine with user ids of its own. */
        if (!has_map)
                (void)fprintf(f, ",map=%s", n->host_ids ? "same" : "none");
        *is_foreign = *is_foreign || (!has_map && !n->host_ids);
        if (fclose(f) != 0)
                return -ENOMEM;
        return r < 0 ? r : nspawn_push(n, "Bind", element, shown);
}

static int put_binds(Nspawn *n, char *const *list, bool read_only, bool *is_foreign)
{
        int r = 0;

        STRV_FOREACH (value, list) {
                _cleanup_free_ char *text = strdup(*value), *shown = NULL;

                if (!text ||
                    asprintf(&shown, "%s=%s", read_only ? "BindReadOnly" : "Bind", text) < 0)
                        return -ENOMEM;
                r = push_bind(n, text, read_only, shown, is_foreign);
                if (r < 0)
                        break;
        }
        return r;
}

/* ---- TemporaryFileSystem= ---- */

static bool tmpfs_option_is_known(const char *option)
{
        _cleanup_mount_entry_ MountEntry e = {0};
        _cleanup_free_ char *text = NULL;
        const char *why;

        return asprintf(&text, "/mnt:%s", option) >= 0 &&
               mount_entry_parse(MOUNT_TMPFS, text, &e, &why) >= 0;
}

static int put_tmpfs_options(Nspawn *n, FILE *f, const char *shown, char *options)
{
        const char *option, *separator = ":";
        int r = 0;

        while (r >= 0 && (option = strsep(&options, ","))) {
                if (!*option || streq(option, "nosuid") || streq(option, "nodev"))
                        continue; /* so it is in any case */
                if (!tmpfs_option_is_known(option)) {
                        r = nspawn_note(n, "the option '%s' of %s has no counterpart", option,
                                        shown);
                        continue;
                }
                (void)fprintf(f, "%s%s", separator, option);
                separator = ",";
        }
        return r;
}

static int push_tmpfs(Nspawn *n, char *text, const char *shown)
{
        char *rest = text, *target = next_part(&rest);
        _cleanup_free_ char *element = NULL;
        size_t size;

        simplify(target);
        FILE *f = open_memstream(&element, &size);
        if (!f)
                return -ENOMEM;
        (void)fputs(target, f);
        if (!rest || !*rest)
                (void)fputs(":mode=0755", f); /* what nspawn makes of no options */
        int r = put_tmpfs_options(n, f, shown, rest);
        if (fclose(f) != 0)
                return -ENOMEM;
        return r < 0 ? r : nspawn_push(n, "Tmpfs", element, shown);
}

int nspawn_mounts(Nspawn *n)
{
        bool is_foreign = false;
        int r = put_binds(n, n->binds, false, &is_foreign);

        r = r < 0 ? r : put_binds(n, n->read_only_binds, true, &is_foreign);
        if (r >= 0 && is_foreign)
                r = nspawn_note(n, "Bind= and BindReadOnly= without idmap: all in there belongs to "
                                   "nobody inside, as with systemd-nspawn -U; map=root in place of "
                                   "map=none gives it to the machine's root");
        STRV_FOREACH (value, n->tmpfs) {
                _cleanup_free_ char *text = strdup(*value), *shown = NULL;

                if (r < 0)
                        break;
                if (!text || asprintf(&shown, "TemporaryFileSystem=%s", text) < 0)
                        return -ENOMEM;
                r = push_tmpfs(n, text, shown);
        }
        return r;
}
