/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/unit-lines.h"

#include "base/text.h"
#include "spec/mount-entry.h"
#include "spec/resources.h"
#include "spec/setting-type.h"
#include "spec/words.h"

#include <string.h>

#define HEADER "# Made by lodge-generator(8) from the machine's definition: changes are lost.\n"

bool unit_is_tied(const Settings *s)
{
        for (size_t i = 0; i < ELEMENTSOF(s->unit_lists); i++)
                if (s->unit_lists[i])
                        return true;
        return false;
}

typedef struct Section {
        const char *name; /* of the unit */
        bool (*takes)(const SettingKey *key);
} Section;

static bool is_for_unit(const SettingKey *key)
{
        return streq(key->section, "Unit");
}

static bool is_for_service(const SettingKey *key)
{
        return strncmp(key->name, "Restart", strlen("Restart")) == 0;
}

static bool is_for_install(const SettingKey *key)
{
        return streq(key->section, "Install");
}

static const Section limits = {"Service", resources_is_unit_key};

static const Section sections[] = {
        {"Unit", is_for_unit},
        {"Service", is_for_service},
        {"Install", is_for_install},
};

/* RestartSec= alone does nothing in a unit, but differs from systemd's own in ours. */
static int get(const Settings *s, const SettingKey *key, char ***ret)
{
        int r = settings_get(s, key, ret);

        return r == 0 && streq(key->name, "RestartSec") && s->restart != RESTART_NO ? 1 : r;
}

/* systemd expands '%', in paths, but not in percentages. */
static void put_expanded(FILE *f, const char *text)
{
        for (const char *c = text; *c; c++)
                (void)fprintf(f, *c == '%' ? "%%%%" : "%c", *c);
        (void)fputc('\n', f);
}

static void put_line(FILE *f, const SettingKey *key, const char *word)
{
        (void)fprintf(f, "%s=", key->name);
        if (resources_is_unit_key(key) && key->type->whole_line) /* of a device */
                put_expanded(f, word);
        else
                (void)fprintf(f, "%s\n", word);
}

static int put_section(FILE *f, const Settings *s, const Section *section)
{
        bool begun = false;

        for (const SettingKey *key = setting_keys(); key->name; key++) {
                _cleanup_strv_free_ char **words = NULL;
                int r = section->takes(key) ? get(s, key, &words) : 0;

                if (r < 0)
                        return r;
                if (r == 0)
                        continue;
                if (!begun)
                        (void)fprintf(f, "%s\n[%s]\n", ftell(f) > 0 ? "" : HEADER, section->name);
                /* what the template says there counts only where the definition says nothing */
                if (!begun && section->takes == is_for_install)
                        (void)fputs("WantedBy=\n", f);
                begun = true;
                STRV_FOREACH (word, words)
                        put_line(f, key, *word);
        }
        return 0;
}

static int put_sections(FILE *f, const Settings *s)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(sections); i++)
                r = put_section(f, s, &sections[i]);
        return r;
}

/* systemd takes words apart. */
static int put_path(FILE *f, const char *path)
{
        _cleanup_free_ char *word = words_join((char *[]){(char *)path, NULL});

        if (!word)
                return -ENOMEM;
        (void)fprintf(f, "%sRequiresMountsFor=", ftell(f) > 0 ? "" : HEADER "\n[Unit]\n");
        put_expanded(f, word);
        return 0;
}

static int put_limits(FILE *f, const Settings *s)
{
        return put_section(f, s, &limits);
}

static int put_mounts(FILE *f, const Settings *s)
{
        int r = s->root_directory ? put_path(f, s->root_directory) : 0;

        for (char **bind = s->binds; r >= 0 && bind && *bind; bind++) {
                _cleanup_mount_entry_ MountEntry e = {0};
                const char *why;

                r = mount_entry_parse(MOUNT_BIND, *bind, &e, &why);
                r = r < 0 ? r : put_path(f, e.source);
        }
        return r;
}

static char *make_text(const Settings *s, int (*put)(FILE *f, const Settings *s))
{
        _cleanup_free_ char *text = NULL;
        size_t n = 0;
        FILE *f = open_memstream(&text, &n);

        if (!f)
                return NULL;
        int r = put(f, s);
        if (fclose(f) != 0 || r < 0)
                return NULL;
        return TAKE_PTR(text);
}

char *unit_lines(const Settings *s)
{
        return make_text(s, put_sections);
}

char *unit_limit_lines(const Settings *s)
{
        return make_text(s, put_limits);
}

char *unit_mount_lines(const Settings *s)
{
        return make_text(s, put_mounts);
}
