/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/passwd.h"

#include "base/text.h"
#include "sys/beneath.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

#define FILE_MAX (1U << 20)
#define ID_MAX   65535U

/* Opens a file of the guest as a stream over a copy, so that it is a regular file of bounded size.
 */
static int open_copy(int rootfd, const char *path, char **ret_text, FILE **ret)
{
        _cleanup_free_ char *text = NULL;
        size_t n;

        int r = beneath_read(rootfd, path, FILE_MAX, &text, &n);
        if (r < 0)
                return r;
        if (n == 0) /* fmemopen() takes no empty buffer */
                return -ENOENT;
        FILE *f = fmemopen(text, n, "re");
        if (!f)
                return -errno;
        *ret_text = TAKE_PTR(text);
        *ret = f;
        return 0;
}

static bool file_is_absent(int r)
{
        return r == -ENOENT || r == -ENOTDIR;
}

static int read_passwd(int rootfd, const char *name, bool numeric, PasswdUser *u)
{
        _cleanup_free_ char *text = NULL;
        _cleanup_fclose_ FILE *f = NULL;
        struct passwd *pw;

        int r = open_copy(rootfd, "/etc/passwd", &text, &f);
        if (r < 0)
                return file_is_absent(r) ? 0 : r;
        while ((pw = fgetpwent(f))) {
                if (numeric ? pw->pw_uid != u->uid : !streq(pw->pw_name, name))
                        continue;
                if (pw->pw_uid > ID_MAX || pw->pw_gid > ID_MAX)
                        return -EINVAL;
                free(u->name);
                u->uid = pw->pw_uid;
                u->gid = pw->pw_gid;
                u->name = strdup(pw->pw_name);
                u->home = pw->pw_dir && pw->pw_dir[0] == '/' ? strdup(pw->pw_dir) : NULL;
                u->shell = pw->pw_shell && pw->pw_shell[0] == '/' ? strdup(pw->pw_shell) : NULL;
                return u->name ? 1 : -ENOMEM;
        }
        return 0;
}

/* The group called @group, or where that is NULL, every group that lists the user. */
static int read_groups(int rootfd, const char *group, PasswdUser *u)
{
        _cleanup_free_ char *text = NULL;
        _cleanup_fclose_ FILE *f = NULL;
        struct group *gr;

        int r = open_copy(rootfd, "/etc/group", &text, &f);
        if (r < 0)
                return file_is_absent(r) ? 0 : r;
        while ((gr = fgetgrent(f))) {
                if (gr->gr_gid > ID_MAX)
                        continue;
                if (group && streq(gr->gr_name, group)) {
                        u->gid = gr->gr_gid;
                        return 1;
                }
                for (char **m = gr->gr_mem; !group && m && *m; m++)
                        if (streq(*m, u->name) && u->n_groups < PASSWD_GROUPS_MAX)
                                u->groups[u->n_groups++] = gr->gr_gid;
        }
        return 0;
}

static bool parse_id(const char *s, uint32_t *ret)
{
        uint64_t v;

        if (parse_u64(s, ID_MAX, &v) < 0)
                return false;
        *ret = (uint32_t)v;
        return true;
}

static int file_refused(const char *path, int r, Fault *reterr)
{
        return fault_set(reterr, FAULT_EXEC_FAILED, r, "cannot use %s of the machine: %s", path,
                         r == -ELOOP    ? "it is a symbolic link"
                         : r == -EBADFD ? "it is not a regular file"
                                        : strerror(-r));
}

static int look_up(int rootfd, const char *user, const char *group, PasswdUser *u, Fault *reterr)
{
        _cleanup_free_ char *shown = text_for_display(user, 64);
        bool numeric = parse_id(user, &u->uid);

        if (!*user || (!numeric && strspn(user, "+-0123456789") == strlen(user)))
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "'%s' is no user: give a name or a number from 0 to %u",
                                 shown ?: "", ID_MAX);
        u->name = strdup(user);
        if (!u->name)
                return -ENOMEM;
        int r = read_passwd(rootfd, user, numeric, u);
        if (r < 0)
                return file_refused("/etc/passwd", r, reterr);
        if (r == 0 && !numeric && !streq(user, "root"))
                return fault_set(reterr, FAULT_EXEC_FAILED, ESRCH, "the machine has no user '%s'",
                                 shown ?: "");
        if (!group)
                r = read_groups(rootfd, NULL, u);
        else if (!parse_id(group, &u->gid)) {
                r = read_groups(rootfd, group, u);
                if (r == 0)
                        return fault_set(reterr, FAULT_EXEC_FAILED, ESRCH,
                                         "the machine has no such group");
        }
        if (r < 0)
                return file_refused("/etc/group", r, reterr);
        if (!u->home)
                u->home = strdup(u->uid == 0 ? "/root" : "/");
        return u->home ? 0 : -ENOMEM;
}

int passwd_lookup(int rootfd, const char *spec, PasswdUser *ret, Fault *reterr)
{
        _cleanup_free_ char *user = strdup(spec && *spec ? spec : "root");
        _cleanup_passwd_user_ PasswdUser u = {0};

        if (!user)
                return -ENOMEM;
        char *group = strchr(user, ':');
        if (group)
                *group++ = '\0';
        int r = look_up(rootfd, user, group, &u, reterr);
        if (r < 0)
                return r;
        *ret = u;
        u = (PasswdUser){0};
        return 0;
}

void passwd_user_done(PasswdUser *u)
{
        free(u->name);
        free(u->home);
        free(u->shell);
        *u = (PasswdUser){0};
}
