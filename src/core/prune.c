/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/prune.h"

#include "base/text.h"
#include "core/job-image.h"
#include "core/manager.h"
#include "core/store.h"
#include "core/volume.h"

typedef struct Prune {
        Manager *manager;
        bool images, volumes;
        PruneDoneFn done;
        void *userdata;
} Prune;

static void prune_images(Manager *manager, GPtrArray *removed)
{
        images_load(manager);
        GList *all = g_hash_table_get_values(manager->images);

        for (GList *i = all; i; i = i->next) {
                Image *image = i->data;
                _cleanup_strv_free_ char **machines = image_used_by(image);
                _cleanup_free_ char *name = g_strdup(image->name);

                if (image->kind != IMAGE_OCI || image->read_only || machines[0] ||
                    job_makes(manager, name))
                        continue;
                if (image_drop(image, false, NULL) >= 0)
                        g_ptr_array_add(removed, TAKE_PTR(name));
        }
        g_list_free(all);
}

/* "KIND NAME BYTES" */
static uint64_t size_of(char *const *usage, const char *name)
{
        STRV_FOREACH (line, usage) {
                g_auto(GStrv) words = g_strsplit(*line, " ", 3);
                uint64_t bytes;

                if (strv_length(words) == 3 && streq(words[1], name) && !streq(words[0], "image") &&
                    parse_u64(words[2], UINT64_MAX, &bytes) >= 0)
                        return bytes;
        }
        return 0;
}

static void do_prune(Prune *p, char *const *usage)
{
        Manager *manager = p->manager;
        GPtrArray *removed = g_ptr_array_new();
        uint64_t bytes = 0;

        /* first what they are of: removing an image drops its layers, which is told below */
        _cleanup_strv_free_ char **layers = store_layers(manager->root);
        if (p->images)
                prune_images(manager, removed);
        if (p->volumes)
                (void)volumes_prune(manager, removed, NULL); /* what stays is not in the list */
        store_drop_unreferenced(manager, NULL);
        STRV_FOREACH (digest, layers)
                if (!store_has_layer(manager->root, *digest))
                        g_ptr_array_add(removed, g_strdup(*digest));
        manager_sweep(manager);
        for (guint i = 0; i < removed->len; i++)
                bytes += size_of(usage, g_ptr_array_index(removed, i));
        g_ptr_array_add(removed, NULL);
        p->done(p->userdata, (char **)g_ptr_array_free(removed, FALSE), bytes);
}

static void on_usage(void *userdata, Job *j, Frame *result, const Fault *fault)
{
        Prune *p = j->data;
        _cleanup_strv_free_ char **usage = NULL;

        if (result)
                (void)frame_strv(result, FRAME_LINE, &usage); /* without: sizes are not known */
        do_prune(p, usage);
}

void prune(Manager *manager, bool images, bool volumes, PruneDoneFn done, void *userdata)
{
        Prune *p = g_new0(Prune, 1);

        *p = (Prune){manager, images, volumes, done, userdata};
        if (job_usage(manager, on_usage, userdata, p, NULL) < 0) { /* which has freed nothing */
                do_prune(p, NULL);
                g_free(p);
        }
}
