/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/ini.h"

#include "base/text.h"
#include "spec/ini-line.h"

#include <string.h>

struct IniSpot {
        const IniLine *line;
        size_t at;
};

void ini_spot(const IniSpot *spot, size_t at, unsigned *ret_line, unsigned *ret_column)
{
        ini_locate(spot->line, spot->at + at, ret_line, ret_column);
}

/* ---- all of it ---- */

typedef struct Visit {
        const IniVisitor *visitor;
        void *userdata;
        IniLine line;
        char *joined; /* the line; room for the longest that there could be */
        char *section;
        bool skip; /* a section that is for others */
} Visit;

static IniSpot spot_of(const Visit *v, const char *in_line)
{
        return (IniSpot){&v->line, (size_t)(in_line - v->joined)};
}

static int malformed(const Visit *v, const char *at, const char *message)
{
        IniSpot spot = spot_of(v, at);

        return v->visitor->malformed(v->userdata, message, &spot);
}

static int visit_section(Visit *v, char *line)
{
        size_t n = strlen(line);

        if (line[n - 1] != ']') {
                v->skip = true; /* nobody knows where what follows belongs */
                return malformed(v, line, "a section header ends with ']'");
        }
        line[n - 1] = '\0';
        free(v->section);
        v->section = strdup(++line);
        if (!v->section)
                return -ENOMEM;
        v->skip = strncmp(line, "X-", 2) == 0; /* left to others by custom */
        if (v->skip)
                return 0;
        IniSpot spot = spot_of(v, line);
        int r = v->visitor->section(v->userdata, line, &spot);
        v->skip = r > 0;
        return MIN2(r, 0);
}

static int visit_assignment(Visit *v, char *line)
{
        char *value = strchr(line, '=');

        if (v->skip)
                return 0;
        if (!v->section) {
                v->skip = true; /* said once */
                return malformed(v, line, "a setting stands before the first [section]");
        }
        if (!value)
                return malformed(v, line, "this is neither KEY=VALUE nor a [section]");
        *value++ = '\0';
        value = ini_strip(value);
        IniSpot key = spot_of(v, line), content = spot_of(v, value);
        return v->visitor->assign(v->userdata, v->section, ini_strip(line), value, &key, &content);
}

static int visit_line(Visit *v)
{
        char *line = v->joined;

        ini_join(&v->line, line);
        if (!utf8_is_valid(line))
                return malformed(v, line, "not UTF-8, or a control character");
        if (v->line.is_comment)
                return 0;
        line = ini_strip(line);
        if (*line == '[')
                return visit_section(v, line);
        return *line ? visit_assignment(v, line) : 0;
}

static int visit_lines(Visit *v, const char *text, size_t n)
{
        IniCursor c = ini_cursor(text, n);
        int r = 0;

        for (IniLine line; r == 0 && ini_next(&c, &line);) {
                v->line = line;
                r = visit_line(v);
        }
        return r;
}

/* The text as a whole is none. */
static int refuse_text(const IniVisitor *visitor, void *userdata, unsigned line,
                       const char *message)
{
        IniLine whole = {"", "", line, false};
        IniSpot spot = {&whole, 0};

        return visitor->malformed(userdata, message, &spot);
}

int ini_visit(const char *text, size_t n, const IniVisitor *visitor, void *userdata)
{
        const char *nul = n > 0 ? memchr(text, '\0', n) : NULL;
        Visit v = {.visitor = visitor, .userdata = userdata};
        char message[64];
        unsigned line = 1;

        if (n > visitor->size_max) {
                (void)snprintf(message, sizeof(message), "the file is larger than %zu MiB",
                               visitor->size_max >> 20);
                return refuse_text(visitor, userdata, 1, message);
        }
        for (const char *c = text; nul && c < nul; c++)
                line += *c == '\n';
        if (nul)
                return refuse_text(visitor, userdata, line, "a NUL byte; this is no text file");
        v.joined = malloc(n + 1);
        int r = v.joined ? visit_lines(&v, text, n) : -ENOMEM;
        free(v.section);
        free(v.joined);
        return r;
}

/* ---- up to the first error ---- */

typedef struct Parsing {
        const char *name;
        const IniReader *reader;
        void *userdata;
        Fault *reterr;
} Parsing;

static int fail(const Parsing *p, const IniSpot *spot, const char *message)
{
        unsigned line, column;

        ini_spot(spot, 0, &line, &column);
        return fault_set(p->reterr, FAULT_INVALID_OPTION, EINVAL, "%s:%u: %s", p->name, line,
                         message);
}

static int parse_malformed(void *userdata, const char *message, const IniSpot *spot)
{
        return fail(userdata, spot, message);
}

static int parse_section(void *userdata, const char *section, const IniSpot *spot)
{
        const Parsing *p = userdata;
        _cleanup_free_ char *shown = NULL, *message = NULL;

        if (p->reader->knows_section(p->userdata, section))
                return 0;
        shown = text_for_display(section, 80);
        if (asprintf(&message, "there is no section [%s]", shown ?: "") < 0)
                return -ENOMEM;
        return fail(p, spot, message);
}

static int parse_assignment(void *userdata, const char *section, const char *name,
                            const char *value, const IniSpot *key, const IniSpot *content)
{
        const Parsing *p = userdata;
        _cleanup_fault_ Fault why = {0};
        int r = p->reader->assign(p->userdata, section, name, value, &why);

        return r == -EINVAL ? fail(p, key, why.message ?: "not valid") : r;
}

int ini_parse(const char *name, const char *text, size_t n, const IniReader *reader, void *userdata,
              Fault *reterr)
{
        const IniVisitor visitor = {parse_section, parse_assignment, parse_malformed,
                                    reader->size_max};
        Parsing p = {name, reader, userdata, reterr};

        return ini_visit(text, n, &visitor, &p);
}
