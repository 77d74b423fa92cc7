/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/tar-header.h"

#include <string.h>

bool tar_header_is_zero(const void *block)
{
        static const char zeros[TAR_BLOCK_SIZE];

        return memcmp(block, zeros, sizeof(zeros)) == 0;
}

uint32_t tar_header_checksum(const TarHeader *h)
{
        const uint8_t *p = (const uint8_t *)h;
        uint32_t sum = ' ' * sizeof(h->checksum);

        for (size_t i = 0; i < sizeof(*h); i++)
                sum += p[i];
        for (size_t i = 0; i < sizeof(h->checksum); i++)
                sum -= (uint8_t)h->checksum[i];
        return sum;
}

static int octal(const char *field, size_t n, uint64_t *ret)
{
        uint64_t value = 0;
        size_t i = 0;

        while (i < n && field[i] == ' ')
                i++;
        for (; i < n && field[i] >= '0' && field[i] <= '7'; i++) /* 12 digits at most: 36 bits */
                value = value << 3 | (uint64_t)(field[i] - '0');
        for (; i < n; i++) {
                if (field[i] != ' ' && field[i] != '\0')
                        return -EINVAL;
        }
        *ret = value;
        return 0;
}

int tar_header_time(const char *field, size_t n, int64_t *ret)
{
        const uint8_t *p = (const uint8_t *)field;
        uint64_t value;

        if (!(p[0] & 0x80)) {
                int r = octal(field, n, &value);
                if (r >= 0)
                        *ret = (int64_t)value;
                return r;
        }
        /* two's complement, the top bit taken for the mark, the next one is the sign */
        value = p[0] & 0x40 ? UINT64_MAX : 0;
        for (size_t i = 0; i < n; i++) {
                uint8_t byte = i == 0 ? (uint8_t)(p[0] << 1) : p[i];

                if (i == 0)
                        byte = (uint8_t)((int8_t)byte >> 1);
                if (i + 8 < n && byte != (p[0] & 0x40 ? 0xff : 0))
                        return -ERANGE;
                value = value << 8 | byte;
        }
        if ((value >> 63) != (p[0] & 0x40) >> 6)
                return -ERANGE;
        *ret = (int64_t)value;
        return 0;
}

int tar_header_number(const char *field, size_t n, uint64_t *ret)
{
        int64_t value;
        int r = tar_header_time(field, n, &value);

        if (r < 0)
                return r;
        if (value < 0)
                return -EINVAL;
        *ret = (uint64_t)value;
        return 0;
}

bool tar_header_put(char *field, size_t n, uint64_t value)
{
        field[n - 1] = '\0';
        for (size_t i = n - 1; i-- > 0; value >>= 3)
                field[i] = (char)('0' + (value & 7));
        if (value == 0)
                return true;
        memset(field, '0', n - 1);
        return false;
}
