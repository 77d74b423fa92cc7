/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "disk/disk-verity.h"

#include "base/io.h"
#include "base/text.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <libcryptsetup.h>
#include <string.h>

#define LIBRARY       "libcryptsetup.so.12"
#define NAME_SIZE_MAX 4096U /* of a file in /sys: a page */

#define NODE_TRIES     100
#define NODE_WAIT_USEC 50000

typedef struct crypt_device CryptDevice;

static struct {
        typeof(&crypt_init) init;
        typeof(&crypt_free) free;
        typeof(&crypt_load) load;
        typeof(&crypt_set_data_device) set_data_device;
        typeof(&crypt_get_volume_key_size) get_volume_key_size;
        typeof(&crypt_activate_by_volume_key) activate_by_volume_key;
        typeof(&crypt_deactivate_by_name) deactivate_by_name;
        typeof(&crypt_set_log_callback) set_log_callback;
} lib;

static void log_nothing(int level, const char *message, void *userdata)
{
}

static int load_library(void)
{
        static const struct {
                void *to; /* a member of lib */
                const char *name;
        } functions[] = {
                {&lib.init, "crypt_init"},
                {&lib.free, "crypt_free"},
                {&lib.load, "crypt_load"},
                {&lib.set_data_device, "crypt_set_data_device"},
                {&lib.get_volume_key_size, "crypt_get_volume_key_size"},
                {&lib.activate_by_volume_key, "crypt_activate_by_volume_key"},
                {&lib.deactivate_by_name, "crypt_deactivate_by_name"},
                {&lib.set_log_callback, "crypt_set_log_callback"},
        };
        void *handle = lib.init ? NULL : dlopen(LIBRARY, RTLD_NOW | RTLD_NODELETE);

        if (lib.init)
                return 0;
        if (!handle)
                return -ENOENT;
        for (size_t i = 0; i < ELEMENTSOF(functions); i++) {
                void *f = dlsym(handle, functions[i].name);

                if (!f)
                        return -ENOENT;
                memcpy(functions[i].to, &f, sizeof(f)); /* as POSIX wants it for functions */
        }
        lib.set_log_callback(NULL, log_nothing, NULL);
        return 0;
}

static void crypt_freep(CryptDevice **d)
{
        if (*d)
                lib.free(*d);
}
#define _cleanup_crypt_ _cleanup_(crypt_freep)

void disk_verity_hash(const DiskPartition *data, const DiskPartition *hashes,
                      uint8_t ret[static DISK_HASH_SIZE])
{
        memcpy(ret, data->uuid, 16);
        memcpy(ret + 16, hashes->uuid, 16);
}

static bool kernel_has_device_mapper(void)
{
        return access("/sys/class/misc/device-mapper", F_OK) >= 0;
}

static int refuse(const DiskVerityArgs *a, int r, Fault *reterr)
{
        if (r == -ENOENT && !lib.init)
                return fault_set(reterr, FAULT_NOT_SUPPORTED, EOPNOTSUPP,
                                 "Disk image '%s' is protected by dm-verity, for which lodge needs "
                                 "libcryptsetup (" LIBRARY "), which is not installed",
                                 a->image);
        if (!kernel_has_device_mapper())
                return fault_set(reterr, FAULT_NOT_SUPPORTED, EOPNOTSUPP,
                                 "Disk image '%s' is protected by dm-verity, which this kernel "
                                 "does not have, and lodge does not use it unprotected",
                                 a->image);
        return fault_set(reterr, FAULT_NOT_SUPPORTED, r,
                         "Disk image '%s' does not pass dm-verity: what it holds does not fit its "
                         "root hash (%s)",
                         a->image, strerror(-r));
}

static int activate(const DiskVerityArgs *a, CryptDevice *d)
{
        int r = lib.load(d, CRYPT_VERITY, NULL);

        r = r < 0 ? r : lib.set_data_device(d, a->data);
        if (r >= 0 && lib.get_volume_key_size(d) != DISK_HASH_SIZE)
                r = -EINVAL;
        return r < 0 ? r
                     : lib.activate_by_volume_key(d, a->device, (const char *)a->hash,
                                                  DISK_HASH_SIZE, CRYPT_ACTIVATE_READONLY);
}

/* The number of the device, which its name in /sys ends with.
 * Return: it; -ENOENT. */
static int find_number(const char *name)
{
        _cleanup_closedir_ DIR *d = opendir("/sys/class/block");

        for (struct dirent *e; d && (e = readdir(d));) {
                _cleanup_free_ char *path = NULL, *found = NULL;
                uint64_t number;

                if (strncmp(e->d_name, "dm-", 3) != 0 ||
                    parse_u64(e->d_name + 3, INT32_MAX, &number) < 0)
                        continue;
                if (asprintf(&path, "/sys/class/block/%s/dm/name", e->d_name) < 0)
                        return -ENOMEM;
                if (read_file_at(AT_FDCWD, path, NAME_SIZE_MAX, &found, NULL) < 0)
                        continue;
                found[strcspn(found, "\n")] = '\0';
                if (streq(found, name))
                        return (int)number;
        }
        return -ENOENT;
}

int disk_verity_open(const DiskVerityArgs *args, DiskVerity *ret, Fault *reterr)
{
        _cleanup_crypt_ CryptDevice *d = NULL;
        _cleanup_free_ char *name = strdup(args->device);
        int r = name ? load_library() : -ENOMEM;

        if (r >= 0 && find_number(args->device) >= 0) {
                *ret = (DiskVerity){.name = TAKE_PTR(name), .is_shared = true};
                return 0;
        }
        r = r < 0 ? r : lib.init(&d, args->hashes);
        r = r < 0 ? r : activate(args, d);
        if (r < 0)
                return refuse(args, r, reterr);
        ret->name = TAKE_PTR(name);
        return 0;
}

/* Return: newly allocated, if it is there; NULL. */
static char *node_if_there(const char *directory, const char *name)
{
        char *path = NULL;

        if (asprintf(&path, "%s/%s", directory, name) < 0)
                return NULL;
        if (access(path, F_OK) >= 0)
                return path;
        free(path);
        return NULL;
}

/* The kernel's own node, or that of libdevmapper, or the link of udev, which may come later. */
static char *find_node(const char *name)
{
        int number = find_number(name);
        char kernel_name[24], *path = NULL;

        if (number >= 0) {
                (void)snprintf(kernel_name, sizeof(kernel_name), "dm-%d", number);
                path = node_if_there("/dev", kernel_name);
        }
        return path ?: node_if_there("/dev/mapper", name);
}

char *disk_verity_path(const DiskVerity *v)
{
        for (unsigned i = 0; i < NODE_TRIES; i++) {
                char *path = find_node(v->name);

                if (path || (v->is_shared && find_number(v->name) < 0))
                        return path;
                (void)usleep(NODE_WAIT_USEC);
        }
        return NULL;
}

void disk_verity_done(DiskVerity *v)
{
        if (v->name)
                (void)lib.deactivate_by_name(NULL, v->name, CRYPT_DEACTIVATE_DEFERRED);
        free(v->name);
        v->name = NULL;
}
