/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/change.h"

#include "base/text.h"
#include "spec/words.h"

#include <jansson.h>
#include <string.h>

#define WORDS_MAX 1024U

/* What can be changed: the option of CommitMachine(), and the instruction of a Dockerfile. */
static const struct {
        const char *key, *instruction;
        bool is_list, adds, is_command, may_be_json, has_names;
} keys[] = {
        {"Entrypoint", "ENTRYPOINT", .is_list = true, .is_command = true, .may_be_json = true},
        {"Command", "CMD", .is_list = true, .is_command = true, .may_be_json = true},
        {"Environment", "ENV", .is_list = true, .adds = true, .has_names = true},
        {"Label", "LABEL", .is_list = true, .adds = true, .has_names = true},
        {"Volume", "VOLUME", .is_list = true, .adds = true, .may_be_json = true},
        {"ExposedPort", "EXPOSE", .is_list = true, .adds = true},
        {"WorkingDirectory", "WORKDIR"},
        {"User", "USER"},
        {"StopSignal", "STOPSIGNAL"},
};

static int bad_change(const char *change, const char *why, Fault *reterr)
{
        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "the change '%s': %s", change, why);
}

static int find_key(const char *change, size_t n)
{
        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                if ((strlen(keys[i].key) == n && strncmp(change, keys[i].key, n) == 0) ||
                    (strlen(keys[i].instruction) == n &&
                     strncasecmp(change, keys[i].instruction, n) == 0))
                        return (int)i;
        return -1;
}

/* ["sh", "-c", "exit 3"] */
static int parse_json(const char *value, char ***ret)
{
        json_t *array = json_loads(value, 0, NULL), *word;
        _cleanup_strv_free_ char **words = NULL;
        int r = json_is_array(array) ? 0 : -EINVAL;
        size_t i;

        json_array_foreach(array, i, word)
        {
                if (r >= 0)
                        r = json_is_string(word) ? strv_push(&words, json_string_value(word))
                                                 : -EINVAL;
        }
        json_decref(array);
        if (r >= 0)
                *ret = TAKE_PTR(words);
        return r;
}

/* A Dockerfile's command that is no array is a line for the shell. */
static int parse_shell_line(const char *value, char ***ret)
{
        _cleanup_strv_free_ char **words = NULL;
        int r = strv_push(&words, "/bin/sh");

        if (r >= 0)
                r = strv_push(&words, "-c");
        if (r >= 0)
                r = strv_push(&words, value);
        if (r >= 0)
                *ret = TAKE_PTR(words);
        return r;
}

static int parse_words(int key, bool is_instruction, const char *value, char ***ret)
{
        _cleanup_strv_free_ char **words = NULL;
        int r;

        if (keys[key].may_be_json && *value == '[')
                return parse_json(value, ret);
        if (keys[key].is_command && is_instruction && strpbrk(value, " \t"))
                return parse_shell_line(value, ret);
        if (keys[key].is_list) {
                r = words_split(value, WORDS_MAX, &words);
        } else {
                r = strv_push(&words, value);
        }
        if (r >= 0)
                *ret = TAKE_PTR(words);
        return r;
}

static int add_change(const char *change, char ***values, Fault *reterr)
{
        size_t n = strcspn(change, "= \t");
        const char *value = change + n + strspn(change + n, "= \t");
        int key = find_key(change, n);
        _cleanup_strv_free_ char **words = NULL;

        if (key < 0 || !change[n])
                return bad_change(change,
                                  "want KEY=VALUE with Entrypoint, Command, Environment, Label, "
                                  "Volume, ExposedPort, WorkingDirectory, User or StopSignal",
                                  reterr);
        int r = parse_words(key, strncmp(change, keys[key].key, n) != 0, value, &words);
        if (r == -EINVAL || r == -E2BIG)
                return bad_change(change, "the value cannot be taken apart", reterr);
        if (!keys[key].adds)
                values[key] = strv_free(values[key]);
        STRV_FOREACH (word, r >= 0 ? words : NULL) {
                if (keys[key].has_names && (!strchr(*word, '=') || **word == '='))
                        return bad_change(change, "want NAME=VALUE", reterr);
                r = strv_push(&values[key], *word);
                if (r < 0)
                        return r;
        }
        if (r >= 0 && strv_length(words) == 0) /* an empty list takes what the image has away */
                values[key] = strv_copy((char *[]){NULL});
        return r;
}

int change_append(sd_bus_message *m, char *const *changes, Fault *reterr)
{
        char **values[ELEMENTSOF(keys)] = {NULL};
        int r = 0;

        STRV_FOREACH (change, changes) {
                r = add_change(*change, values, reterr);
                if (r < 0)
                        break;
        }
        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                if (r >= 0 && values[i])
                        r = keys[i].is_list
                                    ? client_append_option_strv(m, keys[i].key, values[i])
                                    : client_append_option_string(m, keys[i].key, values[i][0]);
                strv_free(values[i]);
        }
        return r;
}
