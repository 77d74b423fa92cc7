/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/definition-place.h"

#include "base/io.h"
#include "base/machine-name.h"
#include "base/names.h"
#include "core/store.h"

#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>

#define DEFINITION_SIZE_MAX (1U << 20)

const DefinitionKind definition_of_machine = {
        .what = "Machine",
        .directories =
                {
                        [DEFINITION_ETC] = LODGE_DEFINITIONS_ETC,
                        [DEFINITION_RUN] = LODGE_DEFINITIONS_RUN,
                        [DEFINITION_USR] = LODGE_DEFINITIONS_USR,
                },
        .suffix = LODGE_DEFINITION_SUFFIX,
};

const DefinitionKind definition_of_network = {
        .what = "Network",
        .directories =
                {
                        [DEFINITION_ETC] = LODGE_NETWORKS_ETC,
                        [DEFINITION_RUN] = LODGE_NETWORKS_RUN,
                        [DEFINITION_USR] = LODGE_NETWORKS_USR,
                },
        .suffix = LODGE_NETWORK_SUFFIX,
};

static int open_directory(const char *root, const char *path)
{
        _cleanup_free_ char *full = g_strconcat(root, path, NULL);
        int fd = open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

char *place_path(const DefinitionKind *kind, const char *root, DefinitionPlace place,
                 const char *name)
{
        return g_strconcat(root, kind->directories[place], "/", name, kind->suffix, NULL);
}

static void list_directory(const DefinitionKind *kind, const char *root, DefinitionPlace place,
                           GTree *names, GPtrArray *ignored)
{
        int fd = open_directory(root, kind->directories[place]);
        _cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);

        for (struct dirent *e; dir && (e = readdir(dir));) {
                _cleanup_free_ char *name = NULL;

                if (e->d_name[0] == '.' || !g_str_has_suffix(e->d_name, kind->suffix))
                        continue;
                name = g_strndup(e->d_name, strlen(e->d_name) - strlen(kind->suffix));
                if (machine_name_is_valid(name))
                        g_tree_insert(names, TAKE_PTR(name), NULL);
                else
                        g_ptr_array_add(ignored, place_path(kind, root, place, name));
        }
        if (!dir)
                (void)close_fd(fd);
}

static int compare_names(const void *a, const void *b, void *unused)
{
        return strcmp(a, b);
}

static gboolean push_name(void *key, void *value, void *array)
{
        g_ptr_array_add(array, g_strdup(key));
        return FALSE;
}

char **place_list(const DefinitionKind *kind, const char *root, char ***ret_ignored)
{
        GTree *names = g_tree_new_full(compare_names, NULL, g_free, NULL);
        GPtrArray *list = g_ptr_array_new(), *ignored = g_ptr_array_new();

        for (DefinitionPlace p = DEFINITION_ETC; p < _DEFINITION_PLACE_MAX; p++)
                list_directory(kind, root, p, names, ignored);
        g_tree_foreach(names, push_name, list);
        g_tree_unref(names);
        g_ptr_array_add(list, NULL);
        g_ptr_array_add(ignored, NULL);
        *ret_ignored = (char **)g_ptr_array_free(ignored, FALSE);
        return (char **)g_ptr_array_free(list, FALSE);
}

DefinitionPlace place_find(const DefinitionKind *kind, const char *root, const char *name)
{
        for (DefinitionPlace p = DEFINITION_ETC; p < _DEFINITION_PLACE_MAX; p++) {
                _cleanup_free_ char *path = place_path(kind, root, p, name);
                struct stat st;

                if (lstat(path, &st) == 0 || (errno != ENOENT && errno != ENOTDIR))
                        return p; /* what cannot be looked at is there: reading it tells why */
        }
        return DEFINITION_NOWHERE;
}

bool place_is_gone(const DefinitionKind *kind, const char *root, const char *name)
{
        for (DefinitionPlace p = DEFINITION_ETC; p < _DEFINITION_PLACE_MAX; p++) {
                _cleanup_free_ char *path = place_path(kind, root, p, name);
                _cleanup_close_ int dir = open_directory(root, kind->directories[p]);
                struct stat st;

                /* packages need not have made theirs; the others are lodged's own */
                if (dir < 0 && !(dir == -ENOENT && p == DEFINITION_USR))
                        return false;
                if (lstat(path, &st) == 0 || errno != ENOENT)
                        return false;
        }
        return true;
}

int place_read(const DefinitionKind *kind, const char *root, DefinitionPlace place,
               const char *name, char **ret, size_t *ret_n, char **ret_path, Fault *reterr)
{
        _cleanup_free_ char *file = g_strconcat(name, kind->suffix, NULL);
        _cleanup_close_ int dir = open_directory(root, kind->directories[place]);
        int r = dir < 0 ? dir : read_file_at(dir, file, DEFINITION_SIZE_MAX, ret, ret_n);

        *ret_path = place_path(kind, root, place, name);
        if (r == -EBADFD || r == -ELOOP)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "%s is not a regular file",
                                 *ret_path);
        if (r < 0)
                return fault_set(reterr, FAULT_FAILED, r, "Cannot read %s: %s", *ret_path,
                                 strerror(-r));
        return 0;
}

int place_write(const DefinitionKind *kind, const char *root, DefinitionPlace place,
                const char *name, const char *text, Fault *reterr)
{
        _cleanup_free_ char *directory = g_strconcat(root, kind->directories[place], NULL),
                            *file = g_strconcat(name, kind->suffix, NULL);

        if (!text)
                return -ENOMEM;
        (void)g_mkdir_with_parents(directory, 0755); /* open tells */
        _cleanup_close_ int dir = open_directory(root, kind->directories[place]);
        int r = dir < 0 ? dir : write_file_atomic_at(dir, file, text, strlen(text), 0644);
        if (r < 0)
                return fault_set(reterr, store_fault_code(r), r, "Cannot write %s/%s: %s",
                                 directory, file, strerror(-r));
        return 0;
}

int place_remove(const DefinitionKind *kind, const char *root, const char *name, Fault *reterr)
{
        for (DefinitionPlace p = DEFINITION_USR; p > DEFINITION_NOWHERE; p--) {
                _cleanup_free_ char *path = place_path(kind, root, p, name);
                struct stat st;

                if (p == DEFINITION_USR && lstat(path, &st) == 0)
                        return fault_set(reterr, FAULT_NOT_SUPPORTED, EOPNOTSUPP,
                                         "%s '%s' is defined in %s, which belongs to a package: "
                                         "remove that package instead",
                                         kind->what, name, path);
                if (p != DEFINITION_USR && unlink(path) < 0 && errno != ENOENT)
                        return fault_set(reterr, FAULT_FAILED, errno, "Cannot delete %s: %s", path,
                                         strerror(errno));
        }
        return 0;
}
