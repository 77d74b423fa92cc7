/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/named-value.h"

#include "base/text.h"

static int append(sd_bus_message *reply, const NamedValue *v)
{
        int number = (int)v->number;
        uint32_t size = (uint32_t)v->size;

        switch (v->type) {
        case 's': return sd_bus_message_append_basic(reply, v->type, v->text ?: "");
        case 'b':
        case 'i': return sd_bus_message_append_basic(reply, v->type, &number);
        case 'u': return sd_bus_message_append_basic(reply, v->type, &size);
        case 't': return sd_bus_message_append_basic(reply, v->type, &v->size);
        case 'd': return sd_bus_message_append_basic(reply, v->type, &v->real);
        default: return -EINVAL;
        }
}

int named_value_append(sd_bus_message *reply, const NamedValue *values, size_t n, const char *name)
{
        for (size_t i = 0; i < n; i++)
                if (streq(values[i].name, name)) {
                        int r = append(reply, &values[i]);
                        return r < 0 ? r : 1;
                }
        return 0;
}
