/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* op=clone and op=diff: what directories of the store hold. */
#include "import/operations.h"

#include "base/names.h"
#include "base/text.h"
#include "image/pack.h"
#include "import/disk-copy.h"
#include "import/tree-copy.h"
#include "import/trees.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define LINES_MAX_BYTES (3U << 20) /* the frame has to hold them */

int op_clone(Job *job, JobResult *ret, Fault *reterr)
{
        const char *path = order_get(job->order, "path");
        _cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return job_fault(reterr, errno, "cannot open %s", path);
        ProgressItem *item = progress_add_item(job->progress, "copy", 0);
        progress_set_phase(job->progress, "copying");
        if (S_ISREG(st.st_mode))
                return disk_copy(job, fd, item, reterr);
        if (!S_ISDIR(st.st_mode))
                return fault_set(reterr, FAULT_NOT_SUPPORTED, EOPNOTSUPP,
                                 "%s is neither a directory nor a file", path);
        int r = tree_copy(fd, job->incoming_fd, LODGE_INCOMING_IMAGE, item, reterr);
        return r < 0 ? r : job_sync(job, reterr);
}

/* ---- diff ---- */

typedef struct Lines {
        char **v;
        size_t n, n_allocated, n_bytes, n_left_out;
} Lines;

static int add_line(Lines *l, char *line)
{
        if (l->n + 1 >= l->n_allocated) {
                size_t n = l->n_allocated * 2 + 64;
                char **v = reallocarray(l->v, n, sizeof(*v));

                if (!v)
                        return -ENOMEM;
                l->v = v;
                l->n_allocated = n;
        }
        l->v[l->n++] = line;
        l->v[l->n] = NULL;
        return 0;
}

static int on_change(void *userdata, LayerChange change, const char *path)
{
        _cleanup_free_ char *shown = text_for_display(path, 4096), *line = NULL;
        Lines *l = userdata;

        STRV_FOREACH (own, trees_left_out)
                if (streq(*own, path))
                        return 0;
        if (!shown || asprintf(&line, "%c %s", (char)change, shown) < 0) {
                line = NULL;
                return -ENOMEM;
        }
        l->n_bytes += strlen(line) + 16;
        if (l->n_bytes > LINES_MAX_BYTES) {
                l->n_left_out++;
                return 0;
        }
        int r = add_line(l, line);
        if (r >= 0)
                (void)TAKE_PTR(line);
        return r;
}

/* Without a kind: no change, but a word about them. */
static int add_left_out(Lines *l)
{
        char *line;

        if (asprintf(&line, " %zu more changes are not listed", l->n_left_out) < 0)
                return -ENOMEM;
        int r = add_line(l, line);
        if (r < 0)
                free(line);
        return r;
}

int op_diff(Job *job, JobResult *ret, Fault *reterr)
{
        _cleanup_close_ int upper = trees_open(order_get(job->order, "upper"), reterr);
        _cleanup_trees_ Trees lowers = {0};
        const char *path;
        Lines lines = {0};
        int r = upper;

        for (size_t at = 0; r >= 0 && (path = order_next(job->order, "lower", &at));)
                r = trees_push_path(&lowers, path, reterr);
        if (r >= 0)
                r = trees_push_fd(&lowers, order_fd(job->order, "lower-fd"), reterr);
        progress_set_phase(job->progress, "comparing");
        if (r >= 0)
                r = layer_diff(upper, lowers.fds, lowers.n, on_change, &lines, reterr);
        if (r >= 0 && lines.n_left_out > 0)
                r = add_left_out(&lines);
        ret->lines = lines.v;
        return r < 0 ? r : 0;
}
