/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/definition-change.h"

#include "base/io.h"
#include "base/names.h"
#include "base/text.h"
#include "core/store.h"
#include "spec/ini-edit.h"

#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>

#define DROP_IN_HEADER "# Made by lodged; lodgectl set changes it.\n"

void definition_draft_done(DefinitionDraft *d)
{
        g_free(d->name);
        layers_done(&d->layers);
        strv_free(d->changed);
        settings_done(&d->effective);
        *d = (DefinitionDraft){0};
}

static void draft_init(DefinitionDraft *d, const char *name)
{
        *d = (DefinitionDraft){.name = g_strdup(name)};
        settings_init(&d->effective);
}

/* ---- parsing ---- */

/* The settings before a layer. */
static int parse_before(const DefinitionDraft *d, const Layer *layer, Settings *ret)
{
        const Layers before = {d->layers.list, (size_t)(layer - d->layers.list)};
        _cleanup_findings_ Findings ignored = {0};

        return layers_parse(&before, ret, NULL, &ignored);
}

static int parse_all(DefinitionDraft *d, Origins *origins, Fault *reterr)
{
        _cleanup_findings_ Findings findings = {0};
        int r;

        settings_done(&d->effective);
        settings_init(&d->effective);
        r = layers_parse(&d->layers, &d->effective, origins, &findings);
        return r < 0 ? r : findings_fault(&findings, reterr);
}

/* ---- editing ---- */

typedef enum EditMode {
        EDIT_ASSIGN, /* it has this value then, whatever the layers before say */
        EDIT_ADD,    /* a list adds to theirs */
        EDIT_CLEAR,
} EditMode;

/* The lines that make of @before what @values says; NULL: none needed. */
static int lines_for(const SettingKey *key, const Settings *before, const Settings *values,
                     EditMode mode, char ***ret)
{
        _cleanup_strv_free_ char **lines = NULL, **own = NULL;
        bool is_fresh = vocabulary_equal_key(before, setting_vocabulary()->defaults, key);
        int is_set = settings_lines(values, key, &own), r;

        if (is_set < 0)
                return is_set;
        if (is_set == 0 && is_fresh)
                return 0;
        bool resets = mode == EDIT_ASSIGN && !is_fresh && setting_key_adds(key);
        r = resets || !own || !*own ? strv_push(&lines, "") : 0;
        STRV_FOREACH (line, own)
                r = r < 0 ? r : strv_push(&lines, *line);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(lines);
        return 0;
}

static int edit_key(Layer *layer, const SettingKey *key, char *const *lines)
{
        return layer_set_text(layer, ini_edit(layer->text, key->section, key->name, lines));
}

static int edit_layer(DefinitionDraft *d, Layer *layer, char *const *keys, const Settings *values,
                      EditMode mode)
{
        _cleanup_settings_ Settings before = {0};
        _cleanup_free_ char *old = g_strdup(layer->text);
        int r = parse_before(d, layer, &before);

        for (const SettingKey *key = setting_keys(); r >= 0 && key->name; key++) {
                _cleanup_strv_free_ char **lines = NULL;

                if (!strv_contains(keys, key->name))
                        continue;
                if (mode != EDIT_CLEAR)
                        r = lines_for(key, &before, values, mode, &lines);
                r = r < 0 ? r : edit_key(layer, key, lines);
        }
        if (r >= 0 && !streq(old, layer->text) && !strv_contains(d->changed, layer->path))
                r = strv_push(&d->changed, layer->path);
        return r;
}

/* A text that was cut short would lose what comes behind. */
static int check_text(const Layer *layer, Fault *reterr)
{
        return strlen(layer->text) == layer->n_text
                       ? 0
                       : fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                   "%s: a NUL byte; this is no text file", layer->path);
}

/* ---- where a change goes ---- */

