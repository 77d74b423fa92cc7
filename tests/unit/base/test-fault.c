/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/fault.h"
#include "unit/test.h"

int main(void)
{
        _cleanup_fault_ Fault f = {0};

        CHECK_NUMBER(fault_set(&f, FAULT_NO_SUCH_MACHINE, 0, "no machine '%s'", "web"), -ENOENT);
        CHECK_STRING(f.message, "no machine 'web'");
        CHECK_NUMBER(f.error, 0);
        /* the first reason wins, the return value is still that of the second */
        CHECK_NUMBER(fault_set(&f, FAULT_FAILED, EPERM, "another"), -EPERM);
        CHECK_NUMBER(f.code, FAULT_NO_SUCH_MACHINE);
        CHECK_STRING(f.message, "no machine 'web'");
        fault_done(&f);
        CHECK_NUMBER(f.code, FAULT_NONE);
        CHECK_STRING(f.message, NULL);
        CHECK_NUMBER(fault_set(&f, FAULT_FAILED, -ENOSPC, "x"), -ENOSPC);
        CHECK_NUMBER(f.error, ENOSPC);
        CHECK_NUMBER(fault_set(NULL, FAULT_BUSY, 0, "x"), -EBUSY);
        fault_done(NULL);

        for (FaultCode c = FAULT_NONE + 1; c < _FAULT_CODE_MAX; c++) {
                CHECK(fault_code_name(c));
                CHECK_NUMBER(fault_code_from_name(fault_code_name(c)), c);
                CHECK(fault_set(NULL, c, 0, "x") < 0);
        }
        CHECK_STRING(fault_code_name(FAULT_NONE), NULL);
        CHECK_STRING(fault_code_name(_FAULT_CODE_MAX), NULL);
        CHECK_NUMBER(fault_code_from_name("Nonsense"), FAULT_FAILED);
        CHECK_NUMBER(fault_code_from_name(NULL), FAULT_FAILED);
        return 0;
}
