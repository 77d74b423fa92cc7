/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON, JSON lines and YAML on standard output. */
#include "ctl/json.h"

#include "base/text.h"

#include <string.h>

/* Characters that terminals obey beyond those that JSON escapes anyway: DEL, the C1 controls, and
 * what turns the direction of text. Returns the length of the UTF-8 sequence, 0 for others. */
static size_t control_at(const unsigned char *s, unsigned *ret)
{
        if (*s == 0x7f) {
                *ret = *s;
                return 1;
        }
        if (s[0] == 0xc2 && s[1] >= 0x80 && s[1] <= 0x9f) {
                *ret = s[1];
                return 2;
        }
        if (s[0] != 0xe2 || (s[1] != 0x80 && s[1] != 0x81))
                return 0;
        *ret = 0x2000U | (s[1] & 0x3fU) << 6 | (s[2] & 0x3fU);
        return (*ret >= 0x202a && *ret <= 0x202e) || (*ret >= 0x2066 && *ret <= 0x2069) ? 3 : 0;
}

/* Whatever is not ASCII stands within a string, where an escape means the same. */
static void print_escaped(FILE *f, const char *text)
{
        while (*text) {
                unsigned number;
                size_t n = control_at((const unsigned char *)text, &number);

                if (n > 0)
                        (void)fprintf(f, "\\u%04x", number);
                else
                        (void)fputc(*text, f);
                text += n > 0 ? n : 1;
        }
}

static void print_json(FILE *f, const json_t *j, size_t flags)
{
        char *text = json_dumps(j, flags | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));

        if (text)
                print_escaped(f, text);
        free(text);
}

static bool is_block(const json_t *j)
{
        return json_object_size(j) > 0 || json_array_size(j) > 0;
}

static void print_yaml(const json_t *j, int indent);

/* What stands behind "key:" or "-". */
static void print_yaml_value(const json_t *value, int indent)
{
        if (is_block(value)) {
                (void)putchar('\n');
                print_yaml(value, indent);
                return;
        }
        (void)putchar(' ');
        print_json(stdout, value, JSON_COMPACT); /* scalars of JSON are scalars of YAML */
        (void)putchar('\n');
}

static void print_yaml(const json_t *j, int indent)
{
        const char *key;
        json_t *value;
        size_t i;

        if (!is_block(j)) {
                print_json(stdout, j, JSON_COMPACT);
                (void)putchar('\n');
        }
        json_object_foreach((json_t *)j, key, value)
        {
                _cleanup_json_ json_t *name = json_string(key);

                (void)printf("%*s", indent, "");
                print_json(stdout, name, 0);
                (void)putchar(':');
                print_yaml_value(value, indent + 2);
        }
        json_array_foreach(j, i, value)
        {
                (void)printf("%*s-", indent, "");
                print_yaml_value(value, indent + 2);
        }
}

void json_print_line(FILE *f, const json_t *j)
{
        print_json(f, j, JSON_COMPACT);
        (void)fputc('\n', f);
}

static void print_lines(const json_t *j)
{
        json_t *value;
        size_t i;

        json_array_foreach(j, i, value) json_print_line(stdout, value);
}

void json_print(const Ctl *c, const json_t *j)
{
        if (c->json == JSON_YAML) {
                print_yaml(j, 0);
                return;
        }
        if (c->json == JSON_LINES && json_is_array(j)) {
                print_lines(j);
                return;
        }
        print_json(stdout, j, c->json == JSON_PRETTY ? JSON_INDENT(4) : JSON_COMPACT);
        (void)putchar('\n');
}
