/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* apply: definitions from files into lodged, as often as one likes. */
#include "base/text.h"
#include "ctl/definition-change.h"
#include "ctl/definition.h"
#include "ctl/report.h"
#include "ctl/table.h"
#include "ctl/verbs.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

/* ---- which files ---- */

static int is_definition(const struct dirent *entry)
{
        _cleanup_free_ char *name = definition_name(entry->d_name);

        return name && entry->d_name[0] != '.';
}

static int push_directory(const char *path, char ***files)
{
        struct dirent **entries;
        int n = scandir(path, &entries, is_definition, alphasort), r = 0;

        if (n < 0)
                return -errno;
        for (int i = 0; i < n; i++) {
                _cleanup_free_ char *file = NULL;

                if (r >= 0 && asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0) {
                        file = NULL;
                        r = -ENOMEM;
                }
                if (r >= 0)
                        r = strv_push(files, file);
                free(entries[i]);
        }
        free(entries);
        return r < 0 ? r : n;
}

static int collect_files(const Ctl *c, char ***files)
{
        int status = EXIT_OK;

        STRV_FOREACH (word, c->args.words) {
                struct stat st;
                bool is_directory = stat(*word, &st) >= 0 && S_ISDIR(st.st_mode);
                int r = is_directory ? push_directory(*word, files) : strv_push(files, *word);

                if (r < 0) {
                        report_error("cannot apply '%s': %s", *word, strerror(-r));
                        status = EXIT_FAILED;
                } else if (is_directory && r == 0) {
                        report_error("cannot apply '%s': there is no file NAME.machine in it",
                                     *word);
                        status = EXIT_NOT_FOUND;
                }
        }
        return status;
}

/* ---- one file ---- */

typedef struct Applied {
        const char *result; /* created, changed or unchanged; NULL: it failed */
        json_t *changes;
        char **waiting; /* for the next start */
} Applied;

static int apply_text(Ctl *c, const char *path, const char *name, const char *text, Applied *ret)
{
        _cleanup_free_ char *has = NULL;
        _cleanup_fault_ Fault fault = {0};
        int r = definition_get(c, name, &has, NULL, &fault);

        if (r < 0 && fault.code != FAULT_NO_SUCH_MACHINE)
                return report_fault(c, name, &fault);
        fault_done(&fault);
        r = definition_changes(path, has, text, &ret->changes);
        if (r >= 0 && (!has || !definition_is_applied(has, text)))
                r = definition_put(c, name, text, args_has(&c->args, "dry-run"), &ret->waiting,
                                   &fault);
        else if (r >= 0)
                ret->result = "unchanged";
        if (r < 0)
                return report_fault(c, name, &fault);
        ret->result = ret->result ?: (has ? "changed" : "created");
        return EXIT_OK;
}

static int apply_file(Ctl *c, const char *path, char **ret_name, Applied *ret)
{
        _cleanup_findings_ Findings findings = {0};
        _cleanup_free_ char *text = NULL;
        size_t n;
        int status = definition_load(c, path, &text, &n);

        if (status != EXIT_OK)
                return status;
        *ret_name = definition_name(path);
        if (!*ret_name) {
                report_error("cannot apply '%s': a definition is called NAME.machine", path);
                return EXIT_USAGE;
        }
        if (definition_check(path, text, n, NULL, &findings) < 0) {
                report_error("cannot apply '%s': out of memory", path);
                return EXIT_FAILED;
        }
        definition_print_findings(stderr, &findings);
        return findings_first_error(&findings) ? EXIT_USAGE
                                               : apply_text(c, path, *ret_name, text, ret);
}

/* ---- what came of it ---- */

static void print_value(const char *key, const json_t *value, char sign)
{
        if (!value)
                return;
        (void)printf("  %c %s=", sign, key);
        print_clean(stdout, json_string_value(value));
        (void)putchar('\n');
}

static void print_applied(const Ctl *c, const char *name, const Applied *a)
{
        bool dry_run = args_has(&c->args, "dry-run"), unchanged = streq(a->result, "unchanged");
        json_t *change;
        size_t i;

        if (c->quiet)
                return;
        (void)printf("%s: %s%s%s\n", name, dry_run && !unchanged ? "would be " : "", a->result,
                     !unchanged && json_array_size(a->changes) == 0
                             ? ", but no setting has another value"
                             : "");
        json_array_foreach(a->changes, i, change)
        {
                const char *key = json_string_value(json_object_get(change, "Key"));

                print_value(key, json_object_get(change, "Old"), '-');
                print_value(key, json_object_get(change, "New"), '+');
        }
        definition_note_waiting(c, name, a->waiting);
}

static int apply_and_print(Ctl *c, const char *path, json_t *all)
{
        _cleanup_free_ char *name = NULL;
        Applied applied = {0};
        int status = apply_file(c, path, &name, &applied);

        if (c->json != JSON_OFF)
                (void)json_array_append_new(
                        all, json_pack("{ssss?sssO?so}", "Path", path, "Name", name, "Result",
                                       applied.result ?: "failed", "Changes", applied.changes,
                                       "RestartNeeded", json_strings(applied.waiting)));
        else if (applied.result)
                print_applied(c, name, &applied);
        json_decref(applied.changes);
        strv_free(applied.waiting);
        return status;
}

int verb_apply(Ctl *c)
{
        _cleanup_strv_free_ char **files = NULL;
        _cleanup_json_ json_t *all = json_array();
        int status = collect_files(c, &files);

        STRV_FOREACH (file, files) {
                int s = apply_and_print(c, *file, all);

                status = status == EXIT_OK ? s : status;
        }
        if (c->json != JSON_OFF)
                json_print(c, all);
        return status;
}
