/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/definition-change.h"

#include "base/text.h"
#include "ctl/definition.h"
#include "spec/words.h"

#include <string.h>

/* What lodged adds to a definition that has no such key. */
static const char *const added[] = {"MachineID", "Owner", "Created"};

/* Is this line KEY=...? */
static bool line_is(const char *line, const char *key)
{
        size_t n = strlen(key);

        line += strspn(line, " \t");
        if (strncmp(line, key, n) != 0)
                return false;
        line += n;
        return line[strspn(line, " \t")] == '=';
}

static const char *next_line(const char *line)
{
        line += strcspn(line, "\n");
        return *line ? line + 1 : line;
}

static bool gives(const char *text, const char *key)
{
        for (; *text; text = next_line(text))
                if (line_is(text, key))
                        return true;
        return false;
}

/* A line of lodged's own, which @want knows nothing of? */
static bool is_added(const char *line, const bool wanted[static ELEMENTSOF(added)])
{
        for (size_t i = 0; i < ELEMENTSOF(added); i++)
                if (!wanted[i] && line_is(line, added[i]))
                        return true;
        return false;
}

bool definition_is_applied(const char *has, const char *want)
{
        bool wanted[ELEMENTSOF(added)];

        for (size_t i = 0; i < ELEMENTSOF(added); i++)
                wanted[i] = gives(want, added[i]);
        for (;;) {
                while (*has && is_added(has, wanted))
                        has = next_line(has);
                size_t n = strcspn(has, "\n"), n_want = strcspn(want, "\n");

                if (n != n_want || strncmp(has, want, n) != 0)
                        return false;
                if (!has[n] || !want[n_want]) /* the last newline may be missing */
                        return !has[n + (has[n] == '\n')] && !want[n_want + (want[n_want] == '\n')];
                has += n + 1;
                want += n_want + 1;
                if (!*want && !*has)
                        return true;
        }
}

static char *value_of(const Settings *s, const SettingKey *key, int *ret_error)
{
        _cleanup_strv_free_ char **words = NULL;
        int r = settings_get(s, key, &words);
        char *value = NULL;

        if (r > 0)
                value = key->kind == SETTING_STRV ? words_join(words) : strdup(words[0]);
        if (r < 0 || (r > 0 && !value))
                *ret_error = -ENOMEM;
        return value;
}

static int settings_of(const char *path, const char *text, Settings *ret)
{
        _cleanup_findings_ Findings findings = {0};

        return definition_check(path, text, strlen(text), ret, &findings);
}

static json_t *change_of(const SettingKey *key, const char *old, const char *new)
{
        json_t *change = json_pack("{ss}", "Key", key->name);

        if (old)
                (void)json_object_set_new(change, "Old", json_string(old));
        if (new)
                (void)json_object_set_new(change, "New", json_string(new));
        return change;
}

int definition_changes(const char *path, const char *has, const char *want, json_t **ret)
{
        _cleanup_settings_ Settings before, after;
        _cleanup_json_ json_t *changes = json_array();
        bool wanted_id = gives(want, "MachineID");

        settings_init(&before);
        settings_init(&after);
        int r = has ? settings_of(path, has, &before) : 0;
        r = r < 0 ? r : settings_of(path, want, &after);
        for (const SettingKey *key = setting_keys(); r >= 0 && key->name; key++) {
                _cleanup_free_ char *old = value_of(&before, key, &r),
                                    *new = value_of(&after, key, &r);

                if (key->internal || streq(old, new) ||
                    (streq(key->name, "MachineID") && !wanted_id))
                        continue;
                (void)json_array_append_new(changes, change_of(key, old, new));
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(changes);
        return 0;
}
