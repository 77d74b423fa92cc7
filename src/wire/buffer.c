/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/buffer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

int buffer_extend(char **buf, size_t *allocated, size_t n, size_t more, size_t max)
{
        if (more > max || n > max - more)
                return -E2BIG;

        if (n + more > *allocated) {
                size_t size = MIN2(n + more <= max / 2 ? (n + more) * 2 : max, max);
                char *grown = realloc(*buf, size);

                if (!grown)
                        return -ENOMEM;
                *buf = grown;
                *allocated = size;
        }
        if (more > 0)
                memset(*buf + n, 0, more);
        return 0;
}
