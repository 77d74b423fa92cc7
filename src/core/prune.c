/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/prune.h"

#include "base/text.h"
#include "core/image.h"
#include "core/job.h"
#include "core/manager.h"
#include "core/store.h"
#include "core/volume.h"

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

uint64_t prune(Manager *manager, bool images, bool volumes, GPtrArray *removed)
{
        uint64_t bytes = 0;

        if (images)
                prune_images(manager, removed);
        if (volumes)
                (void)volumes_prune(manager, removed, NULL); /* what stays is not in the list */
        store_drop_unreferenced(manager, removed, &bytes);
        jobs_sweep(manager); /* what one that is gone has left, which is rarely there */
        return bytes;
}
