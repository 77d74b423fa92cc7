/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/words.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <string.h>

#define BLANK " \t\n\r"

/* Escapes of one letter and what they stand for, in pairs. */
static const char simple_escapes[] = "a\ab\bf\fn\nr\rt\tv\v\\\\\"\"''s ";

/* @digits digits of base 8 or 16 at *@p; -EINVAL if there are fewer. */
static int parse_digits(const char **p, unsigned digits, unsigned base, uint32_t *ret)
{
        uint32_t v = 0;

        for (unsigned i = 0; i < digits; i++, (*p)++) {
                const char *hex = "0123456789abcdef";
                int c = **p >= 'A' && **p <= 'F' ? **p - 'A' + 'a' : **p;
                const char *digit = c ? memchr(hex, c, base) : NULL;

                if (!digit)
                        return -EINVAL;
                v = v * base + (uint32_t)(digit - hex);
        }
        *ret = v;
        return 0;
}

static char *put_utf8(char *out, uint32_t c)
{
        if (c < 0x80) {
                *out++ = (char)c;
        } else if (c < 0x800) {
                *out++ = (char)(0xc0 | c >> 6);
                *out++ = (char)(0x80 | (c & 0x3f));
        } else if (c < 0x10000) {
                *out++ = (char)(0xe0 | c >> 12);
                *out++ = (char)(0x80 | (c >> 6 & 0x3f));
                *out++ = (char)(0x80 | (c & 0x3f));
        } else {
                *out++ = (char)(0xf0 | c >> 18);
                *out++ = (char)(0x80 | (c >> 12 & 0x3f));
                *out++ = (char)(0x80 | (c >> 6 & 0x3f));
                *out++ = (char)(0x80 | (c & 0x3f));
        }
        return out;
}

/* The escape behind a backslash at *@p, into *@out: never longer than its source. */
static int unescape(const char **p, char **out)
{
        char kind = *(*p)++;
        uint32_t c = 0;
        int r;

        for (const char *e = simple_escapes; *e; e += 2) {
                if (*e == kind) {
                        *(*out)++ = e[1];
                        return 0;
                }
        }
        switch (kind) {
        case 'x': r = parse_digits(p, 2, 16, &c); break;
        case 'u': r = parse_digits(p, 4, 16, &c); break;
        case 'U': r = parse_digits(p, 8, 16, &c); break;
        case '0' ... '7':
                (*p)--;
                r = parse_digits(p, 3, 8, &c);
                break;
        default: return -EINVAL;
        }
        if (r < 0 || c == 0)
                return -EINVAL;
        if (kind == 'u' || kind == 'U') {
                if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
                        return -EINVAL;
                *out = put_utf8(*out, c);
                return 0;
        }
        if (c > 0xff)
                return -EINVAL;
        *(*out)++ = (char)c;
        return 0;
}

/* One word from *@p, which is not blank, into @out. */
static int take_word(const char **p, char *out)
{
        char quote = '\0';

        for (; **p && (quote || !strchr(BLANK, **p));) {
                char c = *(*p)++;

                if (c == '\\') {
                        int r = **p ? unescape(p, &out) : -EINVAL;
                        if (r < 0)
                                return r;
                } else if (quote ? c == quote : c == '\'' || c == '"') {
                        quote = quote ? '\0' : c;
                } else {
                        *out++ = c;
                }
        }
        *out = '\0';
        return quote ? -EINVAL : 0;
}

int words_split(const char *line, size_t max, char ***ret)
{
        _cleanup_strv_free_ char **words = calloc(1, sizeof(char *));
        _cleanup_free_ char *word = malloc(strlen(line) + 1);

        if (!words || !word)
                return -ENOMEM;
        for (size_t n = 0; *(line += strspn(line, BLANK)); n++) {
                int r = n < max ? take_word(&line, word) : -E2BIG;

                if (r >= 0)
                        r = strv_push(&words, word);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(words);
        return 0;
}

size_t words_offset(const char *line, size_t i)
{
        _cleanup_free_ char *word = malloc(strlen(line) + 1);
        const char *p = line + strspn(line, BLANK);

        for (; word && i > 0 && take_word(&p, word) >= 0; i--)
                p += strspn(p, BLANK);
        return (size_t)(p - line);
}

/* How many bytes of a control character stand here: of ASCII, or U+0080 to U+009F, which no line of
 * a file may have either. */
static size_t count_control(const char *word)
{
        const unsigned char *c = (const unsigned char *)word;

        if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
                return 2;
        return c[0] < ' ' || c[0] == 0x7f;
}

static bool needs_quotes(const char *word)
{
        if (!*word)
                return true;
        for (; *word; word++)
                if (strchr(" '\"\\", *word) || count_control(word) > 0)
                        return true;
        return false;
}

static char *put_hex(char *out, unsigned char c)
{
        static const char hex[] = "0123456789abcdef";

        out = mempcpy(out, "\\x", 2);
        *out++ = hex[c >> 4];
        *out++ = hex[c & 15];
        return out;
}

static char *put_quoted(char *out, const char *word)
{
        *out++ = '"';
        for (; *word; word++) {
                unsigned char c = (unsigned char)*word;

                if (c == '"' || c == '\\') {
                        *out++ = '\\';
                        *out++ = (char)c;
                } else if (c == '\n' || c == '\t') {
                        *out++ = '\\';
                        *out++ = c == '\n' ? 'n' : 't';
                } else if (count_control(word) > 0) {
                        if (count_control(word) == 2)
                                out = put_hex(out, *word++);
                        out = put_hex(out, *word);
                } else {
                        *out++ = (char)c;
                }
        }
        *out++ = '"';
        return out;
}

char *words_join(char *const *words)
{
        size_t size = 1;
        char *line, *out;

        STRV_FOREACH (word, words)
                size += strlen(*word) * 4 + 3; /* \xHH each, quotes, blank */
        line = out = malloc(size);
        if (!line)
                return NULL;
        STRV_FOREACH (word, words) {
                if (out != line)
                        *out++ = ' ';
                out = needs_quotes(*word) ? put_quoted(out, *word)
                                          : mempcpy(out, *word, strlen(*word));
        }
        *out = '\0';
        return line;
}
