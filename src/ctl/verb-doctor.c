/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "ctl/columns.h"
#include "ctl/doctor.h"
#include "ctl/report.h"
#include "ctl/table.h"
#include "ctl/verbs.h"

#include <stdarg.h>
#include <string.h>

static const struct {
        const char *name;
        Style style;
} results[_FINDING_MAX] = {
        [FINDING_OK] = {"ok", STYLE_GOOD},
        [FINDING_SKIPPED] = {"skipped", STYLE_DIM},
        [FINDING_WARNING] = {"warning", STYLE_BUSY},
        [FINDING_PROBLEM] = {"problem", STYLE_BAD},
};

void doctor_say(json_t *findings, Finding finding, const char *check, const char *hint,
                const char *format, ...)
{
        _cleanup_free_ char *message = NULL;
        va_list ap;

        va_start(ap, format);
        if (vasprintf(&message, format, ap) < 0)
                message = NULL;
        va_end(ap);
        _cleanup_free_ char *clean = text_for_display(message ?: "out of memory", 1024);
        (void)json_array_append_new(
                findings, json_pack("{ssssssss}", "Result", results[finding].name, "Check", check,
                                    "Message", clean ?: "", "Hint", hint ?: ""));
}

static Finding result_of(const json_t *row)
{
        const char *result = json_string_value(json_object_get(row, "Result"));

        for (Finding f = 0; f < _FINDING_MAX; f++)
                if (streq(result, results[f].name))
                        return f;
        return FINDING_PROBLEM;
}

static void print_finding(const json_t *row)
{
        const char *hint = json_string_value(json_object_get(row, "Hint"));
        Finding finding = result_of(row);

        (void)printf("%s%-8s%s %-13s %s\n", style_on(results[finding].style), results[finding].name,
                     style_off(), json_string_value(json_object_get(row, "Check")),
                     json_string_value(json_object_get(row, "Message")));
        if (hint && *hint)
                (void)printf("%22s hint: %s\n", "", hint);
}

int verb_doctor(Ctl *c)
{
        static const Column columns[] = {{"RESULT", "Result", NULL},
                                         {"CHECK", "Check", NULL},
                                         {"MESSAGE", "Message", NULL},
                                         {"HINT", "Hint", NULL},
                                         {.heading = NULL}};
        _cleanup_json_ json_t *findings = json_array();
        int status = EXIT_OK;
        json_t *row;
        size_t i;

        doctor_kernel(findings);
        doctor_services(findings);
        doctor_files(findings);
        doctor_store(c, findings, args_has(&c->args, "deep"));
        doctor_network(c, findings);
        json_array_foreach(findings, i, row)
        {
                if (result_of(row) == FINDING_PROBLEM)
                        status = EXIT_FAILED;
                if (columns_are_plain(c) && !(c->quiet && result_of(row) == FINDING_OK))
                        print_finding(row);
        }
        if (!columns_are_plain(c))
                (void)columns_print(c, findings, columns);
        return status;
}
