/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copies between a directory and an archive: where things go, and that what strangers say leads
 * nowhere else. */
#include "copy/copy-file.h"
#include "copy/copy-pack.h"
#include "copy/copy-unpack.h"
#include "unit/image/archive.h"
#include "unit/test.h"

#include "base/io.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

/* A directory to copy into, and one beside it that nothing may reach. */
typedef struct Scene {
        int top, in;
        Fault fault;
        CopyResult result;
        bool rename, archive, wants_directory;
        const char *name;
} Scene;

static Scene scene_open(void)
{
        Scene s = {.top = scratch_open(), .name = "in"};

        CHECK(mkdirat(s.top, "outside", 0700) >= 0 && mkdirat(s.top, "in", 0755) >= 0);
        int fd = openat(s.top, "outside/canary", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        CHECK(fd >= 0 && write_all(fd, "sings", 5) >= 0);
        (void)close_fd(fd);
        s.in = openat(s.top, "in", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        CHECK(s.in >= 0);
        return s;
}

static size_t count(int dirfd, const char *name)
{
        int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *d = fdopendir(fd);
        size_t n = 0;

        CHECK(d);
        while (readdir(d))
                n++;
        (void)closedir(d);
        return n - 2;
}

static void check_text(int dirfd, const char *path, const char *wanted)
{
        char *text = NULL;

        CHECK_NUMBER(read_file_at(dirfd, path, 100, &text, NULL), 0);
        CHECK_STRING(text, wanted);
        free(text);
}

static void scene_done(Scene *s)
{
        struct stat st;

        check_text(s->top, "outside/canary", "sings");
        CHECK(fstatat(s->top, "outside/canary", &st, 0) >= 0 && st.st_nlink == 1);
        CHECK_NUMBER(count(s->top, "outside"), 1);
        fault_done(&s->fault);
        s->in = close_fd(s->in);
        scratch_done(&s->top);
}
#define _cleanup_scene_ _cleanup_(scene_done)

static int unpack(Scene *s, Archive *a)
{
        CopyUnpackArgs args = {
                .place = {.dirfd = s->top, .wants_directory = s->wants_directory},
                .rename = s->rename,
                .archive = s->archive,
                .shown = "/in",
        };
        MemorySource memory;
        ByteSource tar = memory_source(&memory, a->data, a->n);

        (void)snprintf(args.place.name, sizeof(args.place.name), "%s", s->name);
        fault_done(&s->fault);
        s->result = (CopyResult){0};
        int r = copy_unpack(&args, &tar, &s->result, &s->fault);
        CHECK((r < 0) == (s->fault.code != FAULT_NONE));
        return r;
}

static void refused_with(Scene *s, Archive *a, int error, const char *says)
{
        archive_end(a);
        CHECK_NUMBER(unpack(s, a), error);
        if (!strstr(s->fault.message, says))
                test_fail_value(__FILE__, __LINE__, "the sentence", s->fault.message, says);
        archive_done(a);
}

static void test_ways_out(void)
{
        _cleanup_scene_ Scene s = scene_open();
        Archive a = {0};

        archive_file(&a, "../outside/x", "no");
        refused_with(&s, &a, -EINVAL, "..");
        archive_file(&a, "a/../../outside/x", "no");
        refused_with(&s, &a, -EINVAL, "..");
        archive_entry(&a, '2', "l", "../outside");
        archive_file(&a, "l/x", "no");
        refused_with(&s, &a, -ENOTDIR, "lies below something that is no directory");
        archive_entry(&a, '2', "l", "../outside/canary");
        archive_file(&a, "l", "mine"); /* takes the place of the link */
        archive_end(&a);
        CHECK_NUMBER(unpack(&s, &a), 0);
        check_text(s.in, "l", "mine");
        archive_done(&a);
        archive_entry(&a, '1', "h", "../outside/canary");
        refused_with(&s, &a, -EINVAL, "..");
        archive_entry(&a, '2', "m", "../outside");
        archive_entry(&a, '1', "h", "m/canary");
        refused_with(&s, &a, -ELOOP, "cannot get another name");
        archive_entry(&a, '5', "m", NULL);
        refused_with(&s, &a, -ENOTDIR, "is no directory");
        archive_file(&a, "/absolute", "below");
        archive_end(&a);
        CHECK_NUMBER(unpack(&s, &a), 0);
        check_text(s.in, "absolute", "below");
        archive_done(&a);
}

/* A link that was there before. */
static void test_links_of_the_place(void)
{
        _cleanup_scene_ Scene s = scene_open();
        Archive a = {0};

        CHECK(symlinkat("../outside", s.in, "way") >= 0);
        CHECK(symlinkat("../outside/canary", s.in, "file") >= 0);
        archive_file(&a, "way/canary", "no");
        refused_with(&s, &a, -ENOTDIR, "a link");
        archive_file(&a, "file", "new");
        archive_entry(&a, '1', "second", "file");
        archive_end(&a);
        CHECK_NUMBER(unpack(&s, &a), 0);
        check_text(s.in, "second", "new");
        archive_done(&a);
        archive_entry(&a, '1', "third", "way/canary");
        refused_with(&s, &a, -ELOOP, "cannot get another name");
}

static void test_kinds(void)
{
        _cleanup_scene_ Scene s = scene_open();
        Archive a = {0};

        CHECK(mkdirat(s.in, "d", 0755) >= 0);
        archive_file(&a, "d", "no");
        refused_with(&s, &a, -EISDIR, "cannot take the place of a directory");
        archive_entry(&a, '2', "d", "x");
        refused_with(&s, &a, -EISDIR, "cannot take the place of a directory");
        archive_file(&a, "f", "yes");
        archive_file(&a, "f/below", "no");
        refused_with(&s, &a, -ENOTDIR, "lies below");
        archive_device(&a, '3', "null", 1, 3);
        archive_device(&a, '4', "disk", 8, 0);
        archive_file(&a, "g", "yes");
        archive_end(&a);
        CHECK_NUMBER(unpack(&s, &a), 0);
        CHECK_NUMBER(s.result.n_left_out, 2);
        CHECK(faccessat(s.in, "null", F_OK, AT_SYMLINK_NOFOLLOW) < 0);
        archive_done(&a);
        refused_with(&s, &a, -EBADMSG, "empty");
        archive_file(&a, "cut", "some text");
        a.n -= 600;
        CHECK_NUMBER(unpack(&s, &a), -EBADMSG);
        CHECK(faccessat(s.in, "cut", F_OK, AT_SYMLINK_NOFOLLOW) < 0);
        archive_done(&a);
        CHECK_NUMBER(count(s.top, "in"), 3); /* and nothing that is not whole */
}

static void test_names(void)
{
        _cleanup_scene_ Scene s = scene_open();
        Archive a = {0};

        s.rename = true;
        s.name = "new";
        archive_file(&a, "old", "text");
        archive_end(&a);
        CHECK_NUMBER(unpack(&s, &a), 0);
        check_text(s.top, "new", "text");
        s.wants_directory = true;
        CHECK_NUMBER(unpack(&s, &a), -ENOTDIR);
        s.wants_directory = false;
        s.name = "in";
        CHECK_NUMBER(unpack(&s, &a), 0);
        check_text(s.in, "old", "text");
        s.rename = false;
        s.name = "nowhere";
        CHECK_NUMBER(unpack(&s, &a), -ENOENT);
        s.name = "new";
        CHECK_NUMBER(unpack(&s, &a), -ENOTDIR);
        archive_done(&a);

        s.rename = true;
        s.name = "made";
        archive_entry(&a, '5', "./", NULL);
        archive_file(&a, "./a", "one");
        archive_entry(&a, '1', "b", "a");
        archive_end(&a);
        CHECK_NUMBER(unpack(&s, &a), 0);
        check_text(s.top, "made/b", "one");
        archive_done(&a);
        s.name = "two";
        archive_entry(&a, '5', "a", NULL);
        archive_file(&a, "b", "one");
        refused_with(&s, &a, -ENOTDIR, "more than one file");
        archive_file(&a, "a/x", "one");
        archive_entry(&a, '1', "a/y", "../outside/canary");
        refused_with(&s, &a, -EINVAL, "..");
}

static int append(void *userdata, const void *data, size_t n, Fault *reterr)
{
        archive_bytes(userdata, data, n);
        return 0;
}

static int pack(const CopyPackArgs *args, Archive *a, CopyResult *result, Fault *reterr)
{
        const ByteSink out = {.write = append, .userdata = a};

        return copy_pack(args, &out, result, reterr);
}

static void test_there_and_back(void)
{
        _cleanup_scene_ Scene s = scene_open();
        CopyPackArgs args = {.place = {.dirfd = s.top, .name = "from"}, .top = "x", .shown = "x"};
        CopyResult result = {0};
        Archive a = {0};
        struct stat one, two;

        CHECK(mkdirat(s.top, "from", 0755) >= 0 && mkdirat(s.top, "from/d", 0755) >= 0);
        int fd = openat(s.top, "from/d/f", O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
        CHECK(fd >= 0 && pwrite(fd, "end", 3, 1 << 24) == 3 && fchmod(fd, 04751) >= 0);
        CHECK(linkat(s.top, "from/d/f", s.top, "from/again", 0) >= 0);
        CHECK(symlinkat("/nowhere", s.top, "from/l") >= 0);
        CHECK(mkfifoat(s.top, "from/fifo", 0600) >= 0 && fchmodat(s.top, "from/d", 0555, 0) >= 0);
        CHECK_NUMBER(pack(&args, &a, &result, &s.fault), 0);
        CHECK_NUMBER(result.n_entries, 6);
        CHECK(a.n < 1 << 20); /* the hole is none in there */
        CHECK_NUMBER(unpack(&s, &a), 0);
        CHECK(fstatat(s.in, "x/d/f", &one, 0) >= 0 && fstatat(s.in, "x/again", &two, 0) >= 0);
        CHECK(one.st_ino == two.st_ino && one.st_size == (1 << 24) + 3 && one.st_blocks < 1000);
        CHECK_NUMBER(one.st_mode & 07777, 0751);
        CHECK(fstatat(s.in, "x/d", &one, 0) >= 0 && (one.st_mode & 07777) == 0555);
        CHECK(fstatat(s.in, "x/fifo", &one, 0) >= 0 && S_ISFIFO(one.st_mode));
        CHECK(fchmodat(s.top, "from/d", 0755, 0) >= 0 && fchmodat(s.in, "x/d", 0755, 0) >= 0);
        archive_done(&a);
        (void)close_fd(fd);
        (void)snprintf(args.place.name, sizeof(args.place.name), "nothing");
        CHECK_NUMBER(pack(&args, &a, &result, &s.fault), -ENOENT);
        archive_done(&a);
}

/* A file that a copy has left which was killed, and one that is being written. */
static void test_sweep(void)
{
        _cleanup_scene_ Scene s = scene_open();
        const struct timespec old[2] = {{.tv_sec = time(NULL) - 100}, {.tv_sec = time(NULL) - 100}};
        int fds[2];

        for (int i = 0; i < 2; i++) {
                char name[64];

                (void)snprintf(name, sizeof(name), COPY_TEMPORARY_PREFIX "%d", i);
                fds[i] = openat(s.in, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
                CHECK(fds[i] >= 0 && futimens(fds[i], i == 0 ? old : NULL) >= 0);
        }
        copy_files_sweep(s.in);
        CHECK(faccessat(s.in, COPY_TEMPORARY_PREFIX "0", F_OK, 0) < 0);
        CHECK(faccessat(s.in, COPY_TEMPORARY_PREFIX "1", F_OK, 0) >= 0);
        (void)close_fd(fds[0]);
        (void)close_fd(fds[1]);
}

static void check_place(const CopyRoot *root, const char *path, bool follow, int wanted,
                        const char *name)
{
        CopyPlace p = {.dirfd = -EBADF};

        CHECK_NUMBER(copy_place_find(root, path, follow, &p), wanted);
        if (wanted == 0)
                CHECK_STRING(p.name, name);
        copy_place_done(&p);
}

static void test_places(void)
{
        _cleanup_scene_ Scene s = scene_open();
        const CopyRoot root = {.fd = s.in, .is_confined = true};
        char top[NAME_MAX + 1];

        CHECK(mkdirat(s.in, "d", 0755) >= 0 && symlinkat("/d/f", s.in, "abs") >= 0);
        CHECK(symlinkat("../../../outside", s.in, "out") >= 0 &&
              symlinkat("loop", s.in, "loop") >= 0);
        check_place(&root, "/d/new", true, 0, "new");
        check_place(&root, "/d/", true, 0, "d");
        check_place(&root, "/d/.", true, 0, ".");
        check_place(&root, "/", true, 0, ".");
        check_place(&root, "/../../..", true, 0, ".");
        check_place(&root, "/abs", true, 0, "f");
        check_place(&root, "/abs", false, 0, "abs");
        check_place(&root, "/out", true, 0, "outside");
        check_place(&root, "/out/canary", true, -ENOENT, "");
        check_place(&root, "/loop", true, -ELOOP, "");
        check_place(&root, "/nowhere/x", true, -ENOENT, "");
        CHECK(copy_top_name("/a/b/", top) == 0);
        CHECK_STRING(top, "b");
        CHECK(copy_top_name("/a/.", top) == 0);
        CHECK_STRING(top, "");
        CHECK(copy_top_name("/", top) == 0);
        CHECK_STRING(top, "");
}

int main(void)
{
        test_ways_out();
        test_links_of_the_place();
        test_kinds();
        test_names();
        test_there_and_back();
        test_sweep();
        test_places();
        return 0;
}
