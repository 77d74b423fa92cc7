/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "copy/copy-unpack.h"

#include "base/text.h"
#include "copy/copy-file.h"
#include "copy/copy-levels.h"
#include "image/tar-read.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

typedef struct Unpack {
        const CopyUnpackArgs *args;
        CopyResult *result;
        TarReader *reader;
        CopyLevels levels;
        CopyFiles files;
        bool renames;                      /* the top is to be called as the place is */
        bool is_begun, has_contents;       /* the top is ".", and its contents go below that name */
        char top[TAR_NAME_MAX + 1];        /* of the archive */
        char path[2 * TAR_PATH_MAX + 2];   /* where the entry goes, below the directory */
        char target[2 * TAR_PATH_MAX + 2]; /* of a hard link, likewise */
} Unpack;

/* An entry on its way. */
typedef struct Place {
        const TarEntry *e;
        CopyLevel *parent;
        const char *name;
} Place;

static int cannot_make(const Unpack *u, int error, Fault *reterr)
{
        return copy_fault(reterr, error, u->path, "cannot be made: %s", strerror(error));
}

/* ---- where it goes ---- */

static int begin_rename(Unpack *u, const TarEntry *e, const char *clean, Fault *reterr)
{
        u->is_begun = true;
        u->has_contents = *clean == '\0';
        if (u->args->place.wants_directory && e->type != TAR_DIRECTORY && !strchr(clean, '/'))
                return copy_fault(reterr, ENOTDIR, u->args->shown, "is no directory");
        *(char *)mempcpy(u->top, clean, strcspn(clean, "/")) = '\0';
        return 0;
}

/* The path of the archive, with another name for its top. */
static int translate(Unpack *u, const char *clean, char ret[static 2 * TAR_PATH_MAX + 2],
                     Fault *reterr)
{
        const size_t size = 2 * TAR_PATH_MAX + 2;
        size_t n = strlen(u->top);

        if (!u->renames) {
                (void)snprintf(ret, size, "%s", clean);
                return 0;
        }
        if (u->has_contents) {
                (void)snprintf(ret, size, "%s%s%s", u->args->place.name, *clean ? "/" : "", clean);
                return 0;
        }
        if (strncmp(clean, u->top, n) != 0 || (clean[n] && clean[n] != '/'))
                return copy_fault(reterr, ENOTDIR, u->args->shown,
                                  "is no directory, and more than one file is to be copied there");
        (void)snprintf(ret, size, "%s%s", u->args->place.name, clean + n);
        return 0;
}

static int find_parent(Unpack *u, Place *p, Fault *reterr)
{
        p->parent = copy_levels_parent(&u->levels, u->path, &p->name);
        if (p->parent)
                return 0;
        if (errno == ELOOP || errno == ENOTDIR)
                return copy_fault(reterr, ENOTDIR, u->path,
                                  "lies below something that is no directory, or a link");
        return cannot_make(u, errno, reterr);
}

/* ---- what it is ---- */

static int write_directory(Unpack *u, const TarEntry *e, Fault *reterr)
{
        bool is_made;
        Place p = {.e = e};
        int r = *u->path ? find_parent(u, &p, reterr) : 0;

        if (r < 0 || !*u->path) /* the directory itself stays as it is */
                return r;
        r = copy_levels_make(&u->levels, p.parent, p.name, &is_made);
        if (r == -ENOTDIR)
                return copy_fault(reterr, ENOTDIR, u->path,
                                  "is there already, and is no directory");
        if (r < 0)
                return cannot_make(u, -r, reterr);
        CopyLevel *level = copy_levels_go(&u->levels, u->path, strlen(u->path));
        if (!level)
                return cannot_make(u, errno, reterr);
        if (!is_made) {
                copy_files_sweep(level->fd);
                if (!u->args->archive)
                        return 0;
        }
        r = copy_file_attributes(&u->files, level->fd, e, reterr);
        level->mode = copy_file_mode(&u->files, e);
        level->mtime = e->mtime;
        level->set = true;
        return r;
}

