/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/fault.h"

#include <stdarg.h>
#include <string.h>

static const struct {
        const char *name;
        int error; /* returned where the caller has no errno of its own */
} fault_codes[_FAULT_CODE_MAX] = {
        [FAULT_FAILED] = {"Failed", EIO},
        [FAULT_NO_SUCH_MACHINE] = {"NoSuchMachine", ENOENT},
        [FAULT_NO_SUCH_IMAGE] = {"NoSuchImage", ENOENT},
        [FAULT_NO_SUCH_PROCESS] = {"NoSuchProcess", ESRCH},
        [FAULT_NO_SUCH_VOLUME] = {"NoSuchVolume", ENOENT},
        [FAULT_NO_SUCH_JOB] = {"NoSuchJob", ENOENT},
        [FAULT_NO_SUCH_NETWORK] = {"NoSuchNetwork", ENOENT},
        [FAULT_NO_SUCH_PORT] = {"NoSuchPort", ENOENT},
        [FAULT_NO_SUCH_MOUNT] = {"NoSuchMount", ENOENT},
        [FAULT_EXISTS] = {"Exists", EEXIST},
        [FAULT_NOT_RUNNING] = {"NotRunning", ESRCH},
        [FAULT_BUSY] = {"Busy", EBUSY},
        [FAULT_PAUSED] = {"Paused", EBUSY},
        [FAULT_INVALID_NAME] = {"InvalidName", EINVAL},
        [FAULT_INVALID_OPTION] = {"InvalidOption", EINVAL},
        [FAULT_NOT_SUPPORTED] = {"NotSupported", EOPNOTSUPP},
        [FAULT_NOT_AUTHORIZED] = {"NotAuthorized", EACCES},
        [FAULT_CANCELLED] = {"Cancelled", ECANCELED},
        [FAULT_TIMED_OUT] = {"TimedOut", ETIMEDOUT},
        [FAULT_NO_SPACE] = {"NoSpace", ENOSPC},
        [FAULT_PULL_FAILED] = {"PullFailed", EIO},
        [FAULT_IMPORT_FAILED] = {"ImportFailed", EIO},
        [FAULT_START_FAILED] = {"StartFailed", EIO},
        [FAULT_EXEC_FAILED] = {"ExecFailed", ENOEXEC},
        [FAULT_COMMAND_NOT_FOUND] = {"CommandNotFound", ENOENT},
};

int fault_set(Fault *f, FaultCode code, int error, const char *format, ...)
{
        va_list ap;

        if (error < 0)
                error = -error;
        int r = -(error ? error : fault_codes[code].error);
        if (!f || f->code != FAULT_NONE)
                return r;

        f->code = code;
        f->error = error;
        va_start(ap, format);
        if (vasprintf(&f->message, format, ap) < 0)
                f->message = NULL;
        va_end(ap);
        return r;
}

void fault_done(Fault *f)
{
        if (!f)
                return;
        free(f->message);
        *f = (Fault){0};
}

const char *fault_code_name(FaultCode code)
{
        return code > FAULT_NONE && code < _FAULT_CODE_MAX ? fault_codes[code].name : NULL;
}

FaultCode fault_code_from_name(const char *name)
{
        for (FaultCode c = FAULT_NONE + 1; c < _FAULT_CODE_MAX; c++)
                if (name && strcmp(fault_codes[c].name, name) == 0)
                        return c;
        return FAULT_FAILED;
}
