/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kind of thing is to be imported, by its first bytes. */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "import/source-kind.h"
#include "import/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        char *copy = fuzz_copy(data, n);
        _cleanup_fault_ Fault fault = {0};

        int kind = source_kind_of((const uint8_t *)copy, n, &fault);
        PROMISE(kind == SOURCE_OCI || kind == SOURCE_TAR || kind == SOURCE_DISK ||
                (kind < 0 && fault.message));
        free(copy);
        return 0;
}
