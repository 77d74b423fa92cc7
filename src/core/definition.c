/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/definition.h"

#include "base/names.h"
#include "base/text.h"
#include "core/store.h"

#include <fcntl.h>
#include <glib.h>
#include <string.h>

char **definition_list(const char *root, char ***ret_ignored)
{
        return place_list(&definition_of_machine, root, ret_ignored);
}

DefinitionPlace definition_find(const char *root, const char *name)
{
        return place_find(&definition_of_machine, root, name);
}

bool definition_is_gone(const char *root, const char *name)
{
        return place_is_gone(&definition_of_machine, root, name);
}

int definition_gone_fault(const char *name, Fault *reterr)
{
        return fault_set(reterr, FAULT_NO_SUCH_MACHINE, ENOENT,
                         "The definition of machine '%s' is gone from %s", name,
                         LODGE_DEFINITIONS_ETC);
}

#define WARNINGS_MAX 100 /* lodgectl verify tells them all */

static int collect_warnings(const Findings *findings, char ***ret)
{
        _cleanup_strv_free_ char **warnings = NULL;

        for (size_t i = 0; i < findings->n && strv_length(warnings) < WARNINGS_MAX; i++) {
                _cleanup_free_ char *text = NULL;

                if (findings->list[i].level != FINDING_WARNING)
                        continue;
                text = finding_text(&findings->list[i]);
                if (!text || strv_push(&warnings, text) < 0)
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(warnings);
        return 0;
}

int definition_load(const char *root, const char *name, Settings *ret, char ***ret_warnings,
                    Fault *reterr)
{
        _cleanup_layers_ Layers layers = {0};
        _cleanup_findings_ Findings findings = {0};
        _cleanup_settings_ Settings s;
        int r = layers_read(root, name, NULL, &layers, &findings);

        settings_init(ret);
        settings_init(&s);
        if (r == -ENOENT)
                return definition_gone_fault(name, reterr);
        r = r < 0 ? r : layers_parse(&layers, &s, NULL, &findings);
        r = r < 0 ? r : findings_fault(&findings, reterr);
        r = r < 0 ? r : collect_warnings(&findings, ret_warnings);
        if (r < 0)
                return r;
        *ret = s;
        settings_init(&s);
        return 0;
}

/* ---- removal ---- */

static char *drop_in_directory(const char *root, const char *directory, const char *name)
{
        return g_strconcat(root, directory, "/", name, LODGE_DROP_INS_SUFFIX, NULL);
}

/* Files that are no drop-ins, and so their directory, are left to who put them there. */
static void remove_drop_ins(const char *directory)
{
        GDir *dir = g_dir_open(directory, 0, NULL);

        for (const char *name; dir && (name = g_dir_read_name(dir));) {
                _cleanup_free_ char *path = g_strconcat(directory, "/", name, NULL);

                if (g_str_has_suffix(name, LODGE_DROP_IN_SUFFIX))
                        (void)unlink(path);
        }
        if (dir)
                g_dir_close(dir);
        (void)rmdir(directory);
}

static const char *const writable[] = {LODGE_DEFINITIONS_ETC, LODGE_DEFINITIONS_RUN};

int definition_remove(const char *root, const char *name, Fault *reterr)
{
        int r = place_remove(&definition_of_machine, root, name, reterr);

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(writable); i++) {
                _cleanup_free_ char *directory = drop_in_directory(root, writable[i], name);

                remove_drop_ins(directory);
        }
        return r;
}

void definition_forget_changes(const char *root, const char *name)
{
        static const char *const files[] = {LODGE_DROP_IN_SET, LODGE_DROP_IN_RUNTIME};

        for (size_t i = 0; i < ELEMENTSOF(writable); i++) {
                _cleanup_free_ char *directory = drop_in_directory(root, writable[i], name);
                _cleanup_free_ char *path = g_strconcat(directory, "/", files[i], NULL);

                (void)unlink(path); /* none is fine */
                (void)rmdir(directory);
        }
}

/* ---- another name ---- */

/* Drop-ins that nobody has a machine for would count for this one. */
static int check_drop_ins(const char *root, const char *name, Fault *reterr)
{
        static const char *const all[] = {LODGE_DEFINITIONS_ETC, LODGE_DEFINITIONS_RUN,
                                          LODGE_DEFINITIONS_USR};

        for (size_t i = 0; i < ELEMENTSOF(all); i++) {
                _cleanup_free_ char *directory = drop_in_directory(root, all[i], name);

                /* one that is empty says nothing */
                if (access(directory, F_OK) < 0 || rmdir(directory) == 0)
                        continue;
                return fault_set(reterr, FAULT_EXISTS, EEXIST,
                                 "There are drop-ins for a machine '%s' already, in %s", name,
                                 directory);
        }
        return 0;
}

int definition_check_rename(const char *root, const char *from, const char *to, Fault *reterr)
{
        _cleanup_free_ char *file = place_path(&definition_of_machine, root, DEFINITION_USR, from);
        _cleanup_free_ char *directory = drop_in_directory(root, LODGE_DEFINITIONS_USR, from);
        const char *const of_package[] = {file, directory};

        for (size_t i = 0; i < ELEMENTSOF(of_package); i++)
                if (access(of_package[i], F_OK) == 0)
                        return fault_set(reterr, FAULT_NOT_SUPPORTED, EOPNOTSUPP,
                                         "Machine '%s' cannot be renamed: %s belongs to a package",
                                         from, of_package[i]);
        return check_drop_ins(root, to, reterr);
}

int definition_rename(const char *root, const char *from, const char *to, Fault *reterr)
{
        static const char *const suffixes[] = {LODGE_DEFINITION_SUFFIX, LODGE_DROP_INS_SUFFIX};
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(writable); i++)
                for (size_t k = 0; r >= 0 && k < ELEMENTSOF(suffixes); k++) {
                        _cleanup_free_ char *before = g_strconcat(from, suffixes[k], NULL);
                        _cleanup_free_ char *after = g_strconcat(to, suffixes[k], NULL);

                        r = store_rename(root, writable[i], before, after, reterr);
                }
        return r;
}
