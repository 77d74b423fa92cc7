/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/report.h"

#include "ctl/hint.h"
#include "ctl/terminal.h"

#include "base/text.h"

#include <stdarg.h>
#include <string.h>

#define TEXT_MAX 4096U

char *clean_text(const char *s, size_t max)
{
        char *text = text_for_display(s, max), *to = text;

        if (!text || terminal_takes_utf8())
                return text;
        /* Bytes of UTF-8 may be control characters to such a terminal. */
        for (const char *from = text; *from; from++) {
                if ((*from & 0xc0) == 0x80)
                        continue;
                *to++ = *from & 0x80 ? '?' : *from;
        }
        *to = '\0';
        return text;
}

void print_clean(FILE *f, const char *s)
{
        _cleanup_free_ char *text = clean_text(s, TEXT_MAX);

        (void)fputs(text ?: "", f);
}

_printf_(2, 0) static void print_line(const char *prefix, const char *format, va_list ap)
{
        _cleanup_free_ char *line = NULL;

        if (vasprintf(&line, format, ap) < 0) {
                line = NULL;
                return;
        }
        (void)fflush(stdout);
        (void)fputs(prefix, stderr);
        print_clean(stderr, line);
        (void)fputc('\n', stderr);
}

void report_error(const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        print_line("lodgectl: ", format, ap);
        va_end(ap);
}

void report_note(const Ctl *c, const char *format, ...)
{
        va_list ap;

        if (c->quiet)
                return;
        va_start(ap, format);
        print_line("", format, ap);
        va_end(ap);
}

void report_hint(const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        print_line("hint: ", format, ap);
        va_end(ap);
}

int report_usage(const Verb *verb, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        print_line("lodgectl: ", format, ap);
        va_end(ap);
        if (verb)
                report_hint("lodgectl help %s", verb->name);
        else
                report_hint("lodgectl help");
        return verb && verb->passes_status ? EXIT_NOT_RUN : EXIT_USAGE;
}

static int plain_exit_status(const Fault *f)
{
        if (client_is_unreachable(f))
                return EXIT_UNREACHABLE;
        switch (f->code) {
        case FAULT_NO_SUCH_MACHINE:
        case FAULT_NO_SUCH_IMAGE:
        case FAULT_NO_SUCH_PROCESS:
        case FAULT_NO_SUCH_VOLUME:
        case FAULT_NO_SUCH_JOB:
        case FAULT_NO_SUCH_NETWORK:
        case FAULT_NO_SUCH_MOUNT:
        case FAULT_NO_SUCH_PORT: return EXIT_NOT_FOUND;
        case FAULT_EXISTS:
        case FAULT_NOT_RUNNING:
        case FAULT_BUSY:
        case FAULT_PAUSED: return EXIT_WRONG_STATE;
        case FAULT_INVALID_NAME:
        case FAULT_INVALID_OPTION: return EXIT_USAGE;
        case FAULT_NOT_AUTHORIZED: return EXIT_NOT_AUTHORIZED;
        case FAULT_TIMED_OUT: return EXIT_TIMED_OUT;
        default: return EXIT_FAILED;
        }
}

int exit_status_of(const Verb *verb, const Fault *f)
{
        if (!verb->passes_status)
                return plain_exit_status(f);
        switch (f->code) {
        case FAULT_COMMAND_NOT_FOUND: return EXIT_COMMAND_NOT_FOUND;
        case FAULT_EXEC_FAILED:
        case FAULT_NOT_RUNNING:
        case FAULT_PAUSED: return EXIT_CANNOT_EXECUTE;
        default: return EXIT_NOT_RUN;
        }
}

/* Jobs name what they work on, too; once is enough. */
static const char *message_of(const char *object, const Fault *f)
{
        const char *message = f->message ?: "out of memory";
        size_t n = object ? strlen(object) : 0;

        return n > 0 && strncmp(message, object, n) == 0 && strncmp(message + n, ": ", 2) == 0
                       ? message + n + 2
                       : message;
}

static void print_fault(const Ctl *c, const char *object, const Fault *f)
{
        const char *message = message_of(object, f);

        if (client_is_unreachable(f))
                report_error("%s", message);
        else if (object)
                report_error("cannot %s '%s': %s", c->verb->action, object, message);
        else
                report_error("cannot %s: %s", c->verb->action, message);
}

int report_fault(Ctl *c, const char *object, const Fault *f)
{
        print_fault(c, object, f);
        hint_for_fault(c, object, f);
        return exit_status_of(c->verb, f);
}

int report_job_fault(Ctl *c, const char *object, const Fault *f)
{
        print_fault(c, object, f);
        hint_for_job(c, object, f);
        return exit_status_of(c->verb, f);
}
