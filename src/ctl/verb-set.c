/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* set: other values for settings of a machine. */
#include "base/text.h"
#include "ctl/definition.h"
#include "ctl/json.h"
#include "ctl/report.h"
#include "ctl/verbs.h"
#include "spec/settings.h"

#include <ctype.h>
#include <string.h>

/* "memory-max", "memorymax" and "MemoryMax" are the same. */
static bool is_called(const char *name, size_t n, const char *key)
{
        for (; n > 0; name++, n--) {
                if (*name == '-' || *name == '_')
                        continue;
                if (tolower(*name) != tolower(*key))
                        return false;
                key++;
        }
        return !*key;
}

/* What people say for what systemd has another word for. */
static const char *without_synonym(const char *name, size_t *n)
{
        static const struct {
                const char *theirs, *ours;
        } synonyms[] = {
                {"memory", "MemoryMax"}, {"swap", "MemorySwapMax"}, {"pids", "TasksMax"},
                {"tasks", "TasksMax"},   {"cpu", "CPUQuota"},
        };

        for (size_t i = 0; i < ELEMENTSOF(synonyms); i++)
                if (is_called(name, *n, synonyms[i].theirs)) {
                        *n = strlen(synonyms[i].ours);
                        return synonyms[i].ours;
                }
        return name;
}

static const SettingKey *find_key(const char *assignment)
{
        size_t n = strcspn(assignment, "=");
        const char *name = without_synonym(assignment, &n);

        for (const SettingKey *key = setting_keys(); key->name; key++)
                if (is_called(name, n, key->name))
                        return key;
        return NULL;
}

static int unknown_key(const Ctl *c, const char *assignment)
{
        _cleanup_free_ char *name = strndup(assignment, strcspn(assignment, "="));
        const char *nearest = setting_key_nearest(name ?: "");

        return report_usage(c->verb, "there is no setting '%s'%s%s%s", name ?: "",
                            nearest ? "; did you mean " : "", nearest ?: "", nearest ? "?" : "");
}

/* Each given once; a list may be given part by part. */
static int check_words(const Ctl *c, char *const *words)
{
        for (size_t i = 0; words[i]; i++) {
                size_t n = strcspn(words[i], "=");
                const SettingKey *key = find_key(words[i]);

                if (!words[i][n] || n == 0)
                        return report_usage(c->verb, "'%s' is no KEY=VALUE", words[i]);
                if (!key)
                        return unknown_key(c, words[i]);
                for (size_t k = 0; k < i && key->kind != SETTING_STRV; k++)
                        if (find_key(words[k]) == key)
                                return report_usage(c->verb, "%s= is given twice", key->name);
        }
        return EXIT_OK;
}

static int append_key(sd_bus_message *m, char *const *words, size_t first)
{
        const SettingKey *key = find_key(words[first]);
        _cleanup_strv_free_ char **values = NULL;

        for (size_t i = 0; i < first; i++)
                if (find_key(words[i]) == key)
                        return 0; /* appended with that one */
        for (size_t i = first; words[i]; i++)
                if (find_key(words[i]) == key && strv_push(&values, strchr(words[i], '=') + 1) < 0)
                        return -ENOMEM;
        if (!key || !values)
                return -EINVAL; /* check_words() has seen to it */
        /* a value alone is read as in a file */
        if (!values[1])
                return client_append_option_string(m, key->name, values[0]);
        return client_append_option_strv(m, key->name, values);
}

static int append_options(const Ctl *c, sd_bus_message *m)
{
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        if (r >= 0 && args_has(&c->args, "runtime"))
                r = client_append_option_bool(m, "Runtime", true);
        if (r >= 0 && args_has(&c->args, "dry-run"))
                r = client_append_option_bool(m, "DryRun", true);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int call_set(const Ctl *c, char ***ret_waiting, Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        char *const *words = c->args.words + 1;
        int r = client_machine_call_new(&c->client, "SetProperties", c->args.words[0], &m, reterr);

        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'a', "{sv}");
        for (size_t i = 0; r >= 0 && words[i]; i++)
                r = append_key(m, words, i);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        if (r >= 0)
                r = append_options(c, m);
        if (r < 0)
                return client_fault(NULL, r, reterr);
        r = client_call(&c->client, m, CLIENT_FOREVER, &reply, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_read_strv(reply, ret_waiting);
        return r < 0 ? client_fault(NULL, r, reterr) : 0;
}

static void print_waiting(Ctl *c, const char *name, char *const *waiting)
{
        if (c->json == JSON_OFF) {
                definition_note_waiting(c, name, waiting);
                return;
        }
        _cleanup_json_ json_t *all =
                json_pack("{ssso}", "Name", name, "RestartNeeded", json_strings(waiting));
        json_print(c, all);
}

int verb_set(Ctl *c)
{
        _cleanup_strv_free_ char **waiting = NULL;
        _cleanup_fault_ Fault fault = {0};
        const char *name = c->args.words[0];
        int status = check_words(c, c->args.words + 1);

        if (status != EXIT_OK)
                return status;
        if (call_set(c, &waiting, &fault) < 0)
                return report_fault(c, name, &fault);
        print_waiting(c, name, waiting);
        return EXIT_OK;
}
