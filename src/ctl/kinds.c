/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/kinds.h"

#include "base/names.h"
#include "base/text.h"
#include "client/client-object.h"
#include "ctl/hint.h"
#include "ctl/report.h"
#include "spec/reference.h"

#include <fnmatch.h>
#include <string.h>

const Kind kind_machine = {"Machine", "machine", LODGE_MACHINE_INTERFACE, "list",
                           FAULT_NO_SUCH_MACHINE};
const Kind kind_image = {"Image", "image", LODGE_IMAGE_INTERFACE, "image ls", FAULT_NO_SUCH_IMAGE};
const Kind kind_volume = {"Volume", "volume", LODGE_VOLUME_INTERFACE, "volume ls",
                          FAULT_NO_SUCH_VOLUME};
const Kind kind_job = {"Job", "job", LODGE_JOB_INTERFACE, "job ls", FAULT_NO_SUCH_JOB};
const Kind kind_network = {"Network", "network", LODGE_NETWORK_INTERFACE, "network ls",
                           FAULT_NO_SUCH_NETWORK};

static const char *key_of(const Kind *kind)
{
        return kind == &kind_job ? "ID" : "Name";
}

const char *kind_name_of(const json_t *object)
{
        const char *name = json_string_value(json_object_get(object, "Name"));

        return name ?: json_string_value(json_object_get(object, "ID")) ?: "";
}

int kind_list(const Ctl *c, const Kind *kind, const char *const *properties, json_t **ret,
              Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r = client_ask_objects(&c->client, kind->noun, properties, &reply, reterr);

        if (r < 0)
                return r;
        r = json_objects_from_message(reply, key_of(kind), ret);
        return r < 0 ? fault_set(reterr, FAULT_FAILED, r,
                                 "lodged gave an answer that cannot be read: %s", strerror(-r))
                     : 0;
}

int kind_names(const Ctl *c, const Kind *kind, char ***ret, Fault *reterr)
{
        _cleanup_json_ json_t *rows = NULL;
        _cleanup_strv_free_ char **names = NULL;
        json_t *row;
        size_t i;
        int r = kind_list(c, kind, (const char *const[]){key_of(kind), NULL}, &rows, reterr);

        json_array_foreach(rows, i, row) if (r >= 0) r = strv_push(&names, kind_name_of(row));
        if (r >= 0)
                *ret = TAKE_PTR(names);
        return r;
}

int kind_get(const Ctl *c, const Kind *kind, const char *name, json_t **ret, Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = client_object_get_properties(&c->client, kind->noun, kind->interface, name, &m,
                                             reterr);

        if (r >= 0)
                r = json_object_from_message(m, ret);
        return r < 0 ? client_fault(NULL, r, reterr) : 0;
}

static bool is_pattern(const char *word)
{
        return strpbrk(word, "*?[") != NULL;
}

int kind_report_no_match(Ctl *c, const Kind *kind, const char *word)
{
        _cleanup_fault_ Fault fault = {0};

        if (is_pattern(word)) {
                report_error("no %s matches '%s'", kind->word, word);
                report_hint("lodgectl %s", kind->list_verb);
                return EXIT_NOT_FOUND;
        }
        report_error("there is no %s '%s'", kind->word, word);
        (void)fault_set(&fault, kind->missing, 0, "it does not exist");
        hint_for_fault(c, word, &fault);
        return EXIT_NOT_FOUND;
}

static int expand_pattern(Ctl *c, const Kind *kind, const char *pattern, char *const *all,
                          char ***names)
{
        bool found = false;

        STRV_FOREACH (name, all)
                if (fnmatch(pattern, *name, 0) == 0) {
                        if (strv_push(names, *name) < 0)
                                return EXIT_FAILED;
                        found = true;
                }
        return found ? EXIT_OK : kind_report_no_match(c, kind, pattern);
}

static bool has_pattern(char *const *words)
{
        STRV_FOREACH (word, words)
                if (is_pattern(*word))
                        return true;
        return false;
}

int kind_expand_words(Ctl *c, const Kind *kind, char *const *words, char ***ret)
{
        _cleanup_strv_free_ char **names = NULL, **all = NULL;
        _cleanup_fault_ Fault fault = {0};
        int status = EXIT_OK;

        if (has_pattern(words) && kind_names(c, kind, &all, &fault) < 0)
                return report_fault(c, NULL, &fault);
        STRV_FOREACH (word, words) {
                if (!is_pattern(*word)) {
                        if (strv_push(&names, *word) < 0)
                                return EXIT_FAILED;
                        continue;
                }
                int s = expand_pattern(c, kind, *word, all, &names);
                if (s != EXIT_OK)
                        status = s;
        }
        *ret = TAKE_PTR(names);
        return status;
}

int kind_expand(Ctl *c, const Kind *kind, char ***ret)
{
        return kind_expand_words(c, kind, c->args.words, ret);
}

/* "docker.io/busybox" is "docker.io/library/busybox:latest", as lodged has it. */
static int canonical_words(char *const *words, const Kind *kind, char ***ret)
{
        _cleanup_strv_free_ char **names = NULL;
        int r = 0;

        STRV_FOREACH (word, words) {
                _cleanup_free_ char *canonical = NULL;

                if (kind == &kind_image && !is_pattern(*word))
                        (void)image_name_canonical(*word, &canonical, NULL);
                r = strv_push(&names, canonical ?: *word);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(names);
        return 0;
}

static bool is_selected(char *const *words, const char *name)
{
        STRV_FOREACH (word, words)
                if (streq(*word, name) || fnmatch(*word, name, 0) == 0)
                        return true;
        return false;
}

int kind_select(Ctl *c, const Kind *kind, json_t *rows, json_t **ret)
{
        _cleanup_json_ json_t *selected = json_array();
        _cleanup_strv_free_ char **words = NULL;
        int status = EXIT_OK;
        json_t *row;
        size_t i;

        if (canonical_words(c->args.words, kind, &words) < 0)
                return EXIT_FAILED;
        STRV_FOREACH (word, words) {
                char *const one[] = {*word, NULL};
                bool found = false;

                json_array_foreach(rows, i, row) found =
                        found || is_selected(one, kind_name_of(row));
                if (!found)
                        status = kind_report_no_match(c, kind, c->args.words[word - words]);
        }
        json_array_foreach(rows, i, row) if (!words || is_selected(words, kind_name_of(row)))(void)
                json_array_append(selected, row);
        *ret = TAKE_PTR(selected);
        return status;
}

int kind_list_selected(Ctl *c, const Kind *kind, const char *const *properties, json_t **ret)
{
        _cleanup_json_ json_t *all = NULL;
        _cleanup_fault_ Fault fault = {0};

        if (kind_list(c, kind, properties, &all, &fault) < 0)
                return report_fault(c, NULL, &fault);
        return kind_select(c, kind, all, ret);
}

bool kind_is_image_only(const Ctl *c, const char *name)
{
        _cleanup_json_ json_t *machine = NULL, *image = NULL;
        _cleanup_fault_ Fault fault = {0};

        return kind_get(c, &kind_machine, name, &machine, &fault) < 0 &&
               fault.code == FAULT_NO_SUCH_MACHINE &&
               kind_get(c, &kind_image, name, &image, NULL) >= 0;
}
