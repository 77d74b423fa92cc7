/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/images.h"

#include "base/cleanup.h"
#include "base/names.h"
#include "sys/mountfd.h"
#include "sys/process.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

typedef struct Keep {
        const int *mounts;
        size_t n;
        int mountns; /* out */
} Keep;

static int attach_numbered(int dirfd, size_t number, int mountfd)
{
        char name[24];

        (void)snprintf(name, sizeof(name), "%zu", number);
        return mountfd_attach_new(mountfd, dirfd, name);
}

static int keep_here(void *arg)
{
        Keep *k = arg;
        _cleanup_close_ int scratch = -EBADF, at = -EBADF, mountns = -EBADF;

        int r = mountns_propagation(MS_PRIVATE);
        scratch = r < 0 ? r : mountfd_new("tmpfs", "mode=0700,size=64k", 0);
        if (scratch < 0)
                return scratch;
        mountns = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
        at = open(LODGE_RUNTIME, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (mountns < 0 || at < 0)
                return -errno;
        r = mountfd_attach(scratch, at);
        for (size_t i = 0; r >= 0 && i < k->n; i++)
                r = attach_numbered(scratch, i, k->mounts[i]);
        r = r < 0 ? r : pivot_to(scratch); /* holds no mount of the host's up */
        if (r >= 0)
                k->mountns = TAKE_FD(mountns);
        return r;
}

int images_keep(const int *mounts, size_t n)
{
        Keep k = {.mounts = mounts, .n = n, .mountns = -EBADF};
        int r = process_call(CLONE_NEWNS, keep_here, &k);

        process_call_reap();
        return r < 0 ? r : k.mountns;
}

typedef struct Copy {
        int mountns;
        unsigned number;
        int copy; /* out */
} Copy;

static int copy_there(void *arg)
{
        Copy *c = arg;
        char path[24];

        if (setns(c->mountns, CLONE_NEWNS) < 0)
                return -errno;
        (void)snprintf(path, sizeof(path), "/%u", c->number);
        c->copy = mountfd_clone(AT_FDCWD, path, 0);
        return c->copy < 0 ? c->copy : 0;
}

int images_copy(int mountns, unsigned number)
{
        Copy c = {.mountns = mountns, .number = number, .copy = -EBADF};
        int r = process_call(0, copy_there, &c);

        return r < 0 ? r : c.copy;
}
