/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/log-print.h"

#include "base/text.h"
#include "ctl/output-lines.h"
#include "ctl/report.h"
#include "ctl/table.h"
#include "ctl/time-parse.h"

#include <string.h>
#include <syslog.h>
#include <time.h>

#define USEC_PER_SEC 1000000U

static const char *const forms[_LOG_FORM_MAX] = {
        [LOG_CAT] = "cat",
        [LOG_SHORT] = "short",
        [LOG_SHORT_ISO] = "short-iso",
        [LOG_SHORT_PRECISE] = "short-precise",
};

int log_form_parse(const char *word, LogForm *ret)
{
        for (LogForm i = 0; i < _LOG_FORM_MAX; i++)
                if (streq(word, forms[i])) {
                        *ret = i;
                        return 0;
                }
        return -EINVAL;
}

void log_begin(const Ctl *c, bool is_endless, json_t **ret)
{
        *ret = c->json == JSON_OFF || is_endless ? NULL : json_array();
}

void log_print_time(LogForm form, uint64_t usec)
{
        time_t seconds = (time_t)(usec / USEC_PER_SEC);
        char text[64];
        struct tm tm;

        if (form == LOG_CAT || usec == 0 || !localtime_r(&seconds, &tm))
                return;
        if ((form == LOG_SHORT_ISO ? strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S%z", &tm)
                                   : strftime(text, sizeof(text), "%b %d %H:%M:%S", &tm)) == 0)
                return;
        (void)fputs(text, stdout);
        if (form == LOG_SHORT_PRECISE)
                (void)printf(".%06u", (unsigned)(usec % USEC_PER_SEC));
        (void)putchar(' ');
}

void log_json_string(json_t *object, const char *key, const char *value)
{
        _cleanup_free_ char *clean = NULL;

        if (!value)
                return;
        if (!utf8_is_well_formed(value))
                clean = text_for_display(value, strlen(value));
        (void)json_object_set_new(object, key, json_string(clean ?: value));
}

void log_json_end(json_t *object, json_t *all)
{
        if (all) {
                (void)json_array_append_new(all, object);
                return;
        }
        json_print_line(stdout, object);
        json_decref(object);
}

static void add_number(json_t *object, const char *key, const char *digits)
{
        uint64_t n;

        if (digits && parse_u64(digits, INT64_MAX, &n) >= 0)
                (void)json_object_set_new(object, key, json_integer((json_int_t)n));
}

static void print_json(const JournalEntry *e, json_t *all)
{
        json_t *object = json_object();

        if (e->usec)
                (void)json_object_set_new(object, "Time", json_integer((json_int_t)e->usec));
        log_json_string(object, "Machine", e->machine);
        log_json_string(object, "Message", e->message ?: "");
        log_json_string(object, "Stream", e->stream);
        log_json_string(object, "Image", e->image);
        add_number(object, "Boot", e->boot);
        log_json_string(object, "BootID", e->boot_id);
        add_number(object, "Process", e->process);
        log_json_string(object, "Command", e->command);
        add_number(object, "PID", e->pid);
        if (e->priority >= 0)
                (void)json_object_set_new(object, "Priority", json_integer(e->priority));
        if (e->is_cut)
                (void)json_object_set_new(object, "LineBreak", json_true());
        log_json_end(object, all);
}

/* "web: ", and "web/sh[42]: " of a program beside PID 1 */
static void print_source(const JournalEntry *e)
{
        print_clean(stdout, e->machine ?: "?");
        if (e->process && e->command) {
                const char *slash = strrchr(e->command, '/');

                (void)putchar('/');
                print_clean(stdout, slash && slash[1] ? slash + 1 : e->command);
                (void)putchar('[');
                print_clean(stdout, e->pid ?: "?");
                (void)putchar(']');
        }
        (void)fputs(": ", stdout);
}

void log_print(const Ctl *c, const JournalEntry *e, bool name, json_t *all)
{
        bool bad = e->priority >= 0 && e->priority <= LOG_ERR;

        if (c->json != JSON_OFF) {
                print_json(e, all);
                return;
        }
        log_print_time(c->log_form, e->usec);
        if (name || c->log_form != LOG_CAT)
                print_source(e);
        (void)fputs(bad ? style_on(STYLE_BAD) : "", stdout);
        print_clean(stdout, e->message ?: "");
        (void)fputs(bad ? style_off() : "", stdout);
        if (!e->is_cut || name || c->log_form != LOG_CAT)
                (void)putchar('\n');
}

static int parse_time(const Ctl *c, const char *option, uint64_t *ret)
{
        const char *value = args_value(&c->args, option);

        if (value && time_parse(value, ret) < 0)
                return report_usage(
                        c->verb,
                        "--%s wants a time such as '2026-11-26 02:00', '02:00', 'today' "
                        "or '-5min', not '%s'",
                        option, value);
        return EXIT_OK;
}

int log_range(const Ctl *c, size_t standard, JournalRange *ret)
{
        *ret = (JournalRange){.until = UINT64_MAX};
        int status = output_lines_max(c, standard, &ret->max);
        status = status ?: parse_time(c, "since", &ret->since);
        return status ?: parse_time(c, "until", &ret->until);
}
