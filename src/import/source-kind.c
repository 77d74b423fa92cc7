/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/source-kind.h"

#include "base/text.h"
#include "image/tar-read.h"
#include "import/source.h"

#include <string.h>

typedef struct Mark {
        size_t at;
        const char *bytes;
        const char *what;
} Mark;

static const Mark disks[] = {
        {512, "EFI PART", "GPT"},
        {4096, "EFI PART", "GPT of 4K sectors"},
        {1080, "\x53\xef", "ext4"},
        {0, "XFSB", "xfs"},
        {65600, "_BHRfS_M", "btrfs"},
        {0, "hsqs", "squashfs"},
        {1024, "\xe2\xe1\xf5\xe0", "erofs"},
        {510, "\x55\xaa", "MBR"},
};

static const Mark refused[] = {
        {0, "QFI\xfb", "a qcow2 image; convert it with 'qemu-img convert -O raw'"},
        {0, "KDMV", "a VMDK image; convert it with 'qemu-img convert -O raw'"},
        {0, "\x63onectix", "a VHD image; convert it with 'qemu-img convert -O raw'"},
        {0, "vhdxfile", "a VHDX image; convert it with 'qemu-img convert -O raw'"},
        {0, "LUKS\xba\xbe", "encrypted with LUKS"},
        {0, "PK\x03\x04", "a zip archive"},
        {0, "!<arch>\n", "an ar archive or Debian package"},
        {0, "070701", "a cpio archive"},
};

static const Mark *find_mark(const Mark *marks, size_t n_marks, const uint8_t *data, size_t n)
{
        for (size_t i = 0; i < n_marks; i++) {
                size_t length = strlen(marks[i].bytes);

                if (marks[i].at + length <= n &&
                    memcmp(data + marks[i].at, marks[i].bytes, length) == 0)
                        return &marks[i];
        }
        return NULL;
}

/* The sum over the header with the field of the sum itself taken as blanks; also in the oldest
 * archives, which have no mark. */
static bool is_tar(const uint8_t *data, size_t n)
{
        char field[9] = "";
        unsigned long sum = 0, told;
        char *end;

        if (n < TAR_BLOCK_SIZE)
                return false;
        memcpy(field, data + 148, 8);
        told = strtoul(field, &end, 8);
        for (size_t i = 0; i < TAR_BLOCK_SIZE; i++)
                sum += i >= 148 && i < 156 ? ' ' : data[i];
        return end != field && sum == told && data[0] != '\0';
}

/* "HEX", "HEX.json", "HEX.tar", "HEX/..": as docker names its files. */
static bool is_hex_name(const char *path)
{
        size_t n = strspn(path, "0123456789abcdef");

        return n == 64 && (path[n] == '\0' || path[n] == '/' || path[n] == '.');
}

static bool is_image_archive(const uint8_t *data, size_t n)
{
        static const char *const names[] = {"oci-layout", "index.json", "manifest.json",
                                            "repositories", "blobs"};
        _cleanup_tar_reader_ TarReader *reader = NULL;
        MemorySource memory;
        ByteSource source = memory_source(&memory, data, n);
        char path[TAR_PATH_MAX + 1];
        const TarEntry *e;

        if (tar_reader_new(&source, NULL, &reader) < 0 || tar_reader_next(reader, &e, NULL) <= 0 ||
            tar_path_clean(e->path, path, NULL) <= 0)
                return false;
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (streq(path, names[i]))
                        return true;
        return strncmp(path, "blobs/", 6) == 0 || is_hex_name(path);
}

int source_kind_of(const uint8_t *data, size_t n, Fault *reterr)
{
        const Mark *mark = find_mark(refused, ELEMENTSOF(refused), data, n);

        if (mark)
                return fault_set(reterr, FAULT_NOT_SUPPORTED, EOPNOTSUPP,
                                 "what is to be imported is %s", mark->what);
        if (is_tar(data, n))
                return is_image_archive(data, n) ? SOURCE_OCI : SOURCE_TAR;
        if (find_mark(disks, ELEMENTSOF(disks), data, n))
                return SOURCE_DISK;
        return fault_set(reterr, FAULT_IMPORT_FAILED, EBADMSG,
                         "what is to be imported is no archive, disk image or directory that lodge "
                         "knows");
}
