/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/exit-record.h"

#include "base/io.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>

#define STRING_MAX 4096U
#define OUTPUT_MAX 1024U

static void put_string(FILE *f, const char *key, const char *value, size_t max)
{
        _cleanup_free_ char *shown = value ? text_for_display(value, max) : NULL;

        if (shown)
                (void)fprintf(f, "%s=%s\n", key, shown);
}

/* Errors are told by ferror() at the end. */
static void put_record(FILE *f, const ExitRecord *r)
{
        size_t n = strv_length(r->output);

        put_string(f, "CAUSE", r->cause, STRING_MAX);
        put_string(f, "PHASE", r->phase, STRING_MAX);
        put_string(f, "OBJECT", r->object, STRING_MAX);
        put_string(f, "MESSAGE", r->message, STRING_MAX);
        if (r->error > 0)
                (void)fprintf(f, "ERRNO=%d\n", r->error);
        if (r->status >= 0)
                (void)fprintf(f, "STATUS=%d\n", r->status);
        if (r->signal > 0)
                (void)fprintf(f, "SIGNAL=%d\n", r->signal);
        (void)fprintf(f, "WHEN=%" PRIu64 "\n", r->when_usec);
        for (size_t i = n - MIN2(n, EXIT_RECORD_LINES_MAX); i < n; i++)
                put_string(f, "OUTPUT", r->output[i], OUTPUT_MAX);
}

int exit_record_write(int dirfd, const char *name, const ExitRecord *r)
{
        _cleanup_free_ char *text = NULL;
        size_t n = 0;
        FILE *f = open_memstream(&text, &n);

        if (!f)
                return -errno;
        put_record(f, r);
        bool failed = ferror(f);
        if (fclose(f) != 0 || failed) /* closed first: it frees the stream in every case */
                return -ENOMEM;
        return write_file_atomic_at(dirfd, name, text, n, 0600);
}

int exit_record_read(int dirfd, const char *name, ExitRecord *ret)
{
        _cleanup_free_ char *text = NULL;
        size_t n;
        int r = read_file_at(dirfd, name, EXIT_RECORD_SIZE_MAX, &text, &n);

        if (r == -EFBIG || r == -EBADFD)
                return -EBADMSG;
        if (r < 0)
                return r;
        return strlen(text) == n ? exit_record_parse(text, ret) : -EBADMSG;
}

static int take_string(char **field, const char *value)
{
        /* cleaned again: the reader shows it without knowing who has written the file */
        char *s = *field ? NULL : text_for_display(value, EXIT_RECORD_SIZE_MAX);

        if (!s)
                return *field ? -EBADMSG : -ENOMEM;
        *field = s;
        return 0;
}

static int take_number(int *field, int unset, const char *value, uint64_t max)
{
        uint64_t v;

        if (*field != unset || parse_u64(value, max, &v) < 0)
                return -EBADMSG;
        *field = (int)v;
        return 0;
}

static int take_output(ExitRecord *r, const char *value)
{
        _cleanup_free_ char *s = text_for_display(value, EXIT_RECORD_SIZE_MAX);

        if (strv_length(r->output) >= EXIT_RECORD_LINES_MAX)
                return -EBADMSG;
        return s ? strv_push(&r->output, s) : -ENOMEM;
}

static int take_line(ExitRecord *r, const char *key, const char *value)
{
        if (streq(key, "CAUSE"))
                return take_string(&r->cause, value);
        if (streq(key, "PHASE"))
                return take_string(&r->phase, value);
        if (streq(key, "OBJECT"))
                return take_string(&r->object, value);
        if (streq(key, "MESSAGE"))
                return take_string(&r->message, value);
        if (streq(key, "ERRNO"))
                return take_number(&r->error, 0, value, 4095);
        if (streq(key, "STATUS"))
                return take_number(&r->status, -1, value, 255);
        if (streq(key, "SIGNAL"))
                return take_number(&r->signal, 0, value, 64);
        if (streq(key, "WHEN"))
                return parse_u64(value, UINT64_MAX, &r->when_usec) < 0 ? -EBADMSG : 0;
        if (streq(key, "OUTPUT"))
                return take_output(r, value);
        return 0; /* of a newer release */
}

int exit_record_parse(char *text, ExitRecord *ret)
{
        _cleanup_exit_record_ ExitRecord record = {.status = -1};
        char *rest = text, *line;

        while ((line = strsep(&rest, "\n"))) {
                if (*line == '\0' && !rest)
                        break; /* behind the last newline */

                char *value = strchr(line, '=');
                if (!value)
                        return -EBADMSG;
                *value++ = '\0';
                int r = take_line(&record, line, value);
                if (r < 0)
                        return r;
        }
        if (!record.cause)
                return -EBADMSG;
        *ret = record;
        record = (ExitRecord){0};
        return 0;
}

void exit_record_done(ExitRecord *r)
{
        free(r->cause);
        free(r->phase);
        free(r->object);
        free(r->message);
        strv_free(r->output);
        *r = (ExitRecord){.status = -1};
}
