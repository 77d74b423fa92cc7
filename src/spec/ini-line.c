/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/ini-line.h"

#include <string.h>

#define BLANK " \t\r"
#define BOM   "\xef\xbb\xbf"

/* One line of the file. */
typedef struct Part {
        const char *start;
        size_t n; /* without what ends it */
        unsigned line;
        bool is_comment, is_continued;
} Part;

IniCursor ini_cursor(const char *text, size_t n)
{
        const char *begin = text ?: "";
        size_t skip = n >= 3 && memcmp(begin, BOM, 3) == 0 ? 3 : 0;

        return (IniCursor){begin + skip, begin + n, 1};
}

static bool begins_comment(const char *s, size_t n)
{
        while (n > 0 && (*s == ' ' || *s == '\t' || *s == '\r')) {
                s++;
                n--;
        }
        return n > 0 && (*s == '#' || *s == ';');
}

/* Two backslashes are one that is meant. */
static bool ends_open(const char *s, size_t n)
{
        size_t slashes = 0;

        while (slashes < n && s[n - 1 - slashes] == '\\')
                slashes++;
        return slashes % 2 == 1;
}

static bool next_part(IniCursor *c, Part *ret)
{
        if (c->at == c->end)
                return false;

        size_t rest = (size_t)(c->end - c->at);
        const char *newline = memchr(c->at, '\n', rest);
        size_t n = newline ? (size_t)(newline - c->at) : rest;

        *ret = (Part){.start = c->at, .n = n, .line = c->line};
        if (n > 0 && c->at[n - 1] == '\r')
                ret->n--;
        ret->is_comment = begins_comment(ret->start, ret->n);
        ret->is_continued = !ret->is_comment && ends_open(ret->start, ret->n);
        c->at += newline ? n + 1 : n;
        c->line++;
        return true;
}

bool ini_next(IniCursor *c, IniLine *ret)
{
        Part part;

        if (!next_part(c, &part))
                return false;
        *ret = (IniLine){part.start, c->at, part.line, part.is_comment};
        while (part.is_continued) {
                Part next;

                if (!next_part(c, &next))
                        break;
                if (!next.is_comment)
                        part = next;
                ret->end = c->at;
        }
        return true;
}

void ini_join(const IniLine *l, char *buf)
{
        IniCursor c = {l->start, l->end, l->line};
        bool first = true;
        Part part;

        for (; next_part(&c, &part); first = false) {
                if (part.is_comment && !first)
                        continue;
                buf = mempcpy(buf, part.start, part.n);
                if (part.is_continued)
                        buf[-1] = ' ';
        }
        *buf = '\0';
}

void ini_locate(const IniLine *l, size_t at, unsigned *ret_line, unsigned *ret_column)
{
        IniCursor c = {l->start, l->end, l->line};
        bool first = true;
        Part part;

        *ret_line = l->line;
        *ret_column = 1;
        for (; next_part(&c, &part); first = false) {
                if (part.is_comment && !first)
                        continue;
                *ret_line = part.line;
                *ret_column = (unsigned)(at < part.n ? at : part.n) + 1;
                if (at < part.n)
                        return;
                at -= part.n;
        }
}

char *ini_strip(char *s)
{
        s += strspn(s, BLANK);

        size_t n = strlen(s);
        while (n > 0 && strchr(BLANK, s[n - 1]))
                s[--n] = '\0';
        return s;
}
