/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Jobs that read the files in a disk image: lodge-work mounts it first, then the job begins. */
#include "core/job-image.h"
#include "core/job-order.h"
#include "core/manager.h"
#include "core/mounted-image.h"

#include <glib.h>
#include <string.h>

static void disk_free(void *p)
{
        DiskJob *d = p;

        g_free((char *)d->object);
        g_free((char *)d->name);
        g_free(d);
}

static int begin(const Job *j, const DiskJob *d, const MountedImage *disk, void *userdata,
                 Job **ret, Fault *reterr)
{
        if (disk->n_mounts != 1 && !d->root_only)
                return fault_set(reterr, FAULT_NOT_SUPPORTED, EOPNOTSUPP,
                                 "Disk image %s has /usr in a partition of its own: its files are "
                                 "read as one tree only from one file system; copy them out of a "
                                 "machine with 'lodgectl cp'",
                                 j->object);
        return d->begin(j->manager, d, disk->mounts[0], userdata, ret, reterr);
}

/* From here on it is as with a directory; what has happened meanwhile is found by beginning anew.
 */
static void on_mounted(void *userdata, Job *j, Frame *result, const Fault *fault)
{
        const DiskJob *d = j->data;
        MountedImage *disk = NULL;
        _cleanup_fault_ Fault f = {0};
        Job *made = NULL;
        int r = -EIO;

        if (fault)
                r = fault_set(&f, fault->code, fault->error, "%s", fault->message ?: "");
        else if (mounted_image_take(j, result, &disk, &f) >= 0 && disk)
                r = begin(j, d, disk, userdata, &made, &f);
        mounted_image_free(disk);
        if (d->begun)
                d->begun(userdata, r < 0 ? NULL : made, r < 0 ? &f : NULL);
        else if (r < 0)
                d->done(userdata, j, NULL, &f);
}

int job_on_disk(const Image *image, const DiskJob *what, void *userdata, Fault *reterr)
{
        DiskJob *d = g_new0(DiskJob, 1);

        *d = *what;
        d->object = g_strdup(what->object);
        d->name = g_strdup(what->name);
        return job_attach_with(image, on_mounted, userdata, d, disk_free, reterr);
}

Machine *job_disk_machine(Manager *manager, const DiskJob *d, Fault *reterr)
{
        Machine *m = manager_find(manager, d->object);

        if (!m)
                (void)fault_set(reterr, FAULT_NO_SUCH_MACHINE, ENOENT,
                                "Machine '%s' was removed meanwhile", d->object);
        return m;
}
