/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/tree.h"

#include "base/text.h"

#include <fcntl.h>
#include <glib.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

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

/* Return: whether there is one. */
static bool find_init(int fd, Tree *t)
{
        for (size_t i = 0; i < ELEMENTSOF(inits); i++) {
                if (!is_program_in(fd, inits[i].path))
                        continue;
                t->init = inits[i].path;
                t->init_is_systemd = inits[i].is_systemd;
                return true;
        }
        return false;
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
        (void)find_init(fd, &t);
        *ret = t;
        return 0;
}

void tree_probe_layers(const char *store, char *const *layers, Tree *ret)
{
        *ret = (Tree){0};
        STRV_FOREACH (layer, layers) {
                _cleanup_free_ char *path = g_strconcat(store, "/", *layer, "/tree", NULL);
                _cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

                if (fd >= 0 && find_init(fd, ret))
                        return;
        }
}

void tree_done(Tree *t)
{
        g_free(t->path);
        *t = (Tree){0};
}
