/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/image-config.h"

#include "client/client-object.h"

#include <string.h>

#define TEXT_MAX (8U << 20)

void image_config_done(ImageConfig *i)
{
        free(i->manifest_text);
        free(i->config_text);
        json_decref(i->manifest);
        json_decref(i->config);
        *i = (ImageConfig){0};
}

static int read_text(sd_bus_message *m, char **ret_text, json_t **ret)
{
        const void *bytes;
        size_t n;
        int r = sd_bus_message_read_array(m, 'y', &bytes, &n);

        if (r < 0)
                return r;
        if (n > TEXT_MAX)
                return -EFBIG;
        *ret_text = strndup(n > 0 ? bytes : "", n);
        if (!*ret_text)
                return -ENOMEM;
        /* jansson limits the depth; of names that are twice in an object the last counts, as for
         * everybody else */
        *ret = json_loadb(n > 0 ? bytes : "", n, 0, NULL);
        return 0;
}

int image_config_get(const Ctl *c, const char *name, ImageConfig *ret, Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        _cleanup_image_config_ ImageConfig i = {0};
        /* GetImageManifest() has the noun in its middle. */
        int r = client_object_call_new(&c->client, "GetImage", "Manifest", name, &m, reterr);

        if (r >= 0)
                r = sd_bus_message_append(m, "a{sv}", 0);
        if (r >= 0)
                r = client_call(&c->client, m, 0, &reply, reterr);
        if (r >= 0)
                r = read_text(reply, &i.manifest_text, &i.manifest);
        if (r >= 0)
                r = read_text(reply, &i.config_text, &i.config);
        if (r < 0)
                return client_fault(NULL, r, reterr);
        *ret = i;
        memset(&i, 0, sizeof(i));
        return 0;
}

uint64_t image_config_layer_bytes(const ImageConfig *i, size_t layer)
{
        const json_t *layers = json_object_get(i->manifest, "layers");
        json_int_t size =
                json_integer_value(json_object_get(json_array_get(layers, layer), "size"));

        return size > 0 ? (uint64_t)size : 0;
}
