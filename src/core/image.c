/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/image.h"

#include "base/names.h"
#include "base/text.h"
#include "core/manager.h"
#include "spec/reference.h"

#include <glib.h>
#include <string.h>

#define HINT_IMAGES 6

const char *image_kind_name(ImageKind kind)
{
        static const char *const names[_IMAGE_KIND_MAX] = {
                [IMAGE_OCI] = "oci",
                [IMAGE_DIRECTORY] = "directory",
                [IMAGE_RAW] = "raw",
        };

        return names[kind];
}

/* "; there is a, b, c" for the sentence about an image that does not exist */
static char *known_images_hint(Manager *manager)
{
        GString *hint = g_string_new(NULL);
        GList *names = NULL;
        unsigned n = 0;

        images_load(manager);
        names = g_list_sort(g_hash_table_get_keys(manager->images), (GCompareFunc)strcmp);
        for (GList *i = names; i; i = i->next, n++)
                if (n < HINT_IMAGES)
                        g_string_append_printf(hint, "%s%s", n ? ", " : "; there is ",
                                               (const char *)i->data);
        g_list_free(names);
        if (n == 0)
                g_string_append(hint, "; there are no images yet");
        else if (n > HINT_IMAGES)
                g_string_append_printf(hint, " and %u more, see 'lodgectl images'",
                                       n - HINT_IMAGES);
        return g_string_free(hint, FALSE);
}

int image_find(Manager *manager, const char *name, Image **ret, Fault *reterr)
{
        _cleanup_free_ char *canonical = NULL, *hint = NULL;
        int r = image_name_canonical(name, &canonical, reterr);

        if (r < 0)
                return r;
        *ret = images_refresh(manager, canonical);
        if (*ret)
                return 0;
        hint = known_images_hint(manager);
        if (image_name_is_reference(canonical))
                return fault_set(reterr, FAULT_NO_SUCH_IMAGE, ENOENT,
                                 "No image '%s' is on this host%s", canonical, hint);
        return fault_set(reterr, FAULT_NO_SUCH_IMAGE, ENOENT, "No image '%s' in %s or %s%s",
                         canonical, LODGE_STORE_IMAGES, LODGE_MACHINED_IMAGES, hint);
}

int image_check(Manager *manager, const char *name, Image **ret, Fault *reterr)
{
        Image *image = NULL;
        int r = image_find(manager, name, &image, reterr);

        if (r < 0 || !image)
                return r;
        if (image->load_error.code != FAULT_NONE)
                return fault_set(reterr, FAULT_FAILED, EUCLEAN, "Image '%s' cannot be used: %s",
                                 image->name, image->load_error.message ?: "out of memory");
        *ret = image;
        return 0;
}

static int compare_strings(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

char **image_used_by(const Image *image)
{
        GPtrArray *names = g_ptr_array_new();
        GHashTableIter i;
        void *p;

        g_hash_table_iter_init(&i, image->manager->machines);
        while (g_hash_table_iter_next(&i, NULL, &p)) {
                const Machine *m = p;

                if (streq(m->settings.image, image->name))
                        g_ptr_array_add(names, g_strdup(m->name));
        }
        g_ptr_array_sort(names, compare_strings);
        g_ptr_array_add(names, NULL);
        return (char **)g_ptr_array_free(names, FALSE);
}

void image_note_use(Manager *manager, const char *name)
{
        Image *image = name ? g_hash_table_lookup(manager->images, name) : NULL;

        if (image)
                manager_note_image(image, IMAGE_CHANGED_USED_BY);
}
