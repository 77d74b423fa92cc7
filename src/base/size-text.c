/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/size-text.h"

#include <stdio.h>

const char *size_text(uint64_t bytes, char buf[static SIZE_TEXT_MAX])
{
        static const char units[] = "BKMGTPE";
        unsigned unit = 0;
        uint64_t tenths = bytes * 10;

        if (bytes < 1024) {
                (void)snprintf(buf, SIZE_TEXT_MAX, "%uB", (unsigned)bytes);
                return buf;
        }
        for (; bytes >= 1024; bytes /= 1024, unit++)
                tenths = bytes > UINT64_MAX / 10 ? bytes / 1024 * 10 : bytes * 10 / 1024;
        (void)snprintf(buf, SIZE_TEXT_MAX, "%u.%u%c", (unsigned)(tenths / 10),
                       (unsigned)(tenths % 10), units[unit]);
        return buf;
}
