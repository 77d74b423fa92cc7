/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rename-record.h"

#include "base/io.h"
#include "base/machine-name.h"
#include "base/names.h"
#include "base/text.h"
#include "core/store.h"
#include "spec/ini.h"

#include <fcntl.h>
#include <glib.h>
#include <string.h>

#define RECORD_MAX (1U << 20)

typedef struct Names {
        char *from, *to;
} Names;

static void names_done(Names *n)
{
        free(n->from);
        free(n->to);
}

static int sync_directory(const char *path)
{
        _cleanup_close_ int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return dir < 0 || fsync(dir) < 0 ? -errno : 0;
}

/* Made, and on disk itself. */
static int open_records(const char *root)
{
        _cleanup_free_ char *path = store_path(root, LODGE_STORE_RENAMES, NULL);
        _cleanup_free_ char *store = store_path(root, LODGE_STORE, NULL);

        if (g_mkdir_with_parents(path, 0700) < 0)
                return -errno;
        int r = sync_directory(store);
        if (r < 0)
                return r;
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

int rename_record_write(const char *root, const char *file, const char *from, const char *to,
                        Fault *reterr)
{
        _cleanup_free_ char *text = g_strdup_printf("[Rename]\nFrom=%s\nTo=%s\n", from, to);
        _cleanup_close_ int dir = open_records(root);
        int r = dir < 0 ? dir : write_file_atomic_at(dir, file, text, strlen(text), 0600);

        return r < 0 ? fault_set(reterr, store_fault_code(r), r,
                                 "Cannot write down in " LODGE_STORE_RENAMES
                                 " that '%s' becomes '%s': %s",
                                 from, to, strerror(-r))
                     : 0;
}

static bool knows_section(void *userdata, const char *section)
{
        return streq(section, "Rename");
}

static int assign(void *userdata, const char *section, const char *key, const char *value,
                  Fault *reterr)
{
        Names *n = userdata;
        char **target = streq(key, "From") ? &n->from : streq(key, "To") ? &n->to : NULL;

        if (!target || *target)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "'%s' is not known", key);
        int r = machine_name_check(value, reterr);
        if (r < 0)
                return r;
        *target = strdup(value);
        return *target ? 0 : -ENOMEM;
}

int rename_record_read(const char *root, const char *file, char **ret_from, char **ret_to,
                       Fault *reterr)
{
        static const IniReader reader = {knows_section, assign, RECORD_MAX};
        _cleanup_free_ char *path = store_path(root, LODGE_STORE_RENAMES, file), *text = NULL;
        _cleanup_(names_done) Names names = {0};
        size_t n = 0;
        int r = read_file_at(AT_FDCWD, path, RECORD_MAX, &text, &n);

        if (r < 0)
                return fault_set(reterr, FAULT_FAILED, r, "Cannot read %s: %s", path, strerror(-r));
        r = ini_parse(path, text, n, &reader, &names, reterr);
        if (r < 0)
                return r;
        if (!names.from || !names.to || streq(names.from, names.to))
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "%s does not say which name becomes which", path);
        *ret_from = TAKE_PTR(names.from);
        *ret_to = TAKE_PTR(names.to);
        return 0;
}

int rename_record_delete(const char *root, const char *file, Fault *reterr)
{
        _cleanup_free_ char *path = store_path(root, LODGE_STORE_RENAMES, file);
        _cleanup_free_ char *directory = store_path(root, LODGE_STORE_RENAMES, NULL);
        int r = unlink(path) < 0 ? -errno : sync_directory(directory);

        return r < 0 ? fault_set(reterr, FAULT_FAILED, r, "Cannot delete %s: %s", path,
                                 strerror(-r))
                     : 0;
}

char **rename_records(const char *root)
{
        _cleanup_free_ char *path = store_path(root, LODGE_STORE_RENAMES, NULL);
        GPtrArray *names = g_ptr_array_new();
        _cleanup_closedir_ DIR *dir = opendir(path);

        for (struct dirent *e; dir && (e = readdir(dir));)
                if (machine_name_is_valid(e->d_name)) /* not what is being written */
                        g_ptr_array_add(names, g_strdup(e->d_name));
        g_ptr_array_add(names, NULL);
        return (char **)g_ptr_array_free(names, FALSE);
}