static int write_entry(Unpack *u, const TarEntry *e, Fault *reterr)
{
        char clean[TAR_PATH_MAX + 1];
        Place p = {.e = e};

        int r = tar_path_clean(e->path, clean, reterr);
        if (r < 0)
                return r;
        if (!u->is_begun)
                r = begin_rename(u, e, clean, reterr);
        r = r < 0 ? r : translate(u, clean, u->path, reterr);
        if (r < 0)
                return r;
        if (e->type == TAR_DIRECTORY)
                return write_directory(u, e, reterr);
        if (!*u->path)
                return copy_fault(reterr, EINVAL, e->path, "takes the place of a directory");
        if (e->type == TAR_CHAR || e->type == TAR_BLOCK) {
                u->result->n_left_out++;
                return 0;
        }
        if (e->type == TAR_HARDLINK) {
                r = tar_path_clean(e->link, clean, reterr);
                r = r < 0 ? r : translate(u, clean, u->target, reterr);
                if (r < 0)
                        return r;
        }
        r = find_parent(u, &p, reterr);
        if (r < 0)
                return r;
        if (e->type == TAR_HARDLINK)
                return copy_file_link(&u->files, u->levels.levels[0].fd, u->target, p.parent->fd,
                                      p.name, reterr);
        return copy_file_write(&u->files, u->reader, e, p.parent->fd, p.name, reterr);
}

static int write_entries(Unpack *u, Fault *reterr)
{
        const TarEntry *e;
        int r;

        while ((r = tar_reader_next(u->reader, &e, reterr)) > 0) {
                u->result->n_entries++;
                r = stream_cancelled(u->args->control, reterr);
                if (r >= 0)
                        r = write_entry(u, e, reterr);
                if (r < 0)
                        return r;
        }
        if (r == 0 && u->result->n_entries == 0)
                return fault_set(reterr, FAULT_FAILED, EBADMSG, "the archive is empty");
        return r;
}

/* ---- the beginning ---- */

static int cannot_go(const Unpack *u, int error, Fault *reterr)
{
        return error == ENOTDIR || error == ELOOP
                       ? copy_fault(reterr, ENOTDIR, u->args->shown, "is no directory")
                       : copy_fault(reterr, error, u->args->shown, "cannot be written to: %s",
                                    strerror(error));
}

/* The directory that the archive goes into. */
static int open_directory(Unpack *u, Fault *reterr)
{
        const CopyPlace *place = &u->args->place;
        const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
        _cleanup_close_ int fd = openat(place->dirfd, place->name, flags);
        int error = fd < 0 ? errno : 0;

        /* ENOTDIR: a file, whose place is taken; ELOOP cannot be, a link was followed */
        if (u->args->rename && (error == ENOENT || (error == ENOTDIR && !place->wants_directory))) {
                u->renames = true;
                fd = openat(place->dirfd, ".", flags);
                error = fd < 0 ? errno : 0;
        }
        if (error == ENOENT)
                return copy_fault(reterr, ENOENT, u->args->shown, "is not there");
        if (fd < 0)
                return cannot_go(u, error, reterr);
        copy_files_sweep(fd);
        int r = copy_levels_init(&u->levels, TAKE_FD(fd));
        return r < 0 ? cannot_go(u, -r, reterr) : 0;
}

int copy_unpack(const CopyUnpackArgs *args, const ByteSource *tar, CopyResult *result,
                Fault *reterr)
{
        _cleanup_tar_reader_ TarReader *reader = NULL;
        Unpack *u = calloc(1, sizeof(*u));
        int r = u ? tar_reader_new(tar, NULL, &reader) : -ENOMEM;

        if (r < 0) {
                free(u);
                return fault_set(reterr, FAULT_FAILED, ENOMEM, "out of memory");
        }
        u->args = args;
        u->result = result;
        u->reader = reader;
        u->files.archive = args->archive;
        u->files.owners = args->archive && geteuid() == 0;
        u->files.mask = args->mask;
        u->files.result = result;
        r = copy_files_init(&u->files, reterr);
        if (r >= 0)
                r = open_directory(u, reterr);
        if (r >= 0) {
                u->is_begun = !u->renames;
                r = write_entries(u, reterr);
        }
        int k = copy_levels_done(&u->levels);
        free(u);
        return r < 0 || k >= 0
                       ? r
                       : fault_set(reterr, FAULT_FAILED, k,
                                   "cannot set the mode or time of a directory: %s", strerror(-k));
}
