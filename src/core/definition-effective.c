/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/definition-effective.h"

#include "base/text.h"
#include "core/definition.h"
#include "core/launch.h"
#include "core/machine.h"
#include "core/manager.h"

#include <string.h>

/* @values is taken. */
static int add(Origins *o, const SettingKey *key, char **values, const char *place)
{
        Origin origin = {.key = key, .values = values, .place = strdup(place)};
        int r = origin.place ? origins_add(o, &origin) : -ENOMEM;

        if (r < 0) {
                strv_free(values);
                free(origin.place);
        }
        return r;
}

/* What the image has given: of a list only its own. */
static int add_of_image(Origins *o, const SettingKey *key, const Settings *defined,
                        const Settings *effective)
{
        _cleanup_strv_free_ char **before = NULL, **after = NULL, **own = NULL;
        int r = settings_get(defined, key, &before);

        r = r < 0 ? r : settings_get(effective, key, &after);
        STRV_FOREACH (word, after)
                if (r >= 0 && !strv_contains(before, *word))
                        r = strv_push(&own, *word);
        return r < 0 || !own ? MIN2(r, 0) : add(o, key, TAKE_PTR(own), "image");
}

static int add_default(Origins *o, const SettingKey *key, const char *place)
{
        _cleanup_settings_ Settings none;
        char **values;

        settings_init(&none);
        int r = settings_get(&none, key, &values);
        return r < 0 ? r : add(o, key, values, place);
}

/* In the order in which they count. */
static int add_of_files(Origins *o, const SettingKey *key, const Origins *files)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < files->n; i++) {
                const Origin *from = &files->list[i];
                char **values;

                if (from->key != key)
                        continue;
                if (!from->values) {
                        r = add_default(o, key, from->place);
                        continue;
                }
                values = strv_copy(from->values);
                r = values ? add(o, key, values, from->place) : -ENOMEM;
        }
        return r;
}

static int add_key(Origins *o, const SettingKey *key, const Origins *files, const Settings *defined,
                   const Settings *effective)
{
        size_t before = o->n;
        int r = 0;

        if (!settings_equal_key(defined, effective, key))
                r = add_of_image(o, key, defined, effective);
        r = r < 0 ? r : add_of_files(o, key, files);
        return r < 0 || o->n > before ? r : add_default(o, key, "default");
}

int definition_effective(const Machine *m, Origins *ret, Fault *reterr)
{
        _cleanup_layers_ Layers layers = {0};
        _cleanup_findings_ Findings findings = {0};
        _cleanup_settings_ Settings defined = {0}, effective = {0};
        _cleanup_origins_ Origins files = {0}, all = {0};
        int r = layers_read(m->manager->root, m->name, NULL, &layers, &findings);

        if (r == -ENOENT)
                return definition_gone_fault(m->name, reterr);
        r = r < 0 ? r : layers_parse(&layers, &defined, &files, &findings);
        r = r < 0 ? r : findings_fault(&findings, reterr);
        r = r < 0 ? r : settings_copy(&defined, &effective);
        if (r >= 0) /* without its image it is told what is known */
                (void)launch_apply_image(m, &effective, NULL);
        for (const SettingKey *key = setting_keys(); r >= 0 && key->name; key++)
                if (!key->internal)
                        r = add_key(&all, key, &files, &defined, &effective);
        if (r < 0)
                return r;
        *ret = all;
        all = (Origins){0};
        return 0;
}
