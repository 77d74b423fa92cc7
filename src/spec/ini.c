/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/ini.h"

#include "base/text.h"

#include <string.h>

#define BLANK " \t\r"

typedef struct Parser {
        const char *name;
        const IniReader *reader;
        void *userdata;
        unsigned line; /* where the line that is being read begins */
        char *rest;    /* NULL at the end */
        const char *section;
        bool skip; /* a section that is for others */
} Parser;

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

static int parse_section(Parser *p, char *line, Fault *reterr)
{
        size_t n = strlen(line);
        _cleanup_free_ char *shown = NULL;

        if (line[n - 1] != ']')
                return fail(p, reterr, "a section header ends with ']'");
        line[n - 1] = '\0';
        line++;
        p->section = line;
        p->skip = strncmp(line, "X-", 2) == 0; /* left to others by custom */
        if (p->skip || p->reader->knows_section(p->userdata, line))
                return 0;
        shown = text_for_display(line, 80);
        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "%s:%u: there is no section [%s]",
                         p->name, p->line, shown ?: "");
}

static int parse_assignment(Parser *p, char *line, Fault *reterr)
{
        _cleanup_fault_ Fault why = {0};
        char *value = strchr(line, '=');

        if (!p->section)
                return fail(p, reterr, "a setting stands before the first [section]");
        if (p->skip)
                return 0;
        if (!value)
                return fail(p, reterr, "this is neither KEY=VALUE nor a [section]");
        *value++ = '\0';

        int r = p->reader->assign(p->userdata, p->section, strip(line), strip(value), &why);
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

int ini_parse(const char *name, const char *text, size_t n, const IniReader *reader, void *userdata,
              Fault *reterr)
{
        static const char bom[] = "\xef\xbb\xbf";
        Parser p = {.name = name, .reader = reader, .userdata = userdata, .line = 1};
        _cleanup_free_ char *copy = NULL;
        const char *nul = n > 0 ? memchr(text, '\0', n) : NULL;

        if (n > reader->size_max)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "%s:1: the file is larger than %zu MiB", name,
                                 reader->size_max >> 20);
        for (const char *c = text; nul && c < nul; c++)
                p.line += *c == '\n';
        if (nul)
                return fail(&p, reterr, "a NUL byte; this is no text file");

        copy = strndup(text ?: "", n);
        if (!copy)
                return -ENOMEM;
        p.rest = strncmp(copy, bom, 3) == 0 ? copy + 3 : copy;
        return parse_lines(&p, reterr);
}
