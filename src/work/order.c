/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "work/order.h"

#include "base/text.h"

#include <string.h>

#define NOBODY 65534

static const char *value_of(char *const *args, const char *key)
{
        size_t n = strlen(key);

        STRV_FOREACH (arg, args)
                if (strncmp(*arg, key, n) == 0 && (*arg)[n] == '=')
                        return *arg + n + 1;
        return NULL;
}

static int parse_operation(const char *value, Operation *ret)
{
        if (streq(value, "attach"))
                *ret = OPERATION_ATTACH;
        else if (streq(value, "probe"))
                *ret = OPERATION_PROBE;
        else
                return -EBADMSG;
        return 0;
}

static int parse(const Frame *f, char *const *args, Order *ret)
{
        const char *uid = value_of(args, "uid"), *source = value_of(args, "source-fd");
        uint64_t n = NOBODY, at = 0;

        int r = f->type == FRAME_ORDER ? parse_operation(value_of(args, "op"), &ret->operation)
                                       : -EBADMSG;
        if (r < 0 || (uid && (parse_u64(uid, UINT32_MAX - 1, &n) < 0 || n == 0)) || !source ||
            parse_u64(source, FRAME_FDS_MAX, &at) < 0 || at >= f->n_fds)
                return -EBADMSG;
        ret->uid = (uid_t)n;
        ret->source = f->fds[at];
        return 0;
}

/* The vector of arguments goes, the frame that the text is in stays. */
static const char *borrowed_name(const Frame *f)
{
        size_t offset = 0;
        Frame group;

        while (frame_next_group(f, FRAME_ARG, &offset, &group)) {
                const char *arg = frame_string(&group, FRAME_ARG);

                if (strncmp(arg, "name=", 5) == 0)
                        return arg + 5;
        }
        return "?";
}

int order_parse(const Frame *f, Order *ret, Fault *reterr)
{
        _cleanup_strv_free_ char **args = NULL;
        int r = frame_strv(f, FRAME_ARG, &args);

        if (r >= 0)
                r = parse(f, args, ret);
        ret->name = borrowed_name(f);
        return r < 0 ? fault_set(reterr, FAULT_FAILED, r,
                                 "lodged sent an order that this lodge-work cannot carry out; was "
                                 "one of them upgraded?")
                     : 0;
}
