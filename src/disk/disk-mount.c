/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "disk/disk-mount.h"

#include "base/names.h"
#include "base/text.h"
#include "base/tree-init.h"
#include "disk/disk-verity.h"
#include "sys/beneath.h"
#include "sys/loop-device.h"
#include "sys/mountfd.h"

#include <endian.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libmount.h>
#include <sched.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define SCRATCH         LODGE_RUNTIME /* in our own namespace we cover it */
#define LOCK_ATTEMPTS   500
#define LOCK_PAUSE_USEC 10000
#define VERITY_TRIES    3 /* the image is locked: only machines that end come in between */

void disk_mounts_done(DiskMounts *m)
{
        m->root = close_fd(m->root);
        m->usr = close_fd(m->usr);
}

/* ---- one file system ---- */

/* What the superblock asks for must not bring the host down, and a second mount of a copy is no
 * mistake. */
static const char *options_of(const char *type)
{
        return streq(type, "ext4")  ? "ro,nosuid,nodev,errors=remount-ro"
               : streq(type, "xfs") ? "ro,nosuid,nodev,nouuid"
                                    : "ro,nosuid,nodev";
}

static int prepare(struct libmnt_context *c, const char *source, const char *target,
                   const char *type)
{
        int r = mnt_context_set_optsmode(c, MNT_OMODE_NOTAB);

        r = r < 0 ? r : mnt_context_disable_helpers(c, 1);
        r = r < 0 ? r : mnt_context_disable_mtab(c, 1);
        r = r < 0 ? r : mnt_context_disable_canonicalize(c, 1);
        r = r < 0 ? r : mnt_context_set_source(c, source);
        r = r < 0 ? r : mnt_context_set_target(c, target);
        r = r < 0 ? r : mnt_context_set_fstype(c, type);
        return r < 0 ? r : mnt_context_set_options(c, options_of(type));
}

static int mount_filesystem(const char *source, const char *target, const char *type)
{
        struct libmnt_context *c = mnt_new_context();

        if (!c)
                return -ENOMEM;
        int r = prepare(c, source, target, type);
        r = r < 0 ? r : mnt_context_mount(c);
        if (r != 0 && mnt_context_syscall_called(c) && mnt_context_get_syscall_errno(c) > 0)
                r = -mnt_context_get_syscall_errno(c);
        mnt_free_context(c);
        return r > 0 ? -EINVAL : r; /* positive: of libmount's own, for what never happens here */
}

static int explain(const DiskMountArgs *a, const DiskPartition *p, int r, Fault *reterr)
{
        if (r == -EROFS)
                return fault_set(reterr, FAULT_NOT_SUPPORTED, r,
                                 "The %s file system of disk image '%s' was not unmounted cleanly, "
                                 "and a read-only image cannot be put right; mount it once, or "
                                 "check it with fsck",
                                 p->filesystem, a->name);
        if (r == -ENODEV)
                return fault_set(reterr, FAULT_NOT_SUPPORTED, r,
                                 "Disk image '%s' holds the file system %s, which this kernel does "
                                 "not have",
                                 a->name, p->filesystem);
        if (r == -EEXIST || r == -EBUSY)
                return fault_set(reterr, FAULT_BUSY, r,
                                 "The %s file system of disk image '%s' is mounted from elsewhere: "
                                 "%s",
                                 p->filesystem, a->name, strerror(-r));
        return fault_set(reterr, FAULT_NOT_SUPPORTED, r,
                         "Cannot mount the %s file system of disk image '%s', it is damaged or not "
                         "for this kernel: %s",
                         p->filesystem, a->name, strerror(-r));
}

static int attach(const DiskMountArgs *a, int scratch, const DiskPartition *p, LoopDevice *ret,
                  Fault *reterr)
{
        int r = loop_attach(scratch, a->fd, p->offset, p->size, ret);

        if (r == -ENODEV)
                return fault_set(reterr, FAULT_NOT_SUPPORTED, r,
                                 "This kernel has no loop devices, which disk image '%s' needs",
                                 a->name);
        return r < 0 ? fault_set(reterr, FAULT_FAILED, r,
                                 "Cannot attach disk image '%s' to a loop device: %s", a->name,
                                 strerror(-r))
                     : 0;
}

