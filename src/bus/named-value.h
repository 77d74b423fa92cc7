/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Properties that are one text or number each, as a table; what takes more is left to the getter.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

typedef struct NamedValue {
        const char *name;
        char type;        /* of D-Bus: one of s b i u t d */
        const char *text; /* of an s; NULL is "" */
        int64_t number;   /* of b and i */
        uint64_t size;    /* of u and t */
        double real;      /* of a d */
} NamedValue;

#define NAMED_TEXT(n, v)                                                                           \
        {                                                                                          \
                .name = (n), .type = 's', .text = (v)                                              \
        }
#define NAMED_BOOL(n, v)                                                                           \
        {                                                                                          \
                .name = (n), .type = 'b', .number = (v)                                            \
        }
#define NAMED_INT(n, v)                                                                            \
        {                                                                                          \
                .name = (n), .type = 'i', .number = (v)                                            \
        }
#define NAMED_UINT32(n, v)                                                                         \
        {                                                                                          \
                .name = (n), .type = 'u', .size = (v)                                              \
        }
#define NAMED_UINT64(n, v)                                                                         \
        {                                                                                          \
                .name = (n), .type = 't', .size = (v)                                              \
        }
#define NAMED_DOUBLE(n, v)                                                                         \
        {                                                                                          \
                .name = (n), .type = 'd', .real = (v)                                              \
        }

/** named_value_append() - append the value of that name
 * @values,n table
 * Return: 1; 0 there is none of that name; negative errno. */
int named_value_append(sd_bus_message *reply, const NamedValue *values, size_t n, const char *name);
