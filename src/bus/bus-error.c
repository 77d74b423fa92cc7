/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* FaultCode -> D-Bus error name: the only place that knows both. */
#include "bus/bus-error.h"

#include "base/names.h"

#include <string.h>

int bus_reply_fault(sd_bus_message *call, const Fault *f)
{
        _cleanup_free_ char *name = NULL;
        const char *last = fault_code_name(f->code);

        if (f->code == FAULT_NOT_AUTHORIZED) /* the names that every client knows */
                return sd_bus_reply_method_errorf(
                        call,
                        f->error == EAGAIN ? SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED
                                           : SD_BUS_ERROR_ACCESS_DENIED,
                        "%s", f->message ?: "Not authorized");
        if (!last || asprintf(&name, LODGE_ERROR_PREFIX "%s", last) < 0)
                return sd_bus_reply_method_errno(call, -ENOMEM, NULL);
        return sd_bus_reply_method_errorf(call, name, "%s",
                                          f->message ?: strerror(f->error ?: EIO));
}
