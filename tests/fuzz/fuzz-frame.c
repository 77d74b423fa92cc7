/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "wire/frame-header.h"
#include "wire/frame.h"

static void try_tag(const Frame *f, FrameTag tag)
{
        _cleanup_strv_free_ char **strv = NULL;
        const char *string = frame_string(f, tag);

        (void)frame_number(f, tag, 0);
        PROMISE(frame_strv(f, tag, &strv) >= 0);
        PROMISE(streq(strv[0], string));
}

static void try_groups(const Frame *f)
{
        Frame group;

        for (FrameTag tag = 1; tag < _FRAME_TAG_MAX; tag++)
                for (size_t offset = 0; frame_next_group(f, tag, &offset, &group);) {
                        PROMISE(group.first < group.n && group.n <= f->n && offset == group.n);
                        try_tag(&group, tag);
                }
}

static void try_frame(char *buf, size_t n)
{
        _cleanup_frame_ Frame f = {0};
        _cleanup_fault_ Fault fault = {0};
        int stdio[3];

        if (frame_parse(buf, n, &f) < 0) {
                free(buf);
                return;
        }
        PROMISE(f.type > 0 && f.type <= _FRAME_TYPE_MAX);
        for (FrameTag tag = 0; tag <= _FRAME_TAG_MAX; tag++)
                try_tag(&f, tag);
        PROMISE(frame_fault(&f, &fault) < 0 && fault.message && !strpbrk(fault.message, "\n\x1b"));
        (void)frame_stdio(&f, stdio);
        try_groups(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        char *buf;

        try_frame(fuzz_copy(data, n), n);
        if (n < sizeof(FrameHeader))
                return 0;

        /* a header that fits, so that the mutations reach the fields */
        FrameHeader h = {.magic = FRAME_MAGIC,
                         .version = FRAME_VERSION,
                         .type = data[6] ? data[6] : 1,
                         .size = (uint32_t)n};
        buf = fuzz_copy(data, n);
        memcpy(buf, &h, sizeof(h));
        try_frame(buf, n);
        return 0;
}
