/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a program prints as lines that are fit to be shown: UTF-8, without terminal control
 * sequences and control characters. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define LINE_MAX_BYTES 2048

/* Where we are in a terminal control sequence. */
typedef enum EscapeState {
        ESCAPE_NONE,
        ESCAPE_BEGUN,
        ESCAPE_CSI,
        ESCAPE_OSC,
        ESCAPE_CHARSET,
} EscapeState;

typedef struct LineReader {
        char text[LINE_MAX_BYTES]; /* of the line that is not finished */
        size_t n;
        EscapeState escape;
} LineReader;

/* @text   one line, without its end
 * @is_cut it was too long: it goes on in the next one */
typedef void (*LineFn)(void *userdata, const char *text, bool is_cut);

/** line_read() - take what was printed, and pass on each line that is finished */
void line_read(LineReader *l, const char *data, size_t n, LineFn line, void *userdata);
/** line_end() - nothing more comes: pass on what has no end of line */
void line_end(LineReader *l, LineFn line, void *userdata);
