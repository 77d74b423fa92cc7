/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "copy/copy-text.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define SHOWN_MAX 200U

static void add(FILE *f, uint64_t n, const char *one, const char *many)
{
        if (n == 0)
                return;
        (void)fprintf(f, "%s%" PRIu64 " %s", ftell(f) > 0 ? "; " : "", n, n == 1 ? one : many);
}

char *copy_result_text(const CopyResult *r)
{
        char *text = NULL;
        size_t n = 0;

        if (r->n_left_out == 0 && r->n_attributes == 0 && r->n_changed == 0)
                return NULL;
        FILE *f = open_memstream(&text, &n);
        if (!f)
                return NULL;
        add(f, r->n_left_out, "device or socket was left out", "devices or sockets were left out");
        add(f, r->n_attributes, "attribute could not be kept", "attributes could not be kept");
        add(f, r->n_changed, "file changed while it was read",
            "files changed while they were read");
        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}

static FaultCode code_of(int error)
{
        switch (error) {
        case ENOSPC:
        case EDQUOT: return FAULT_NO_SPACE;
        case EOPNOTSUPP: return FAULT_NOT_SUPPORTED;
        case ECANCELED: return FAULT_CANCELLED;
        default: return FAULT_FAILED;
        }
}

int copy_fault(Fault *reterr, int error, const char *path, const char *format, ...)
{
        _cleanup_free_ char *shown = text_for_display(path, SHOWN_MAX), *text = NULL;
        va_list ap;

        va_start(ap, format);
        if (vasprintf(&text, format, ap) < 0)
                text = NULL;
        va_end(ap);
        return fault_set(reterr, code_of(error), error, "'%s' %s", shown ?: "", text ?: "");
}
