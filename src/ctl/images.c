/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/images.h"

#include "base/names.h"

#include <string.h>

void images_done(Images *list)
{
        for (size_t i = 0; i < list->n; i++) {
                free(list->items[i].name);
                free(list->items[i].path);
        }
        free(list->items);
        *list = (Images){0};
}

static int append_image(Images *list, const char *name, const char *path)
{
        Image *grown = reallocarray(list->items, list->n + 1, sizeof(*grown));

        if (!grown)
                return -ENOMEM;
        list->items = grown;
        grown[list->n++] = (Image){.name = strdup(name), .path = strdup(path)};
        return grown[list->n - 1].name && grown[list->n - 1].path ? 0 : -ENOMEM;
}

static int read_images(sd_bus_message *m, Images *list)
{
        const char *name, *path;
        int r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");

        while (r >= 0 && (r = sd_bus_message_read(m, "{sa{sv}}", &name, 1, NULL, "s", &path)) > 0)
                r = append_image(list, name, path);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

int images_get(const Ctl *c, Images *ret, Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        _cleanup_images_ Images list = {0};
        int r = client_call_new(&c->client, LODGE_OBJECT_PATH, LODGE_MANAGER_INTERFACE,
                                "ListImages", &m, reterr);

        if (r >= 0)
                r = sd_bus_message_append(m, "as", 1, "Path");
        if (r >= 0)
                r = client_call(&c->client, m, 0, &reply, reterr);
        if (r < 0)
                return r;
        r = read_images(reply, &list);
        if (r < 0)
                return client_fault(NULL, r, reterr);
        *ret = list;
        list = (Images){0};
        return 0;
}
