/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of a definition, read. What they say: layers-parse.c. */
#include "spec/layers.h"

#include "base/io.h"
#include "base/names.h"
#include "base/text.h"
#include "spec/layers-internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#define LAYER_SIZE_MAX (1U << 20)

static const char *const machines[] = {LODGE_DEFINITIONS_ETC, LODGE_DEFINITIONS_RUN,
                                       LODGE_DEFINITIONS_USR};
static const char *const profiles[] = {LODGE_PROFILES_ETC, LODGE_PROFILES_RUN, LODGE_PROFILES_USR};

static void layer_done(Layer *l)
{
        free(l->name);
        free(l->path);
        free(l->text);
        *l = (Layer){0};
}
#define _cleanup_layer_ _cleanup_(layer_done)

void layers_done(Layers *l)
{
        for (size_t i = 0; i < l->n; i++)
                layer_done(&l->list[i]);
        free(l->list);
        *l = (Layers){0};
}

/* @layer is emptied. */
static int push(Layers *l, Layer *layer)
{
        Layer *list = reallocarray(l->list, l->n + 1, sizeof(*list));

        if (!list)
                return -ENOMEM;
        l->list = list;
        l->list[l->n++] = *layer;
        *layer = (Layer){0};
        return 0;
}

static int find(Findings *f, const char *path, const char *message)
{
        return message ? findings_add(f,
                                      &(Finding){
                                              .level = FINDING_ERROR,
                                              .path = (char *)path,
                                              .message = (char *)message,
                                      })
                       : -ENOMEM;
}

/* Links are for one thing only: as in unit files, to /dev/null hides what is of the same name. */
static bool is_masked(const char *path)
{
        char target[sizeof("/dev/null")];
        ssize_t n = readlink(path, target, sizeof(target));

        return n == (ssize_t)strlen("/dev/null") && memcmp(target, "/dev/null", (size_t)n) == 0;
}

/* Return: 1 read, or found what is wrong with it; 0 it does not exist; -ENOMEM. */
static int read_layer(LayerKind kind, const char *name, char *path, Layers *l, Findings *findings)
{
        _cleanup_layer_ Layer layer = {.kind = kind, .name = strdup(name), .path = path};

        if (!layer.name || !path)
                return -ENOMEM;
        int r = read_file_at(AT_FDCWD, path, LAYER_SIZE_MAX, &layer.text, &layer.n_text);
        if (r == -ENOENT || r == -ENOTDIR)
                return 0;
        if (r == -ELOOP && kind == LAYER_DROP_IN && is_masked(path))
                return 1;
        if (r == -EBADFD || r == -ELOOP)
                r = find(findings, path, "it is not a regular file");
        else if (r == -EFBIG)
                r = find(findings, path, "it is larger than 1 MiB");
        else if (r < 0 && r != -ENOMEM)
                r = find(findings, path, strerror(-r));
        else
                r = r < 0 ? r : push(l, &layer);
        return r < 0 ? r : 1;
}

static char *path_in(const char *root, const char *directory, const char *name, const char *suffix)
{
        char *path = NULL;

        return asprintf(&path, "%s%s/%s%s", root, directory, name, suffix) < 0 ? NULL : path;
}

/* The first of three directories that has it. Return: as read_layer(). */
static int read_first(const char *root, const char *const directories[static 3], LayerKind kind,
                      const char *name, Layers *l, Findings *findings)
{
        const char *suffix = kind == LAYER_PROFILE ? LODGE_PROFILE_SUFFIX : LODGE_DEFINITION_SUFFIX;
        int r = 0;

        for (size_t i = 0; r == 0 && i < 3; i++)
                r = read_layer(kind, name, path_in(root, directories[i], name, suffix), l,
                               findings);
        return r;
}

static int push_text(const LayerText *file, const char *machine, Layers *l)
{
        _cleanup_layer_ Layer layer = {
                .kind = LAYER_FILE,
                .name = strdup(machine ?: ""),
                .path = strdup(file->path),
                .text = calloc(file->n_text + 1, 1),
                .n_text = file->n_text,
        };

        if (!layer.name || !layer.path || !layer.text)
                return -ENOMEM;
        if (file->n_text > 0)
                memcpy(layer.text, file->text, file->n_text);
        return push(l, &layer);
}

/* ---- drop-ins ---- */

static bool has_suffix(const char *file, const char *suffix)
{
        size_t n = strlen(file), n_suffix = strlen(suffix);

        return file[0] != '.' && n > n_suffix && streq(file + n - n_suffix, suffix);
}

/* The names of files with @suffix in a directory are added to @names, each once. */
static int list_names(const char *directory, const char *suffix, char ***names)
{
        _cleanup_closedir_ DIR *dir = opendir(directory);
        int r = 0;

        if (!dir)
                return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
        for (struct dirent *e; r >= 0 && (e = readdir(dir));)
                if (has_suffix(e->d_name, suffix) && !strv_contains(*names, e->d_name))
                        r = strv_push(names, e->d_name);
        return r;
}

