/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine's definition is made of files that count one after the other: the profiles that it
 * names, NAME.machine, and NAME.machine.d/NAME.conf. In each a list adds to what is there, any
 * other value takes its place, and an empty one goes back to the default. Reads files below a root,
 * and nothing else of the host: for lodged, for the generator and for lodgectl alike. libc only. */
#pragma once

#include "base/fault.h"
#include "spec/finding.h"
#include "spec/origin.h"
#include "spec/settings.h"

typedef enum LayerKind {
        LAYER_PROFILE,
        LAYER_MISSING, /* a profile that does not exist; @text lists those that do */
        LAYER_FILE,    /* NAME.machine */
        LAYER_DROP_IN, /* NAME.machine.d/NAME.conf */
} LayerKind;

typedef struct Layer {
        LayerKind kind;
        char *name; /* of the profile, the machine, or the drop-in's file */
        char *path; /* full; NULL: LAYER_MISSING */
        char *text;
        size_t n_text; /* bytes; anything */
} Layer;

typedef struct Layers {
        Layer *list; /* the later one counts more */
        size_t n;
} Layers;

/* A file NAME.machine as it is to be, in place of the one on disk. */
typedef struct LayerText {
        const char *path; /* for messages and origins */
        const char *text;
        size_t n_text;
} LayerText;

/** layers_read() - the files that define a machine
 * Those that cannot be read are found, and the rest read all the same. A drop-in that is a link to
 * /dev/null hides those of its name.
 * @root     what the directories of base/names.h are below; "" but in tests
 * @machine  its name: whose drop-ins are read; NULL: none
 * @file     NULL: the one on disk; then @machine is not NULL
 * Return: 0; -ENOENT there is no file; -ENOMEM. */
int layers_read(const char *root, const char *machine, const LayerText *file, Layers *ret,
                Findings *findings);
/** layers_update_profiles() - read them again: other layers may name other ones now
 * Return: 0; -ENOMEM. */
int layers_update_profiles(const char *root, Layers *l, Findings *findings);
/** layers_done() - free what it holds */
void layers_done(Layers *l);
#define _cleanup_layers_ _cleanup_(layers_done)

/** profiles_list() - the names of all profiles that there are, sorted
 * @ret caller frees
 * Return: 0; -ENOMEM. */
int profiles_list(const char *root, char ***ret);

/** layers_file() - the one of kind LAYER_FILE; NULL: it could not be read */
Layer *layers_file(const Layers *l);
/** layers_drop_in() - the drop-in of that file name
 * @make  where there is none, put in an empty one where it belongs
 * @path  its place then; copied
 * Return: NULL: there is none, or no memory. */
Layer *layers_drop_in(Layers *l, const char *name, bool make, const char *path);
/** layer_set_text() - give it another one
 * @text consumed; NULL: no memory
 * Return: 0; -ENOMEM. */
int layer_set_text(Layer *l, char *text);

/** layers_parse() - what they come to
 * @ret      valid also where there are errors: without what is wrong; settings_done() frees it.
 *           Whether they fit together is told too, as settings_validate() does
 * @origins  where each value is from; may be NULL
 * Return: 0, also with errors: findings_fault(); -ENOMEM. */
int layers_parse(const Layers *l, Settings *ret, Origins *origins, Findings *findings);
