/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/names.h"
#include "base/text.h"
#include "spec/layers-internal.h"
#include "spec/setting-type.h"

#include <string.h>

/* What belongs to one machine is not for several. */
static const char *const not_in_profiles[] = {
        "Profile", "Image", "RootDirectory", "MachineID", "Hostname", "Owner", "Created", NULL,
};

typedef struct LayerSpot {
        const char *path; /* of the layer */
        unsigned line, column;
} LayerSpot;

typedef struct Parsing {
        const Layer *layer;
        const SettingKey *keys;
        LayerSpot *spots; /* of each key: where it was given last */
        Origins *origins; /* NULL: not wanted */
} Parsing;

static char *place_text(const Layer *l, unsigned line)
{
        char *text = NULL;
        int n = l->kind == LAYER_PROFILE
                        ? asprintf(&text, "profile %s: %s:%u", l->name, l->path, line)
                        : asprintf(&text, "%s:%u", l->path, line);

        return n < 0 ? NULL : text;
}

/* One value on its own, as it is kept. */
static int words_of(const SettingKey *key, const char *value, char ***ret)
{
        const Vocabulary *v = setting_vocabulary();
        _cleanup_settings_ Settings one;

        settings_init(&one);
        int r = setting_assign(v, &one, key, value, false, NULL);
        r = r < 0 ? r : vocabulary_get(v, &one, key, ret);
        return r == -EINVAL ? -ENOMEM : MIN2(r, 0); /* it was taken once already */
}

/* Does it take the place of what was said before? */
static bool starts_anew(const Origins *before, const Origin *o)
{
        bool adds = o->key->type->is_list || o->key->type->adds;

        if (!adds || !o->values || setting_is_none(o->key, o->values))
                return true;
        for (size_t i = 0; i < before->n; i++)
                if (before->list[i].key == o->key &&
                    setting_is_none(o->key, before->list[i].values))
                        return true;
        return false;
}

static int note_origin(const Parsing *p, const SettingKey *key, const char *value, unsigned line)
{
        Origin origin = {.key = key, .place = place_text(p->layer, line)};
        int r = origin.place ? 0 : -ENOMEM;

        if (r >= 0 && *value)
                r = words_of(key, value, &origin.values);
        if (r >= 0 && starts_anew(p->origins, &origin))
                origins_forget(p->origins, key);
        r = r < 0 ? r : origins_add(p->origins, &origin);
        strv_free(origin.values);
        free(origin.place);
        return r;
}

static int on_value(void *userdata, const SettingKey *key, const char *value, unsigned line,
                    unsigned column)
{
        const Parsing *p = userdata;

        p->spots[key - p->keys] = (LayerSpot){p->layer->path, line, column};
        return p->origins ? note_origin(p, key, value, line) : 0;
}

static int parse_layer(Parsing *p, const Layer *l, Settings *s, Findings *findings)
{
        const VocabularyFile file = {
                .path = l->path,
                .text = l->text,
                .n_text = l->n_text,
                .refused = l->kind == LAYER_PROFILE ? not_in_profiles : NULL,
                .refused_why = "is for one machine, and has no place in a profile",
        };

        if (l->kind == LAYER_MISSING)
                return 0;
        p->layer = l;
        return vocabulary_read(setting_vocabulary(), &file, s, on_value, p, findings);
}

static int find_missing(const Parsing *p, const Layers *l, Findings *findings)
{
        const LayerSpot *spot = &p->spots[setting_key_find("Profile") - p->keys];
        int r = 0;

        for (size_t i = 0; r >= 0 && i < l->n; i++) {
                _cleanup_free_ char *message = NULL, *hint = NULL;
                const Layer *missing = &l->list[i];

                if (missing->kind != LAYER_MISSING)
                        continue;
                if (asprintf(&message, "there is no profile '%s'", missing->name) < 0 ||
                    asprintf(&hint,
                             missing->n_text > 0 ? "there are %s"
                                                 : "there are none in " LODGE_PROFILES_ETC "%s",
                             missing->text) < 0)
                        return -ENOMEM;
                r = findings_add(findings, &(Finding){
                                                   .level = FINDING_ERROR,
                                                   .path = (char *)spot->path,
                                                   .line = spot->line,
                                                   .column = spot->column,
                                                   .message = message,
                                                   .hint = hint,
                                           });
        }
        return r;
}

static LayerSpot *new_spots(void)
{
        const SettingKey *key = setting_keys();

        while (key->name)
                key++;
        return calloc((size_t)(key - setting_keys()) + 1, sizeof(LayerSpot));
}

/* The place of one of the keys that a sentence is about, the one given last. */
static LayerSpot spot_of(const Parsing *p, const char *sentence)
{
        LayerSpot found = {0};

        for (const SettingKey *key = p->keys; key->name; key++) {
                const LayerSpot *spot = &p->spots[key - p->keys];
                const char *at = strstr(sentence, key->name);

                if (!at || at[strlen(key->name)] != '=' || !spot->path ||
                    (found.path && (!streq(found.path, spot->path) || found.line > spot->line)))
                        continue;
                found = *spot;
        }
        return found;
}

/* Each is in order: are they together? */
static int find_conflict(const Parsing *p, const Layers *l, const Settings *s, Findings *findings)
{
        _cleanup_fault_ Fault f = {0};
        LayerSpot spot = {0};
        int r = settings_validate(s, &f);

        if (r != -EINVAL)
                return r;
        if (f.message)
                spot = spot_of(p, f.message);
        for (size_t i = 0; !spot.path && i < l->n; i++)
                if (l->list[i].kind == LAYER_FILE)
                        spot.path = l->list[i].path;
        return f.message ? findings_add(findings,
                                        &(Finding){
                                                .level = FINDING_ERROR,
                                                .path = (char *)spot.path,
                                                .line = spot.line,
                                                .column = spot.column,
                                                .message = f.message,
                                        })
                         : -ENOMEM;
}

int layers_parse(const Layers *l, Settings *ret, Origins *origins, Findings *findings)
{
        _cleanup_settings_ Settings s;
        Parsing p = {.keys = setting_keys(), .spots = new_spots(), .origins = origins};
        int r = p.spots ? 0 : -ENOMEM;

        settings_init(&s);
        for (size_t i = 0; r >= 0 && i < l->n; i++)
                r = parse_layer(&p, &l->list[i], &s, findings);
        r = r < 0 ? r : find_missing(&p, l, findings);
        if (r >= 0 && !findings_first_error(findings))
                r = find_conflict(&p, l, &s, findings);
        free(p.spots);
        if (r < 0)
                return r;
        *ret = s;
        settings_init(&s);
        return 0;
}

/* ---- what layers.c asks ---- */

int layers_profiles(const Layers *l, char ***ret)
{
        _cleanup_settings_ Settings s;
        _cleanup_findings_ Findings ignored = {0}; /* found again when all is parsed */
        int r = 0;

        settings_init(&s);
        for (size_t i = 0; r >= 0 && i < l->n; i++) {
                const VocabularyFile file = {
                        .path = l->list[i].path,
                        .text = l->list[i].text,
                        .n_text = l->list[i].n_text,
                };

                r = vocabulary_read(setting_vocabulary(), &file, &s, NULL, NULL, &ignored);
        }
        if (r >= 0)
                *ret = TAKE_PTR(s.profiles);
        return r;
}
