/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Drop-ins of definitions, good and hostile, below a directory of its own. */
#include "base/cleanup.h"
#include "base/text.h"
#include "generator/generate.h"
#include "unit/test.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/test-generate.XXXXXX";
static char warnings[16384];

static const char *path_of(const char *name)
{
        static char path[512];

        (void)snprintf(path, sizeof(path), "%s/%s", root, name);
        return path;
}

static void make_directory(const char *name)
{
        CHECK_NUMBER(mkdir(path_of(name), 0755), 0);
}

static void write_file(const char *name, const char *text, size_t n)
{
        _cleanup_close_ int fd = open(path_of(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

        CHECK(fd >= 0);
        CHECK_NUMBER(write(fd, text, n), (long long)n);
}

static void define(const char *place, const char *name, const char *text)
{
        char file[256];

        (void)snprintf(file, sizeof(file), "%s/lodge/machines/%s.machine", place, name);
        write_file(file, text, strlen(text));
}

static void warn(void *userdata, const char *message)
{
        (void)snprintf(warnings + strlen(warnings), sizeof(warnings) - strlen(warnings), "%s\n",
                       message);
}

/* NULL: there is no such file; static. */
static const char *generated(const char *name)
{
        static char text[4096];
        _cleanup_close_ int fd = open(path_of(name), O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

        if (n < 0)
                return NULL;
        text[n] = '\0';
        return text;
}

static int remove_one(const char *name, const struct stat *st, int kind, struct FTW *ftw)
{
        return remove(name);
}

static void test_definitions(int out)
{
        define("etc", "web",
               "[Machine]\nImage=a\n[Unit]\nAfter=lodge@db.service\n[Files]\nBind=/d:/e\n"
               "[Resources]\nTasksMax=9\nLimitNOFILE=99\n");
        define("run", "web", "[Machine]\nImage=a\n[Unit]\nAfter=not-this.service\n");
        define("usr/lib", "db", "[Machine]\nImage=a\n[Install]\nWantedBy=a.target\n");
        define("etc", "plain", "[Machine]\nImage=a\n");
        CHECK_NUMBER(generate_drop_ins(root, out, warn, NULL), 0);
        CHECK_STRING(warnings, "");
        CHECK(strstr(generated("out/lodge@web.service.d/50-lodge.conf"),
                     "[Unit]\nAfter=lodge@db.service\n"));
        CHECK(!strstr(generated("out/lodge@web.service.d/50-lodge.conf"), "not-this"));
        CHECK(strstr(generated("out/lodge@web.service.d/50-lodge-mounts.conf"), "For=/d\n"));
        CHECK(strstr(generated("out/lodge@web.service.d/10-lodge-limits.conf"), "TasksMax=9\n"));
        CHECK(!strstr(generated("out/lodge@web.service.d/10-lodge-limits.conf"), "LimitNOFILE"));
        CHECK(!generated("out/lodge@db.service.d/10-lodge-limits.conf"));
        CHECK(strstr(generated("out/lodge@db.service.d/50-lodge.conf"),
                     "[Install]\nWantedBy=\nWantedBy=a.target\n"));
        CHECK(!generated("out/lodge@db.service.d/50-lodge-mounts.conf"));
        CHECK_NUMBER(access(path_of("out/lodge@plain.service.d"), F_OK), -1);
}

/* Profiles and drop-ins count as they do for lodged; what is not known is none of ours. */
static void test_layers(void)
{
        static const char profile[] = "[Unit]\nAfter=profile.service\nWants=profile.service\n",
                          drop_in[] = "[Unit]\nWants=\nWants=drop-in.service\nNo=such\n";

        make_directory("usr/lib/lodge/profiles");
        make_directory("etc/lodge/machines/layered.machine.d");
        write_file("usr/lib/lodge/profiles/p.profile", profile, strlen(profile));
        write_file("etc/lodge/machines/layered.machine.d/a.conf", drop_in, strlen(drop_in));
        define("etc", "layered", "[Machine]\nImage=a\nProfile=p\n[Unit]\nAfter=file.service\n");
        make_directory("layered");
        _cleanup_close_ int out = open(path_of("layered"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        CHECK_NUMBER(generate_drop_ins(root, out, warn, NULL), 0);
        CHECK_STRING(warnings, "");
        CHECK(strstr(generated("layered/lodge@layered.service.d/50-lodge.conf"),
                     "[Unit]\nAfter=profile.service\nAfter=file.service\n"
                     "Wants=drop-in.service\n"));
}

/* Each is told, none keeps the others from their drop-ins. */
static void test_hostile(int out)
{
        static const char binary[] = "[Unit]\nAfter=a.service\0\n\xff";

        define("etc", "bad", "[Machine]\nImage=a\n[Unit]\nAfter=db\n");
        define("etc", "misfit", "[Unit]\nAfter=a.service\n");
        define("etc", "-wrong-", "[Unit]\nAfter=a.service\n");
        define("etc", ".hidden", "[Unit]\nAfter=a.service\n");
        write_file("etc/lodge/machines/binary.machine", binary, sizeof(binary));
        write_file("etc/lodge/machines/large.machine", "", 0);
        CHECK_NUMBER(truncate(path_of("etc/lodge/machines/large.machine"), 64 << 20), 0);
        make_directory("etc/lodge/machines/directory.machine");
        CHECK_NUMBER(mkfifo(path_of("etc/lodge/machines/fifo.machine"), 0644), 0);
        CHECK_NUMBER(symlink("/dev/zero", path_of("etc/lodge/machines/link.machine")), 0);
        CHECK_NUMBER(generate_drop_ins(root, out, warn, NULL), 0);
        CHECK(strstr(warnings, "machines/bad.machine:4:7: After='db'"));
        CHECK(strstr(warnings, "a machine needs Image="));
        CHECK(strstr(warnings, "binary.machine:2:1: a NUL byte"));
        CHECK(strstr(warnings, "large.machine"));
        CHECK(strstr(warnings, "directory.machine"));
        CHECK(strstr(warnings, "fifo.machine"));
        CHECK(strstr(warnings, "link.machine"));
        CHECK(generated("out/lodge@web.service.d/50-lodge.conf"));
        CHECK_NUMBER(access(path_of("out/lodge@bad.service.d"), F_OK), -1);
        CHECK_NUMBER(access(path_of("out/lodge@-wrong-.service.d"), F_OK), -1);
}

int main(void)
{
        static const char *const tree[] = {
                "etc",
                "etc/lodge",
                "etc/lodge/machines",
                "run",
                "run/lodge",
                "run/lodge/machines",
                "usr",
                "usr/lib",
                "usr/lib/lodge",
                "usr/lib/lodge/machines",
        };

        CHECK(mkdtemp(root));
        make_directory("out");
        _cleanup_close_ int out = open(path_of("out"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        CHECK(out >= 0);
        CHECK_NUMBER(generate_drop_ins(root, out, warn, NULL), 0); /* no directory at all */
        for (size_t i = 0; i < ELEMENTSOF(tree); i++)
                make_directory(tree[i]);
        test_definitions(out);
        test_layers();
        CHECK_NUMBER(generate_target(out), 0);
        CHECK(strstr(generated("out/machines.target"), "[Unit]\n"));
        CHECK_NUMBER(generate_target(out), -EEXIST);
        CHECK_NUMBER(generate_drop_ins(root, out, warn, NULL), -EEXIST); /* not its directory */
        CHECK_NUMBER(nftw(path_of("out"), remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
        make_directory("out");
        _cleanup_close_ int again = open(path_of("out"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        test_hostile(again);
        CHECK_NUMBER(nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
        return 0;
}
