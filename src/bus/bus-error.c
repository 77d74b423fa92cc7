/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* FaultCode -> D-Bus error name: the only place that knows both. */
#include "bus/bus-error.h"

#include "base/names.h"
#include "base/text.h"

#include <string.h>

/* What callers, files and guests have put into the sentence is shown on terminals, and a message
 * that is not UTF-8 would never be sent: the last gate before the bus. */
#define SENTENCE_MAX 1024

int bus_reply_fault(sd_bus_message *call, const Fault *f)
{
        _cleanup_free_ char *name = NULL, *message = NULL;
        const char *last = fault_code_name(f->code);

        if (f->message)
                message = text_for_display(f->message, SENTENCE_MAX);

        if (f->code == FAULT_NOT_AUTHORIZED) /* the names that every client knows */
                return sd_bus_reply_method_errorf(
                        call,
                        f->error == EAGAIN ? SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED
                                           : SD_BUS_ERROR_ACCESS_DENIED,
                        "%s", message ?: "Not authorized");
        if (!last || asprintf(&name, LODGE_ERROR_PREFIX "%s", last) < 0)
                return sd_bus_reply_method_errno(call, -ENOMEM, NULL);
        return sd_bus_reply_method_errorf(call, name, "%s", message ?: strerror(f->error ?: EIO));
}
