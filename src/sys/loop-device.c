/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/loop-device.h"

#include "base/cleanup.h"
#include "base/io.h"
#include "base/text.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define SECTOR       512U
#define ATTEMPTS_MAX 64 /* others take free devices too */

/* LO_FLAGS_DIRECT_IO: no second copy of what is read in the page cache, where the file's own file
 * system can; else the kernel leaves it out. */
#define FLAGS (LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO)

const char *loop_node_name(const LoopDevice *l, char buf[static 24])
{
        (void)snprintf(buf, 24, "loop%u", l->number);
        return buf;
}

/* The number of the device as sysfs tells it: it need not be 7:N. */
static int device_number(unsigned n, dev_t *ret)
{
        _cleanup_free_ char *text = NULL;
        unsigned major, minor;
        char path[64];

        (void)snprintf(path, sizeof(path), "/sys/block/loop%u/dev", n);
        int r = read_file_at(AT_FDCWD, path, 4096, &text, NULL);
        if (r < 0)
                return r;
        if (sscanf(text, "%u:%u", &major, &minor) != 2) /* NOLINT(cert-err34-c): the kernel's */
                return -EIO;
        *ret = makedev(major, minor);
        return 0;
}

/* By a node of our own: /dev may not have it, or not yet. */
static int open_device(int dir, unsigned n, LoopDevice *ret)
{
        LoopDevice l = {.fd = -EBADF, .number = n};
        char name[24];

        int r = device_number(n, &l.node);
        if (r < 0)
                return r;
        if (mknodat(dir, loop_node_name(&l, name), S_IFBLK | 0600, l.node) < 0 && errno != EEXIST)
                return -errno;
        l.fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
        if (l.fd < 0)
                return -errno;
        *ret = l;
        return 0;
}

static void drop_device(int dir, LoopDevice *l)
{
        char name[24];

        (void)unlinkat(dir, loop_node_name(l, name), 0);
        loop_done(l);
}

void loop_done(LoopDevice *l)
{
        l->fd = close_fd(l->fd);
}

/* ---- one that is there ---- */

static bool attribute_is(int sysfs, const char *name, uint64_t wanted)
{
        _cleanup_free_ char *text = NULL;
        uint64_t v;

        if (read_file_at(sysfs, name, 4096, &text, NULL) < 0)
                return false;
        text[strcspn(text, "\n")] = '\0';
        return parse_u64(text, UINT64_MAX, &v) == 0 && v == wanted;
}

/* Most are told apart without opening them, which would hold up their end. */
static bool may_be_it(const char *device, uint64_t offset, uint64_t size)
{
        _cleanup_close_ int sysfs = -EBADF;
        char path[64];

        (void)snprintf(path, sizeof(path), "/sys/block/%.20s/loop", device);
        sysfs = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        return sysfs >= 0 && attribute_is(sysfs, "offset", offset) &&
               attribute_is(sysfs, "sizelimit", size) && attribute_is(sysfs, "autoclear", 1);
}

static bool is_it(int fd, const struct stat *file, uint64_t offset, uint64_t size)
{
        struct loop_info64 info;

        return ioctl(fd, LOOP_GET_STATUS64, &info) >= 0 && info.lo_device == file->st_dev &&
               info.lo_inode == file->st_ino && info.lo_offset == offset &&
               info.lo_sizelimit == size && (info.lo_flags & LO_FLAGS_READ_ONLY) &&
               (info.lo_flags & LO_FLAGS_AUTOCLEAR);
}

/* Return: 1 found; 0 there is none. */
static int find_attached(int dir, int file, uint64_t offset, uint64_t size, LoopDevice *ret)
{
        _cleanup_closedir_ DIR *d = opendir("/sys/block");
        struct dirent *e;
        struct stat st;
        unsigned n;

        if (!d || fstat(file, &st) < 0)
                return 0;
        while ((e = readdir(d))) {
                LoopDevice l = {.fd = -EBADF};
                uint64_t number;

                if (strncmp(e->d_name, "loop", 4) != 0 ||
                    parse_u64(e->d_name + 4, UINT32_MAX, &number) < 0 ||
                    !may_be_it(e->d_name, offset, size))
                        continue;
                n = (unsigned)number;
                if (open_device(dir, n, &l) < 0)
                        continue;
                if (is_it(l.fd, &st, offset, size)) {
                        *ret = l;
                        return 1;
                }
                drop_device(dir, &l);
        }
        return 0;
}

/* ---- a new one ---- */

static int configure(int fd, int file, uint64_t offset, uint64_t size)
{
        struct loop_config config = {
                .fd = (uint32_t)file,
                .block_size = SECTOR,
                .info = {.lo_offset = offset, .lo_sizelimit = size, .lo_flags = FLAGS},
        };

        return ioctl(fd, LOOP_CONFIGURE, &config) < 0 ? -errno : 0;
}

static int attach_new(int dir, int file, uint64_t offset, uint64_t size, LoopDevice *ret)
{
        _cleanup_close_ int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);

        if (control < 0)
                return errno == ENOENT ? -ENODEV : -errno;
        for (int i = 0; i < ATTEMPTS_MAX; i++) {
                LoopDevice l = {.fd = -EBADF};
                int n = ioctl(control, LOOP_CTL_GET_FREE);

                if (n < 0)
                        return -errno;
                int r = open_device(dir, (unsigned)n, &l);
                r = r < 0 ? r : configure(l.fd, file, offset, size);
                if (r >= 0) {
                        *ret = l;
                        return 0;
                }
                drop_device(dir, &l);
                if (r != -EBUSY && r != -ENOENT && r != -ENXIO)
                        return r;
        }
        return -EBUSY;
}

int loop_attach(int dir, int file, uint64_t offset, uint64_t size, LoopDevice *ret)
{
        if (find_attached(dir, file, offset, size, ret))
                return 0;
        return attach_new(dir, file, offset, size, ret);
}
