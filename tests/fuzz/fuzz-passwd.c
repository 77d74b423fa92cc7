/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /etc/passwd and /etc/group of a guest. The first line of the input is whom to look up, the part
 * before a line "--" is passwd, the rest group. */
#include "base/io.h"
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "sys/passwd.h"

#include <fcntl.h>
#include <sys/stat.h>

static char tree[] = "/tmp/fuzz-passwd.XXXXXX";
static int root = -1, etc = -1;

static void remove_tree(void)
{
        (void)unlinkat(etc, "passwd", 0);
        (void)unlinkat(etc, "group", 0);
        (void)unlinkat(root, "etc", AT_REMOVEDIR);
        (void)rmdir(tree);
}

static void make_tree(void)
{
        PROMISE(mkdtemp(tree));
        root = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        PROMISE(root >= 0 && mkdirat(root, "etc", 0755) == 0);
        etc = openat(root, "etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        PROMISE(etc >= 0 && atexit(remove_tree) == 0);
}

static void put(const char *name, const char *data, size_t n)
{
        int fd = openat(etc, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        PROMISE(fd >= 0 && write_all(fd, data, n) == 0 && close(fd) == 0);
}

static void try_user(const char *spec)
{
        _cleanup_passwd_user_ PasswdUser u = {0};
        _cleanup_fault_ Fault f = {0};

        if (passwd_lookup(root, spec, &u, &f) < 0) {
                PROMISE(!f.message || !strpbrk(f.message, "\n\r\x1b\x7f"));
                return;
        }
        PROMISE(u.name && u.home && u.home[0] == '/' && (!u.shell || u.shell[0] == '/'));
        PROMISE(u.uid <= 65535 && u.gid <= 65535 && u.n_groups <= PASSWD_GROUPS_MAX);
        for (size_t i = 0; i < u.n_groups; i++)
                PROMISE(u.groups[i] <= 65535);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        _cleanup_free_ char *text = fuzz_copy(data, n), *spec = NULL;
        const char *body, *group;

        if (root < 0)
                make_tree();
        body = memchr(text, '\n', n);
        spec = strndup(text, body ? (size_t)(body - text) : n);
        PROMISE(spec);
        body = body ? body + 1 : text + n;
        size_t left = (size_t)(text + n - body);
        group = memmem(body, left, "\n--\n", 4);
        put("passwd", body, group ? (size_t)(group + 1 - body) : left);
        put("group", group ? group + 4 : body, group ? (size_t)(text + n - group - 4) : left);
        try_user(spec);
        try_user(NULL);
        return 0;
}
