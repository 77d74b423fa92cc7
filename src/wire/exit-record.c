/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/exit-record.h"

#include "base/io.h"
#include "base/text.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#define STRING_MAX 4096U
#define OUTPUT_MAX 1024U
/* A short record: strings of at most that, and no output. It fits into what is reserved. */
#define SHORT_MAX 1024U
#define RESERVED  4096U
#define PREFIX    ".#"

static void put_string(FILE *f, const char *key, const char *value, size_t max)
{
        _cleanup_free_ char *shown = value ? text_for_display(value, max) : NULL;

        if (shown)
                (void)fprintf(f, "%s=%s\n", key, shown);
}

/* Errors are told by ferror() at the end. */
static void put_record(FILE *f, const ExitRecord *r, bool is_short)
{
        size_t n = is_short ? 0 : strv_length(r->output), max = is_short ? SHORT_MAX : STRING_MAX;

        put_string(f, "CAUSE", r->cause, is_short ? 64 : STRING_MAX);
        put_string(f, "PHASE", r->phase, is_short ? 64 : STRING_MAX);
        put_string(f, "OBJECT", r->object, max);
        put_string(f, "MESSAGE", r->message, max);
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

static char *reserved_name(const char *name)
{
        char *s;

        return asprintf(&s, PREFIX "%s", name) < 0 ? NULL : s;
}

const char *exit_record_reserved(const char *filename)
{
        const size_t n = strlen(PREFIX);

        return strncmp(filename, PREFIX, n) == 0 ? filename + n : NULL;
}

int exit_record_reserve(int dirfd, const char *name)
{
        _cleanup_free_ char *reserved = reserved_name(name);
        _cleanup_close_ int fd = -EBADF;

        if (!reserved)
                return -ENOMEM;
        (void)unlinkat(dirfd, reserved, 0); /* of a run whose shim was killed */
        fd = openat(dirfd, reserved, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return -errno;
        if (fallocate(fd, 0, 0, RESERVED) < 0 && errno != EOPNOTSUPP) {
                int r = -errno;

                (void)unlinkat(dirfd, reserved, 0);
                return r;
        }
        return 0;
}

void exit_record_release(int dirfd, const char *name)
{
        _cleanup_free_ char *reserved = reserved_name(name);

        if (reserved)
                (void)unlinkat(dirfd, reserved, 0);
}

/* From the beginning, over what is there: to truncate the file first would give its space away. */
static int write_text(int fd, const ExitRecord *r, bool is_short)
{
        _cleanup_free_ char *text = NULL;
        size_t n = 0;
        FILE *f = open_memstream(&text, &n);

        if (!f)
                return -errno;
        put_record(f, r, is_short);
        bool failed = ferror(f);
        if (fclose(f) != 0 || failed) /* closed first: it frees the stream in every case */
                return -ENOMEM;
        if (lseek(fd, 0, SEEK_SET) < 0)
                return -errno;
        int e = write_all(fd, text, n);
        if (e < 0)
                return e;
        return ftruncate(fd, (off_t)n) < 0 ? -errno : 0;
}

int exit_record_write(int dirfd, const char *name, const ExitRecord *r)
{
        _cleanup_free_ char *reserved = reserved_name(name);
        _cleanup_close_ int fd = -EBADF;

        if (!reserved)
                return -ENOMEM;
        fd = openat(dirfd, reserved, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return -errno;
        int e = write_text(fd, r, false);
        if (e < 0)
                e = write_text(fd, r, true);
        if (e >= 0 && renameat(dirfd, reserved, dirfd, name) < 0)
                e = -errno;
        if (e < 0)
                (void)unlinkat(dirfd, reserved, 0);
        return e;
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
