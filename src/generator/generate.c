/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "generator/generate.h"

#include "base/fault.h"
#include "base/io.h"
#include "base/machine-name.h"
#include "base/names.h"
#include "base/text.h"
#include "spec/layers.h"
#include "spec/unit-lines.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const directories[] = {
        LODGE_DEFINITIONS_ETC,
        LODGE_DEFINITIONS_RUN,
        LODGE_DEFINITIONS_USR,
};

/* ---- the names of all machines ---- */

typedef struct Names {
        char **list; /* not ended by NULL */
        size_t n, n_max;
} Names;

static void names_done(Names *names)
{
        for (size_t i = 0; i < names->n; i++)
                free(names->list[i]);
        free(names->list);
}

static int push_name(Names *names, char *name)
{
        if (names->n == names->n_max) {
                size_t n_max = names->n_max ? names->n_max * 2 : 64;
                char **list = reallocarray(names->list, n_max, sizeof(*list));

                if (!list)
                        return -ENOMEM;
                names->list = list;
                names->n_max = n_max;
        }
        names->list[names->n++] = name;
        return 0;
}

static int take_name(Names *names, const char *file)
{
        size_t n = strlen(file), n_suffix = strlen(LODGE_DEFINITION_SUFFIX);

        if (n <= n_suffix || !streq(file + n - n_suffix, LODGE_DEFINITION_SUFFIX))
                return 0;
        _cleanup_free_ char *name = strndup(file, n - n_suffix);
        if (!name)
                return -ENOMEM;
        if (!machine_name_is_valid(name)) /* lodged tells */
                return 0;
        int r = push_name(names, name);
        if (r >= 0)
                name = NULL;
        return r;
}

static int list_names(const char *root, const char *directory, Names *names)
{
        char path[PATH_MAX];

        (void)snprintf(path, sizeof(path), "%s%s", root, directory);
        _cleanup_closedir_ DIR *dir = opendir(path);
        for (struct dirent *e; dir && (e = readdir(dir));) {
                int r = take_name(names, e->d_name);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int compare(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

/* ---- one machine ---- */

/* What is only not known is no reason to leave it out: lodged starts it, and tells. */
static int read_settings(const char *root, const char *name, Settings *ret, Fault *reterr)
{
        _cleanup_layers_ Layers layers = {0};
        _cleanup_findings_ Findings findings = {0};
        int r = layers_read(root, name, NULL, &layers, &findings);

        if (r < 0) /* gone since it was listed */
                return fault_set(reterr, FAULT_FAILED, r, "machine '%s': %s", name, strerror(-r));
        settings_done(ret);
        r = layers_parse(&layers, ret, NULL, &findings);
        return r < 0 ? r : findings_fault(&findings, reterr);
}

static int write_drop_in(int out, const char *name, const char *file, const char *text)
{
        char directory[NAME_MAX + 1], path[PATH_MAX];

        if (!text)
                return -ENOMEM;
        if (!*text)
                return 0;
        (void)snprintf(directory, sizeof(directory), LODGE_UNIT_PREFIX "%s" LODGE_UNIT_SUFFIX ".d",
                       name);
        (void)snprintf(path, sizeof(path), "%s/%s", directory, file);
        if (mkdirat(out, directory, 0755) < 0 && errno != EEXIST)
                return -errno;
        _cleanup_close_ int fd =
                openat(out, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
        return fd < 0 ? -errno : write_all(fd, text, strlen(text));
}

static int generate_machine(const char *root, int out, const char *name, GenerateWarn warn,
                            void *userdata)
{
        _cleanup_free_ char *lines = NULL, *limits = NULL, *mounts = NULL;
        _cleanup_settings_ Settings s;
        _cleanup_fault_ Fault f = {0};

        settings_init(&s);
        int r = read_settings(root, name, &s, &f);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                warn(userdata, f.message);
                return 0;
        }
        lines = unit_lines(&s);
        limits = unit_limit_lines(&s);
        mounts = unit_mount_lines(&s);
        r = write_drop_in(out, name, LODGE_DROP_IN, lines);
        r = r < 0 ? r : write_drop_in(out, name, LODGE_DROP_IN_LIMITS, limits);
        return r < 0 ? r : write_drop_in(out, name, LODGE_DROP_IN_MOUNTS, mounts);
}

/* ---- */

int generate_drop_ins(const char *root, int out, GenerateWarn warn, void *userdata)
{
        _cleanup_(names_done) Names names = {0};
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(directories); i++)
                r = list_names(root, directories[i], &names);
        if (names.n > 0)
                qsort(names.list, names.n, sizeof(*names.list), compare);
        for (size_t i = 0; r >= 0 && i < names.n; i++)
                if (i == 0 || !streq(names.list[i], names.list[i - 1]))
                        r = generate_machine(root, out, names.list[i], warn, userdata);
        return r;
}

int generate_target(int out)
{
        static const char text[] = "# Made by lodge-generator(8): systemd-container brings the "
                                   "real one.\n\n"
                                   "[Unit]\n"
                                   "Description=Machines\n"
                                   "Documentation=man:systemd.special(7)\n"
                                   "Before=multi-user.target\n";
        _cleanup_close_ int fd = openat(out, "machines.target",
                                        O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

        return fd < 0 ? -errno : write_all(fd, text, strlen(text));
}
