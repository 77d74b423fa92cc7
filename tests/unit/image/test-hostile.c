/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What archives of strangers try, and what becomes of it. Beside the layer lies a directory that
 * all escapes aim at: it never changes. */
#include "base/io.h"
#include "base/text.h"
#include "unit/image/archive.h"
#include "unit/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

/* A layer beside the directory `outside`, which holds the file `canary`. */
typedef struct Scene {
        int top, layer;
        LayerResult result;
        Fault fault;
} Scene;

static void scene_done(Scene *s)
{
        char *text = NULL;
        struct stat st;

        /* whatever the case was */
        CHECK(fstatat(s->top, "outside", &st, 0) >= 0 && st.st_nlink == 2 &&
              (st.st_mode & 07777) == 0700);
        CHECK(fstatat(s->top, "outside/canary", &st, 0) >= 0 && st.st_nlink == 1 &&
              (st.st_mode & 07777) == 0600);
        CHECK(read_file_at(s->top, "outside/canary", 100, &text, NULL) >= 0);
        CHECK_STRING(text, "sings");
        free(text);
        int fd = openat(s->top, "outside", O_RDONLY | O_DIRECTORY | O_CLOEXEC), n = 0;
        DIR *d = fdopendir(fd);
        CHECK(d);
        while (readdir(d))
                n++;
        CHECK_NUMBER(n, 3);
        (void)closedir(d);
        fault_done(&s->fault);
        s->layer = close_fd(s->layer);
        scratch_done(&s->top);
}
#define _cleanup_scene_ _cleanup_(scene_done)

