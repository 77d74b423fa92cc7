/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everything that a file can have arrives, and the archive can be written again bit for bit. */
#include "base/io.h"
#include "base/text.h"
#include "unit/image/archive.h"
#include "unit/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

/* layer_repack() into memory. */
static int collect(void *userdata, const void *data, size_t n, Fault *reterr)
{
        archive_bytes(userdata, data, n);
        return 0;
}

static void check_repack(int layer, const Archive *a, const char *diff_id)
{
        _cleanup_archive_ Archive again = {0};
        _cleanup_fault_ Fault fault = {0};
        const ByteSink sink = {.write = collect, .userdata = &again};

        if (layer_repack(layer, diff_id, &sink, NULL, &fault) < 0)
                (void)fprintf(stderr, "%s\n", fault.message);
        CHECK_NUMBER(again.n, a->n);
        CHECK(memcmp(again.data, a->data, a->n) == 0);
        CHECK(fault.code == FAULT_NONE);
}

/* The archive becomes a layer; the layer becomes the archive. */
static int unpack_and_repack(Archive *a, LayerResult *ret)
{
        _cleanup_fault_ Fault fault = {0};
        char digest[DIGEST_TEXT_MAX];
        int layer = scratch_open();

        if (scratch_unpack(a, layer, ret, &fault) < 0) {
                (void)fprintf(stderr, "%s\n", fault.message);
                exit(1);
        }
        CHECK(digest_of(a->data, a->n, digest) >= 0);
        CHECK_STRING(ret->diff_id, digest);
        CHECK_STRING(ret->digest, digest);
        CHECK_NUMBER(ret->n_tar, a->n);
        check_repack(layer, a, digest);
        return layer;
}

static void test_times_and_modes(void)
{
        _cleanup_archive_ Archive a = {0};
        LayerResult result;
        struct stat st;

        archive_pax(&a, 'g', "comment", "for all that follow", "mtime", "5", NULL);
        archive_entry(&a, '5', "d", NULL);
        archive_pax(&a, 'x', "mtime", "1700000000.123456789", "uid", "1000", "gid", "65535",
                    "ctime", "1", "unknown.key", "x", NULL);
        TarHeader *h = archive_header(&a, '0', "d/f", NULL, 0);
        memcpy(h->mode, "0006755", 8);
        archive_seal(h);
        archive_pax(&a, 'x', "mtime", "-1.25", NULL);
        archive_entry(&a, '2', "d/l", "nowhere");
        archive_pax(&a, 'x', "mtime", "7.000000001", NULL);
        h = archive_header(&a, '5', ".", NULL, 0);
        memcpy(h->mode, "0001777", 8);
        archive_seal(h);
        archive_pax(&a, 'x', "mtime", "11", NULL);
        h = archive_header(&a, '5', "d/setgid", NULL, 0);
        memcpy(h->mode, "0002775", 8);
        memcpy(h->gid, "0000052", 8);
        archive_seal(h);
        archive_file(&a, "d/setgid/f", "x");
        h = archive_header(&a, '0', "base256", NULL, 0);
        memcpy(h->uid, "\x80\0\0\0\0\0\x03\xe8", 8);
        memcpy(h->mtime, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12);
        archive_seal(h);
        archive_end(&a);
        _cleanup_scratch_ int layer = unpack_and_repack(&a, &result);

        CHECK(fstatat(layer, "tree/d/f", &st, 0) >= 0);
        CHECK_NUMBER(st.st_mode & 07777, 06755);
        CHECK_NUMBER(st.st_uid, 1000);
        CHECK_NUMBER(st.st_gid, 65535);
        CHECK(st.st_mtim.tv_sec == 1700000000 && st.st_mtim.tv_nsec == 123456789);
        CHECK(fstatat(layer, "tree/d", &st, 0) >= 0);
        CHECK_NUMBER(st.st_mtim.tv_sec, 5);
        CHECK(fstatat(layer, "tree/d/l", &st, AT_SYMLINK_NOFOLLOW) >= 0);
        CHECK(st.st_mtim.tv_sec == -2 && st.st_mtim.tv_nsec == 750000000);
        CHECK(fstatat(layer, "tree", &st, 0) >= 0);
        CHECK(st.st_mtim.tv_sec == 7 && st.st_mtim.tv_nsec == 1 && (st.st_mode & 07777) == 01777);
        CHECK(fstatat(layer, "tree/d/setgid", &st, 0) >= 0);
        CHECK(st.st_mtim.tv_sec == 11 && (st.st_mode & 07777) == 02775 && st.st_gid == 42);
        CHECK(fstatat(layer, "tree/d/setgid/f", &st, 0) >= 0);
        CHECK_NUMBER(st.st_gid, 0); /* not the directory's */
        CHECK(fstatat(layer, "tree/base256", &st, 0) >= 0);
        CHECK(st.st_uid == 1000);
        CHECK_NUMBER(st.st_mtim.tv_sec, 5); /* the global header says more than this one */
        CHECK_NUMBER(result.n_entries, 7);
}

