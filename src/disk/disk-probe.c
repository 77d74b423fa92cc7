/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "disk/disk-probe.h"

#include "base/text.h"
#include "disk/disk-choose.h"
#include "disk/partition-type.h"

#include <blkid.h>
#include <string.h>
#include <sys/stat.h>

#define SECTOR       512U /* the unit in which libblkid tells places, whatever the disk's is */
#define LARGE_SECTOR 4096U

/* libblkid's word for what stands before a GPT, where there is none. */
#define PROTECTIVE_MBR "PMBR"

#define SIZE_MAX_OFF ((uint64_t)INT64_MAX)

static void probe_freep(blkid_probe *p)
{
        if (*p)
                blkid_free_probe(*p);
}
#define _cleanup_probe_ _cleanup_(probe_freep)

static int refuse(Fault *reterr, int error, const char *name, const char *why)
{
        return fault_set(reterr, FAULT_NOT_SUPPORTED, error, "Disk image '%s' %s", name, why);
}

/* Longer texts are cut: they are only shown. */
static void copy_text(char *to, size_t n, const char *from)
{
        (void)snprintf(to, n, "%s", from ?: "");
}

static const char *value_of(blkid_probe p, const char *key)
{
        const char *value = NULL;

        return p && blkid_probe_lookup_value(p, key, &value, NULL) == 0 ? value : NULL;
}

static int ambiguous(Fault *reterr, const char *name)
{
        return refuse(reterr, EINVAL, name,
                      "is ambiguous: it has the signatures of more than one file system or "
                      "partition table (wipefs shows and removes them)");
}

/* For libblkid 2.41, which says of that nothing but that it has failed. */
static bool finds_several(blkid_probe p)
{
        unsigned n = 0;

        blkid_reset_probe(p);
        while (n < 2 && blkid_do_probe(p) == 0)
                n++;
        return n > 1;
}

/* Return: 1 something was found; 0 nothing; negative errno. */
static int run(blkid_probe p, const char *name, Fault *reterr)
{
        errno = 0;
        int r = blkid_do_safeprobe(p);
        if (r == -2 || (r < 0 && errno == 0 && finds_several(p)))
                return ambiguous(reterr, name);
        if (r < 0)
                return fault_set(reterr, errno == ENOMEM ? FAULT_NOT_SUPPORTED : FAULT_FAILED,
                                 errno ?: EIO, "Cannot read disk image '%s': %s", name,
                                 errno == ENOMEM ? "its partition table is too large"
                                                 : strerror(errno ?: EIO));
        return r == 0;
}

static int new_probe(const DiskProbeArgs *a, uint64_t offset, uint64_t size, blkid_probe *ret)
{
        _cleanup_probe_ blkid_probe p = blkid_new_probe();

        if (!p)
                return -ENOMEM;
        errno = 0;
        if (blkid_probe_set_device(p, a->fd, (blkid_loff_t)offset, (blkid_loff_t)size) != 0)
                return -(errno ?: EIO);
        if (blkid_probe_enable_superblocks(p, 1) != 0 ||
            blkid_probe_set_superblocks_flags(p, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_LABEL |
                                                         BLKID_SUBLKS_USAGE | BLKID_SUBLKS_UUID) !=
                    0)
                return -ENOMEM;
        *ret = TAKE_PTR(p);
        return 0;
}

/* ---- file systems ---- */

static int check_filesystem(const DiskPartition *p, const char *usage, const char *where,
                            const DiskProbeArgs *a, Fault *reterr)
{
        _cleanup_free_ char *type = text_for_display(p->filesystem, sizeof(p->filesystem));

        if (streq(p->filesystem, "crypto_LUKS") || streq(p->filesystem, "BitLocker"))
                return fault_set(reterr, FAULT_NOT_SUPPORTED, EOPNOTSUPP,
                                 "%s of disk image '%s' is encrypted (%s), and lodge opens no "
                                 "encrypted images",
                                 where, a->name, type ?: "");
        if (!disk_filesystem_is_mountable(p->filesystem) || !streq(usage, "filesystem"))
                return fault_set(reterr, FAULT_NOT_SUPPORTED, EOPNOTSUPP,
                                 "%s of disk image '%s' holds %s, which lodge does not mount; it "
                                 "mounts " DISK_FILESYSTEMS,
                                 where, a->name, type ?: "");
        return 0;
}

