/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "disk/disk-image.h"

#include "base/text.h"
#include "disk/partition-type.h"

#include <stdarg.h>
#include <string.h>

#define LABEL_SHOWN_MAX 64

static const char *const mountable[] = {"ext4", "xfs", "btrfs", "squashfs", "erofs"};

void disk_image_init(DiskImage *d)
{
        *d = (DiskImage){0};
        for (size_t i = 0; i < _DISK_ROLE_MAX; i++)
                d->roles[i] = -1;
}

const DiskPartition *disk_partition_of(const DiskImage *d, DiskRole role)
{
        return d->roles[role] < 0 ? NULL : &d->partitions[d->roles[role]];
}

bool disk_filesystem_is_mountable(const char *type)
{
        for (size_t i = 0; i < ELEMENTSOF(mountable); i++)
                if (streq(type, mountable[i]))
                        return true;
        return false;
}

const char *disk_role_name(DiskRole role)
{
        static const char *const names[_DISK_ROLE_MAX] = {
                [DISK_ROOT] = "root",
                [DISK_USR] = "usr",
                [DISK_ROOT_VERITY] = "root-verity",
                [DISK_USR_VERITY] = "usr-verity",
        };

        return names[role];
}

static bool is_text(const char *s, size_t n)
{
        return memchr(s, '\0', n);
}

int disk_image_check(const DiskImage *d)
{
        if (d->is_gpt > 1 || d->n_partitions > DISK_PARTITIONS_MAX)
                return -EBADMSG;
        for (uint32_t i = 0; i < d->n_partitions; i++) {
                const DiskPartition *p = &d->partitions[i];

                if (p->offset > d->size || p->size > d->size - p->offset ||
                    !is_text(p->label, sizeof(p->label)) ||
                    !is_text(p->filesystem, sizeof(p->filesystem)) ||
                    !is_text(p->fs_label, sizeof(p->fs_label)))
                        return -EBADMSG;
        }
        for (size_t i = 0; i < _DISK_ROLE_MAX; i++)
                if (d->roles[i] < -1 || d->roles[i] >= (int32_t)d->n_partitions)
                        return -EBADMSG;
        return 0;
}

/* ---- for people ---- */

static int _printf_(2, 3) push_line(char ***lines, const char *format, ...)
{
        _cleanup_free_ char *line = NULL;
        va_list ap;

        va_start(ap, format);
        int n = vasprintf(&line, format, ap);
        va_end(ap);
        if (n < 0)
                return -ENOMEM;
        return strv_push(lines, line);
}

/* " 'the label'", or nothing if there is none; NULL on OOM */
static char *quoted(const char *label)
{
        _cleanup_free_ char *clean = text_for_display(label, LABEL_SHOWN_MAX);
        char *s = NULL;

        if (!clean || asprintf(&s, *clean ? " '%s'" : "%s", clean) < 0)
                return NULL;
        return s;
}

static const char *role_of(const DiskImage *d, uint32_t i)
{
        for (unsigned role = 0; role < _DISK_ROLE_MAX; role++)
                if (d->roles[role] == (int32_t)i)
                        return disk_role_name(role);
        return "not used";
}

static int describe_partition(const DiskImage *d, uint32_t i, char ***lines)
{
        const DiskPartition *p = &d->partitions[i];
        _cleanup_free_ char *label = quoted(p->label), *fs_label = quoted(p->fs_label);
        _cleanup_free_ char *filesystem = text_for_display(p->filesystem, sizeof(p->filesystem));
        char type[DISK_TYPE_NAME_MAX];

        if (!label || !fs_label || !filesystem)
                return -ENOMEM;
        return push_line(lines, "partition %u: %s%s, %llu bytes at %llu, %s%s (%s)", p->number,
                         partition_type_name(p->type, type), label, (unsigned long long)p->size,
                         (unsigned long long)p->offset, *filesystem ? filesystem : "no file system",
                         fs_label, role_of(d, i));
}

static bool is_used(const DiskImage *d, uint32_t i)
{
        return d->roles[DISK_ROOT] == (int32_t)i || d->roles[DISK_USR] == (int32_t)i;
}

int disk_image_unused(const DiskImage *d, const char *name, char **ret)
{
        _cleanup_free_ char *list = NULL;
        char type[DISK_TYPE_NAME_MAX];
        size_t n;

        FILE *f = open_memstream(&list, &n);
        if (!f)
                return -ENOMEM;
        for (uint32_t i = 0; i < d->n_partitions; i++) {
                const DiskPartition *p = &d->partitions[i];

                if (!is_used(d, i) && partition_type_is_missed(p->type))
                        (void)fprintf(f, "%s %u (%s)", ftell(f) > 0 ? "," : "", p->number,
                                      partition_type_name(p->type, type));
        }
        if (fclose(f) != 0)
                return -ENOMEM;
        *ret = NULL;
        return *list && asprintf(ret, "Of disk image '%s', these partitions are not used:%s", name,
                                 list) < 0
                       ? -ENOMEM
                       : 0;
}

static int describe_bare(const DiskImage *d, char ***lines)
{
        const DiskPartition *p = &d->partitions[0];
        _cleanup_free_ char *fs_label = quoted(p->fs_label);
        _cleanup_free_ char *filesystem = text_for_display(p->filesystem, sizeof(p->filesystem));

        if (!fs_label || !filesystem)
                return -ENOMEM;
        return push_line(lines, "file system: %s%s", filesystem, fs_label);
}

int disk_image_describe(const DiskImage *d, char ***ret)
{
        _cleanup_strv_free_ char **lines = NULL;

        int r = push_line(&lines, "size: %llu bytes", (unsigned long long)d->size);
        if (r >= 0)
                r = push_line(&lines, "partition table: %s", d->is_gpt ? "gpt" : "none");
        for (uint32_t i = 0; r >= 0 && i < d->n_partitions; i++)
                r = d->is_gpt ? describe_partition(d, i, &lines) : describe_bare(d, &lines);
        if (r >= 0)
                r = push_line(&lines, "dm-verity: %s",
                              disk_partition_of(d, DISK_ROOT_VERITY) ||
                                              disk_partition_of(d, DISK_USR_VERITY)
                                      ? "yes"
                                      : "no");
        if (r >= 0)
                *ret = TAKE_PTR(lines);
        return r;
}