static Scene scene_open(void)
{
        Scene s = {.top = scratch_open()};

        CHECK(mkdirat(s.top, "outside", 0700) >= 0 && mkdirat(s.top, "layer", 0700) >= 0);
        s.layer = openat(s.top, "layer", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int fd = openat(s.top, "outside/canary", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        CHECK(s.layer >= 0 && fd >= 0 && write_all(fd, "sings", 5) >= 0);
        (void)close_fd(fd);
        return s;
}

static int unpack(Scene *s, Archive *a)
{
        return scratch_unpack(a, s->layer, &s->result, &s->fault);
}

/* The end of the archive is added, and it must be refused with these words. */
static void refused(Archive *a, int error, const char *words)
{
        _cleanup_scene_ Scene s = scene_open();

        archive_end(a);
        int r = unpack(&s, a);
        if (r != -error || !s.fault.message || !strstr(s.fault.message, words)) {
                (void)fprintf(stderr, "got %d, '%s'; want %d, '%s'\n", r,
                              s.fault.message ? s.fault.message : "", -error, words);
                exit(1);
        }
        CHECK(!strchr(s.fault.message, '\n'));
        archive_done(a);
}

/* The end is added, and it must be taken. */
static Scene taken(Archive *a)
{
        Scene s = scene_open();

        archive_end(a);
        if (unpack(&s, a) < 0) {
                (void)fprintf(stderr, "refused: %s\n", s.fault.message);
                exit(1);
        }
        archive_done(a);
        return s;
}

/* Kind and content of tree/NAME: "file:text", "link:target", "dir", "opaque dir", "whiteout",
 * "none" .. */
static void is(const Scene *s, const char *name, const char *expected)
{
        char path[TAR_PATH_MAX], what[TAR_PATH_MAX + 16] = "none", value;
        struct stat st;

        (void)snprintf(path, sizeof(path), "tree/%s", name);
        if (fstatat(s->layer, path, &st, AT_SYMLINK_NOFOLLOW) >= 0) {
                if (S_ISREG(st.st_mode)) {
                        char *text;
                        CHECK(read_file_at(s->layer, path, 1U << 20, &text, NULL) >= 0);
                        (void)snprintf(what, sizeof(what), "file:%s", text);
                        free(text);
                } else if (S_ISLNK(st.st_mode)) {
                        char target[TAR_PATH_MAX];
                        ssize_t n = readlinkat(s->layer, path, target, sizeof(target));
                        (void)snprintf(what, sizeof(what), "link:%.*s", (int)n, target);
                } else if (S_ISDIR(st.st_mode)) {
                        int fd = openat(s->layer, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                        (void)snprintf(what, sizeof(what), "%sdir",
                                       fgetxattr(fd, "user.overlay.opaque", &value, 1) == 1
                                               ? "opaque "
                                               : "");
                        (void)close_fd(fd);
                } else if (S_ISCHR(st.st_mode) && st.st_rdev == 0)
                        (void)snprintf(what, sizeof(what), "whiteout");
                else
                        (void)snprintf(what, sizeof(what), "%o %u:%u", st.st_mode & S_IFMT,
                                       major(st.st_rdev), minor(st.st_rdev));
        }
        CHECK_STRING(what, expected);
}

static void test_paths(void)
{
        Archive a = {0};

        archive_file(&a, "../outside/new", "x");
        refused(&a, EINVAL, "entry '../outside/new' has '..' in its path");
        archive_file(&a, "a/../../outside/new", "x");
        refused(&a, EINVAL, "has '..'");
        archive_entry(&a, '5', "..", NULL);
        refused(&a, EINVAL, "has '..'");

        archive_file(&a, "/etc/passwd", "x");
        archive_file(&a, ".//./b//c", "y");
        archive_file(&a, "...", "z");
        _cleanup_scene_ Scene s = taken(&a);
        is(&s, "etc/passwd", "file:x");
        is(&s, "b/c", "file:y");
        is(&s, "...", "file:z");
}

static void test_symlinks(void)
{
        Archive a = {0};

        archive_entry(&a, '2', "l", "/outside");
        archive_file(&a, "l/canary", "x");
        refused(&a, ELOOP, "entry 'l/canary' lies below something that is no directory");
        archive_entry(&a, '2', "l", "../../outside");
        archive_entry(&a, '5', "l/d", NULL);
        refused(&a, ELOOP, "no directory");
        archive_entry(&a, '2', "a", "b");
        archive_entry(&a, '2', "b", "../../outside");
        archive_file(&a, "a/canary", "x");
        refused(&a, ELOOP, "no directory");
        archive_entry(&a, '2', "l", "../../outside");
        archive_entry(&a, '0', "l/.wh..wh..opq", NULL);
        refused(&a, ELOOP, "no directory");
        archive_file(&a, "f", "x");
        archive_file(&a, "f/below", "x");
        refused(&a, ENOTDIR, "no directory");
        archive_entry(&a, '2', ".", "../../outside");
        refused(&a, EINVAL, "the root");
        archive_file(&a, "/", "");
        archive_entry(&a, '0', "./", NULL);
        _cleanup_scene_ Scene root =
                taken(&a); /* a file with a slash behind its name is a directory */
        is(&root, ".", "dir");

        archive_entry(&a, '2', "l", "../../outside/canary");
        archive_file(&a, "l", "x");
        archive_entry(&a, '2', "m", "../../outside");
        archive_entry(&a, '5', "m", NULL);
        archive_file(&a, "m/canary", "y");
        archive_entry(&a, '2', "w", "../../outside");
        archive_entry(&a, '0', "w/.wh.canary", NULL); /* as umoci writes it; hides nothing more */
        archive_entry(&a, '2', "n", "../../outside/none");
        archive_file(&a, "n", "z");
        _cleanup_scene_ Scene s = taken(&a);
        is(&s, "l", "file:x");
        is(&s, "m/canary", "file:y");
        is(&s, "n", "file:z");
}

static void test_hardlinks(void)
{
        Archive a = {0};

        archive_entry(&a, '1', "h", "/outside/canary");
        refused(&a, ENOENT, "entry 'h' is a hard link to what this layer has not");
        archive_entry(&a, '1', "h", "../outside/canary");
        refused(&a, EINVAL, "has '..'");
        archive_entry(&a, '2', "l", "../../outside");
        archive_entry(&a, '1', "h", "l/canary");
        refused(&a, ENOENT, "is a hard link");
        archive_entry(&a, '1', "h", "missing");
        refused(&a, ENOENT, "is a hard link");
        archive_entry(&a, '5', "d", NULL);
        archive_entry(&a, '1', "h", "d");
        refused(&a, ENOENT, "is a hard link");
        archive_entry(&a, '0', ".wh.w", NULL);
        archive_entry(&a, '1', "h", "w");
        refused(&a, ENOENT, "is a hard link");
        archive_entry(&a, '1', "h", "/");
        refused(&a, ENOENT, "is a hard link");
        archive_file(&a, "d/f", "x");
        archive_entry(&a, '1', "d", "d/f");
        refused(&a, ENOENT, "is a hard link");

        archive_file(&a, "a/f", "x");
        archive_entry(&a, '1', "b", "/a/f");
        archive_entry(&a, '1', "b", "./a/f");
        archive_entry(&a, '1', "b", "b");
        archive_entry(&a, '2', "l", "../../outside/canary");
        archive_entry(&a, '1', "k", "l");
        archive_file(&a, "c", "other");
        archive_entry(&a, '1', "c", "a/f");
        _cleanup_scene_ Scene s = taken(&a);
        struct stat x, y;
        is(&s, "b", "file:x");
        is(&s, "c", "file:x");
        is(&s, "k", "link:../../outside/canary");
        CHECK(fstatat(s.layer, "tree/a/f", &x, 0) >= 0 && fstatat(s.layer, "tree/c", &y, 0) >= 0);
        CHECK(x.st_ino == y.st_ino && x.st_nlink == 3);
}

static void test_whiteouts(void)
{
        Archive a = {0};
        struct stat st;
        static const char *const bad[] = {".wh.",   ".wh..",   ".wh...",
                                          "d/.wh.", "d/.wh..", "d/.wh..."};

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                archive_file(&a, "precious", "x");
                archive_entry(&a, '0', bad[i], NULL);
                refused(&a, EINVAL, "is a whiteout of nothing");
        }
        archive_entry(&a, '0', ".wh.d/below", NULL);
        refused(&a, EINVAL, "lies below a whiteout");
        archive_entry(&a, '0', "../.wh.outside", NULL);
        refused(&a, EINVAL, "has '..'");

        archive_entry(&a, '0', ".wh.gone", NULL);
        archive_entry(&a, '5', ".wh.gonedir", NULL);
        archive_entry(&a, '0', "new/parent/.wh.x", NULL);
        archive_entry(&a, '5', "o", NULL);
        archive_entry(&a, '0', "o/.wh..wh..opq", NULL);
        archive_file(&a, "o/own", "1");
        archive_file(&a, "same", "2"); /* a whiteout acts on the layers below only */
        archive_entry(&a, '0', ".wh.same", NULL);
        archive_entry(&a, '0', ".wh.later", NULL);
        archive_file(&a, "later", "3");
        archive_file(&a, "kept/x", "4");
        archive_entry(&a, '0', ".wh.kept", NULL);
        archive_entry(&a, '0', ".wh.implied", NULL);
        archive_file(&a, "implied/x", "5");
        archive_entry(&a, '0', ".wh.made", NULL);
        archive_entry(&a, '5', "made", NULL);
        archive_entry(&a, '0', ".wh..wh.plnk", NULL);
        archive_file(&a, ".wh..wh.aufs/x/y", "junk");
        archive_file(&a, ".wh.full", "a whiteout with data");
        _cleanup_scene_ Scene s = taken(&a);
        is(&s, "gone", "whiteout");
        CHECK(fstatat(s.layer, "tree/gone", &st, AT_SYMLINK_NOFOLLOW) >= 0 && st.st_uid == 0);
        is(&s, "gonedir", "whiteout");
        is(&s, "new/parent/x", "whiteout");
        is(&s, "o", "opaque dir");
        is(&s, "o/own", "file:1");
        is(&s, "same", "file:2");
        is(&s, "later", "file:3");
        is(&s, "kept", "opaque dir");
        is(&s, "kept/x", "file:4");
        is(&s, "implied", "opaque dir");
        is(&s, "implied/x", "file:5");
        is(&s, "made", "opaque dir");
        is(&s, ".wh..wh.plnk", "none");
        is(&s, ".wh..wh.aufs", "none");
        is(&s, "full", "whiteout");
        CHECK(!s.result.opaque_root);
        archive_entry(&a, '0', ".wh..wh..opq", NULL);
        _cleanup_scene_ Scene root = taken(&a);
        is(&root, ".", "opaque dir");
        CHECK(root.result.opaque_root);
}

static void test_nodes(void)
{
        Archive a = {0};

        archive_device(&a, '3', "zero", 0, 0);
        archive_device(&a, '3', "null", 1, 3);
        archive_device(&a, '4', "disk", 8, 1);
        archive_device(&a, '4', "zeroblock", 0, 0);
        archive_entry(&a, '6', "fifo", NULL);
        archive_file(&a, "over", "x");
        archive_device(&a, '3', "over", 1, 5);
        archive_device(&a, '3', "under", 1, 5);
        archive_file(&a, "under", "y");
        _cleanup_scene_ Scene s = taken(&a);
        is(&s, "zero", "none");
        is(&s, "null", "20000 1:3");
        is(&s, "disk", "60000 8:1");
        is(&s, "zeroblock", "60000 0:0");
        is(&s, "fifo", "10000 0:0");
        is(&s, "over", "20000 1:5");
        is(&s, "under", "file:y");
        CHECK_NUMBER(s.result.n_nodes, 6);
        CHECK_NUMBER(s.result.n_nodes_dropped, 1);

        archive_device(&a, '3', "far", 4096, 0);
        refused(&a, EINVAL, "is a device 4096:0");
        archive_entry(&a, 'V', "label", NULL);
        refused(&a, EBADMSG, "entry 'label' is of type 'V', which is not known");
        archive_entry(&a, 'M', "volume\n", NULL);
        refused(&a, EBADMSG, "entry 'volume?' is of type 'M'");
        archive_entry(&a, '\1', "x", NULL);
        refused(&a, EBADMSG, "is of type 0x01");
}

static void test_attributes(void)
{
        Archive a = {0};
        char value[32];

        archive_pax(&a, 'x', "SCHILY.xattr.user.overlay.opaque", "y",
                    "SCHILY.xattr.trusted.overlay.opaque", "y",
                    "SCHILY.xattr.user.overlay.redirect", "/etc", "SCHILY.xattr.security.selinux",
                    "system_u", "SCHILY.xattr.system.nfs4_acl", "x", "SCHILY.xattr.user.fine",
                    "yes", NULL);
        archive_entry(&a, '5', "d", NULL);
        archive_pax(&a, 'x', "SCHILY.xattr.user.overlay.metacopy", "", NULL);
        archive_file(&a, "f", "x");
        _cleanup_scene_ Scene s = taken(&a);
        is(&s, "d", "dir");
        int fd = openat(s.layer, "tree/d", O_RDONLY | O_CLOEXEC);
        CHECK(fgetxattr(fd, "user.fine", value, sizeof(value)) == 3);
        CHECK(fgetxattr(fd, "user.overlay.redirect", value, sizeof(value)) < 0);
        CHECK(fgetxattr(fd, "security.selinux", value, sizeof(value)) != 8);
        (void)close_fd(fd);
        CHECK_NUMBER(s.result.n_xattrs_dropped, 6);

        archive_pax(&a, 'x', "uid", "70000", NULL);
        archive_file(&a, "owned", "x");
        refused(&a, EOVERFLOW, "entry 'owned' belongs to 70000:0; ids of a machine end at 65535");
        archive_pax(&a, 'x', "gid", "65536", NULL);
        archive_entry(&a, '5', "owned", NULL);
        refused(&a, EOVERFLOW, "belongs to 0:65536");
        archive_pax(&a, 'x', "uid", "-1", NULL);
        archive_file(&a, "owned", "x");
        refused(&a, EBADMSG, "bad value of 'uid'");
        archive_pax(&a, 'x', "SCHILY.xattr.system.posix_acl_access", "nonsense", NULL);
        archive_file(&a, "acl", "x");
        refused(&a, EOPNOTSUPP, "cannot have its attribute 'system.posix_acl_access'");
}

static void test_names(void)
{
        Archive a = {0};
        char name[400], path[6000] = "";

        memset(name, 'n', sizeof(name));
        name[256] = '\0';
        archive_pax(&a, 'x', "path", name, NULL);
        archive_file(&a, "x", "x");
        refused(&a, ENAMETOOLONG, "has a name of 256 bytes, 255 is the limit");
        for (int i = 0; i < 513; i++)
                strcat(path, "d/");
        archive_pax(&a, 'x', "path", path, NULL);
        archive_entry(&a, '5', "x", NULL);
        refused(&a, ENAMETOOLONG, "lies deeper than 512 directories");
        for (int i = 0; i < 50; i++)
                (void)sprintf(path + i * 101, "%0100d/", i);
        archive_pax(&a, 'x', "path", path, NULL);
        archive_file(&a, "x", "x");
        refused(&a, ENAMETOOLONG, "bad value of 'path'");
        archive_header(&a, 'L', "././@LongLink", NULL, 1U << 30);
        refused(&a, ENAMETOOLONG, "has 1073741824 bytes");
        archive_header(&a, 'x', "pax", NULL, 1U << 30);
        refused(&a, EFBIG, "has 1073741824 bytes");
        archive_file(&a, "", "x");
        refused(&a, EBADMSG, "an entry has no name");
        archive_pax_bytes(&a, "path", "a\0b", 3);
        archive_file(&a, "x", "x");
        refused(&a, EBADMSG, "bad value of 'path'");
        archive_entry(&a, '2', "l", "");
        refused(&a, EBADMSG, "is a link to nothing");

        name[255] = '\0';
        archive_pax(&a, 'x', "path", name, NULL);
        archive_file(&a, "x", "long");
        archive_file(&a, "new\nline", "1");
        archive_file(&a, "not\xff utf8", "2");
        path[0] = '\0';
        for (int i = 0; i < 512; i++)
                strcat(path, "d/");
        archive_pax(&a, 'x', "path", path, NULL);
        archive_entry(&a, '5', "x", NULL);
        _cleanup_scene_ Scene s = taken(&a);
        is(&s, name, "file:long");
        is(&s, "new\nline", "file:1");
        is(&s, "not\xff utf8", "file:2");
        path[512 * 2 - 1] = '\0';
        is(&s, path, "dir");
}

static void test_duplicates(void)
{
        Archive a = {0};

        archive_file(&a, "ff", "1");
        archive_file(&a, "ff", "2");
        archive_file(&a, "fd", "1");
        archive_entry(&a, '5', "fd", NULL);
        archive_file(&a, "fd/x", "2");
        archive_file(&a, "df/deep/x", "1");
        archive_file(&a, "df", "2");
        archive_file(&a, "dl/x", "1");
        archive_entry(&a, '2', "dl", "ff");
        archive_entry(&a, '2', "ln", "ff");
        archive_device(&a, '6', "ln", 0, 0);
        archive_file(&a, "dd/x", "kept");
        archive_entry(&a, '5', "dd", NULL);
        archive_entry(&a, '0', ".wh.w", NULL);
        archive_entry(&a, '2', "w", "ff");
        _cleanup_scene_ Scene s = taken(&a);
        is(&s, "ff", "file:2");
        is(&s, "fd/x", "file:2");
        is(&s, "df", "file:2");
        is(&s, "dl", "link:ff");
        is(&s, "ln", "10000 0:0");
        is(&s, "dd/x", "file:kept");
        is(&s, "w", "link:ff");
        CHECK(layer_verify(s.layer, s.result.diff_id, NULL, &s.fault) >= 0);
}

static void test_sizes(void)
{
        Archive a = {0};
        TarHeader *h;

        archive_header(&a, '0', "huge", NULL, 1ULL << 30);
        refused(&a, EFBIG, "entry 'huge' has 1073741824 bytes, 67108864 is the limit");
        h = archive_header(&a, '0', "negative", NULL, 0);
        memset(h->size, 0xff, sizeof(h->size));
        archive_seal(h);
        refused(&a, EBADMSG, "entry 'negative' has a bad number");
        archive_pax(&a, 'x', "size", "4611686018427387904", NULL);
        archive_file(&a, "f", "x");
        refused(&a, EFBIG, "has 4611686018427387904 bytes");
        archive_pax(&a, 'x', "size", "99999999999999999999", NULL);
        archive_file(&a, "f", "x");
        refused(&a, EBADMSG, "bad value of 'size'");
        h = archive_header(&a, '0', "letters", NULL, 0);
        memcpy(h->size, "12ab", 4);
        archive_seal(h);
        refused(&a, EBADMSG, "has a bad number");
        archive_pax(&a, 'g', "size", "5", NULL);
        archive_file(&a, "f", "x");
        refused(&a, EBADMSG, "a global extended header");
        archive_pax(&a, 'g', "path", "other", NULL);
        archive_file(&a, "f", "x");
        refused(&a, EBADMSG, "a global extended header");
        archive_zeros(&a, TAR_BLOCK_SIZE);
        archive_zeros(&a, 80U << 20);
        refused(&a, EFBIG, "the archive has more than 67108864 bytes unpacked");
        for (int i = 0; i < 5001; i++) {
                char name[16];
                (void)snprintf(name, sizeof(name), "%d", i);
                archive_entry(&a, '2', name, "x");
        }
        refused(&a, EFBIG, "more than 5000 entries");
        h = archive_header(&a, '1', "link with size", "/", 512);
        archive_entry(&a, '5', "d", NULL);
        refused(&a, ENOENT, "is a hard link"); /* no data follow a link, whatever it says */
}

/* What the end of the stream is like. */
static void test_ends(void)
{
        _cleanup_scene_ Scene s = scene_open();
        Archive a = {0};

        CHECK_NUMBER(unpack(&s, &a), -EBADMSG);
        CHECK_STRING(s.fault.message, "it is empty");
        archive_file(&a, "f", "x");
        archive_bytes(&a, "garbage", 7);
        refused(&a, EBADMSG, "bad checksum");
        archive_file(&a, "f", "x");
        archive_end(&a);
        archive_file(&a, "hidden", "x");
        refused(&a, EBADMSG, "bytes follow the end of the archive");
        archive_pax(&a, 'x', "path", "dangling", NULL);
        refused(&a, EBADMSG, "truncated");
        archive_bytes(&a, "this is not a tar archive at all, is it?", 40);
        archive_zeros(&a, 2000);
        refused(&a, EBADMSG, "it is no tar archive");
}

static void test_truncated(void)
{
        Archive a = {0};

        archive_file(&a, "first", "data");
        archive_pax(&a, 'x', "mtime", "1.5", NULL);
        archive_file(&a, "second", "data");
        size_t n = a.n;
        for (size_t cut = 1; cut < n; cut += cut < 1000 ? 250 : 333) {
                _cleanup_scene_ Scene s = scene_open();

                a.n = cut;
                if (cut ==
                    2 * TAR_BLOCK_SIZE) /* between two entries: nothing says that there is more */
                        CHECK_NUMBER(unpack(&s, &a), 0);
                else
                        CHECK_NUMBER(unpack(&s, &a), -EBADMSG);
        }
        a.n = n; /* no blocks at the end: fine for everybody */
        _cleanup_scene_ Scene s = scene_open();
        CHECK_NUMBER(unpack(&s, &a), 0);
        archive_done(&a);
        archive_end(&a); /* nothing but the end */
        _cleanup_scene_ Scene t = taken(&a);
        is(&t, ".", "dir");
}

int main(void)
{
        need_root();
        test_paths();
        test_symlinks();
        test_hardlinks();
        test_whiteouts();
        test_nodes();
        test_attributes();
        test_names();
        test_duplicates();
        test_sizes();
        test_ends();
        test_truncated();
        return 0;
}
