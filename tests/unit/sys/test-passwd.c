/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users by the files of a tree: no string of anybody's may ever become uid 0 by accident. */
#include "base/io.h"
#include "base/text.h"
#include "sys/passwd.h"

#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static const char passwd[] = "root:x:0:0:root:/root:/bin/bash\n"
                             "web:x:1000:100:Web:/home/web:/bin/sh\n"
                             "broken line\n"
                             "big:x:70000:1:Too big:/:/bin/sh\n"
                             "alias:x:0:0:Another root:/:/bin/sh\n";
static const char group[] =
        "root:x:0:\nusers:x:100:\nadm:x:4:other,web\nvideo:x:44:web\nhuge:x:99999:web\n";

static int make_tree(char *template, const char *pw, const char *gr)
{
        assert(mkdtemp(template));
        int root = open(template, O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert(root >= 0 && mkdirat(root, "etc", 0755) == 0);
        int etc = openat(root, "etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert(!pw || write_file_atomic_at(etc, "passwd", pw, strlen(pw), 0644) == 0);
        assert(!gr || write_file_atomic_at(etc, "group", gr, strlen(gr), 0644) == 0);
        (void)close(etc);
        return root;
}

static void remove_tree(int root, const char *path)
{
        (void)unlinkat(root, "etc/passwd", 0);
        (void)unlinkat(root, "etc/group", 0);
        (void)unlinkat(root, "etc", AT_REMOVEDIR);
        assert(rmdir(path) == 0);
        (void)close(root);
}

static void test_known(int root)
{
        static const struct {
                const char *spec;
                uid_t uid;
                gid_t gid;
                size_t n_groups;
                const char *home;
        } cases[] = {
                {NULL, 0, 0, 0, "/root"},
                {"", 0, 0, 0, "/root"},
                {"root", 0, 0, 0, "/root"},
                {"web", 1000, 100, 2, "/home/web"},
                {"1000", 1000, 100, 2, "/home/web"},
                {"web:video", 1000, 44, 0, "/home/web"},
                {"web:7", 1000, 7, 0, "/home/web"},
                {"4711", 4711, 0, 0, "/"},
                {"1:1", 1, 1, 0, "/"},
                {"65534", 65534, 0, 0, "/"},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_passwd_user_ PasswdUser u = {0};
                _cleanup_fault_ Fault f = {0};
                int r = passwd_lookup(root, cases[i].spec, &u, &f);

                if (r < 0 || u.uid != cases[i].uid || u.gid != cases[i].gid ||
                    u.n_groups != cases[i].n_groups || !streq(u.home, cases[i].home)) {
                        printf("'%s': r=%d uid=%u gid=%u groups=%zu home=%s (%s)\n",
                               cases[i].spec ?: "NULL", r, u.uid, u.gid, u.n_groups, u.home,
                               f.message ?: "");
                        abort();
                }
        }
}

static void test_refused(int root)
{
        static const char *const cases[] = {
                "-1",         "4294967295", "4294967296", "18446744073709551616",
                "abc",        " 1",         "1x",         "0x1",
                "+1",         "65536",      "big",        "web:none",
                "web:",       ":",          "web:65536",  "1:-1",
                "broken line"};

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_passwd_user_ PasswdUser u = {0};
                _cleanup_fault_ Fault f = {0};
                int r = passwd_lookup(root, cases[i], &u, &f);

                if (r >= 0 || !f.message) {
                        printf("'%s' became uid %u, message %s\n", cases[i], u.uid,
                               f.message ?: "none");
                        abort();
                }
        }
}

static void test_without_files(void)
{
        char path[] = "/tmp/test-passwd-XXXXXX";
        int root = make_tree(path, NULL, NULL);
        _cleanup_passwd_user_ PasswdUser u = {0};

        assert(passwd_lookup(root, "root", &u, NULL) == 0 && u.uid == 0 && streq(u.home, "/root"));
        assert(passwd_lookup(root, "web", &u, NULL) == -ESRCH);
        remove_tree(root, path);
}

/* What a hostile tree can put in the file's place: none of it may block us or lead outside. */
static void test_hostile_file(void)
{
        char path[] = "/tmp/test-passwd-XXXXXX";
        int root = make_tree(path, NULL, NULL);
        _cleanup_passwd_user_ PasswdUser u = {0};
        _cleanup_fault_ Fault f = {0};

        assert(symlinkat("/etc/passwd", root, "etc/passwd") == 0);
        assert(passwd_lookup(root, "web", &u, &f) < 0 && f.message);
        assert(unlinkat(root, "etc/passwd", 0) == 0 && mkfifoat(root, "etc/passwd", 0644) == 0);
        assert(passwd_lookup(root, "web", &u, NULL) == -EBADFD);
        assert(unlinkat(root, "etc/passwd", 0) == 0);
        int fd = openat(root, "etc/passwd", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        assert(fd >= 0 && ftruncate(fd, 4LL << 30) == 0);
        (void)close(fd);
        assert(passwd_lookup(root, "web", &u, NULL) == -EFBIG);
        remove_tree(root, path);
}

int main(void)
{
        char path[] = "/tmp/test-passwd-XXXXXX";
        int root = make_tree(path, passwd, group);

        test_known(root);
        test_refused(root);
        remove_tree(root, path);
        test_without_files();
        test_hostile_file();
        return 0;
}
