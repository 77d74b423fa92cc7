/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/operations.h"

#include "base/text.h"

static const OrderKey import_keys[] = {
        {"name", ORDER_STRING},
        {"source", ORDER_STRING}, /* what to call it */
        {"type", ORDER_STRING},
        {"source-fd", ORDER_DESCRIPTOR, .required = true},
        {NULL},
};
static const OrderKey pull_keys[] = {
        {"reference", ORDER_STRING, .required = true},
        {"name", ORDER_STRING},
        {"platform", ORDER_STRING},
        {"insecure", ORDER_FLAG},
        {"auth-fd", ORDER_DESCRIPTOR},
        {"config-fd", ORDER_DESCRIPTOR},
        {NULL},
};
static const OrderKey push_keys[] = {
        {"record", ORDER_STRING, .required = true},
        {"reference", ORDER_STRING, .required = true},
        {"compression", ORDER_STRING},
        {"insecure", ORDER_FLAG},
        {"auth-fd", ORDER_DESCRIPTOR},
        {"config-fd", ORDER_DESCRIPTOR},
        {NULL},
};

static const Operation operations[] = {
        {"import", op_import, import_keys, .owns_files = true},
        {"pull", op_pull, pull_keys, .network = true, .owns_files = true},
        {"push", op_push, push_keys, .network = true, .store = true},
};

const Operation *operation_find(const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(operations); i++)
                if (streq(operations[i].name, name))
                        return &operations[i];
        return NULL;
}
