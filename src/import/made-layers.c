/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/made-layers.h"

#include "base/text.h"
#include "image/layer.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>

typedef struct MadeLayer {
        char *diff_id;
        int tree; /* O_PATH: it lies where we may read nothing, or lodged moves it there */
        int held; /* its directory, if lodged has not been told; else -EBADF */
} MadeLayer;

struct MadeLayers {
        pthread_mutex_t lock;
        MadeLayer *layers;
        size_t n;
};

MadeLayers *made_layers_new(void)
{
        MadeLayers *m = calloc(1, sizeof(*m));

        if (m)
                (void)pthread_mutex_init(&m->lock, NULL); /* cannot fail */
        return m;
}

MadeLayers *made_layers_free(MadeLayers *m)
{
        if (!m)
                return NULL;
        for (size_t i = 0; i < m->n; i++) {
                free(m->layers[i].diff_id);
                (void)close_fd(m->layers[i].tree);
                (void)close_fd(m->layers[i].held);
        }
        free(m->layers);
        (void)pthread_mutex_destroy(&m->lock);
        free(m);
        return NULL;
}

static int append(MadeLayers *m, const MadeLayer *layer)
{
        (void)pthread_mutex_lock(&m->lock);
        MadeLayer *grown = reallocarray(m->layers, m->n + 1, sizeof(*grown));
        if (grown) {
                m->layers = grown;
                grown[m->n++] = *layer;
        }
        (void)pthread_mutex_unlock(&m->lock);
        return grown ? 0 : -ENOMEM;
}

int made_layers_add(Job *job, const char *diff_id, int layer_fd, Fault *reterr)
{
        bool hold = layer_has_implied(layer_fd);
        _cleanup_free_ char *copy = strdup(diff_id);
        _cleanup_close_ int tree = openat(layer_fd, LAYER_TREE,
                                          O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                            held = hold ? openat(layer_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                                        : -EBADF;

        int r = tree < 0 || (hold && held < 0) ? -errno : copy ? 0 : -ENOMEM;
        if (r >= 0)
                r = append(job->made, &(MadeLayer){copy, tree, held});
        if (r < 0)
                return job_fault(reterr, r, "cannot note layer %s", diff_id);
        (void)TAKE_PTR(copy);
        (void)TAKE_FD(tree);
        (void)TAKE_FD(held);
        return hold ? 0 : job_layer_done(job, diff_id, reterr);
}

static MadeLayer *find(MadeLayers *m, const char *diff_id)
{
        for (size_t i = 0; i < m->n; i++) {
                if (streq(m->layers[i].diff_id, diff_id))
                        return &m->layers[i];
        }
        return NULL;
}

/* The tree of a layer, of this job's or of the store's.
 * Return: borrowed descriptor; negative errno. */
static int tree_of(Job *job, const char *diff_id, Fault *reterr)
{
        const MadeLayer *l = find(job->made, diff_id);

        if (l)
                return l->tree;
        _cleanup_free_ char *copy = strdup(diff_id);
        _cleanup_close_ int tree = job_open_tree(job, diff_id, reterr);
        int r = tree < 0 ? tree : copy ? 0 : -ENOMEM;

        if (r >= 0)
                r = append(job->made, &(MadeLayer){copy, tree, -EBADF});
        if (r < 0)
                return r;
        (void)TAKE_PTR(copy);
        return TAKE_FD(tree); /* which the list has now */
}

/* Make the layer at @i like those below it, topmost first. */
static int adopt(Job *job, char *const *diff_ids, size_t i, Fault *reterr)
{
        _cleanup_free_ int *trees = calloc(i + 1, sizeof(*trees));
        size_t n = 0;

        if (!trees)
                return job_fault(reterr, ENOMEM, "cannot complete the layers");
        for (size_t k = i; k-- > 0;) {
                trees[n] = tree_of(job, diff_ids[k], reterr);
                if (trees[n++] < 0)
                        return trees[n - 1];
        }
        return layer_adopt(find(job->made, diff_ids[i])->held, trees, n, reterr);
}

int made_layers_finish(Job *job, char *const *diff_ids, Fault *reterr)
{
        bool adopted = false;
        int r = 0;

        for (size_t i = 0; r >= 0 && diff_ids[i]; i++) {
                const MadeLayer *l = find(job->made, diff_ids[i]);

                if (!l || l->held < 0)
                        continue;
                adopted = true;
                r = adopt(job, diff_ids, i, reterr);
        }
        if (r >= 0 && adopted)
                r = job_sync(job, reterr);
        for (size_t i = 0; r >= 0 && i < job->made->n; i++) {
                MadeLayer *l = &job->made->layers[i];

                if (l->held < 0)
                        continue;
                l->held = close_fd(l->held);
                r = job_layer_done(job, l->diff_id, reterr);
        }
        return r;
}