static void test_attributes(void)
{
        static const uint8_t capability[20] = {1, 0, 0,
                                               2, 0, 4}; /* version 2, cap_net_bind_service=ep */
        _cleanup_archive_ Archive a = {0};
        LayerResult result;
        uint8_t value[256];

        archive_pax_bytes(&a, "SCHILY.xattr.security.capability", capability, sizeof(capability));
        archive_file(&a, "ping", "x");
        archive_pax(&a, 'x', "SCHILY.xattr.user.a", "one\nline", "SCHILY.xattr.user.b", "",
                    "LIBARCHIVE.xattr.user.c%20d", "AAEC/w==", NULL);
        archive_entry(&a, '5', "d", NULL);
        archive_pax(&a, 'x', "SCHILY.acl.access",
                    "user::rwx,user:1000:r-x,group::r-x,mask::r-x,other::---", "SCHILY.acl.default",
                    "user::rwx,group:staff:rwx:50,group::r-x,mask::rwx,other::---", NULL);
        archive_entry(&a, '5', "acl", NULL);
        archive_file(&a, "acl/plain", "x");
        archive_entry(&a, '5', "acl/implied/dir", NULL);
        archive_pax(&a, 'x', "SCHILY.acl.access",
                    "user::rw-,user:lisa:r--,group::r--,mask::r--,other::---", NULL);
        archive_file(&a, "acl/by-name", "x");
        archive_end(&a);
        _cleanup_scratch_ int layer = unpack_and_repack(&a, &result);

        _cleanup_close_ int ping = openat(layer, "tree/ping", O_RDONLY | O_CLOEXEC);
        CHECK_NUMBER(fgetxattr(ping, "security.capability", value, sizeof(value)),
                     sizeof(capability));
        CHECK(memcmp(value, capability, sizeof(capability)) == 0);
        _cleanup_close_ int d = openat(layer, "tree/d", O_RDONLY | O_CLOEXEC);
        CHECK(fgetxattr(d, "user.a", value, sizeof(value)) == 8 &&
              memcmp(value, "one\nline", 8) == 0);
        CHECK(fgetxattr(d, "user.b", value, sizeof(value)) == 0);
        CHECK(fgetxattr(d, "user.c d", value, sizeof(value)) == 4 &&
              memcmp(value, "\0\1\2\xff", 4) == 0);
        _cleanup_close_ int acl = openat(layer, "tree/acl", O_RDONLY | O_CLOEXEC);
        CHECK_NUMBER(fgetxattr(acl, "system.posix_acl_access", value, sizeof(value)), 4 + 5 * 8);
        CHECK_NUMBER(fgetxattr(acl, "system.posix_acl_default", value, sizeof(value)), 4 + 5 * 8);
        static const char *const without[] = {"tree/acl/plain", "tree/acl/implied",
                                              "tree/acl/by-name"};
        for (size_t i = 0; i < ELEMENTSOF(without); i++) {
                _cleanup_close_ int fd = openat(layer, without[i], O_RDONLY | O_CLOEXEC);
                CHECK(fd >= 0);
                CHECK(fgetxattr(fd, "system.posix_acl_access", value, sizeof(value)) < 0);
                CHECK(fgetxattr(fd, "system.posix_acl_default", value, sizeof(value)) < 0);
        }
        CHECK_NUMBER(result.n_xattrs_dropped, 1); /* the ACL of lisa, who is nobody here */
}

