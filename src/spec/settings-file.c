/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Definition files: the syntax of unit files. Not GKeyFile: it keeps no line numbers, and of a list
 * given twice only the second. libc only. */
#include "spec/settings.h"

#include "base/text.h"
#include "spec/setting-type.h"
#include "spec/words.h"

#include <string.h>

#define BLANK " \t\r"

typedef struct Parser {
        const char *name;
        unsigned line; /* where the line that is being read begins */
        char *rest;    /* NULL at the end */
        char section[32];
        bool in_section;
        bool skip; /* a section that is for others */
        Settings settings;
} Parser;

static void parser_done(Parser *p)
{
        settings_done(&p->settings);
}

static int fail(const Parser *p, Fault *reterr, const char *message)
{
        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "%s:%u: %s", p->name, p->line,
                         message);
}

static char *strip(char *s)
{
        s += strspn(s, BLANK);

        size_t n = strlen(s);
        while (n > 0 && strchr(BLANK, s[n - 1]))
                s[--n] = '\0';
        return s;
}

static bool is_comment(const char *line)
{
        line += strspn(line, BLANK);
        return *line == '#' || *line == ';';
}

/* Does the line go on in the next one? Two backslashes are one that is meant. */
static bool is_continued(const char *line)
{
        size_t n = strlen(line), slashes = 0;

        while (slashes < n && line[n - 1 - slashes] == '\\')
                slashes++;
        return slashes % 2 == 1;
}

static char *next_physical(Parser *p, unsigned *n_lines)
{
        char *line = strsep(&p->rest, "\n");

        if (!line)
                return NULL;
        (*n_lines)++;

        size_t n = strlen(line);
        if (n > 0 && line[n - 1] == '\r')
                line[n - 1] = '\0';
        return line;
}

/* The next line with those that continue it, put together in place; NULL at the end. */
static char *next_line(Parser *p, unsigned *n_lines)
{
        char *line = next_physical(p, n_lines), *part = line;

        p->line = *n_lines;
        if (!line || is_comment(line))
                return line;

        char *end = line + strlen(line);
        while (is_continued(part)) {
                end[-1] = ' '; /* the backslash */
                do
                        part = next_physical(p, n_lines);
                while (part && is_comment(part));
                if (!part)
                        break;

                size_t n = strlen(part);
                part = memmove(end, part, n + 1); /* towards the front: fits */
                end += n;
        }
        return line;
}

static bool section_is_known(const char *name)
{
        for (const SettingKey *key = setting_keys(); key->name; key++)
                if (streq(key->section, name))
                        return true;
        return false;
}

static int parse_section(Parser *p, char *line, Fault *reterr)
{
        size_t n = strlen(line);
        _cleanup_free_ char *shown = NULL;

        if (line[n - 1] != ']')
                return fail(p, reterr, "a section header ends with ']'");
        line[n - 1] = '\0';
        line++;
        p->in_section = true;
        p->skip = strncmp(line, "X-", 2) == 0; /* left to others by custom */
        if (p->skip)
                return 0;
        if (!section_is_known(line)) {
                shown = text_for_display(line, 80);
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "%s:%u: there is no section [%s]", p->name, p->line, shown ?: "");
        }
        (void)snprintf(p->section, sizeof(p->section), "%s", line);
        return 0;
}

static int assign(Parser *p, const char *name, const char *value, Fault *reterr)
{
        const SettingKey *key = setting_key_find(name);

        if (!key)
                return setting_unknown(name, reterr);
        if (!streq(key->section, p->section))
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "%s= belongs in [%s], not in [%s]", name, key->section,
                                 p->section);
        if (*value)
                return setting_assign(&p->settings, key, value, true, reterr);
        setting_reset(&p->settings, key);
        return 0;
}

static int parse_assignment(Parser *p, char *line, Fault *reterr)
{
        _cleanup_fault_ Fault why = {0};
        char *value = strchr(line, '=');

        if (!p->in_section)
                return fail(p, reterr, "a setting stands before the first [section]");
        if (p->skip)
                return 0;
        if (!value)
                return fail(p, reterr, "this is neither KEY=VALUE nor a [section]");
        *value++ = '\0';

        int r = assign(p, strip(line), strip(value), &why);
        return r == -EINVAL ? fail(p, reterr, why.message ?: "not valid") : r;
}

static int parse_lines(Parser *p, Fault *reterr)
{
        unsigned n_lines = 0;
        char *line;

        while ((line = next_line(p, &n_lines))) {
                int r = 0;

                if (!utf8_is_valid(line))
                        return fail(p, reterr, "not UTF-8, or a control character");
                if (is_comment(line))
                        continue;
                line = strip(line);
                if (*line == '[')
                        r = parse_section(p, line, reterr);
                else if (*line)
                        r = parse_assignment(p, line, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

int settings_parse(const char *name, const char *text, size_t n, Settings *ret, Fault *reterr)
{
        static const char bom[] = "\xef\xbb\xbf";
        __attribute__((cleanup(parser_done))) Parser p = {.name = name, .line = 1};
        _cleanup_free_ char *copy = NULL;
        const char *nul = n > 0 ? memchr(text, '\0', n) : NULL;

        settings_init(&p.settings);
        if (n > SETTINGS_FILE_MAX)
                return fail(&p, reterr, "the file is larger than 8 MiB");
        for (const char *c = text; nul && c < nul; c++)
                p.line += *c == '\n';
        if (nul)
                return fail(&p, reterr, "a NUL byte; this is no text file");

        copy = strndup(text ?: "", n);
        if (!copy)
                return -ENOMEM;
        p.rest = strncmp(copy, bom, 3) == 0 ? copy + 3 : copy;
        int r = parse_lines(&p, reterr);
        if (r < 0)
                return r;
        *ret = p.settings;
        p.settings = (Settings){0};
        return 0;
}

static int put_words(FILE *f, const SettingKey *key, char *const *words)
{
        _cleanup_free_ char *line = words_join(words);

        if (!line)
                return -ENOMEM;
        (void)fprintf(f, "%s=%s\n", key->name, line);
        return 0;
}

static int put_key(FILE *f, const SettingKey *key, char *const *words)
{
        int r = 0;

        if (!key->type->is_list)
                (void)fprintf(f, "%s=%s\n", key->name, words[0]);
        else if (!key->type->one_a_line)
                r = put_words(f, key, words);
        else
                for (; *words && r >= 0; words++)
                        r = put_words(f, key, (char *const[]){*words, NULL});
        return r;
}

static int put_settings(FILE *f, const Settings *s)
{
        const char *section = NULL;

        for (const SettingKey *key = setting_keys(); key->name; key++) {
                _cleanup_strv_free_ char **words = NULL;
                int r = settings_get(s, key, &words);

                if (r < 0)
                        return r;
                if (r == 0)
                        continue;
                if (!streq(section, key->section))
                        (void)fprintf(f, "%s[%s]\n", section ? "\n" : "", key->section);
                section = key->section;
                r = put_key(f, key, words);
                if (r < 0)
                        return r;
        }
        return ferror(f) ? -ENOMEM : 0;
}

char *settings_format(const Settings *s)
{
        _cleanup_free_ char *text = NULL;
        size_t n = 0;
        FILE *f = open_memstream(&text, &n);

        if (!f)
                return NULL;
        int r = put_settings(f, s);
        if (fclose(f) != 0 || r < 0)
                return NULL;
        return TAKE_PTR(text);
}
