/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "ctl/pager.h"
#include "ctl/report.h"
#include "ctl/show.h"
#include "ctl/table.h"
#include "spec/settings.h"
#include "spec/words.h"

#include <string.h>

#define ORIGIN_COLUMN 40

/* Of a(sasss). */
static const char *text_at(const json_t *entry, size_t i)
{
        return json_string_value(json_array_get(entry, i)) ?: "";
}

static char **words_at(const json_t *entry, size_t i)
{
        char **words = calloc(1, sizeof(char *));
        json_t *word;
        size_t k;

        json_array_foreach(json_array_get(entry, i), k,
                           word) if (!words || strv_push(&words, json_string_value(word) ?: "") <
                                                       0) return strv_free(words);
        return words;
}

/* As it would stand in a file; a value that is no list stands there as it is. */
static char *value_of(const json_t *entry)
{
        _cleanup_strv_free_ char **words = words_at(entry, 1);
        const SettingKey *key = setting_key_find(text_at(entry, 0));

        if (!words)
                return NULL;
        if (key && key->kind != SETTING_STRV && strv_length(words) == 1)
                return strdup(words[0]);
        return words_join(words);
}

static void print_entry(const Ctl *c, const json_t *entry)
{
        _cleanup_free_ char *value = value_of(entry), *line = NULL, *clean = NULL;
        const char *origin = text_at(entry, 3);
        bool is_default = streq(origin, "default");

        if (args_has(&c->args, "value")) {
                print_clean(stdout, value ?: "");
                (void)putchar('\n');
                return;
        }
        if (!value || asprintf(&line, "%s=%s", text_at(entry, 0), value) < 0) {
                line = NULL;
                return;
        }
        clean = clean_text(line, SETTINGS_FILE_MAX);
        (void)printf("%s%-*s  # ", is_default ? style_on(STYLE_DIM) : "", ORIGIN_COLUMN,
                     clean ?: "");
        print_clean(stdout, origin);
        (void)printf("%s\n", is_default ? style_off() : "");
}

static void print_settings(const Ctl *c, const json_t *settings)
{
        const char *section = "";
        json_t *entry;
        size_t i;

        json_array_foreach(settings, i, entry)
        {
                if (!show_is_wanted(c, text_at(entry, 0)))
                        continue;
                if (!args_has(&c->args, "value") && !streq(section, text_at(entry, 2))) {
                        (void)printf("%s%s[", *section ? "\n" : "", style_on(STYLE_HEADING));
                        section = text_at(entry, 2);
                        print_clean(stdout, section);
                        (void)printf("]%s\n", style_off());
                }
                print_entry(c, entry);
        }
}

static json_t *settings_as_json(const Ctl *c, const char *name, const json_t *settings)
{
        json_t *list = json_array(), *entry;
        size_t i;

        json_array_foreach(settings, i, entry) if (show_is_wanted(c, text_at(entry, 0)))(void)
                json_array_append_new(list, json_pack("{sOsOsOsO}", "Key", json_array_get(entry, 0),
                                                      "Values", json_array_get(entry, 1), "Section",
                                                      json_array_get(entry, 2), "Origin",
                                                      json_array_get(entry, 3)));
        return json_pack("{ssso}", "Name", name, "Settings", list);
}

static int get_effective(const Ctl *c, const char *name, json_t **ret, Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        int r = client_machine_call_new(&c->client, "GetEffective", name, &m, reterr);

        if (r < 0)
                return r;
        r = append_no_options(c, m);
        if (r < 0)
                return client_fault(NULL, r, reterr);
        r = client_call(&c->client, m, 0, &reply, reterr);
        if (r < 0)
                return r;
        r = json_from_message(reply, ret);
        return r < 0 ? client_fault(NULL, r, reterr) : 0;
}

/* Settings that do not exist are told from those that nobody has set. */
static int check_list(const Ctl *c, const char *names)
{
        _cleanup_free_ char *list = strdup(names);
        char *rest = list, *name;

        while (rest && (name = strsep(&rest, ","))) {
                const char *nearest = setting_key_nearest(name);

                if (!setting_key_find(name))
                        return report_usage(c->verb, "there is no setting '%s'%s%s%s", name,
                                            nearest ? "; did you mean " : "", nearest ?: "",
                                            nearest ? "?" : "");
        }
        return EXIT_OK;
}

static int check_names(const Ctl *c)
{
        int status = EXIT_OK;

        for (size_t i = 0; i < c->args.n_given && status == EXIT_OK; i++) {
                const Given *g = &c->args.given[i];

                if (streq(g->option->name, "property"))
                        status = check_list(c, g->value);
        }
        return status;
}

static int show_one(Ctl *c, const char *name, json_t *all, bool heading)
{
        _cleanup_json_ json_t *settings = NULL;
        _cleanup_fault_ Fault fault = {0};

        if (get_effective(c, name, &settings, &fault) < 0)
                return report_fault(c, name, &fault);
        if (c->json != JSON_OFF) {
                (void)json_array_append_new(all, settings_as_json(c, name, settings));
                return EXIT_OK;
        }
        if (heading)
                (void)printf("# %s\n", name);
        print_settings(c, settings);
        return EXIT_OK;
}

int show_effective(Ctl *c)
{
        _cleanup_json_ json_t *all = json_array();
        _cleanup_strv_free_ char **names = NULL;
        int status = check_names(c);

        if (status == EXIT_OK)
                status = kind_expand(c, &kind_machine, &names);
        if (c->json == JSON_OFF)
                pager_open(c);
        STRV_FOREACH (name, names) {
                int s = show_one(c, *name, all, strv_length(names) > 1);

                status = status == EXIT_OK ? s : status;
        }
        pager_close();
        if (c->json != JSON_OFF && names)
                json_print(c, show_is_one(c) ? json_array_get(all, 0) : all);
        return status;
}
