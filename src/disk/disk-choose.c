/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "disk/disk-choose.h"

#include "base/text.h"
#include "disk/partition-type.h"

#include <string.h>
#include <systemd/sd-gpt.h>

static int refuse(Fault *reterr, const char *name, const char *why)
{
        return fault_set(reterr, FAULT_NOT_SUPPORTED, EINVAL, "Disk image '%s' %s", name, why);
}

/* Kernel and tools would accept these, and then write or read the one through the other. */
static int check_places(const DiskImage *d, const char *name, Fault *reterr)
{
        for (uint32_t i = 0; i < d->n_partitions; i++) {
                const DiskPartition *a = &d->partitions[i];

                if (a->size == 0 || a->offset > d->size || a->size > d->size - a->offset)
                        return fault_set(reterr, FAULT_NOT_SUPPORTED, EINVAL,
                                         "Partition %u of disk image '%s' does not lie within the "
                                         "image's %llu bytes; is the file cut short?",
                                         a->number, name, (unsigned long long)d->size);
                for (uint32_t j = 0; j < i; j++) {
                        const DiskPartition *b = &d->partitions[j];

                        if (a->offset < b->offset + b->size && b->offset < a->offset + a->size)
                                return fault_set(reterr, FAULT_NOT_SUPPORTED, EINVAL,
                                                 "Partitions %u and %u of disk image '%s' overlap",
                                                 b->number, a->number, name);
                }
        }
        return 0;
}

static bool is_left_alone(const DiskPartition *p)
{
        return (p->flags & SD_GPT_FLAG_NO_AUTO) || streq(p->label, "_empty");
}

static int choose_role(DiskImage *d, uint32_t i, int role, const char *name, Fault *reterr)
{
        const DiskPartition *p = &d->partitions[i], *other = disk_partition_of(d, (DiskRole)role);
        int order = other ? strverscmp(p->label, other->label) : 1;

        if (order == 0)
                return fault_set(reterr, FAULT_NOT_SUPPORTED, EINVAL,
                                 "Disk image '%s' has two partitions for %s, %u and %u, and their "
                                 "labels do not tell which is newer",
                                 name, disk_role_name((DiskRole)role), other->number, p->number);
        if (order > 0)
                d->roles[role] = (int32_t)i;
        return 0;
}

/* As systemd-nspawn does: images made without knowledge of the specification have this type. */
static int choose_generic(DiskImage *d, const char *name, Fault *reterr)
{
        for (uint32_t i = 0; i < d->n_partitions; i++) {
                if (!partition_type_is_generic(d->partitions[i].type) ||
                    is_left_alone(&d->partitions[i]))
                        continue;
                if (d->roles[DISK_ROOT] >= 0)
                        return refuse(reterr, name,
                                      "has several Linux partitions, and none of them is marked as "
                                      "the root partition (see sfdisk --part-type)");
                d->roles[DISK_ROOT] = (int32_t)i;
        }
        return 0;
}

static int check_roles(const DiskImage *d, const char *name, Fault *reterr)
{
        if (!disk_partition_of(d, DISK_ROOT) && disk_partition_of(d, DISK_USR))
                return refuse(reterr, name,
                              "has a partition for /usr, but none for the root file system");
        if (!disk_partition_of(d, DISK_ROOT))
                return refuse(reterr, name,
                              "has no root partition for this architecture (see the Discoverable "
                              "Partitions Specification)");
        if (disk_partition_of(d, DISK_USR_VERITY) && !disk_partition_of(d, DISK_USR))
                return refuse(reterr, name,
                              "has dm-verity data for /usr, but no partition for /usr");
        return 0;
}

int disk_choose(DiskImage *d, const char *name, Fault *reterr)
{
        int r = check_places(d, name, reterr);

        for (uint32_t i = 0; r >= 0 && i < d->n_partitions; i++) {
                int role = partition_type_role(d->partitions[i].type);

                if (role >= 0 && !is_left_alone(&d->partitions[i]))
                        r = choose_role(d, i, role, name, reterr);
        }
        if (r >= 0 && !disk_partition_of(d, DISK_ROOT) && !disk_partition_of(d, DISK_ROOT_VERITY))
                r = choose_generic(d, name, reterr);
        return r < 0 ? r : check_roles(d, name, reterr);
}