static void test_long_names(void)
{
        _cleanup_archive_ Archive a = {0};
        char longest[256], path[513];
        LayerResult result;

        memset(longest, 'l', sizeof(longest) - 1);
        longest[255] = '\0';
        (void)snprintf(path, sizeof(path), "%s/%s", longest, longest);
        archive_header(&a, 'L', "././@LongLink", NULL, strlen(path) + 1);
        archive_bytes(&a, path, strlen(path) + 1);
        archive_pad(&a);
        archive_header(&a, 'K', "././@LongLink", NULL, strlen(path) + 1);
        archive_bytes(&a, path, strlen(path) + 1);
        archive_pad(&a);
        TarHeader *h = archive_header(&a, '2', "cut", "cut", 0);
        memcpy(h->magic, TAR_MAGIC_GNU, 8);
        archive_seal(h);
        h = archive_header(&a, '0', "name", NULL, 0);
        memcpy(h->prefix, "pre/fix", 7);
        archive_seal(h);
        archive_pax(&a, 'x', "path", "by/pax", "linkpath", longest, NULL);
        archive_entry(&a, '2', "x", "x");
        h = archive_header(&a, '\0', "v7/", NULL, 0);
        memset(h->magic, 0, 8);
        archive_seal(h);
        archive_end(&a);
        archive_zeros(&a, 8192); /* a whole record, as tar pads it */
        _cleanup_scratch_ int layer = unpack_and_repack(&a, &result);
        char full[1024], target[600];
        struct stat st;

        (void)snprintf(full, sizeof(full), "tree/%s", path);
        CHECK_NUMBER(readlinkat(layer, full, target, sizeof(target)), strlen(path));
        CHECK(fstatat(layer, "tree/pre/fix/name", &st, 0) >= 0 && S_ISREG(st.st_mode));
        CHECK_NUMBER(readlinkat(layer, "tree/by/pax", target, sizeof(target)), 255);
        CHECK(fstatat(layer, "tree/v7", &st, 0) >= 0 && S_ISDIR(st.st_mode));
}

/* 64 KiB of hole, "data", a hole up to 1 MiB */
static void check_sparse(int layer, const char *name, bool holes)
{
        char path[64], data[8] = {0};
        struct stat st;

        (void)snprintf(path, sizeof(path), "tree/%s", name);
        _cleanup_close_ int fd = openat(layer, path, O_RDONLY | O_CLOEXEC);
        CHECK(fd >= 0 && fstat(fd, &st) >= 0);
        CHECK_NUMBER(st.st_size, 1 << 20);
        CHECK(!holes || st.st_blocks * 512 < 1 << 18);
        CHECK(pread(fd, data, 6, 65535) == 6 && memcmp(data, "\0data\0", 6) == 0);
}

static void add_data(Archive *a)
{
        archive_bytes(a, "data", 4);
        archive_pad(a);
}

