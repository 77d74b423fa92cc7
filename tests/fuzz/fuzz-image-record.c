/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "spec/image-record.h"
#include "spec/reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        _cleanup_image_record_ ImageRecord r = {0}, again = {0};
        _cleanup_free_ char *text = fuzz_copy(data, n), *first = NULL, *second = NULL;
        _cleanup_fault_ Fault f = {0};

        if (image_record_parse("fuzz.oci", text, n, &r, &f) < 0) {
                PROMISE(f.code == FAULT_INVALID_OPTION && f.message);
                PROMISE(!strpbrk(f.message, "\n\r\x1b\x7f"));
                return 0;
        }
        PROMISE(image_name_is_canonical(r.name) && r.layers && *r.layers);
        STRV_FOREACH (layer, r.layers)
                PROMISE(digest_is_valid(*layer));
        /* escapes may make it longer than a record may be: the only reason to refuse it */
        if (image_record_format(&r, &first, &f) < 0) {
                PROMISE(n > IMAGE_RECORD_MAX / 5);
                return 0;
        }
        PROMISE(image_record_parse("again", first, strlen(first), &again, NULL) >= 0);
        PROMISE(image_record_format(&again, &second, NULL) >= 0 && streq(first, second));
        return 0;
}
