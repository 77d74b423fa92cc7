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
static const OrderKey export_keys[] = {
        {"record", ORDER_STRING},
        {"path", ORDER_STRING},
        {"tree-fd", ORDER_DESCRIPTOR}, /* the root directory in the disk image that path is */
        {"format", ORDER_STRING},
        {"compression", ORDER_STRING},
        {"output-fd", ORDER_DESCRIPTOR, .required = true},
        {NULL},
};
static const OrderKey commit_keys[] = {
        {"upper", ORDER_STRING, .required = true},
        {"record", ORDER_STRING},
        {"base", ORDER_STRING},
        {"base-fd", ORDER_DESCRIPTOR}, /* of a directory outside of the store */
        {"name", ORDER_STRING, .required = true},
        {"author", ORDER_STRING},
        {"message", ORDER_STRING},
        {"changes", ORDER_STRING, .repeated = true},
        {NULL},
};
static const OrderKey clone_keys[] = {
        {"path", ORDER_STRING, .required = true},
        {NULL},
};
/* Of a machine that runs: its namespaces and the pidfd of PID 1, whose end is the job's. Of another
 * one: its plan, and the mounts of its disk image. */
#define GUEST_KEYS                                                                                 \
        {"userns-fd", ORDER_DESCRIPTOR}, {"mountns-fd", ORDER_DESCRIPTOR},                         \
                {"leader-fd", ORDER_DESCRIPTOR}, {"plan-fd", ORDER_DESCRIPTOR},                    \
                {"image-fd", ORDER_DESCRIPTOR},                                                    \
        {                                                                                          \
                "usr-fd", ORDER_DESCRIPTOR                                                         \
        }
static const OrderKey copy_to_keys[] = {
        {"machine", ORDER_STRING, .required = true},
        {"path", ORDER_STRING, .required = true},
        {"source-fd", ORDER_DESCRIPTOR, .required = true},
        GUEST_KEYS,
        {"archive", ORDER_FLAG},
        {"rename", ORDER_FLAG},
        {NULL},
};
static const OrderKey copy_from_keys[] = {
        {"machine", ORDER_STRING, .required = true},
        {"path", ORDER_STRING, .required = true},
        {"output-fd", ORDER_DESCRIPTOR, .required = true},
        GUEST_KEYS,
        {"follow-links", ORDER_FLAG},
        {NULL},
};
static const OrderKey diff_keys[] = {
        {"upper", ORDER_STRING, .required = true},
        {"lower", ORDER_STRING, .repeated = true},
        {"lower-fd", ORDER_DESCRIPTOR}, /* likewise, below all others */
        {NULL},
};
static const OrderKey verify_keys[] = {
        {"layer", ORDER_DIGEST, .repeated = true},
        {"blob", ORDER_DIGEST, .repeated = true},
        {NULL},
};

static const Operation operations[] = {
        {"import", op_import, import_keys, .owns_files = true},
        {"pull", op_pull, pull_keys, .network = true, .owns_files = true},
        {"push", op_push, push_keys, .network = true, .store = true},
        {"export", op_export, export_keys, .store = true},
        {"commit", op_commit, commit_keys, .store = true, .owns_files = true},
        {"clone", op_clone, clone_keys, .store = true, .owns_files = true},
        {"copy-to", op_copy_to, copy_to_keys, .guest = true},
        {"copy-from", op_copy_from, copy_from_keys, .guest = true},
        {"diff", op_diff, diff_keys, .store = true, .makes_nothing = true},
        {"usage", op_usage, NULL, .store = true, .makes_nothing = true},
        {"verify", op_verify, verify_keys, .store = true, .makes_nothing = true},
};

const Operation *operation_find(const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(operations); i++)
                if (streq(operations[i].name, name))
                        return &operations[i];
        return NULL;
}
