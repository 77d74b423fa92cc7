/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/receive.h"

#include "import/layer-in.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>

#define PIPE_SIZE (1U << 20)

struct LayerReceiver {
        Job *job;
        char *digest, *diff_id;
        uint64_t size;
        Compression compression;
        ProgressItem *item;
        LayerControl control;
        int read_fd, write_fd;
        pthread_t thread;
        int result; /* of the thread, as is the fault */
        Fault fault;
};

static void receiver_free(LayerReceiver *r)
{
        if (!r)
                return;
        free(r->digest);
        free(r->diff_id);
        (void)close_fd(r->read_fd);
        (void)close_fd(r->write_fd);
        fault_done(&r->fault);
        free(r);
}

static void receiver_freep(LayerReceiver **r)
{
        receiver_free(*r);
}
#define _cleanup_receiver_ _cleanup_(receiver_freep)

static void *unpack(void *userdata)
{
        LayerReceiver *r = userdata;
        _cleanup_fd_source_ FdSource source = {0};
        LayerResult result;
        LayerIn in = {
                .source = fd_source(&source, r->read_fd, &r->control),
                .compression = r->compression,
                .digest = r->digest,
                .size = r->size,
                .diff_id = r->diff_id,
                .item = r->item,
                .control = &r->control,
        };

        r->result = layer_in(r->job, &in, &result, &r->fault);
        r->read_fd = close_fd(r->read_fd); /* EPIPE for the writer */
        return NULL;
}

static int make_pipe(LayerReceiver *r)
{
        int fds[2];

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        r->read_fd = fds[0];
        r->write_fd = fds[1];
        (void)fcntl(fds[1], F_SETPIPE_SZ, PIPE_SIZE); /* smaller only costs time */
        return fcntl(fds[1], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

static int start(LayerReceiver *r, const OciDescriptor *layer, const char *diff_id, Fault *reterr)
{
        r->size = layer->size;
        r->digest = strdup(layer->digest);
        r->diff_id = strdup(diff_id);
        if (!r->digest || !r->diff_id)
                return -ENOMEM;
        int k = compression_of_media_type(layer->media_type, &r->compression, reterr);
        if (k >= 0) {
                k = make_pipe(r);
                if (k >= 0)
                        k = -pthread_create(&r->thread, NULL, unpack, r);
                if (k < 0)
                        k = job_fault(reterr, k, "cannot begin to unpack layer %.19s", diff_id);
        }
        return k;
}

int receiver_start(Job *job, const OciDescriptor *layer, const char *diff_id, ProgressItem *item,
                   LayerReceiver **ret, Fault *reterr)
{
        _cleanup_receiver_ LayerReceiver *r = NULL;

        if (job->n_receivers >= RECEIVERS_MAX)
                return -EBUSY;
        r = calloc(1, sizeof(*r));
        if (!r)
                return -ENOMEM;
        r->job = job;
        r->item = item;
        r->read_fd = r->write_fd = -EBADF;
        int k = start(r, layer, diff_id, reterr);
        if (k < 0)
                return k;
        job->n_receivers++;
        *ret = TAKE_PTR(r);
        return 0;
}

int receiver_fd(const LayerReceiver *r)
{
        return r->write_fd;
}

static void wait_for_end(LayerReceiver *r)
{
        r->write_fd = close_fd(r->write_fd);
        (void)pthread_join(r->thread, NULL); /* fails only for what is no thread */
        r->job->n_receivers--;
}

int receiver_finish(LayerReceiver *r, Fault *reterr)
{
        wait_for_end(r);
        int k = r->result;
        if (k < 0 && r->fault.code)
                (void)fault_set(reterr, r->fault.code, k, "%s", r->fault.message ?: strerror(-k));
        receiver_free(r);
        return k;
}

void receiver_abort(LayerReceiver *r)
{
        r->control.cancelled = true;
        wait_for_end(r);
        receiver_free(r);
}