static void loop_path(const LoopDevice *l, char buf[static 64])
{
        char name[24];

        (void)snprintf(buf, 64, SCRATCH "/%s", loop_node_name(l, name));
}

static int mount_plain(const DiskMountArgs *a, int scratch, DiskRole role, const char *target,
                       Fault *reterr)
{
        const DiskPartition *p = disk_partition_of(a->image, role);
        _cleanup_loop_ LoopDevice loop = {.fd = -EBADF};
        char source[64];

        int r = attach(a, scratch, p, &loop, reterr);
        if (r < 0)
                return r;
        loop_path(&loop, source);
        r = mount_filesystem(source, target, p->filesystem);
        return r < 0 ? explain(a, p, r, reterr) : 0;
}

static char *verity_name(const LoopDevice *data, const uint8_t hash[static DISK_HASH_SIZE])
{
        uint64_t start;
        char *name;

        memcpy(&start, hash, sizeof(start));
        return asprintf(&name, "lodge-loop%u-%016" PRIx64, data->number, be64toh(start)) < 0 ? NULL
                                                                                             : name;
}

/* Return: 0; -EAGAIN another machine's device, which has just gone with that; negative errno. */
static int mount_mapped(const DiskMountArgs *a, const DiskVerityArgs *v, const DiskPartition *data,
                        const char *target, Fault *reterr)
{
        _cleanup_verity_ DiskVerity verity = {0};
        _cleanup_free_ char *source = NULL;

        int r = disk_verity_open(v, &verity, reterr);
        if (r < 0)
                return r;
        source = disk_verity_path(&verity);
        if (!source && verity.is_shared)
                return -EAGAIN;
        if (!source)
                return fault_set(reterr, FAULT_FAILED, ENODEV,
                                 "The dm-verity device of disk image '%s' has no node in /dev",
                                 a->name);
        r = mount_filesystem(source, target, data->filesystem);
        if (verity.is_shared && (r == -ENXIO || r == -ENOENT))
                return -EAGAIN;
        return r < 0 ? explain(a, data, r, reterr) : 0;
}

static int mount_verity(const DiskMountArgs *a, int scratch, DiskRole role, const char *target,
                        Fault *reterr)
{
        DiskRole hash_role = role == DISK_ROOT ? DISK_ROOT_VERITY : DISK_USR_VERITY;
        const DiskPartition *data = disk_partition_of(a->image, role);
        const DiskPartition *hashes = disk_partition_of(a->image, hash_role);
        _cleanup_loop_ LoopDevice data_loop = {.fd = -EBADF}, hash_loop = {.fd = -EBADF};
        _cleanup_free_ char *device = NULL;
        char data_path[64], hash_path[64];
        uint8_t hash[DISK_HASH_SIZE];

        int r = attach(a, scratch, data, &data_loop, reterr);
        r = r < 0 ? r : attach(a, scratch, hashes, &hash_loop, reterr);
        if (r < 0)
                return r;
        loop_path(&data_loop, data_path);
        loop_path(&hash_loop, hash_path);
        disk_verity_hash(data, hashes, hash);
        device = verity_name(&data_loop, hash);
        if (!device)
                return -ENOMEM;
        DiskVerityArgs v = {a->name, data_path, hash_path, hash, device};
        for (int i = 0; i < VERITY_TRIES; i++) {
                r = mount_mapped(a, &v, data, target, reterr);
                if (r != -EAGAIN)
                        break;
        }
        return r;
}

static int mount_role(const DiskMountArgs *a, int scratch, DiskRole role, const char *target,
                      Fault *reterr)
{
        DiskRole hashes = role == DISK_ROOT ? DISK_ROOT_VERITY : DISK_USR_VERITY;

        return disk_partition_of(a->image, hashes) ? mount_verity(a, scratch, role, target, reterr)
                                                   : mount_plain(a, scratch, role, target, reterr);
}

/* ---- all of them ---- */

