/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/nspawn-source.h"

#include "base/io.h"
#include "base/machine-name.h"
#include "base/names.h"
#include "base/text.h"
#include "spec/nspawn.h"
#include "sys/beneath.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define SUFFIX ".nspawn"

void nspawn_source_done(NspawnSource *s)
{
        free(s->image);
        free(s->path);
        free(s->text);
        free(s->machine_id);
        free(s->drop_ins);
        *s = (NspawnSource){0};
}

static int read_failed(const char *path, int r, Fault *reterr)
{
        if (r == -EFBIG)
                return fault_set(reterr, FAULT_FAILED, r, "%s is larger than %u MiB", path,
                                 NSPAWN_FILE_MAX >> 20);
        if (r == -EBADFD)
                return fault_set(reterr, FAULT_FAILED, r, "%s is not a file", path);
        return fault_set(reterr, FAULT_FAILED, r, "%s: %s", path, strerror(-r));
}

/* ---- the .nspawn file ---- */

static int read_named(const char *path, NspawnSource *s, Fault *reterr)
{
        const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
        size_t n = strlen(base), n_suffix = strlen(SUFFIX);

        if (n > n_suffix && streq(base + n - n_suffix, SUFFIX))
                n -= n_suffix;
        s->image = strndup(base, n);
        s->path = strdup(path);
        s->trusted = true;
        if (!s->image || !s->path)
                return -ENOMEM;
        int r = image_name_check(s->image, reterr);
        if (r < 0)
                return r;
        r = read_file_at(AT_FDCWD, path, NSPAWN_FILE_MAX, &s->text, &s->n);
        return r < 0 ? read_failed(path, r, reterr) : 0;
}

/* Return: 1 read; 0 there is none. */
static int try_place(const char *directory, bool trusted, NspawnSource *s, Fault *reterr)
{
        _cleanup_free_ char *path = NULL;

        if (asprintf(&path, "%s/%s" SUFFIX, directory, s->image) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        int r = read_file_at(AT_FDCWD, path, NSPAWN_FILE_MAX, &s->text, &s->n);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return read_failed(path, r, reterr);
        s->path = TAKE_PTR(path);
        s->trusted = trusted;
        return 1;
}

static int find_file(const char *name, NspawnSource *s, Fault *reterr)
{
        static const struct {
                const char *directory;
                bool trusted;
        } places[] = {{"/etc/systemd/nspawn", true},
                      {"/run/systemd/nspawn", true},
                      {LODGE_MACHINED_IMAGES, false}};
        int r = image_name_check(name, reterr);

        if (r < 0)
                return r;
        s->image = strdup(name);
        if (!s->image)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(places) && r == 0; i++)
                r = try_place(places[i].directory, places[i].trusted, s, reterr);
        return r < 0 ? r : 0;
}

/* ---- the tree ---- */

/* A machine that gets another machine-id is another one to its journal and its DHCP server. */
static void read_machine_id(int root, NspawnSource *s)
{
        _cleanup_free_ char *text = NULL;

        if (beneath_read(root, "etc/machine-id", 64, &text, NULL) < 0)
                return;
        if (strspn(text, "0123456789abcdef") != 32 || strspn(text, "0") >= 32)
                return;
        text[32] = '\0';
        s->machine_id = TAKE_PTR(text);
}

static int disk_is_there(const NspawnSource *s)
{
        _cleanup_free_ char *path = NULL;

        if (asprintf(&path, LODGE_MACHINED_IMAGES "/%s.raw", s->image) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        return access(path, F_OK) < 0 ? -errno : 0;
}

/* @required: a file that somebody has named may be of a machine that is elsewhere. */
static int read_tree(NspawnSource *s, bool required, Fault *reterr)
{
        _cleanup_free_ char *path = NULL;
        struct stat st;

        if (asprintf(&path, LODGE_MACHINED_IMAGES "/%s", s->image) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        _cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) {
                int r = !required ? 0 : errno == ENOENT ? disk_is_there(s) : -errno;

                if (r == -ENOENT)
                        return fault_set(reterr, FAULT_NO_SUCH_IMAGE, ENOENT,
                                         "there is neither a directory %s nor a disk image %s.raw",
                                         path, path);
                return r < 0 ? fault_set(reterr, FAULT_FAILED, r, "%s: %s", path, strerror(-r)) : 0;
        }
        if (fstat(fd, &st) >= 0)
                s->owner = st.st_uid;
        read_machine_id(fd, s);
        return 0;
}

/* ---- its unit ---- */

static int read_unit(NspawnSource *s)
{
        _cleanup_free_ char *link = NULL, *drop_ins = NULL;
        struct stat st;

        if (asprintf(&link, "/etc/systemd/system/machines.target.wants/systemd-nspawn@%s.service",
                     s->image) < 0 ||
            asprintf(&drop_ins, "/etc/systemd/system/systemd-nspawn@%s.service.d", s->image) < 0)
                return -ENOMEM;
        s->enabled = lstat(link, &st) >= 0;
        if (stat(drop_ins, &st) >= 0)
                s->drop_ins = TAKE_PTR(drop_ins);
        return 0;
}

int nspawn_source_read(const char *word, NspawnSource *ret, Fault *reterr)
{
        _cleanup_nspawn_source_ NspawnSource s = {0};
        size_t n = strlen(word), n_suffix = strlen(SUFFIX);
        bool is_path = strchr(word, '/') || (n > n_suffix && streq(word + n - n_suffix, SUFFIX));
        int r = is_path ? read_named(word, &s, reterr) : find_file(word, &s, reterr);

        r = r < 0 ? r : read_tree(&s, !is_path, reterr);
        r = r < 0 ? r : read_unit(&s);
        if (r < 0)
                return r;
        *ret = s;
        s = (NspawnSource){0};
        return 0;
}
