/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* op=verify: is what the store holds still what its digests say? Each layer's archive is put
 * together again from its tree and hashed. What is found is in the lines, "DIGEST sentence". */
#include "import/operations.h"

#include "base/text.h"
#include "image/layer.h"
#include "import/layer-out.h"
#include "import/parallel.h"
#include "spec/reference.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>

#define BLOB_MAX (4U << 20)

typedef struct Verification {
        Job *job;
        char **layers;
        ProgressItem **items;
        pthread_mutex_t lock; /* of lines */
        char **lines;
} Verification;

static int report(Verification *v, const char *digest, const char *kind, const Fault *fault,
                  int error)
{
        _cleanup_free_ char *line = NULL;

        if (asprintf(&line, "%s %s: %s", digest, kind, fault->message ?: strerror(-error)) < 0) {
                line = NULL;
                return -ENOMEM;
        }
        (void)pthread_mutex_lock(&v->lock);
        int r = strv_push(&v->lines, line);
        (void)pthread_mutex_unlock(&v->lock);
        return r;
}

static int verify_layer(void *userdata, size_t i, Fault *reterr)
{
        Verification *v = userdata;
        _cleanup_fault_ Fault fault = {0};
        LayerControl control = {0};
        _cleanup_close_ int fd = job_open_layer(v->job, v->layers[i], &fault);
        int r = fd;

        progress_item_set_phase(v->items[i], "reading");
        progress_item_follow(v->items[i], &control.n_out);
        if (r >= 0)
                r = layer_verify(fd, v->layers[i], &control, &fault);
        progress_item_follow(v->items[i], NULL);
        progress_item_set_phase(v->items[i], r < 0 ? "failed" : "done");
        if (r == -ENOMEM || r == -EMFILE)
                return r;
        return r < 0 ? report(v, v->layers[i], "layer", &fault, r) : 0;
}

static int verify_blob(Verification *v, const char *digest)
{
        _cleanup_fault_ Fault fault = {0};
        _cleanup_free_ char *data = NULL;
        size_t n;

        int r = job_read_blob(v->job, digest, BLOB_MAX, &data, &n, &fault);
        return r < 0 ? report(v, digest, "blob", &fault, r) : 0;
}

/* All that a folder of the store holds. */
static int list_digests(const Job *job, const char *folder, char ***ret)
{
        int fd = openat(job->store_fd, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        _cleanup_closedir_ DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
        struct dirent *e;
        int r = 0;

        if (!d) {
                (void)close_fd(fd);
                return -errno;
        }
        while (r >= 0 && (e = readdir(d))) {
                _cleanup_free_ char *digest = digest_from_file_name(e->d_name);

                if (digest)
                        r = strv_push(ret, digest);
        }
        return r;
}

static int collect(const Job *job, const char *key, char ***ret)
{
        const char *digest;
        int r = 0;

        for (size_t at = 0; r >= 0 && (digest = order_next(job->order, key, &at));)
                r = strv_push(ret, digest);
        return r;
}

static int add_items(Verification *v, size_t n)
{
        v->items = calloc(n + 1, sizeof(ProgressItem *));
        if (!v->items)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                uint64_t size = 0;

                (void)layer_out_size(v->job, v->layers[i], &size); /* then it is not known */
                v->items[i] = progress_add_item(v->job->progress, v->layers[i], size);
        }
        return 0;
}

static int verify(Verification *v, char **blobs, Fault *reterr)
{
        size_t n = strv_length(v->layers);
        ParallelWork work = {n, verify_layer, NULL, v};
        int r = add_items(v, n);

        STRV_FOREACH (digest, blobs)
                if (r >= 0)
                        r = verify_blob(v, *digest);
        if (r >= 0)
                r = parallel_run(&work, reterr);
        return r;
}

int op_verify(Job *job, JobResult *ret, Fault *reterr)
{
        _cleanup_strv_free_ char **layers = NULL, **blobs = NULL;
        Verification v = {.job = job};

        progress_set_phase(job->progress, "reading");
        int r = collect(job, "layer", &layers);
        if (r >= 0)
                r = collect(job, "blob", &blobs);
        if (r >= 0 && !layers && !blobs) {
                r = list_digests(job, "layers", &layers);
                if (r >= 0)
                        r = list_digests(job, "blobs", &blobs);
        }
        if (r < 0)
                return job_fault(reterr, r, "cannot list the store");
        v.layers = layers;
        (void)pthread_mutex_init(&v.lock, NULL); /* cannot fail with default attributes */
        r = verify(&v, blobs, reterr);
        (void)pthread_mutex_destroy(&v.lock);
        free(v.items);
        ret->lines = v.lines;
        return r;
}
