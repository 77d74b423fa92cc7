/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* op=copy-to and op=copy-from: files of a machine. The process is inside already. */
#include "import/operations.h"

#include "base/text.h"
#include "copy/copy-pack.h"
#include "copy/copy-unpack.h"
#include "image/decompress.h"
#include "import/covered.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static int find_place(const Job *job, bool follow, CopyPlace *ret, Fault *reterr)
{
        const CopyRoot top = {.fd = job->guest_fd, .is_confined = true};
        const Order *order = job->order;
        const char *path = order_get(order, "path");
        int r = copy_place_find(&top, path, follow, ret);

        return r < 0 ? copy_fault(reterr, -r, path, "cannot be reached in machine '%s': %s",
                                  order_get(order, "machine"), strerror(-r))
                     : covered_check(job, ret, path, reterr);
}

static void prepare_stream(int fd)
{
        (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
}

static void tell_result(const CopyResult *result, JobResult *ret)
{
        ret->message = copy_result_text(result);
}

int op_copy_from(Job *job, JobResult *ret, Fault *reterr)
{
        _cleanup_copy_place_ CopyPlace place = {.dirfd = -EBADF};
        const char *path = order_get(job->order, "path");
        int output = order_fd(job->order, "output-fd");
        ProgressItem *item = progress_add_item(job->progress, path, 0);
        LayerControl control = {0};
        char top[NAME_MAX + 1];
        CopyResult result = {0};
        struct stat st;

        prepare_stream(output);
        progress_set_phase(job->progress, "reading");
        int r = find_place(job, order_flag(job->order, "follow-links"), &place, reterr);
        if (r < 0)
                return r;
        r = copy_top_name(path, top);
        if (r < 0)
                return copy_fault(reterr, -r, path, "has too long a name");
        if (fstatat(place.dirfd, place.name, &st, AT_SYMLINK_NOFOLLOW) >= 0 && S_ISREG(st.st_mode))
                progress_item_set_total(item, (uint64_t)st.st_size);
        const CopyPackArgs args = {.place = place, .top = top, .shown = path, .control = &control};
        ByteSink out = fd_sink(&output);
        progress_item_follow(item, &control.n_out);
        r = copy_pack(&args, &out, &result, reterr);
        progress_item_follow(item, NULL);
        tell_result(&result, ret);
        return r;
}

static int unpack(const CopyUnpackArgs *args, const ByteSource *in, CopyResult *result,
                  Fault *reterr)
{
        _cleanup_decompress_ Decompress *plain = NULL;
        int r = decompress_new(in, COMPRESSION_ANY, &plain, reterr);

        if (r < 0)
                return r;
        ByteSource tar = decompress_source(plain);
        return copy_unpack(args, &tar, result, reterr);
}

int op_copy_to(Job *job, JobResult *ret, Fault *reterr)
{
        _cleanup_copy_place_ CopyPlace place = {.dirfd = -EBADF};
        const char *path = order_get(job->order, "path");
        int input = order_fd(job->order, "source-fd");
        ProgressItem *item = progress_add_item(job->progress, path, 0);
        LayerControl control = {0};
        CopyResult result = {0};
        FdSource file;

        prepare_stream(input);
        progress_set_phase(job->progress, "writing");
        int r = find_place(job, true, &place, reterr);
        if (r < 0)
                return r;
        const CopyUnpackArgs args = {
                .place = place,
                .rename = order_flag(job->order, "rename"),
                .archive = order_flag(job->order, "archive"),
                .shown = path,
                .control = &control,
        };
        ByteSource in = fd_source(&file, input, &control);
        progress_item_follow(item, &control.n_in);
        r = unpack(&args, &in, &result, reterr);
        progress_item_follow(item, NULL);
        fd_source_done(&file);
        tell_result(&result, ret);
        return r;
}
