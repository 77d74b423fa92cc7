/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/tree-init.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <linux/openat2.h>
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

static bool is_program_in(const void *userdata, const char *path)
{
        const int *root = userdata;
        struct open_how how = {
                .flags = O_PATH | O_CLOEXEC,
                .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
        };
        _cleanup_close_ int fd = (int)syscall(SYS_openat2, *root, path, &how, sizeof(how));
        struct stat st;

        return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111);
}

const char *tree_find_init(int root, bool *ret_is_systemd)
{
        return tree_find_init_by(is_program_in, &root, ret_is_systemd);
}

const char *tree_find_init_by(bool (*is_program)(const void *userdata, const char *path),
                              const void *userdata, bool *ret_is_systemd)
{
        for (size_t i = 0; i < ELEMENTSOF(inits); i++)
                if (is_program(userdata, inits[i].path)) {
                        *ret_is_systemd = inits[i].is_systemd;
                        return inits[i].path;
                }
        *ret_is_systemd = false;
        return NULL;
}
