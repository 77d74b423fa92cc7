/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of a definition, separated by a line "%%": with three the first is a profile and the last a
 * drop-in. */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "spec/ini-edit.h"
#include "spec/layers.h"

#define SEPARATOR "\n%%\n"

static void add_layer(Layers *l, LayerKind kind, const char *text, size_t n)
{
        Layer layer = {kind, strdup("a"), strdup("a"), strndup(text, n), 0};

        PROMISE(layer.name && layer.path && layer.text);
        layer.n_text = strlen(layer.text);
        l->list = reallocarray(l->list, l->n + 1, sizeof(layer));
        PROMISE(l->list);
        l->list[l->n++] = layer;
}

static void split(const char *text, Layers *ret)
{
        static const LayerKind kinds[] = {LAYER_PROFILE, LAYER_FILE, LAYER_DROP_IN};
        const char *parts[3] = {text}, *end;
        size_t n = 1, first;

        while (n < 3 && (end = strstr(parts[n - 1], SEPARATOR)))
                parts[n++] = end + strlen(SEPARATOR);
        first = n == 3 ? 0 : 1;
        for (size_t i = 0; i < n; i++)
                add_layer(ret, kinds[MIN2(first + i, 2U)], parts[i],
                          i + 1 < n ? (size_t)(parts[i + 1] - parts[i]) - strlen(SEPARATOR)
                                    : strlen(parts[i]));
}

static void check_findings(const Findings *findings)
{
        for (size_t i = 0; i < findings->n; i++) {
                _cleanup_free_ char *text = finding_text(&findings->list[i]);

                PROMISE(text && utf8_is_valid(text) && !strpbrk(text, "\n\x7f"));
                PROMISE((findings->list[i].line == 0) == (findings->list[i].column == 0));
        }
}

/* Whatever is not the default has been said somewhere. */
static void check_origins(const Settings *s, const Origins *origins)
{
        _cleanup_settings_ Settings none;

        settings_init(&none);
        for (const SettingKey *key = setting_keys(); key->name; key++) {
                bool found = settings_equal_key(s, &none, key);

                for (size_t i = 0; i < origins->n; i++)
                        found = found || origins->list[i].key == key;
                PROMISE(found);
        }
}

/* A key that is edited has its new value, and every other the one that it had. */
static void try_edit(Layers *l, const SettingKey *key, const Settings *before,
                     const Settings *values)
{
        _cleanup_strv_free_ char **lines = NULL, **own = NULL;
        _cleanup_findings_ Findings findings = {0};
        _cleanup_settings_ Settings after = {0};
        Layer *last = &l->list[l->n - 1];
        _cleanup_free_ char *old = strdup(last->text);

        PROMISE(old && settings_lines(values, key, &own) >= 0 && strv_push(&lines, "") >= 0);
        STRV_FOREACH (line, own)
                PROMISE(strv_push(&lines, *line) >= 0);
        PROMISE(layer_set_text(last, ini_edit(last->text, key->section, key->name, lines)) >= 0);
        PROMISE(layers_parse(l, &after, NULL, &findings) >= 0);
        PROMISE(settings_equal_key(&after, values, key));
        for (const SettingKey *other = setting_keys(); other->name; other++)
                PROMISE(other == key || settings_equal_key(&after, before, other));
        PROMISE(layer_set_text(last, TAKE_PTR(old)) >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        static const char values[] =
                "[Machine]\nDescription=d\nLabel=x=\"a b\"\n[Exec]\nCommand=a 'b c' \"\"\n"
                "Environment=\"A=\\n\"\nBoot=no\n[Security]\nDropCapability=all\n";
        _cleanup_free_ char *text = strndup((const char *)data, n);
        _cleanup_layers_ Layers layers = {0};
        _cleanup_findings_ Findings findings = {0};
        _cleanup_settings_ Settings s = {0}, other = {0};
        _cleanup_origins_ Origins origins = {0};

        PROMISE(text);
        split(text, &layers);
        PROMISE(layers_parse(&layers, &s, &origins, &findings) >= 0);
        check_findings(&findings);
        check_origins(&s, &origins);
        PROMISE(settings_parse("", values, strlen(values), &other, NULL) >= 0);
        if (findings_first_error(&findings))
                return 0; /* what is broken is not edited */
        for (const SettingKey *key = setting_keys(); key->name; key++) {
                try_edit(&layers, key, &s, &s);
                try_edit(&layers, key, &s, &other);
        }
        return 0;
}