static void test_sparse(void)
{
        _cleanup_archive_ Archive a = {0};
        LayerResult result;

        TarHeader *h = archive_header(&a, 'S', "old", NULL, 4);
        memcpy(h->magic, TAR_MAGIC_GNU, 8);
        (void)tar_header_put(h->gnu.extents[0][0], 12, 65536);
        (void)tar_header_put(h->gnu.extents[0][1], 12, 4);
        (void)tar_header_put(h->gnu.extents[1][0], 12, 1 << 20);
        (void)tar_header_put(h->gnu.extents[1][1], 12, 0);
        (void)tar_header_put(h->gnu.real_size, 12, 1 << 20);
        h->gnu.extended = 1;
        archive_seal(h);
        archive_zeros(&a, TAR_BLOCK_SIZE);
        add_data(&a);
        archive_pax(&a, 'x', "GNU.sparse.size", "1048576", "GNU.sparse.numblocks", "1",
                    "GNU.sparse.offset", "65536", "GNU.sparse.numbytes", "4", NULL);
        archive_header(&a, '0', "v00", NULL, 4);
        add_data(&a);
        archive_pax(&a, 'x', "GNU.sparse.size", "1048576", "GNU.sparse.name", "v01",
                    "GNU.sparse.map", "65536,4,1048576,0", NULL);
        archive_header(&a, '0', "GNUSparseFile.1/x", NULL, 4);
        add_data(&a);
        archive_pax(&a, 'x', "GNU.sparse.major", "1", "GNU.sparse.minor", "0", "GNU.sparse.name",
                    "v10", "GNU.sparse.realsize", "1048576", NULL);
        archive_header(&a, '0', "GNUSparseFile.1/x", NULL, 516);
        archive_bytes(&a, "2\n65536\n4\n1048576\n0\n", 20);
        archive_pad(&a);
        add_data(&a);
        archive_pax(&a, 'x', "GNU.sparse.major", "1", "GNU.sparse.minor", "0", "GNU.sparse.name",
                    "empty", "GNU.sparse.realsize", "1099511627776", NULL);
        archive_header(&a, '0', "GNUSparseFile.1/x", NULL, 512);
        archive_bytes(&a, "0\n", 2);
        archive_pad(&a);
        archive_end(&a);
        _cleanup_scratch_ int layer = unpack_and_repack(&a, &result);
        static const char *const names[] = {"old", "v00", "v01", "v10"};
        struct stat st;

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                check_sparse(layer, names[i], true);
        CHECK(fstatat(layer, "tree/empty", &st, 0) >= 0);
        CHECK(st.st_size == 1LL << 40 && st.st_blocks < 64);
        CHECK_NUMBER(result.n_bytes, 16);
}

static void sparse_refused(const char *map, const char *size, uint64_t n)
{
        _cleanup_archive_ Archive a = {0};
        _cleanup_scratch_ int layer = scratch_open();
        _cleanup_fault_ Fault fault = {0};
        LayerResult result;

        archive_pax(&a, 'x', "GNU.sparse.size", size, "GNU.sparse.map", map, NULL);
        archive_header(&a, '0', "x", NULL, n);
        archive_zeros(&a, n);
        archive_pad(&a);
        archive_end(&a);
        CHECK_NUMBER(scratch_unpack(&a, layer, &result, &fault), -EBADMSG);
        CHECK(strstr(fault.message, "GNU.sparse.map") ||
              strstr(fault.message, "damaged list of extents"));
}

static void test_bad_sparse(void)
{
        sparse_refused("0,4,2,4", "100", 8);  /* overlap */
        sparse_refused("8,4,0,4", "100", 8);  /* order */
        sparse_refused("0,4", "100", 8);      /* less than the payload */
        sparse_refused("0,8,96,8", "100", 8); /* more */
        sparse_refused("96,8", "100", 8);     /* behind the end */
        sparse_refused("9223372036854775807,8", "100", 8);
        sparse_refused("0,8,", "100", 8);
        sparse_refused("0", "100", 8);
        sparse_refused("x,y", "100", 8);
}