static char *drop_in_path(const char *root, const char *name, bool runtime)
{
        return g_strconcat(root, runtime ? LODGE_DEFINITIONS_RUN : LODGE_DEFINITIONS_ETC, "/", name,
                           LODGE_DROP_INS_SUFFIX "/",
                           runtime ? LODGE_DROP_IN_RUNTIME : LODGE_DROP_IN_SET, NULL);
}

/* The drop-in of ours, with what one of the same name elsewhere has said. */
static int take_drop_in(const char *root, DefinitionDraft *d, bool runtime, Layer **ret,
                        Fault *reterr)
{
        const char *file = runtime ? LODGE_DROP_IN_RUNTIME : LODGE_DROP_IN_SET;
        _cleanup_free_ char *path = drop_in_path(root, d->name, runtime);
        Layer *layer = layers_drop_in(&d->layers, file, true, path);

        if (!layer)
                return -ENOMEM;
        if (!streq(layer->path, path)) {
                if (runtime && !g_str_has_prefix(layer->path + strlen(root), LODGE_DEFINITIONS_USR))
                        return fault_set(reterr, FAULT_FAILED, EEXIST,
                                         "%s hides %s, where this would be written: give it "
                                         "another name",
                                         layer->path, path);
                free(layer->path);
                layer->path = strdup(path);
                if (!layer->path)
                        return -ENOMEM;
        }
        if (layer->n_text == 0 && layer_set_text(layer, strdup(DROP_IN_HEADER)) < 0)
                return -ENOMEM;
        *ret = layer;
        return check_text(layer, reterr);
}

static int on_value(void *userdata, const SettingKey *key, const char *value, unsigned line,
                    unsigned column)
{
        return strv_push(userdata, key->name);
}

/* The settings that drop-ins have something to say about, but for the one that is ours until the
 * next boot. */
static int find_dropped_in(const DefinitionDraft *d, char ***ret)
{
        _cleanup_settings_ Settings s;
        _cleanup_findings_ Findings ignored = {0};
        int r = 0;

        settings_init(&s);
        for (size_t i = 0; r >= 0 && i < d->layers.n; i++) {
                const Layer *l = &d->layers.list[i];
                const VocabularyFile file = {.path = l->path, .text = l->text, .n_text = l->n_text};

                if (l->kind == LAYER_DROP_IN && !streq(l->name, LODGE_DROP_IN_RUNTIME))
                        r = vocabulary_read(setting_vocabulary(), &file, &s, on_value, ret,
                                            &ignored);
        }
        return r;
}

static bool is_of_package(const char *root, const Layer *file)
{
        return g_str_has_prefix(file->path + strlen(root), LODGE_DEFINITIONS_USR "/");
}

/* Into the file itself, as far as that decides. */
static int change_file(const char *root, DefinitionDraft *d, char *const *keys,
                       const Settings *values, Fault *reterr)
{
        _cleanup_strv_free_ char **dropped_in = NULL, **here = NULL, **there = NULL;
        Layer *file = layers_file(&d->layers), *drop_in = NULL;
        int r = find_dropped_in(d, &dropped_in);

        STRV_FOREACH (key, keys) {
                bool elsewhere =
                        !file || is_of_package(root, file) || strv_contains(dropped_in, *key);

                r = r < 0 ? r : strv_push(elsewhere ? &there : &here, *key);
        }
        if (r >= 0 && here) {
                r = check_text(file, reterr);
                r = r < 0 ? r : edit_layer(d, file, here, values, EDIT_ASSIGN);
        }
        if (r >= 0 && there) {
                r = take_drop_in(root, d, false, &drop_in, reterr);
                r = r < 0 ? r : edit_layer(d, drop_in, there, values, EDIT_ASSIGN);
        }
        /* what was said until the next boot has been overtaken */
        drop_in = layers_drop_in(&d->layers, LODGE_DROP_IN_RUNTIME, false, NULL);
        if (r >= 0 && drop_in &&
            g_str_has_prefix(drop_in->path + strlen(root), LODGE_DEFINITIONS_RUN)) {
                r = check_text(drop_in, reterr);
                r = r < 0 ? r : edit_layer(d, drop_in, keys, values, EDIT_CLEAR);
        }
        return r;
}

