/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Definitions that are written and changed for callers. What somebody wrote by hand stays as it is:
 * comments, order, what is not known.
 * @root as in core/definition.h */
#pragma once

#include "core/definition.h"
#include "spec/settings.h"

#include <stdbool.h>

typedef struct DefinitionChange {
        char *const *keys;      /* names of settings; NULL: all that are not the default */
        const Settings *values; /* their new values */
        bool runtime;           /* until the host is booted again */
} DefinitionChange;

/* Files that are to be written. After a failure, too, definition_draft_done() frees it. */
typedef struct DefinitionDraft {
        char *name;
        Layers layers;      /* as they will be */
        char **changed;     /* paths of those that are to be written */
        Settings effective; /* what they come to; checked */
} DefinitionDraft;

/** definition_text_settings() - what a text comes to with its profiles, without drop-ins
 * @path for messages
 * Return: 0; -EINVAL with the first thing that is wrong; negative errno. */
int definition_text_settings(const char *root, const char *path, const char *text, Settings *ret,
                             Fault *reterr);
/** definition_profiles() - what profiles come to, by themselves
 * What is wrong in them is left out.
 * @names may be NULL
 * @ret   settings_done() frees it
 * Return: 0; -ENOMEM. */
int definition_profiles(const char *root, char *const *names, Settings *ret);

/** definition_draft_done() - free what it holds */
void definition_draft_done(DefinitionDraft *d);
#define _cleanup_definition_draft_ _cleanup_(definition_draft_done)

/** definition_draft_change() - give settings of a definition other values
 * They are in effect afterwards: what profiles and drop-ins say of them does not count. Written to
 * the file itself; where that belongs to a package or a drop-in has the last word, to a drop-in.
 * Return: 0; -ENOENT there is no definition; -EINVAL the whole is not valid, or a file that counts
 * more says otherwise. */
int definition_draft_change(const char *root, const char *name, const DefinitionChange *change,
                            DefinitionDraft *ret, Fault *reterr);
/** definition_draft_new() - a definition that does not exist yet, in @place
 * Lists are added to those of its profiles.
 * Return: 0; -EINVAL. */
int definition_draft_new(const char *root, DefinitionPlace place, const char *name,
                         const DefinitionChange *change, DefinitionDraft *ret, Fault *reterr);
/** definition_draft_text() - a definition as somebody has written it, in @place
 * Return: 0; -EINVAL with the first thing that is wrong in it. */
int definition_draft_text(const char *root, DefinitionPlace place, const char *name,
                          const char *text, DefinitionDraft *ret, Fault *reterr);
/** definition_draft_write() - write what has changed
 * Return: 0; negative errno, FAULT_NO_SPACE or FAULT_FAILED: of several files some may be written.
 */
int definition_draft_write(const DefinitionDraft *d, Fault *reterr);
