/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/layer-out.h"

#include "image/layer.h"

#include <fcntl.h>

void layer_out_done(LayerOut *o)
{
        o->fd = close_fd(o->fd);
}

int layer_out(Job *job, const char *diff_id, Compression compression, LayerControl *control,
              LayerOut *ret, Fault *reterr)
{
        _cleanup_layer_out_ LayerOut o = {.fd = -EBADF};
        _cleanup_compress_ Compress *c = NULL;
        _cleanup_close_ int layer = job_open_layer(job, diff_id, reterr);

        if (layer < 0)
                return layer;
        o.fd = openat(job->incoming_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (o.fd < 0)
                return job_fault(reterr, errno, "cannot make a temporary file");

        const ByteSink file = fd_sink(&o.fd);
        int r = compress_new(compression, &file, &c, reterr);
        if (r >= 0) {
                const ByteSink plain = compress_sink(c);

                r = layer_repack(layer, diff_id, &plain, control, reterr);
        }
        if (r >= 0)
                r = compress_end(c, o.digest, &o.size, reterr);
        if (r < 0)
                return r;
        *ret = o;
        o.fd = -EBADF;
        return 0;
}
