/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/line.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <string.h>

/* Bytes at the end that are the beginning of a character: they belong to the next piece. */
static size_t begun_character(const char *s, size_t n)
{
        for (size_t k = 1; k <= MIN2(n, (size_t)3); k++) {
                unsigned char c = (unsigned char)s[n - k];

                if (c >= 0xc0) /* of 2, 3 or 4 bytes */
                        return (c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2) > k ? k : 0;
                if (c < 0x80)
                        break;
        }
        return 0;
}

static void finish(LineReader *l, bool is_cut, LineFn line, void *userdata)
{
        char raw[LINE_MAX_BYTES + 1];
        size_t n = l->n, rest = is_cut ? begun_character(l->text, n) : 0;

        memcpy(raw, l->text, n - rest);
        raw[n - rest] = '\0';
        memmove(l->text, l->text + n - rest, rest);
        l->n = rest;
        if (n == 0)
                return;
        _cleanup_free_ char *clean = text_for_display(raw, LINE_MAX_BYTES);
        if (clean)
                line(userdata, clean, is_cut);
}

/* Terminal control sequences: ESC [ ... letter, ESC ] ... BEL or ESC \\, ESC ( X, ESC X.
 * Return: true if @c is part of one. Source: ECMA-48, section 5.4. */
static bool in_escape(EscapeState *state, char c)
{
        switch (*state) {
        case ESCAPE_NONE:
                if (c != '\033')
                        return false;
                *state = ESCAPE_BEGUN;
                return true;
        case ESCAPE_BEGUN:
                *state = c == '[' ? ESCAPE_CSI : c == ']' ? ESCAPE_OSC : ESCAPE_NONE;
                if (c == '(' || c == ')')
                        *state = ESCAPE_CHARSET;
                return true;
        case ESCAPE_CSI:
                if (c >= 0x40 && c <= 0x7e)
                        *state = ESCAPE_NONE;
                return c != '\n';
        case ESCAPE_OSC:
                if (c == '\007' || c == '\n')
                        *state = ESCAPE_NONE;
                else if (c == '\033')
                        *state = ESCAPE_BEGUN;
                return c != '\n';
        case ESCAPE_CHARSET: *state = ESCAPE_NONE; return true;
        }
        return false;
}

void line_read(LineReader *l, const char *data, size_t n, LineFn line, void *userdata)
{
        for (size_t i = 0; i < n; i++) {
                char c = data[i];

                if (in_escape(&l->escape, c) || c == '\r')
                        continue;
                if (c == '\n') {
                        finish(l, false, line, userdata);
                        continue;
                }
                l->text[l->n++] = c == '\0' ? '?' : c == '\t' ? ' ' : c;
                if (l->n == LINE_MAX_BYTES)
                        finish(l, true, line, userdata);
        }
}

void line_end(LineReader *l, LineFn line, void *userdata)
{
        finish(l, false, line, userdata);
}