/* A directory that only we see, in which device nodes work. */
static int make_scratch(void)
{
        _cleanup_close_ int fd = -EBADF, at = -EBADF;

        if (unshare(CLONE_NEWNS) < 0)
                return -errno;
        int r = mountns_propagation(MS_PRIVATE);
        fd = r < 0 ? r : mountfd_new("tmpfs", "mode=0700,size=64k", MOUNT_ATTR_NOSUID);
        if (fd < 0)
                return fd;
        if (mkdirat(fd, "root", 0700) < 0 || mkdirat(fd, "usr", 0700) < 0)
                return -errno;
        at = open(SCRATCH, O_PATH | O_DIRECTORY | O_CLOEXEC);
        r = at < 0 ? -errno : mountfd_attach(fd, at);
        return r < 0 ? r : TAKE_FD(fd);
}

/* Two starts at once would each attach the image anew, and have a superblock of their own each. */
static int lock_image(const DiskMountArgs *a, Fault *reterr)
{
        for (int i = 0; flock(a->fd, LOCK_EX | LOCK_NB) < 0; i++) {
                if (errno != EWOULDBLOCK && errno != EINTR)
                        return -errno;
                if (i >= LOCK_ATTEMPTS)
                        return fault_set(reterr, FAULT_BUSY, EBUSY,
                                         "Disk image '%s' is locked by another program", a->name);
                (void)usleep(LOCK_PAUSE_USEC);
        }
        return 0;
}

/* The tree as the machine will see it, to look for its init. */
static int join(int root, int usr)
{
        _cleanup_close_ int target = beneath_open(root, "/usr", O_PATH | O_DIRECTORY, 0);
        _cleanup_close_ int copy = target < 0 ? target : mountfd_clone(usr, "", 0);

        return copy < 0 ? copy : mountfd_attach(copy, target);
}

static int open_directory(int dirfd, const char *name)
{
        int fd = openat(dirfd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

static int mount_usr(const DiskMountArgs *a, int scratch, int root, DiskMounts *m, Fault *reterr)
{
        _cleanup_close_ int usr = -EBADF;

        int r = mount_role(a, scratch, DISK_USR, SCRATCH "/usr", reterr);
        if (r < 0)
                return r;
        m->usr = mountfd_clone(scratch, "usr", 0);
        if (m->usr < 0)
                return m->usr;
        usr = open_directory(scratch, "usr");
        r = usr < 0 ? usr : join(root, usr);
        return r < 0 ? fault_set(reterr, FAULT_NOT_SUPPORTED, r,
                                 "The root file system of disk image '%s' has no directory /usr "
                                 "for its /usr partition: %s",
                                 a->name, strerror(-r))
                     : 0;
}

static int mount_all(const DiskMountArgs *a, int scratch, DiskMounts *m, Fault *reterr)
{
        _cleanup_close_ int root = -EBADF;

        int r = mount_role(a, scratch, DISK_ROOT, SCRATCH "/root", reterr);
        if (r < 0)
                return r;
        m->root = mountfd_clone(scratch, "root", 0);
        root = m->root < 0 ? m->root : open_directory(scratch, "root");
        if (root < 0)
                return root;
        r = disk_partition_of(a->image, DISK_USR) ? mount_usr(a, scratch, root, m, reterr) : 0;
        if (r >= 0)
                m->init = tree_find_init(root, &m->init_is_systemd);
        return r;
}

int disk_mount(const DiskMountArgs *args, DiskMounts *ret, Fault *reterr)
{
        _cleanup_disk_mounts_ DiskMounts m = {.root = -EBADF, .usr = -EBADF};
        _cleanup_close_ int scratch = -EBADF;

        int r = lock_image(args, reterr);
        scratch = r < 0 ? r : make_scratch();
        r = scratch < 0 ? scratch : mount_all(args, scratch, &m, reterr);
        (void)flock(args->fd, LOCK_UN);
        if (r < 0)
                return fault_set(reterr, FAULT_FAILED, r, "Cannot attach disk image '%s': %s",
                                 args->name, strerror(-r));
        *ret = m;
        m = (DiskMounts){.root = -EBADF, .usr = -EBADF};
        return 0;
}
