/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/image.h"

#include "base/machine-name.h"
#include "base/names.h"
#include "base/text.h"

#include <fcntl.h>
#include <glib.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static const char *const places[] = {LODGE_STORE_IMAGES, LODGE_MACHINED_IMAGES};

/* In the order in which the kernel would look for an init; systemd's own names first, so that we
 * know that it is systemd. */
static const struct {
        const char *path;
        bool is_systemd;
} inits[] = {
        {"/usr/lib/systemd/systemd", true},
        {"/lib/systemd/systemd", true},
        {"/sbin/init", false},
        {"/etc/init", false},
        {"/init", false},
};

static bool is_program_in(int tree, const char *path)
{
        struct open_how how = {
                .flags = O_PATH | O_CLOEXEC,
                .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
        };
        _cleanup_close_ int fd = (int)syscall(SYS_openat2, tree, path, &how, sizeof(how));
        struct stat st;

        return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111);
}

static char *path_of_fd(int fd)
{
        char link[64];

        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        return g_file_read_link(link, NULL);
}

int tree_probe(const char *path, Tree *ret, Fault *reterr)
{
        _cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        Tree t = {0};

        if (fd < 0 && errno == ENOTDIR)
                return fault_set(reterr, FAULT_START_FAILED, ENOTDIR,
                                 "%s is not a directory: only directory trees can be started",
                                 path);
        if (fd < 0)
                return fault_set(reterr, FAULT_START_FAILED, errno, "Cannot open %s: %s", path,
                                 strerror(errno));
        t.path = path_of_fd(fd);
        if (!t.path)
                return fault_set(reterr, FAULT_START_FAILED, EIO,
                                 "Cannot tell the real path of %s: is /proc mounted?", path);
        for (size_t i = 0; i < ELEMENTSOF(inits) && !t.init; i++) {
                if (!is_program_in(fd, inits[i].path))
                        continue;
                t.init = inits[i].path;
                t.init_is_systemd = inits[i].is_systemd;
        }
        *ret = t;
        return 0;
}

void tree_done(Tree *t)
{
        g_free(t->path);
        *t = (Tree){0};
}

static char *image_path_in(const char *root, const char *place, const char *name)
{
        _cleanup_free_ char *path = g_strconcat(root, place, "/", name, NULL);
        struct stat st;

        return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? TAKE_PTR(path) : NULL;
}

char **image_list(const char *root)
{
        GPtrArray *list = g_ptr_array_new();
        GList *names = NULL;
        GHashTable *paths = g_hash_table_new(g_str_hash, g_str_equal);

        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                _cleanup_free_ char *directory = g_strconcat(root, places[i], NULL);
                _cleanup_closedir_ DIR *dir = opendir(directory);

                for (struct dirent *e; dir && (e = readdir(dir));) {
                        if (image_name_check(e->d_name, NULL) < 0 ||
                            g_hash_table_contains(paths, e->d_name))
                                continue;
                        char *path = image_path_in(root, places[i], e->d_name);
                        if (path)
                                g_hash_table_insert(paths, g_strdup(e->d_name), path);
                }
        }
        names = g_list_sort(g_hash_table_get_keys(paths), (GCompareFunc)strcmp);
        for (GList *n = names; n; n = n->next) {
                g_ptr_array_add(list, n->data);
                g_ptr_array_add(list, g_hash_table_lookup(paths, n->data));
        }
        g_ptr_array_add(list, NULL);
        g_list_free(names);
        g_hash_table_unref(paths); /* its strings are the list's now */
        return (char **)g_ptr_array_free(list, FALSE);
}

/* "; there are a, b, c" for the sentence about an image that does not exist */
static char *known_images_hint(const char *root)
{
        char **images = image_list(root);
        GString *hint = g_string_new(NULL);
        unsigned n = 0;

        for (char **i = images; *i; i += 2, n++)
                if (n < 6)
                        g_string_append_printf(hint, "%s%s", n ? ", " : "; there is ", *i);
        if (n == 0)
                g_string_append(hint, "; there are no images yet");
        else if (n > 6)
                g_string_append_printf(hint, " and %u more, see 'lodgectl images'", n - 6);
        g_strfreev(images);
        return g_string_free(hint, FALSE);
}

int image_find(const char *root, const char *name, char **ret, Fault *reterr)
{
        _cleanup_free_ char *hint = NULL;
        int r = image_name_check(name, reterr);

        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                char *path = image_path_in(root, places[i], name);

                if (path) {
                        *ret = path;
                        return 0;
                }
        }
        hint = known_images_hint(root);
        return fault_set(reterr, FAULT_NO_SUCH_IMAGE, ENOENT, "No image '%s' in %s or %s%s", name,
                         LODGE_STORE_IMAGES, LODGE_MACHINED_IMAGES, hint);
}
