/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/ini-edit.h"

#include "base/text.h"
#include "spec/ini-line.h"

#include <stdio.h>
#include <string.h>

#define BLANK " \t\r\n"

typedef struct Edit {
        const char *text, *end, *section, *key;
        char *const *values;
        char *joined;        /* room for any line */
        const char *newline; /* as in the rest of the file */
        FILE *out;
} Edit;

typedef enum LineKind {
        LINE_OTHER,
        LINE_SECTION,
        LINE_ASSIGNMENT,
} LineKind;

/* @ret_name what it begins or assigns to, in e->joined */
static LineKind line_kind(const Edit *e, const IniLine *l, const char **ret_name)
{
        if (l->is_comment)
                return LINE_OTHER;
        ini_join(l, e->joined);

        char *s = ini_strip(e->joined), *equals = strchr(s, '=');
        size_t n = strlen(s);
        if (*s == '[' && s[n - 1] == ']') {
                s[n - 1] = '\0';
                *ret_name = s + 1;
                return LINE_SECTION;
        }
        if (*s == '[' || !equals)
                return LINE_OTHER;
        *equals = '\0';
        *ret_name = ini_strip(s);
        return LINE_ASSIGNMENT;
}

static void put(const Edit *e, const char *from, const char *to)
{
        if (to > from)
                (void)fwrite(from, 1, (size_t)(to - from), e->out);
}

static void put_values(const Edit *e)
{
        STRV_FOREACH (value, e->values)
                (void)fprintf(e->out, "%s=%s%s", e->key, *value, e->newline);
}

static bool is_wanted(const Edit *e, const IniLine *l, bool *inside, LineKind *ret_kind)
{
        const char *name = NULL;

        *ret_kind = line_kind(e, l, &name);
        if (*ret_kind == LINE_SECTION)
                *inside = streq(name, e->section);
        return *inside && *ret_kind == LINE_ASSIGNMENT && streq(name, e->key);
}

/* Where in the text the values belong; NULL: there is no such section. */
static const char *find_place(const Edit *e)
{
        IniCursor c = ini_cursor(e->text, (size_t)(e->end - e->text));
        const char *last = NULL;
        bool inside = false;
        LineKind kind;

        for (IniLine l; ini_next(&c, &l);) {
                if (is_wanted(e, &l, &inside, &kind))
                        return l.start;
                if (inside && kind != LINE_OTHER)
                        last = l.end;
        }
        return last;
}

/* May a line follow the last one? That may have no end, or go on in the next. */
static void end_last_line(const Edit *e)
{
        const char *last = e->end;

        if (last > e->text && last[-1] != '\n')
                (void)fputs(e->newline, e->out);
        while (last > e->text && strchr("\r\n", last[-1]))
                last--;
        if (last > e->text && last[-1] == '\\')
                (void)fputs(e->newline, e->out);
}

static void put_text(const Edit *e)
{
        IniCursor c = ini_cursor(e->text, (size_t)(e->end - e->text));
        const char *place = find_place(e);
        bool inside = false;
        LineKind kind;

        put(e, e->text, c.at); /* the byte order mark */
        for (IniLine l; ini_next(&c, &l);) {
                if (l.start == place)
                        put_values(e);
                if (!is_wanted(e, &l, &inside, &kind))
                        put(e, l.start, l.end);
        }
        if (!*e->values || (place && place < e->end))
                return;
        end_last_line(e);
        if (!place)
                (void)fprintf(e->out, "%s[%s]%s", c.at > e->text ? e->newline : "", e->section,
                              e->newline);
        put_values(e);
}

char *ini_edit(const char *text, const char *section, const char *key, char *const *values)
{
        static char *const none[] = {NULL};
        const char *first = strchr(text, '\n');
        _cleanup_free_ char *edited = NULL;
        size_t n = 0;
        Edit e = {
                .text = text,
                .end = text + strlen(text),
                .section = section,
                .key = key,
                .values = values ?: none,
                .newline = first && first > text && first[-1] == '\r' ? "\r\n" : "\n",
                .joined = malloc(strlen(text) + 1),
                .out = open_memstream(&edited, &n),
        };

        if (!e.out)
                return NULL;
        if (e.joined)
                put_text(&e);
        bool failed = !e.joined || ferror(e.out);
        free(e.joined);
        if (fclose(e.out) != 0 || failed)
                return NULL;
        return TAKE_PTR(edited);
}

bool ini_is_empty(const char *text)
{
        IniCursor c = ini_cursor(text, strlen(text));

        for (IniLine l; ini_next(&c, &l);) {
                const char *s = l.start + strspn(l.start, BLANK);

                if (!l.is_comment && s < l.end && *s != '[')
                        return false;
        }
        return true;
}