static int compare(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_drop_ins(const char *root, const char *machine, Layers *l, Findings *findings)
{
        _cleanup_strv_free_ char **names = NULL;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(machines); i++) {
                _cleanup_free_ char *directory =
                        path_in(root, machines[i], machine, LODGE_DROP_INS_SUFFIX);

                r = directory ? list_names(directory, LODGE_DROP_IN_SUFFIX, &names) : -ENOMEM;
                if (r < 0 && r != -ENOMEM)
                        r = find(findings, directory, strerror(-r));
        }
        if (names)
                qsort(names, strv_length(names), sizeof(char *), compare);
        STRV_FOREACH (name, names) {
                int is_read = MIN2(r, 0);

                for (size_t i = 0; is_read == 0 && i < ELEMENTSOF(machines); i++) {
                        char *path = NULL;

                        if (asprintf(&path, "%s%s/%s" LODGE_DROP_INS_SUFFIX "/%s", root,
                                     machines[i], machine, *name) < 0)
                                return -ENOMEM;
                        is_read = read_layer(LAYER_DROP_IN, *name, path, l, findings);
                }
                r = MIN2(is_read, 0);
        }
        return r;
}

/* ---- profiles ---- */

int profiles_list(const char *root, char ***ret)
{
        _cleanup_strv_free_ char **names = calloc(1, sizeof(char *));
        int r = names ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(profiles); i++) {
                _cleanup_free_ char *directory = path_in(root, profiles[i], "", "");

                r = directory ? list_names(directory, LODGE_PROFILE_SUFFIX, &names) : -ENOMEM;
                r = r == -ENOMEM ? r : 0; /* what cannot be read has none */
        }
        if (r < 0)
                return r;
        STRV_FOREACH (name, names)
                (*name)[strlen(*name) - strlen(LODGE_PROFILE_SUFFIX)] = '\0';
        qsort(names, strv_length(names), sizeof(char *), compare);
        *ret = TAKE_PTR(names);
        return 0;
}

static int push_missing(const char *root, const char *profile, Layers *l)
{
        _cleanup_layer_ Layer layer = {.kind = LAYER_MISSING, .name = strdup(profile)};
        _cleanup_strv_free_ char **names = NULL;
        int r = profiles_list(root, &names);
        FILE *f = r < 0 ? NULL : open_memstream(&layer.text, &layer.n_text);

        if (!f || !layer.name)
                return -ENOMEM;
        STRV_FOREACH (name, names)
                (void)fprintf(f, "%s%s", name == names ? "" : ", ", *name);
        return fclose(f) != 0 ? -ENOMEM : push(l, &layer);
}

static void drop_profiles(Layers *l)
{
        size_t kept = 0;

        for (size_t i = 0; i < l->n; i++)
                if (l->list[i].kind <= LAYER_MISSING)
                        layer_done(&l->list[i]);
                else
                        l->list[kept++] = l->list[i];
        l->n = kept;
}

int layers_update_profiles(const char *root, Layers *l, Findings *findings)
{
        _cleanup_strv_free_ char **names = NULL, **seen = NULL;
        _cleanup_layers_ Layers found = {0};

        drop_profiles(l);
        int r = layers_profiles(l, &names);
        STRV_FOREACH (name, names) {
                if (r < 0)
                        break;
                if (strv_contains(seen, *name)) /* by the file and by a drop-in, say */
                        continue;
                r = strv_push(&seen, *name);
                r = r < 0 ? r : read_first(root, profiles, LAYER_PROFILE, *name, &found, findings);
                if (r == 0)
                        r = push_missing(root, *name, &found);
        }
        for (size_t i = 0; r >= 0 && i < l->n; i++)
                r = push(&found, &l->list[i]); /* leaves nothing in @l */
        if (r < 0)
                return r;
        free(l->list);
        *l = found;
        found = (Layers){0};
        return 0;
}

/* ---- all of them ---- */

int layers_read(const char *root, const char *machine, const LayerText *file, Layers *ret,
                Findings *findings)
{
        _cleanup_layers_ Layers l = {0};
        int r = file ? push_text(file, machine, &l)
                     : read_first(root, machines, LAYER_FILE, machine, &l, findings);

        if (r == 0 && !file)
                return -ENOENT;
        r = r < 0 || !machine ? r : read_drop_ins(root, machine, &l, findings);
        r = r < 0 ? r : layers_update_profiles(root, &l, findings);
        if (r < 0)
                return r;
        *ret = l;
        l = (Layers){0};
        return 0;
}

Layer *layers_file(const Layers *l)
{
        for (size_t i = 0; i < l->n; i++)
                if (l->list[i].kind == LAYER_FILE)
                        return &l->list[i];
        return NULL;
}

Layer *layers_drop_in(Layers *l, const char *name, bool make, const char *path)
{
        _cleanup_layer_ Layer layer = {.kind = LAYER_DROP_IN};
        size_t i = 0;

        while (i < l->n && (l->list[i].kind != LAYER_DROP_IN || strcmp(l->list[i].name, name) < 0))
                i++;
        if (i < l->n && streq(l->list[i].name, name))
                return &l->list[i];
        if (!make)
                return NULL;
        layer.name = strdup(name);
        layer.path = strdup(path);
        layer.text = strdup("");
        if (!layer.name || !layer.path || !layer.text || push(l, &layer) < 0)
                return NULL;
        layer = l->list[l->n - 1];
        memmove(&l->list[i + 1], &l->list[i], (l->n - 1 - i) * sizeof(Layer));
        l->list[i] = layer;
        layer = (Layer){0};
        return &l->list[i];
}

int layer_set_text(Layer *l, char *text)
{
        if (!text)
                return -ENOMEM;
        free(l->text);
        l->text = text;
        l->n_text = strlen(text);
        return 0;
}
