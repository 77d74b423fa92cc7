/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/failure.h"

#include "base/text.h"

#include <string.h>

static void copy(char *dst, size_t size, const char *src)
{
        (void)snprintf(dst, size, "%s", src ?: "");
}

int failure_set(Failure *f, FaultCode code, int error, const char *phase, const char *object)
{
        error = error < 0 ? -error : error;
        if (f->error == 0) {
                f->error = error ?: EIO;
                f->code = code;
                copy(f->phase, sizeof(f->phase), phase);
                copy(f->object, sizeof(f->object), object);
        }
        return -(error ?: EIO);
}

int failure_reason(Failure *f, FaultCode code, int error, const char *phase, const char *sentence)
{
        int r = failure_set(f, code, error, phase, NULL);

        if (f->reason[0] == '\0')
                copy(f->reason, sizeof(f->reason), sentence);
        return r;
}

char *failure_message(const Failure *f)
{
        _cleanup_free_ char *object = text_for_display(f->object, sizeof(f->object));
        char *s = NULL;

        if (f->reason[0])
                return strdup(f->reason);
        if (asprintf(&s, "cannot %s '%s': %s", f->phase, object ?: "", strerror(f->error)) < 0)
                return NULL;
        return s;
}
