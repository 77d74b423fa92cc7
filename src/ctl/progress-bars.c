/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/progress-bars.h"

#include "base/io.h"
#include "base/size-text.h"
#include "base/text.h"
#include "ctl/report.h"
#include "ctl/time-text.h"

#include <string.h>
#include <sys/ioctl.h>

#define LINE_MAX_   512U
#define NAME_WIDTH  12 /* of an item */
#define PHASE_WIDTH 12
#define SIZES_WIDTH 17 /* "123.4M / 567.8M" */
#define BAR_MAX     40
#define BAR_MIN     8
#define ITEM_MAX    1000U

typedef struct Window {
        size_t rows, columns;
} Window;

static Window window_size(void)
{
        struct winsize size = {0};

        if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0 || size.ws_row == 0)
                return (Window){.rows = 24, .columns = 80};
        return (Window){.rows = size.ws_row, .columns = size.ws_col};
}

static const char *string_in(const json_t *object, const char *key)
{
        return json_string_value(json_object_get(object, key)) ?: "";
}

static uint64_t number_in(const json_t *object, const char *key)
{
        json_int_t n = json_integer_value(json_object_get(object, key));

        return n > 0 ? (uint64_t)n : 0;
}

/* Over a line of the last time, or below it; never wider than the window, or it would be two. */
static void put_line(const char *line, const Window *w)
{
        size_t max = w->columns > 8 ? w->columns - 4 : 4; /* and "..." */
        _cleanup_free_ char *clean = clean_text(line, max);

        (void)fprintf(stderr, "\r\033[K%s\n", clean ?: "");
}

/* "sha256:0123456789abcdef..." as people know it from elsewhere. */
static const char *short_name(const char *name)
{
        return strncmp(name, "sha256:", 7) == 0 ? name + 7 : name;
}

static void make_bar(char *buf, size_t size, uint64_t bytes, uint64_t total, size_t width)
{
        size_t full = total > 0
                              ? (size_t)((double)MIN2(bytes, total) / (double)total * (double)width)
                              : 0;
        size_t n = 0;

        if (size < width + 3)
                return;
        buf[n++] = '[';
        for (size_t i = 0; i < width; i++)
                buf[n++] = i < full ? '=' : i == full && full > 0 ? '>' : ' ';
        buf[n++] = ']';
        buf[n] = '\0';
}

/* The last that was told of a part may be from before its end: a job that is done has all. */
static void draw_item(const json_t *item, bool job_is_done, const Window *w)
{
        uint64_t total = number_in(item, "BytesTotal");
        uint64_t bytes = job_is_done && total > 0 ? total : number_in(item, "Bytes");
        const char *phase = job_is_done ? "done" : string_in(item, "Phase");
        char line[LINE_MAX_], bar[BAR_MAX + 3] = "", sizes[2 * SIZE_TEXT_MAX + 4];
        char have[SIZE_TEXT_MAX], want[SIZE_TEXT_MAX];
        size_t fixed = NAME_WIDTH + PHASE_WIDTH + SIZES_WIDTH + 6;

        if (total > 0)
                (void)snprintf(sizes, sizeof(sizes), "%s / %s", size_text(bytes, have),
                               size_text(total, want));
        else
                (void)snprintf(sizes, sizeof(sizes), "%s", bytes > 0 ? size_text(bytes, have) : "");
        if (w->columns > fixed + BAR_MIN + 2)
                make_bar(bar, sizeof(bar), bytes, total, MIN2(w->columns - fixed - 2, BAR_MAX));
        (void)snprintf(line, sizeof(line), "%-*.*s  %-*.*s %s %s", NAME_WIDTH, NAME_WIDTH,
                       short_name(string_in(item, "Item")), PHASE_WIDTH, PHASE_WIDTH, phase, bar,
                       sizes);
        put_line(line, w);
}

static void append(char line[static LINE_MAX_], const char *text)
{
        size_t n = strlen(line);

        (void)snprintf(line + n, LINE_MAX_ - n, "  %s", text);
}

/* The rest of the line: how much, how fast, how long; or how it ended. */
static void append_numbers(char line[static LINE_MAX_], const json_t *job)
{
        const char *state = string_in(job, "State");
        double progress = json_number_value(json_object_get(job, "Progress"));
        uint64_t bytes = number_in(job, "Bytes"), rate = number_in(job, "Rate");
        uint64_t end = number_in(job, "ExpectedEnd"), now = now_usec(CLOCK_REALTIME);
        char text[64], size[SIZE_TEXT_MAX], left[TIME_TEXT_MAX];

        if (*state && !streq(state, "running")) {
                append(line, state);
                if (bytes > 0)
                        append(line, size_text(bytes, size));
                return;
        }
        append(line, string_in(job, "Phase"));
        if (json_object_get(job, "Progress") && progress >= 0) {
                (void)snprintf(text, sizeof(text), "%d%%", (int)(progress * 100));
                append(line, text);
        } else if (bytes > 0) {
                append(line, size_text(bytes, size));
        }
        if (rate > 0) {
                (void)snprintf(text, sizeof(text), "%s/s", size_text(rate, size));
                append(line, text);
        }
        if (end > now) {
                (void)snprintf(text, sizeof(text), "%s left", time_span(end - now, left));
                append(line, text);
        }
}

static bool is_over(const json_t *item)
{
        const char *phase = string_in(item, "Phase");

        return streq(phase, "done") || streq(phase, "exists") || streq(phase, "present");
}

/* Where there are more than fit, those that are done are left out first. */
static unsigned draw_items(const json_t *job, const Window *w, unsigned *ret_hidden)
{
        const json_t *items = json_object_get(job, "Items");
        bool done = streq(string_in(job, "State"), "done");
        size_t n = json_array_size(items), room = w->rows > 3 ? w->rows - 3 : 1, i;
        size_t hide = n > room ? n - room : 0, over = 0;
        unsigned drawn = 0;
        json_t *item;

        json_array_foreach(items, i, item) over += is_over(item);
        size_t skip = MIN2(hide, over);
        json_array_foreach(items, i, item)
        {
                if (skip > 0 && is_over(item)) {
                        skip--;
                        continue;
                }
                if (drawn == room)
                        break;
                draw_item(item, done, w);
                drawn++;
        }
        *ret_hidden = (unsigned)(n - drawn);
        return drawn;
}

unsigned progress_draw(const json_t *job, const char *action, unsigned n_drawn)
{
        const Window w = window_size();
        char line[LINE_MAX_], more[48];
        unsigned hidden = 0;

        if (n_drawn > 0)
                (void)fprintf(stderr, "\033[%uA", MIN2(n_drawn, (unsigned)w.rows));
        unsigned drawn = draw_items(job, &w, &hidden);
        (void)snprintf(line, sizeof(line), "%s %s", action, string_in(job, "Object"));
        if (hidden > 0) {
                (void)snprintf(more, sizeof(more), "(and %u more)", hidden);
                append(line, more);
        }
        append_numbers(line, job);
        put_line(line, &w);
        if (n_drawn > drawn + 1)
                (void)fputs("\033[J", stderr);
        (void)fflush(stderr);
        return drawn + 1;
}
