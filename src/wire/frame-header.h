/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first bytes of every frame. Private to wire. */
#pragma once

#include <stdint.h>

#define FRAME_MAGIC 0x4c444731U /* "1GDL" in memory: also tells the byte order apart */

/* The fields are in the last descriptor, a sealed memfd; the message is only this header. */
#define FRAME_FLAG_MEMFD (1U << 0)

typedef struct FrameHeader {
        uint32_t magic;
        uint16_t version, type;
        uint32_t size; /* of this header and the fields, wherever they are */
        uint32_t flags;
        uint64_t serial;
} FrameHeader;
