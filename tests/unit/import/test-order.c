/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "import/operations.h"
#include "unit/test.h"

#include <fcntl.h>
#include <sys/socket.h>

#define D1 "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define D2 "sha256:2222222222222222222222222222222222222222222222222222222222222222"

/* An order as it comes over a socket; @args ends with NULL. */
static int make(const char *const *args, int fd, Order **ret, Fault *reterr)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        _cleanup_frame_ Frame f = {0};
        int pair[2];

        CHECK_NUMBER(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
        frame_begin(&w, FRAME_ORDER, 0);
        frame_add_strv(&w, FRAME_ARG, (char *const *)args);
        frame_add_string(&w, FRAME_HAVE, D2);
        frame_add_string(&w, FRAME_HAVE, D1);
        if (fd >= 0)
                frame_add_fd(&w, fd);
        CHECK_NUMBER(frame_send(pair[0], &w), 0);
        CHECK_NUMBER(frame_receive(pair[1], &f), 1);
        (void)close_fd(pair[0]);
        (void)close_fd(pair[1]);
        return order_new(&f, ret, reterr);
}

static int check(const char *const *args, int fd, Fault *reterr)
{
        _cleanup_order_ Order *o = NULL;
        int r = make(args, fd, &o, reterr);

        return r < 0 ? r
                     : order_check(o, operation_find(order_get(o, ORDER_OPERATION))->keys, reterr);
}

static void test_values(void)
{
        static const char *const args[] = {"op=diff",    "upper=/a=b", "lower=/x", "lower=/y",
                                           "lower-fd=0", "uid=7",      NULL};
        _cleanup_order_ Order *o = NULL;
        size_t at = 0;

        CHECK_NUMBER(make(args, 2, &o, NULL), 0);
        CHECK_STRING(order_get(o, "upper"), "/a=b");
        CHECK_STRING(order_get(o, "up"), NULL);
        CHECK_STRING(order_next(o, "lower", &at), "/x");
        CHECK_STRING(order_next(o, "lower", &at), "/y");
        CHECK_STRING(order_next(o, "lower", &at), NULL);
        CHECK_NUMBER(order_number(o, "uid", 0), 7);
        CHECK_NUMBER(order_number(o, "limit-bytes", 9), 9);
        CHECK(order_fd(o, "lower-fd") > 2);
        CHECK(fcntl(order_fd(o, "lower-fd"), F_GETFD) & FD_CLOEXEC);
        CHECK_NUMBER(order_fd(o, "source-fd"), -EBADF);
        CHECK(order_has_layer(o, D1) && order_has_layer(o, D2));
        CHECK(!order_has_layer(o, "sha256:3"));
        CHECK_NUMBER(order_check(o, operation_find("diff")->keys, NULL), 0);
}

static void test_refused(void)
{
        static const char *const bad[][4] = {
                {"op=diff"},
                {"op=diff", "upper=/a", "upper=/b"},
                {"op=diff", "upper=/a", "odd=1"},
                {"op=diff", "upper=/a", "uid=x"},
                {"op=diff", "upper=/a", "lower-fd=1"},
                {"op=diff", "upper=/a", "lower-fd=-1"},
                {"op=verify", "layer=sha256:1"},
                {"op=verify", "op=verify"},
                {"op=pull", "reference=a.b/c", "insecure=perhaps"},
        };
        static const char *const no_operation[] = {"uid=1", NULL}, *const no_key[] = {"=x", NULL},
                                 *const no_value[] = {"op", NULL};
        _cleanup_order_ Order *o = NULL;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_fault_ Fault f = {0};

                CHECK_NUMBER(check(bad[i], 2, &f), -EINVAL);
                CHECK_NUMBER(f.code, FAULT_INVALID_OPTION);
        }
        CHECK_NUMBER(make(no_operation, -1, &o, NULL), -EBADMSG);
        CHECK_NUMBER(make(no_key, -1, &o, NULL), -EBADMSG);
        CHECK_NUMBER(make(no_value, -1, &o, NULL), -EBADMSG);
        CHECK(!operation_find("fly") && !operation_find(""));
}

int main(void)
{
        test_values();
        test_refused();
        return 0;
}
