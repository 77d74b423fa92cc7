/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From directories to archives and layers, and what differs between them. */
#include "base/io.h"
#include "base/text.h"
#include "image/pack.h"
#include "unit/image/archive.h"
#include "unit/test.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>

static const struct timespec long_ago[2] = {{.tv_sec = 1000000000, .tv_nsec = 5},
                                            {.tv_sec = 1000000000, .tv_nsec = 5}};

static void file(int top, const char *path, const char *text)
{
        _cleanup_close_ int fd = openat(top, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        CHECK(fd >= 0 && write_all(fd, text, strlen(text)) >= 0 && futimens(fd, long_ago) >= 0);
}

static void directory(int top, const char *path)
{
        CHECK(mkdirat(top, path, 0755) >= 0);
}

static int enter(int top, const char *path)
{
        int fd = openat(top, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        CHECK(fd >= 0);
        return fd;
}

static void opaque(int top, const char *path)
{
        _cleanup_close_ int fd = enter(top, path);

        CHECK(fsetxattr(fd, "user.overlay.opaque", "y", 1, 0) >= 0);
}

static void whiteout(int top, const char *path)
{
        CHECK(mknodat(top, path, S_IFCHR, 0) >= 0);
}

static int collect(void *userdata, const void *data, size_t n, Fault *reterr)
{
        archive_bytes(userdata, data, n);
        return 0;
}

static int pack(const int *trees, size_t n, LayerPackMode mode, Archive *ret, Fault *reterr)
{
        const LayerPackArgs args = {.trees = trees, .n_trees = n, .mode = mode};
        const ByteSink out = {.write = collect, .userdata = ret};

        return layer_pack(&args, &out, reterr);
}

/* "./ a/ a/f=text l->target h=>a/f" */
static void list(const Archive *a, char *ret, size_t room)
{
        MemorySource memory;
        const ByteSource source = memory_source(&memory, a->data, a->n);
        _cleanup_tar_reader_ TarReader *reader = NULL;
        const TarEntry *e;
        size_t n = 0;

        CHECK(tar_reader_new(&source, NULL, &reader) >= 0);
        while (tar_reader_next(reader, &e, NULL) > 0) {
                char *text = NULL;

                CHECK(tar_reader_read_all(reader, 1U << 20, &text, NULL, NULL) >= 0);
                n += (size_t)snprintf(ret + n, room - n, "%s%s%s%s", n > 0 ? " " : "", e->path,
                                      e->type == TAR_SYMLINK    ? "->"
                                      : e->type == TAR_HARDLINK ? "=>"
                                      : *text                   ? "="
                                                                : "",
                                      e->link ? e->link : text);
                free(text);
        }
}

static void packs(const int *trees, size_t n, LayerPackMode mode, const char *expected)
{
        _cleanup_archive_ Archive a = {0};
        _cleanup_fault_ Fault fault = {0};
        char is[4096];

        if (pack(trees, n, mode, &a, &fault) < 0)
                (void)fprintf(stderr, "%s\n", fault.message);
        list(&a, is, sizeof(is));
        CHECK_STRING(is, expected);
}

static void test_upper(void)
{
        _cleanup_scratch_ int top = scratch_open();
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        char value[8];

        directory(top, "tree");
        int tree = enter(top, "tree");
        file(tree, "changed", "1");
        whiteout(tree, "gone");
        directory(tree, "new");
        opaque(tree, "new");
        file(tree, "new/f", "2");
        CHECK(linkat(tree, "new/f", tree, "second", 0) >= 0);
        CHECK(symlinkat("changed", tree, "link") >= 0);
        (void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/socket", tree);
        _cleanup_close_ int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        CHECK(bind(s, (struct sockaddr *)&address, sizeof(address)) >= 0);
        packs(&tree, 1, LAYER_PACK_UPPER,
              "./ changed=1 .wh.gone link->changed new/ new/.wh..wh..opq new/f=2 second=>new/f");
        packs(&tree, 1, LAYER_PACK_PLAIN, "./ changed=1 link->changed new/ new/f=2 second=>new/f");

        /* and as a layer it is the same upper again */
        const LayerPackArgs args = {.trees = &tree, .n_trees = 1, .mode = LAYER_PACK_UPPER};
        _cleanup_scratch_ int layer = scratch_open();
        _cleanup_fault_ Fault fault = {0};
        const LayerUnpackArgs to = {.dirfd = layer, .sync = true};
        LayerResult result;
        struct stat st;
        CHECK(layer_build(&args, &to, &result, &fault) >= 0);
        CHECK_STRING(result.digest, result.diff_id);
        CHECK_NUMBER(result.n_whiteouts, 2);
        CHECK(layer_verify(layer, result.diff_id, NULL, &fault) >= 0);
        CHECK(fstatat(layer, "tree/gone", &st, 0) >= 0 && S_ISCHR(st.st_mode) && st.st_rdev == 0);
        _cleanup_close_ int new = enter(layer, "tree/new");
        CHECK(fgetxattr(new, "user.overlay.opaque", value, sizeof(value)) == 1);
        CHECK(fstatat(layer, "tree/second", &st, 0) >= 0 && st.st_nlink == 2);
        CHECK(st.st_mtim.tv_sec == 1000000000 && st.st_mtim.tv_nsec == 5);

        file(tree, ".wh.name", "");
        _cleanup_archive_ Archive a = {0};
        CHECK_NUMBER(pack(&tree, 1, LAYER_PACK_UPPER, &a, &fault), -EINVAL);
        CHECK(strstr(fault.message, "entry '.wh.name' has a name that means a deletion"));
        fault_done(&fault);
        CHECK(unlinkat(tree, ".wh.name", 0) >= 0);
        CHECK(fsetxattr(enter(tree, "new"), "user.overlay.redirect", "/x", 2, 0) >= 0);
        CHECK_NUMBER(pack(&tree, 1, LAYER_PACK_UPPER, &a, &fault), -EOPNOTSUPP);
        CHECK_STRING(fault.message, "entry 'new' was moved by overlayfs: it is only in part here");
        (void)close_fd(tree);
}

/* Three trees: 0 on top. */
static void make_layers(int top, int trees[static 3])
{
        static const char *const names[] = {"0", "1", "2"};

        for (int i = 0; i < 3; i++) {
                directory(top, names[i]);
                trees[i] = enter(top, names[i]);
        }
        file(trees[2], "low", "2");
        file(trees[2], "over", "2");
        file(trees[2], "gone", "2");
        file(trees[2], "back", "2");
        directory(trees[2], "d");
        file(trees[2], "d/low", "2");
        directory(trees[2], "o");
        file(trees[2], "o/hidden", "2");
        directory(trees[2], "dir-then-file");
        file(trees[2], "dir-then-file/x", "2");
        directory(trees[2], "cut");
        file(trees[2], "cut/below", "2");
        file(trees[1], "over", "1");
        whiteout(trees[1], "gone");
        whiteout(trees[1], "back");
        directory(trees[1], "d");
        file(trees[1], "d/mid", "1");
        directory(trees[1], "o");
        opaque(trees[1], "o");
        file(trees[1], "o/mid", "1");
        file(trees[1], "dir-then-file", "1");
        file(trees[1], "cut", "a file cuts what is below");
        file(trees[0], "back", "0");
        directory(trees[0], "d");
        whiteout(trees[0], "d/low");
        directory(trees[0], "o");
        file(trees[0], "o/top", "0");
        directory(trees[0], "cut");
        file(trees[0], "cut/top", "0");
}

static void test_merged(void)
{
        _cleanup_scratch_ int top = scratch_open();
        int trees[3];

        make_layers(top, trees);
        packs(trees, 3, LAYER_PACK_PLAIN,
              "./ back=0 cut/ cut/top=0 d/ d/mid=1 dir-then-file=1 low=2 o/ o/mid=1 o/top=0 over=1");
        packs(trees + 1, 2, LAYER_PACK_PLAIN,
              "./ cut=a file cuts what is below d/ d/low=2 d/mid=1 dir-then-file=1 low=2 o/ o/mid=1 over=1");
        opaque(trees[0], ".");
        packs(trees, 3, LAYER_PACK_PLAIN, "./ back=0 cut/ cut/top=0 d/ o/ o/top=0");
        for (int i = 0; i < 3; i++)
                (void)close_fd(trees[i]);
}

static int on_change(void *userdata, LayerChange change, const char *path)
{
        char *text = userdata;

        (void)sprintf(text + strlen(text), "%s%c %s", *text ? "," : "", (char)change, path);
        return 0;
}

static void test_diff(void)
{
        _cleanup_scratch_ int top = scratch_open();
        _cleanup_fault_ Fault fault = {0};
        char is[1024] = "";
        int trees[3];

        make_layers(top, trees);
        whiteout(trees[0], "never-was");
        file(trees[0], "over", "0");
        directory(trees[0], "new");
        file(trees[0], "new/x", "0");
        CHECK(fchmodat(trees[0], "d", 0700, 0) >= 0);
        CHECK(layer_diff(trees[0], trees + 1, 2, on_change, is, &fault) >= 0);
        CHECK_STRING(is,
                     "A /back,C /cut,A /cut/top,C /d,D /d/low,A /new,A /new/x,A /o/top,C /over");
        is[0] = '\0';
        opaque(trees[0], "o");
        CHECK(layer_diff(trees[0], trees + 1, 2, on_change, is, &fault) >= 0);
        CHECK(strstr(is, "D /o/mid,A /o/top") && !strstr(is, "hidden"));
        /* a directory made anew in one that was made anew hides what was in it, without a mark */
        is[0] = '\0';
        directory(trees[1], "o/sub");
        file(trees[1], "o/sub/hid", "1");
        file(trees[1], "o/sub/kept", "1");
        directory(trees[0], "o/sub");
        file(trees[0], "o/sub/kept", "0");
        file(trees[0], "o/sub/made", "0");
        CHECK(fchmodat(trees[0], ".", 0711, 0) >= 0);
        CHECK(layer_diff(trees[0], trees + 1, 2, on_change, is, &fault) >= 0);
        CHECK(strstr(is, "D /o/mid,D /o/sub/hid,C /o/sub/kept,A /o/sub/made,A /o/top"));
        CHECK(strncmp(is, "C /,A /back,", 12) == 0);
        is[0] = '\0';
        CHECK(layer_diff(trees[2], NULL, 0, on_change, is, &fault) >= 0);
        CHECK(strstr(is, "A /cut,A /cut/below,A /d,"));
        for (int i = 0; i < 3; i++)
                (void)close_fd(trees[i]);
}

/* A tree with all that a file system has, through an archive and back: the same archive. */
static void test_round_trip(void)
{
        _cleanup_scratch_ int top = scratch_open(), layer = scratch_open();
        _cleanup_archive_ Archive a = {0}, b = {0};
        _cleanup_fault_ Fault fault = {0};
        static const uint8_t capability[20] = {1, 0, 0, 2, 0, 4};
        static const uint8_t acl[] = {2,   0,   0,   0,   1,   0,   7,  0,   255, 255, 255,
                                      255, 2,   0,   5,   0,   9,   0,  0,   0,   4,   0,
                                      5,   0,   255, 255, 255, 255, 16, 0,   5,   0,   255,
                                      255, 255, 255, 32,  0,   0,   0,  255, 255, 255, 255};
        char name[256] = {0}, path[600];
        LayerResult result;

        directory(top, "t");
        int t = enter(top, "t");
        memset(name, 'n', 255);
        directory(t, name);
        (void)snprintf(path, sizeof(path), "%s/%s", name, name);
        file(t, path, "long");
        CHECK(symlinkat(path, t, "l") >= 0);
        file(t, "cap", "x");
        _cleanup_close_ int cap = openat(t, "cap", O_RDONLY | O_CLOEXEC);
        CHECK(fsetxattr(cap, "security.capability", capability, sizeof(capability), 0) >= 0);
        CHECK(fsetxattr(cap, "user.x", "\0y", 2, 0) >= 0);
        CHECK(fsetxattr(cap, "user.100%=x", "\0y\xff=", 4, 0) >= 0);
        directory(t, "acl");
        _cleanup_close_ int dir = enter(t, "acl");
        CHECK(fsetxattr(dir, "system.posix_acl_access", acl, sizeof(acl), 0) >= 0);
        CHECK(fsetxattr(dir, "system.posix_acl_default", acl, sizeof(acl), 0) >= 0);
        CHECK(mknodat(t, "null", S_IFCHR | 0666, makedev(1, 3)) >= 0);
        CHECK(mkfifoat(t, "fifo", 0600) >= 0);
        CHECK(fchownat(t, "l", 33, 65535, AT_SYMLINK_NOFOLLOW) >= 0);
        _cleanup_close_ int sparse = openat(t, "sparse", O_RDWR | O_CREAT | O_CLOEXEC, 04711);
        CHECK(pwrite(sparse, "data", 4, 1 << 20) == 4 && ftruncate(sparse, 1LL << 33) >= 0);
        const struct timespec old[2] = {{.tv_sec = -2, .tv_nsec = 750000000},
                                        {.tv_sec = -2, .tv_nsec = 750000000}};
        CHECK(futimens(sparse, old) >= 0);
        CHECK(utimensat(t, "fifo", old, 0) >= 0);

        CHECK(pack(&t, 1, LAYER_PACK_PLAIN, &a, &fault) >= 0);
        CHECK(a.n < 100000); /* holes are not written */
        CHECK(scratch_unpack(&a, layer, &result, &fault) >= 0);
        int tree = enter(layer, "tree");
        CHECK(pack(&tree, 1, LAYER_PACK_PLAIN, &b, &fault) >= 0);
        CHECK(a.n == b.n && memcmp(a.data, b.data, a.n) == 0);
        uint64_t used, again;
        CHECK(layer_usage(t, &used, &fault) >= 0 && layer_usage(tree, &again, &fault) >= 0);
        CHECK(used > 0 && used < 1U << 20 && again > 0 && again < 1U << 20);
        (void)close_fd(tree);
        (void)close_fd(t);
}

/* What an archive does not tell of is as the layers below have it. */
static void test_adopt(void)
{
        _cleanup_scratch_ int top = scratch_open(), layer = scratch_open();
        _cleanup_archive_ Archive a = {0};
        _cleanup_fault_ Fault fault = {0};
        LayerResult result;
        struct stat st;
        char value[8];
        int trees[3];

        make_layers(top, trees);
        CHECK(fchmodat(trees[1], "d", 01777, 0) >= 0 && fchownat(trees[1], "d", 7, 8, 0) >= 0);
        _cleanup_close_ int d = enter(trees[1], "d");
        CHECK(fsetxattr(d, "user.x", "y", 1, 0) >= 0 && futimens(d, long_ago) >= 0);
        CHECK(fchmodat(trees[2], "d", 0700, 0) >= 0 && fchmodat(trees[2], "o", 0700, 0) >= 0);
        CHECK(mkdirat(trees[2], "d/deep", 0711) >= 0 && mkdirat(trees[2], "o/deep", 0711) >= 0);
        CHECK(fchmodat(trees[1], ".", 0751, 0) >= 0);
        archive_file(&a, "d/deep/f", "x");
        archive_file(&a, "o/deep/f", "x");
        archive_file(&a, "told/f", "x");
        archive_entry(&a, '5', "told", NULL);
        archive_file(&a, "new/f", "x");
        archive_entry(&a, '0', ".wh.w", NULL);
        archive_file(&a, "over/f", "a file below");
        archive_file(&a, "dropped/f", "x");
        archive_file(&a, "dropped", "x");
        archive_end(&a);
        directory(trees[1], "told");
        CHECK(fchmodat(trees[1], "told", 0700, 0) >= 0);
        CHECK(scratch_unpack(&a, layer, &result, &fault) >= 0);
        if (layer_adopt(layer, trees + 1, 2, &fault) < 0)
                CHECK_STRING(fault.message, NULL);
        CHECK(fstatat(layer, "tree/d", &st, 0) >= 0);
        CHECK((st.st_mode & 07777) == 01777 && st.st_uid == 7 && st.st_gid == 8);
        CHECK(st.st_mtim.tv_sec == 1000000000 && st.st_mtim.tv_nsec == 5);
        _cleanup_close_ int own = enter(layer, "tree/d");
        CHECK(fgetxattr(own, "user.x", value, sizeof(value)) == 1);
        CHECK(fstatat(layer, "tree/d/deep", &st, 0) >= 0 && (st.st_mode & 07777) == 0711);
        CHECK(fstatat(layer, "tree/o", &st, 0) >= 0 && (st.st_mode & 07777) == 0755);
        CHECK(fstatat(layer, "tree/o/deep", &st, 0) >= 0 &&
              (st.st_mode & 07777) == 0755); /* hidden */
        CHECK(fstatat(layer, "tree/told", &st, 0) >= 0 && (st.st_mode & 07777) == 0755);
        CHECK(fstatat(layer, "tree/new", &st, 0) >= 0 && (st.st_mode & 07777) == 0755);
        CHECK(fstatat(layer, "tree/over", &st, 0) >= 0 && (st.st_mode & 07777) == 0755);
        CHECK(fstatat(layer, "tree", &st, 0) >= 0 && (st.st_mode & 07777) == 0751);
        CHECK(layer_verify(layer, result.diff_id, NULL, &fault) >= 0);
        for (int i = 0; i < 3; i++)
                (void)close_fd(trees[i]);
}

static void test_cancel(void)
{
        _cleanup_scratch_ int top = scratch_open(), layer = scratch_open();
        _cleanup_fault_ Fault fault = {0};
        LayerControl control = {.cancelled = true};
        const LayerPackArgs args = {.trees = &top, .n_trees = 1};
        const LayerUnpackArgs to = {.dirfd = layer, .control = &control};
        LayerResult result;

        file(top, "f", "x");
        CHECK_NUMBER(layer_build(&args, &to, &result, &fault), -ECANCELED);
        CHECK_NUMBER(fault.code, FAULT_CANCELLED);
}

int main(void)
{
        need_root();
        test_upper();
        test_merged();
        test_diff();
        test_round_trip();
        test_adopt();
        test_cancel();
        return 0;
}