static int change_runtime(const char *root, DefinitionDraft *d, char *const *keys,
                          const Settings *values, Fault *reterr)
{
        Layer *layer = NULL;
        int r = take_drop_in(root, d, true, &layer, reterr);

        return r < 0 ? r : edit_layer(d, layer, keys, values, EDIT_ASSIGN);
}

/* Has everything the value that was asked for? */
static int check_in_effect(const DefinitionDraft *d, char *const *keys, const Settings *values,
                           const Origins *origins, Fault *reterr)
{
        STRV_FOREACH (name, keys) {
                const SettingKey *key = setting_key_find(*name);
                const char *place = NULL;

                if (settings_equal_key(&d->effective, values, key))
                        continue;
                for (size_t i = 0; i < origins->n; i++)
                        if (origins->list[i].key == key)
                                place = origins->list[i].place;
                return fault_set(reterr, FAULT_FAILED, EBUSY,
                                 "%s= of machine '%s' is decided by %s, which counts more than "
                                 "what would be written: change it there",
                                 *name, d->name, place ?: "another file");
        }
        return 0;
}

/* ---- drafts ---- */

/* All that are not the default, or those that were named. */
static int keys_of(const DefinitionChange *change, char ***ret)
{
        int r = 0;

        for (const SettingKey *key = setting_keys(); r >= 0 && key->name; key++)
                if (change->keys ? strv_contains(change->keys, key->name)
                                 : !vocabulary_equal_key(change->values,
                                                         setting_vocabulary()->defaults, key))
                        r = strv_push(ret, key->name);
        return r;
}

typedef int (*EditFn)(const char *root, DefinitionDraft *d, char *const *keys,
                      const Settings *values, Fault *reterr);

/* Profile= decides what comes before the rest, so it comes first. */
static int edit_draft(const char *root, DefinitionDraft *d, char *const *keys,
                      const Settings *values, EditFn edit, Fault *reterr)
{
        static char profile[] = "Profile";
        _cleanup_findings_ Findings findings = {0};
        int r = 0;

        if (strv_contains(keys, profile)) {
                r = edit(root, d, (char *const[]){profile, NULL}, values, reterr);
                r = r < 0 ? r : layers_update_profiles(root, &d->layers, &findings);
                r = r < 0 ? r : findings_fault(&findings, reterr);
        }
        return r < 0 ? r : edit(root, d, keys, values, reterr);
}

static int read_draft(const char *root, const LayerText *file, DefinitionDraft *d, Fault *reterr)
{
        _cleanup_findings_ Findings findings = {0};
        int r = layers_read(root, d->name, file, &d->layers, &findings);

        if (r == -ENOENT)
                return definition_gone_fault(d->name, reterr);
        return r < 0 ? r : findings_fault(&findings, reterr);
}

int definition_draft_change(const char *root, const char *name, const DefinitionChange *change,
                            DefinitionDraft *ret, Fault *reterr)
{
        _cleanup_strv_free_ char **keys = NULL;
        _cleanup_origins_ Origins origins = {0};

        draft_init(ret, name);
        int r = keys_of(change, &keys);
        r = r < 0 ? r : read_draft(root, NULL, ret, reterr);
        r = r < 0 ? r
                  : edit_draft(root, ret, keys, change->values,
                               change->runtime ? change_runtime : change_file, reterr);
        r = r < 0 ? r : parse_all(ret, &origins, reterr);
        return r < 0 ? r : check_in_effect(ret, keys, change->values, &origins, reterr);
}

static int add_to_file(const char *root, DefinitionDraft *d, char *const *keys,
                       const Settings *values, Fault *reterr)
{
        return edit_layer(d, layers_file(&d->layers), keys, values, EDIT_ADD);
}

