/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/origin.h"

#include "base/text.h"

static void origin_free(Origin *o)
{
        strv_free(o->values);
        free(o->place);
}

int origins_add(Origins *o, Origin *origin)
{
        Origin *list = reallocarray(o->list, o->n + 1, sizeof(*list));

        if (!list)
                return -ENOMEM;
        o->list = list;
        o->list[o->n++] = *origin;
        *origin = (Origin){0};
        return 0;
}

void origins_forget(Origins *o, const SettingKey *key)
{
        size_t kept = 0;

        for (size_t i = 0; i < o->n; i++)
                if (o->list[i].key == key)
                        origin_free(&o->list[i]);
                else
                        o->list[kept++] = o->list[i];
        o->n = kept;
}

void origins_done(Origins *o)
{
        for (size_t i = 0; i < o->n; i++)
                origin_free(&o->list[i]);
        free(o->list);
        *o = (Origins){0};
}