static int note_filesystem(blkid_probe probe, DiskPartition *p, const char *where,
                           const DiskProbeArgs *a, Fault *reterr)
{
        copy_text(p->filesystem, sizeof(p->filesystem), value_of(probe, "TYPE"));
        copy_text(p->fs_label, sizeof(p->fs_label), value_of(probe, "LABEL"));
        return check_filesystem(p, value_of(probe, "USAGE"), where, a, reterr);
}

static int probe_partition(const DiskProbeArgs *a, DiskPartition *p, Fault *reterr)
{
        _cleanup_probe_ blkid_probe probe = NULL;
        char where[32];

        (void)snprintf(where, sizeof(where), "Partition %u", p->number);
        int r = new_probe(a, p->offset, p->size, &probe);
        if (r < 0)
                return fault_set(reterr, FAULT_FAILED, r, "Cannot read disk image '%s': %s",
                                 a->name, strerror(-r));
        r = run(probe, a->name, reterr);
        if (r < 0)
                return r;
        if (r == 0)
                return fault_set(reterr, FAULT_NOT_SUPPORTED, EINVAL,
                                 "%s of disk image '%s' holds no file system that is known", where,
                                 a->name);
        return note_filesystem(probe, p, where, a, reterr);
}

static int probe_bare(const DiskProbeArgs *a, blkid_probe probe, DiskImage *d, Fault *reterr)
{
        DiskPartition *p = &d->partitions[0];

        *p = (DiskPartition){.size = d->size};
        d->n_partitions = 1;
        d->roles[DISK_ROOT] = 0;
        return note_filesystem(probe, p, "The whole", a, reterr);
}

/* ---- partitions ---- */

static int note_partition(blkid_partition from, DiskPartition *to)
{
        blkid_loff_t start = blkid_partition_get_start(from), n = blkid_partition_get_size(from);

        if (start < 0 || n < 0 || (uint64_t)start > SIZE_MAX_OFF / SECTOR ||
            (uint64_t)n > SIZE_MAX_OFF / SECTOR)
                return -ERANGE;
        *to = (DiskPartition){
                .offset = (uint64_t)start * SECTOR,
                .size = (uint64_t)n * SECTOR,
                .flags = blkid_partition_get_flags(from),
                .number = (uint32_t)blkid_partition_get_partno(from),
        };
        copy_text(to->label, sizeof(to->label), blkid_partition_get_name(from));
        (void)uuid_parse(blkid_partition_get_uuid(from), to->uuid); /* only verity needs it */
        return uuid_parse(blkid_partition_get_type_string(from), to->type);
}

static int read_table(const DiskProbeArgs *a, blkid_probe probe, DiskImage *d, Fault *reterr)
{
        blkid_partlist list = blkid_probe_get_partitions(probe);
        int n = list ? blkid_partlist_numof_partitions(list) : -1;

        if (n < 0)
                return refuse(reterr, EINVAL, a->name, "has a partition table that makes no sense");
        if (n > DISK_PARTITIONS_MAX)
                return refuse(reterr, EINVAL, a->name, "has too many partitions");
        for (int i = 0; i < n; i++) {
                blkid_partition p = blkid_partlist_get_partition(list, i);

                if (!p || note_partition(p, &d->partitions[d->n_partitions++]) < 0)
                        return refuse(reterr, EINVAL, a->name,
                                      "has a partition table that makes no sense");
        }
        return 0;
}

static bool is_mounted(const DiskImage *d, uint32_t i)
{
        return d->roles[DISK_ROOT] == (int32_t)i || d->roles[DISK_USR] == (int32_t)i;
}