int definition_draft_new(const char *root, DefinitionPlace place, const char *name,
                         const DefinitionChange *change, DefinitionDraft *ret, Fault *reterr)
{
        _cleanup_free_ char *path = place_path(&definition_of_machine, root, place, name);
        _cleanup_strv_free_ char **keys = NULL;

        draft_init(ret, name);
        int r = keys_of(change, &keys);
        r = r < 0 ? r : read_draft(root, &(LayerText){path, "", 0}, ret, reterr);
        r = r < 0 ? r : edit_draft(root, ret, keys, change->values, add_to_file, reterr);
        r = r < 0 || strv_contains(ret->changed, path) ? r : strv_push(&ret->changed, path);
        return r < 0 ? r : parse_all(ret, NULL, reterr);
}

int definition_draft_text(const char *root, DefinitionPlace place, const char *name,
                          const char *text, DefinitionDraft *ret, Fault *reterr)
{
        _cleanup_free_ char *path = place_path(&definition_of_machine, root, place, name);

        draft_init(ret, name);
        int r = read_draft(root, &(LayerText){path, text, strlen(text)}, ret, reterr);
        r = r < 0 ? r : strv_push(&ret->changed, path);
        return r < 0 ? r : parse_all(ret, NULL, reterr);
}

static int parse_text(const char *root, const char *path, const char *text, Settings *ret,
                      Findings *findings)
{
        _cleanup_layers_ Layers layers = {0};
        int r = layers_read(root, NULL, &(LayerText){path, text, strlen(text)}, &layers, findings);

        return r < 0 ? r : layers_parse(&layers, ret, NULL, findings);
}

int definition_text_settings(const char *root, const char *path, const char *text, Settings *ret,
                             Fault *reterr)
{
        _cleanup_findings_ Findings findings = {0};
        _cleanup_settings_ Settings s = {0};
        int r = parse_text(root, path, text, &s, &findings);

        r = r < 0 ? r : findings_fault(&findings, reterr);
        if (r < 0)
                return r;
        *ret = s;
        s = (Settings){0};
        return 0;
}

int definition_profiles(const char *root, char *const *names, Settings *ret)
{
        _cleanup_findings_ Findings ignored = {0};
        _cleanup_free_ char *text = NULL;
        Settings wanted;

        settings_init(&wanted);
        wanted.profiles = (char **)names;
        text = settings_format(&wanted);
        return text ? parse_text(root, "", text, ret, &ignored) : -ENOMEM;
}

/* ---- to disk ---- */

/* What only root could read stays so. */
static mode_t mode_of(int dir, const char *file)
{
        struct stat st;

        return fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode)
                       ? st.st_mode & 0777
                       : 0644;
}

static int write_layer(const Layer *layer, Fault *reterr)
{
        _cleanup_free_ char *directory = g_path_get_dirname(layer->path),
                            *file = g_path_get_basename(layer->path);

        if (layer->kind == LAYER_DROP_IN && ini_is_empty(layer->text)) {
                if (unlink(layer->path) < 0 && errno != ENOENT)
                        return fault_set(reterr, FAULT_FAILED, errno, "Cannot delete %s: %s",
                                         layer->path, strerror(errno));
                (void)rmdir(directory); /* other drop-ins may be in it */
                return 0;
        }
        (void)g_mkdir_with_parents(directory, 0755); /* open tells */
        _cleanup_close_ int dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r = dir < 0 ? -errno
                        : write_file_atomic_at(dir, file, layer->text, layer->n_text,
                                               mode_of(dir, file));
        return r < 0 ? fault_set(reterr, store_fault_code(r), r, "Cannot write %s: %s", layer->path,
                                 strerror(-r))
                     : 0;
}

int definition_draft_write(const DefinitionDraft *d, Fault *reterr)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < d->layers.n; i++) {
                const Layer *layer = &d->layers.list[i];

                if (layer->path && strv_contains(d->changed, layer->path))
                        r = write_layer(layer, reterr);
        }
        return r;
}