/* What later entries replaced is in tar.kept, and everything is found again in its order. */
static void test_kept(void)
{
        _cleanup_archive_ Archive a = {0};
        LayerResult result;
        struct stat st;

        archive_file(&a, "f", "first");
        archive_file(&a, "f", "second");
        archive_file(&a, "f", "");
        archive_file(&a, "g", "of the link");
        archive_entry(&a, '1', "f", "g");
        archive_file(&a, "g", "behind the link");
        archive_file(&a, "f", "fourth");
        archive_file(&a, "d/e/x", "below");
        archive_file(&a, "d/e/y", "below too");
        archive_file(&a, "d", "a file now");
        archive_entry(&a, '5', "d", NULL);
        archive_file(&a, "d/e/x", "again");
        archive_pax(&a, 'x', "GNU.sparse.size", "1048576", "GNU.sparse.map", "65536,4,1048576,0",
                    NULL);
        archive_header(&a, '0', "sparse", NULL, 4);
        add_data(&a);
        archive_file(&a, "sparse", "no more");
        archive_file(&a, ".wh.w", "data of a whiteout");
        archive_end(&a);
        _cleanup_scratch_ int layer = unpack_and_repack(&a, &result);
        CHECK(fstatat(layer, LAYER_KEPT, &st, 0) >= 0);
        CHECK(st.st_blocks * 512 < 200000); /* with the hole */
        char *text;
        CHECK(read_file_at(layer, "tree/f", 100, &text, NULL) >= 0);
        CHECK_STRING(text, "fourth");
        free(text);
}

/* What somebody changed in the tree is seen. */
static void test_changed(void)
{
        _cleanup_archive_ Archive a = {0};
        _cleanup_fault_ Fault fault = {0};
        LayerResult result;

        archive_file(&a, "d/f", "data");
        archive_end(&a);
        _cleanup_scratch_ int layer = unpack_and_repack(&a, &result);
        CHECK_NUMBER(layer_verify(layer, result.diff_id, NULL, &fault), 0);
        _cleanup_close_ int fd = openat(layer, "tree/d/f", O_RDWR | O_CLOEXEC);
        CHECK(pwrite(fd, "D", 1, 0) == 1);
        CHECK_NUMBER(layer_verify(layer, result.diff_id, NULL, &fault), -EBADMSG);
        CHECK(strstr(fault.message, "the layer was changed"));
        fault_done(&fault);
        CHECK(ftruncate(fd, 5) >= 0);
        CHECK_NUMBER(layer_verify(layer, result.diff_id, NULL, &fault), -EBADMSG);
        CHECK_STRING(fault.message, "entry 'd/f' is not what it was when the layer was made");
        fault_done(&fault);
        CHECK(unlinkat(layer, "tree/d/f", 0) >= 0 &&
              symlinkat("/etc/passwd", layer, "tree/d/f") >= 0);
        CHECK_NUMBER(layer_verify(layer, result.diff_id, NULL, &fault), -ELOOP);
        fault_done(&fault);
        CHECK(unlinkat(layer, "tree/d/f", 0) >= 0 && mkfifoat(layer, "tree/d/f", 0600) >= 0);
        CHECK_NUMBER(layer_verify(layer, result.diff_id, NULL, &fault), -EBADMSG);
        fault_done(&fault);
        CHECK(unlinkat(layer, LAYER_MAP, 0) >= 0);
        CHECK_NUMBER(layer_verify(layer, result.diff_id, NULL, &fault), -ENOENT);
}

/* Umask and default ACLs of where it happens change nothing. */
static void test_surroundings(void)
{
        _cleanup_archive_ Archive a = {0};
        LayerResult result;
        struct stat st;
        mode_t before = umask(0777);

        archive_file(&a, "implied/f", "x");
        archive_entry(&a, '5', "d", NULL);
        archive_end(&a);
        _cleanup_scratch_ int layer = unpack_and_repack(&a, &result);
        umask(before);
        CHECK(fstatat(layer, "tree/implied", &st, 0) >= 0 && (st.st_mode & 07777) == 0755);
        CHECK(st.st_mtim.tv_sec == 0 && st.st_mtim.tv_nsec == 0);
        CHECK(fstatat(layer, "tree/implied/f", &st, 0) >= 0 && (st.st_mode & 07777) == 0644);
        CHECK(fstatat(layer, "tree/d", &st, 0) >= 0 && (st.st_mode & 07777) == 0755);
        CHECK(fstatat(layer, "tree", &st, 0) >= 0 && (st.st_mode & 07777) == 0755);
}

int main(void)
{
        need_root();
        test_times_and_modes();
        test_attributes();
        test_long_names();
        test_sparse();
        test_bad_sparse();
        test_kept();
        test_changed();
        test_surroundings();
        return 0;
}