static int probe_gpt(const DiskProbeArgs *a, blkid_probe probe, DiskImage *d, Fault *reterr)
{
        d->is_gpt = 1;
        int r = read_table(a, probe, d, reterr);
        r = r < 0 ? r : disk_choose(d, a->name, reterr);
        if (r < 0 && !a->all)
                return r;
        for (uint32_t i = 0; i < d->n_partitions; i++) {
                bool mounted = is_mounted(d, i);

                if (!mounted && !a->all)
                        continue;
                /* in those that are not mounted, anything is fine */
                int q = probe_partition(a, &d->partitions[i], mounted ? reterr : NULL);
                if (r >= 0 && mounted)
                        r = q;
        }
        return r;
}

/* ---- the whole ---- */

static int check_file(const DiskProbeArgs *a, DiskImage *d, Fault *reterr)
{
        struct stat st;

        if (fstat(a->fd, &st) < 0)
                return fault_set(reterr, FAULT_FAILED, errno, "Cannot read disk image '%s': %s",
                                 a->name, strerror(errno));
        if (!S_ISREG(st.st_mode))
                return fault_set(reterr, FAULT_NOT_SUPPORTED, EBADF,
                                 "Disk image '%s' is not a regular file", a->name);
        if (st.st_size == 0)
                return refuse(reterr, EINVAL, a->name, "is empty: 0 bytes");
        if (st.st_size < 2 * (off_t)SECTOR)
                return fault_set(reterr, FAULT_NOT_SUPPORTED, EINVAL,
                                 "Disk image '%s' is too small for anything: %llu bytes", a->name,
                                 (unsigned long long)st.st_size);
        d->size = (uint64_t)st.st_size / SECTOR * SECTOR; /* what a loop device makes of it */
        return 0;
}

/* Return: as run(). */
static int probe_whole(const DiskProbeArgs *a, uint64_t size, unsigned sector, blkid_probe *ret,
                       Fault *reterr)
{
        int r = new_probe(a, 0, size, ret);

        if (r >= 0 && (blkid_probe_enable_partitions(*ret, 1) != 0 ||
                       blkid_probe_set_partitions_flags(*ret, BLKID_PARTS_ENTRY_DETAILS) != 0 ||
                       (sector != SECTOR && blkid_probe_set_sectorsize(*ret, sector) != 0)))
                r = -ENOMEM;
        if (r < 0)
                return fault_set(reterr, FAULT_FAILED, r, "Cannot read disk image '%s': %s",
                                 a->name, strerror(-r));
        return run(*ret, a->name, reterr);
}

static int refuse_table(const char *table, const char *name, Fault *reterr)
{
        _cleanup_free_ char *clean = text_for_display(table, 16);

        if (streq(table, PROTECTIVE_MBR))
                return refuse(reterr, EINVAL, name,
                              "announces a partition table of type gpt, but it is damaged or cut "
                              "short");
        return fault_set(reterr, FAULT_NOT_SUPPORTED, EOPNOTSUPP,
                         "Disk image '%s' has a partition table of type %s; lodge knows gpt, and "
                         "bare file systems",
                         name, streq(clean, "dos") ? "dos (MBR)" : clean ?: "");
}

int disk_probe_here(const DiskProbeArgs *args, DiskImage *ret, Fault *reterr)
{
        _cleanup_probe_ blkid_probe probe = NULL, large = NULL;

        disk_image_init(ret);
        int r = check_file(args, ret, reterr);
        if (r >= 0)
                r = probe_whole(args, ret->size, SECTOR, &probe, reterr);
        /* the table of a disk with larger sectors is elsewhere */
        if (r == 0 || (r > 0 && streq(value_of(probe, "PTTYPE"), PROTECTIVE_MBR))) {
                r = probe_whole(args, ret->size, LARGE_SECTOR, &large, reterr);
                blkid_free_probe(probe);
                probe = TAKE_PTR(large);
        }
        if (r < 0)
                return r;
        const char *table = r > 0 ? value_of(probe, "PTTYPE") : NULL;
        const char *type = r > 0 ? value_of(probe, "TYPE") : NULL;
        if (table && type)
                return ambiguous(reterr, args->name);
        if (streq(table, "gpt"))
                return probe_gpt(args, probe, ret, reterr);
        if (table)
                return refuse_table(table, args->name, reterr);
        if (type)
                return probe_bare(args, probe, ret, reterr);
        return refuse(reterr, EINVAL, args->name,
                      "holds no partition table and no file system that is known");
}
