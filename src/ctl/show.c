/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/show.h"

#include "base/text.h"
#include "ctl/pager.h"
#include "ctl/report.h"

#include <string.h>

/* "-p State,Leader" as systemctl takes it, and "-p State -p Leader". */
static bool names_property(const char *list, const char *property)
{
        size_t n = strlen(property);

        for (const char *p = list; *p; p += strcspn(p, ",") + (p[strcspn(p, ",")] == ','))
                if (strcspn(p, ",") == n && strncmp(p, property, n) == 0)
                        return true;
        return false;
}

bool show_is_wanted(const Ctl *c, const char *property)
{
        bool all = true;

        for (size_t i = 0; i < c->args.n_given; i++) {
                const Given *g = &c->args.given[i];

                if (!streq(g->option->name, "property"))
                        continue;
                all = false;
                if (names_property(g->value, property))
                        return true;
        }
        return all;
}

static void print_value(const json_t *value)
{
        _cleanup_free_ char *text = NULL;

        if (json_is_string(value)) {
                print_clean(stdout, json_string_value(value));
                return;
        }
        if (json_is_boolean(value)) {
                (void)fputs(json_is_true(value) ? "yes" : "no", stdout);
                return;
        }
        text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        print_clean(stdout, text ?: "");
}

static void print_lines(const Ctl *c, const json_t *object)
{
        const char *key;
        json_t *value;

        json_object_foreach((json_t *)object, key, value)
        {
                if (!args_has(&c->args, "value"))
                        (void)printf("%s=", key);
                print_value(value);
                (void)putchar('\n');
        }
}

static void drop_unwanted(const Ctl *c, json_t *object)
{
        const char *key;
        json_t *value;
        void *next;

        json_object_foreach_safe(object, next, key, value) if (!show_is_wanted(c, key))(void)
                json_object_del(object, key);
}

static int get_object(Ctl *c, const Kind *kind, const char *name, json_t **ret)
{
        _cleanup_fault_ Fault fault = {0};

        if (kind_get(c, kind, name, ret, &fault) < 0)
                return report_fault(c, name, &fault);
        drop_unwanted(c, *ret);
        return EXIT_OK;
}

static int check_properties(const Ctl *c, const Kind *kind, const json_t *object)
{
        for (size_t i = 0; i < c->args.n_given; i++) {
                const Given *g = &c->args.given[i];

                if (streq(g->option->name, "property") && !strchr(g->value, ',') &&
                    !json_object_get(object, g->value))
                        return report_usage(c->verb, "a %s has no property '%s'", kind->word,
                                            g->value);
        }
        return EXIT_OK;
}

bool show_is_one(const Ctl *c)
{
        return c->args.n_words == 1 && !strpbrk(c->args.words[0], "*?[");
}

/* One object that was named is an object in JSON, too, anything else an array. */
static void print_all(const Ctl *c, const json_t *objects)
{
        json_t *object;
        size_t i;

        if (c->json != JSON_OFF) {
                bool one = show_is_one(c);

                if (json_array_size(objects) > 0 || !one)
                        json_print(c, one ? json_array_get(objects, 0) : objects);
                return;
        }
        pager_open(c);
        json_array_foreach(objects, i, object)
        {
                if (i > 0)
                        (void)putchar('\n');
                print_lines(c, object);
        }
        pager_close();
}

int show_objects(Ctl *c, const Kind *kind)
{
        _cleanup_json_ json_t *objects = json_array();
        _cleanup_strv_free_ char **names = NULL;
        int status = kind_expand(c, kind, &names);

        STRV_FOREACH (name, names) {
                _cleanup_json_ json_t *object = NULL;
                int s = get_object(c, kind, *name, &object);

                if (s == EXIT_OK)
                        s = check_properties(c, kind, object);
                if (s == EXIT_OK)
                        (void)json_array_append(objects, object);
                if (s != EXIT_OK && status == EXIT_OK)
                        status = s;
        }
        print_all(c, objects);
        return status;
}
