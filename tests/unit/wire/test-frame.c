/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/io.h"
#include "base/text.h"
#include "unit/test.h"
#include "wire/frame-header.h"
#include "wire/frame.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

static int ours, theirs;

static size_t count_descriptors(void)
{
        _cleanup_closedir_ DIR *d = opendir("/proc/self/fd");
        size_t n = 0;

        while (readdir(d))
                n++;
        return n;
}

static void test_fields(void)
{
        char *args[] = {(char *)"sh", (char *)"", (char *)"ü\n", NULL};
        _cleanup_frame_writer_ FrameWriter w = {0};
        _cleanup_frame_ Frame f = {0};
        _cleanup_strv_free_ char **got = NULL, **none = NULL;

        frame_begin(&w, FRAME_EXEC, 7);
        frame_add_number(&w, FRAME_ID, UINT64_MAX);
        frame_add_string(&w, FRAME_USER, "root");
        frame_add_string(&w, FRAME_CWD, NULL);
        frame_add_strv(&w, FRAME_ARG, args);
        frame_add_number(&w, FRAME_ROWS, 24);
        CHECK_NUMBER(frame_send(theirs, &w), 0);
        CHECK_NUMBER(frame_receive(ours, &f), 1);
        CHECK_NUMBER(f.type, FRAME_EXEC);
        CHECK_NUMBER(f.serial, 7);
        CHECK(frame_number(&f, FRAME_ID, 0) == UINT64_MAX);
        CHECK_NUMBER(frame_number(&f, FRAME_ROWS, 0), 24);
        CHECK_NUMBER(frame_number(&f, FRAME_COLUMNS, 80), 80);
        CHECK_NUMBER(frame_number(&f, FRAME_USER, 5), 5);
        CHECK_STRING(frame_string(&f, FRAME_USER), "root");
        CHECK_STRING(frame_string(&f, FRAME_CWD), NULL);
        CHECK_STRING(frame_string(&f, FRAME_ID), NULL);
        CHECK_NUMBER(frame_strv(&f, FRAME_ARG, &got), 0);
        CHECK(strv_equal(got, args));
        CHECK_NUMBER(frame_strv(&f, FRAME_ENV, &none), 0);
        CHECK_NUMBER(strv_length(none), 0);
}

static void test_groups(void)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        _cleanup_frame_ Frame f = {0};
        _cleanup_strv_free_ char **args = NULL;
        size_t offset = 0;
        Frame group;

        frame_begin(&w, FRAME_STATE, 1);
        frame_add_number(&w, FRAME_PID, 5);
        frame_add_number(&w, FRAME_ID, 1);
        frame_add_number(&w, FRAME_PID, 6);
        frame_add_string(&w, FRAME_ARG, "a");
        frame_add_string(&w, FRAME_ARG, "b");
        frame_add_number(&w, FRAME_ID, 2);
        frame_add_number(&w, FRAME_STATUS, 3);
        CHECK_NUMBER(frame_send(theirs, &w), 0);
        CHECK_NUMBER(frame_receive(ours, &f), 1);
        CHECK_NUMBER(frame_number(&f, FRAME_PID, 0), 5);
        CHECK(frame_next_group(&f, FRAME_ID, &offset, &group));
        CHECK_NUMBER(frame_number(&group, FRAME_ID, 0), 1);
        CHECK_NUMBER(frame_number(&group, FRAME_PID, 0), 6);
        CHECK_NUMBER(frame_number(&group, FRAME_STATUS, 9), 9);
        CHECK_NUMBER(frame_strv(&group, FRAME_ARG, &args), 0);
        CHECK(strv_equal(args, (char *[]){(char *)"a", (char *)"b", NULL}));
        CHECK(frame_next_group(&f, FRAME_ID, &offset, &group));
        CHECK_NUMBER(frame_number(&group, FRAME_ID, 0), 2);
        CHECK_NUMBER(frame_number(&group, FRAME_PID, 0), 0);
        CHECK_NUMBER(frame_number(&group, FRAME_STATUS, 9), 3);
        CHECK(!frame_next_group(&f, FRAME_ID, &offset, &group));
        offset = 0;
        CHECK(!frame_next_group(&f, FRAME_LINE, &offset, &group));
}

/* What a worker tells of its job: the fields before the first item are of the whole. */
static void test_progress(void)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        _cleanup_frame_ Frame f = {0};
        size_t offset = 0;
        Frame item;

        frame_begin(&w, FRAME_PROGRESS, 0);
        frame_add_string(&w, FRAME_PHASE, "downloading");
        frame_add_number(&w, FRAME_BYTES, 30);
        for (uint64_t i = 1; i <= 2; i++) {
                frame_add_string(&w, FRAME_ITEM, i == 1 ? "sha256:a" : "sha256:b");
                frame_add_number(&w, FRAME_BYTES, 10 * i);
                frame_add_number(&w, FRAME_TOTAL, 100 * i);
        }
        CHECK_NUMBER(frame_send(theirs, &w), 0);
        CHECK_NUMBER(frame_receive(ours, &f), 1);
        CHECK_NUMBER(f.type, FRAME_PROGRESS);
        CHECK_STRING(frame_string(&f, FRAME_PHASE), "downloading");
        CHECK_NUMBER(frame_number(&f, FRAME_BYTES, 0), 30);
        for (uint64_t i = 1; i <= 2; i++) {
                CHECK(frame_next_group(&f, FRAME_ITEM, &offset, &item));
                CHECK_STRING(frame_string(&item, FRAME_ITEM), i == 1 ? "sha256:a" : "sha256:b");
                CHECK_NUMBER(frame_number(&item, FRAME_TOTAL, 0), 100 * i);
        }
        CHECK(!frame_next_group(&f, FRAME_ITEM, &offset, &item));
}

/* One byte below and above what goes inline, and the largest. */
static void test_sizes(void)
{
        static char text[FRAME_SIZE_MAX];
        static const size_t sizes[] = {
                1,       FRAME_INLINE_MAX - 40, FRAME_INLINE_MAX - 32, FRAME_INLINE_MAX,
                1000000, FRAME_SIZE_MAX - 40};
        _cleanup_frame_writer_ FrameWriter w = {0};

        memset(text, 'x', sizeof(text));
        for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
                _cleanup_frame_ Frame f = {0};

                text[sizes[i] - 1] = '\0';
                frame_begin(&w, FRAME_ERROR, i);
                frame_add_string(&w, FRAME_MESSAGE, text);
                CHECK_NUMBER(frame_send(theirs, &w), 0);
                CHECK_NUMBER(frame_receive(ours, &f), 1);
                CHECK_NUMBER(f.serial, i);
                CHECK_NUMBER(f.n_fds, 0);
                CHECK_STRING(frame_string(&f, FRAME_MESSAGE), text);
                text[sizes[i] - 1] = 'x';
        }
        text[sizeof(text) - 1] = '\0';
        frame_begin(&w, FRAME_ERROR, 0);
        frame_add_string(&w, FRAME_MESSAGE, text);
        CHECK_NUMBER(frame_send(theirs, &w), -E2BIG);
}

static void test_descriptors(size_t text_size)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        _cleanup_frame_ Frame f = {0};
        _cleanup_free_ char *text = calloc(1, text_size + 1);
        size_t before = count_descriptors();
        int stdio[3];
        struct stat a, b;

        memset(text, 'x', text_size);
        frame_begin(&w, FRAME_EXEC, 1);
        frame_add_string(&w, FRAME_ARG, text);
        frame_add_fd(&w, ours);
        frame_add_fd(&w, 2);
        frame_add_number(&w, FRAME_FD_MAP, 1);
        CHECK_NUMBER(frame_send(theirs, &w), 0);
        CHECK_NUMBER(frame_receive(ours, &f), 1);
        CHECK_NUMBER(f.n_fds, 2);
        CHECK_NUMBER(count_descriptors(), before + 2);
        CHECK(fcntl(f.fds[0], F_GETFD) & FD_CLOEXEC);
        CHECK_NUMBER(frame_stdio(&f, stdio), 0);
        CHECK_NUMBER(stdio[0], -EBADF);
        CHECK_NUMBER(stdio[1], f.fds[1]);
        CHECK_NUMBER(stdio[2], -EBADF);
        CHECK(fstat(stdio[1], &a) == 0 && fstat(2, &b) == 0 && a.st_ino == b.st_ino);
        frame_done(&f);
        CHECK_NUMBER(count_descriptors(), before);
}

static void test_stdio_maps(void)
{
        static const struct {
                uint64_t map[4];
                size_t n, n_fds;
                int result;
        } cases[] = {
                {{0, 1, 2}, 3, 3, 0},
                {{2, 0}, 2, 3, 0},
                {{0}, 0, 2, 0},
                {{0, 1}, 2, 1, -EBADMSG},
                {{3}, 1, 1, -EBADMSG},
                {{1, 1}, 2, 2, -EBADMSG},
                {{UINT64_MAX}, 1, 1, -EBADMSG},
                {{0, 1, 2, 0}, 4, 4, -EBADMSG},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_frame_writer_ FrameWriter w = {0};
                _cleanup_frame_ Frame f = {0};
                int stdio[3];

                frame_begin(&w, FRAME_ATTACH, 1);
                for (size_t j = 0; j < cases[i].n; j++)
                        frame_add_number(&w, FRAME_FD_MAP, cases[i].map[j]);
                for (size_t j = 0; j < cases[i].n_fds; j++)
                        frame_add_fd(&w, 2);
                CHECK_NUMBER(frame_send(theirs, &w), 0);
                CHECK_NUMBER(frame_receive(ours, &f), 1);
                CHECK_NUMBER(frame_stdio(&f, stdio), cases[i].result);
        }
}

static void test_writer_errors(void)
{
        _cleanup_frame_writer_ FrameWriter w = {0};

        frame_begin(&w, FRAME_ATTACH, 1);
        frame_add_fd(&w, -1);
        CHECK_NUMBER(frame_send(theirs, &w), -EBADF);
        frame_begin(&w, FRAME_ATTACH, 1);
        for (int i = 0; i < FRAME_FDS_MAX; i++)
                frame_add_fd(&w, 2);
        CHECK_NUMBER(frame_send(theirs, &w), -E2BIG);
        frame_begin(&w, FRAME_DONE, 1); /* forgets the error */
        CHECK_NUMBER(frame_send(theirs, &w), 0);

        _cleanup_frame_ Frame f = {0};
        CHECK_NUMBER(frame_receive(ours, &f), 1);
}

/* ---- what a hostile peer may send ---- */

static void send_raw(const void *data, size_t n, const int *fds, size_t n_fds)
{
        char control[CMSG_SPACE(sizeof(int) * 64)] = "";
        struct iovec iov = {(void *)data, n};
        struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

        if (n_fds > 0) {
                m.msg_control = control;
                m.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
                struct cmsghdr *c = CMSG_FIRSTHDR(&m);

                c->cmsg_level = SOL_SOCKET;
                c->cmsg_type = SCM_RIGHTS;
                c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
                memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
        }
        CHECK_NUMBER(sendmsg(theirs, &m, MSG_NOSIGNAL), n);
}

static void expect(int line, int result, size_t descriptors)
{
        Frame f = {0};

        test_numbers(__FILE__, line, "frame_receive()", frame_receive(ours, &f), result);
        frame_done(&f);
        test_numbers(__FILE__, line, "descriptors", (long long)count_descriptors(),
                     (long long)descriptors);
}

static FrameHeader header(uint32_t size, uint32_t flags)
{
        return (FrameHeader){.magic = FRAME_MAGIC,
                             .version = FRAME_VERSION,
                             .type = FRAME_DONE,
                             .size = size,
                             .flags = flags};
}

static void test_hostile_headers(void)
{
        static char large[FRAME_INLINE_MAX + 8];
        size_t before = count_descriptors();
        int fds[40];
        FrameHeader h = header(sizeof(h), 0);

        send_raw(&h, sizeof(h), NULL, 0);
        expect(__LINE__, 1, before);
        send_raw(&h, sizeof(h) - 1, NULL, 0);
        expect(__LINE__, -EBADMSG, before);
        h = header(sizeof(h) + 8, 0);
        send_raw(&h, sizeof(h), NULL, 0);
        expect(__LINE__, -EBADMSG, before);
        h = header(sizeof(h), 0x80);
        send_raw(&h, sizeof(h), NULL, 0);
        expect(__LINE__, -EBADMSG, before);
        h = header(sizeof(h), 0);
        h.version++;
        send_raw(&h, sizeof(h), NULL, 0);
        expect(__LINE__, -EPROTONOSUPPORT, before);
        h = header(sizeof(h), 0);
        h.magic++;
        send_raw(&h, sizeof(h), NULL, 0);
        expect(__LINE__, -EBADMSG, before);

        h = header(sizeof(large), 0);
        memcpy(large, &h, sizeof(h));
        send_raw(large, sizeof(large), NULL, 0);
        expect(__LINE__, -EBADMSG, before);

        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                fds[i] = 2;
        h = header(sizeof(h), 0);
        send_raw(&h, sizeof(h), fds, 16);
        expect(__LINE__, 1, before);
        send_raw(&h, sizeof(h), fds, 40);
        expect(__LINE__, -EBADMSG, before);
}

static void test_hostile_memfds(void)
{
        size_t before = count_descriptors();
        static char fields[20000];
        FrameHeader h = header(sizeof(h) + sizeof(fields), FRAME_FLAG_MEMFD);
        int sealed = sealed_memfd("test", fields, sizeof(fields));
        int empty = sealed_memfd("test", "", 0);
        int open_fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        int pipes[2];

        CHECK_NUMBER(pipe2(pipes, O_CLOEXEC), 0);
        CHECK_NUMBER(ftruncate(open_fd, sizeof(fields)), 0);
        before += 5;
        send_raw(&h, sizeof(h), NULL, 0); /* none at all */
        expect(__LINE__, -EBADMSG, before);
        send_raw(&h, sizeof(h), &open_fd, 1); /* could change under our hands */
        expect(__LINE__, -EBADMSG, before);
        send_raw(&h, sizeof(h), &pipes[0], 1); /* would make us wait */
        expect(__LINE__, -EBADMSG, before);
        send_raw(&h, sizeof(h), &sealed, 1); /* fields of tag 0 */
        expect(__LINE__, -EBADMSG, before);
        send_raw(&h, sizeof(h), &empty, 1);
        expect(__LINE__, -EBADMSG, before);
        h.size = FRAME_SIZE_MAX + 8;
        send_raw(&h, sizeof(h), &sealed, 1);
        expect(__LINE__, -EBADMSG, before);
        h.size = sizeof(h) - 1;
        send_raw(&h, sizeof(h), &empty, 1);
        expect(__LINE__, -EBADMSG, before);
        h.size = sizeof(h);
        send_raw(&h, sizeof(h), &empty, 1);
        expect(__LINE__, 1, before);
        for (const int *fd = (const int[]){sealed, empty, open_fd, pipes[0], pipes[1], -1};
             *fd >= 0; fd++)
                (void)close(*fd);
}

typedef struct RawFrame {
        FrameHeader header;
        uint16_t tag, kind;
        uint32_t length;
        char data[16];
} RawFrame;

static int parse_field(uint16_t type, uint16_t tag, uint16_t kind, uint32_t length,
                       const char data[static 16])
{
        _cleanup_free_ RawFrame *raw = calloc(1, sizeof(RawFrame));
        Frame f = {0};

        *raw = (RawFrame){header(sizeof(*raw), 0), tag, kind, length, ""};
        raw->header.type = type;
        memcpy(raw->data, data, 16);
        int r = frame_parse((char *)raw, sizeof(*raw), &f);
        if (r >= 0) {
                TAKE_PTR(raw);
                r = (int)f.type;
                frame_done(&f);
        }
        return r;
}

static void test_hostile_fields(void)
{
        static const char text[16] = "abcdefghijklmno", cut[16] = "abcdefghi", nul[16] = "ab\0c";
        const int number = 1, string = 2;

        CHECK_NUMBER(parse_field(FRAME_DONE, FRAME_NAME, string, 16, text), FRAME_DONE);
        CHECK_NUMBER(parse_field(FRAME_DONE, FRAME_NAME, string, 10, cut), FRAME_DONE);
        CHECK_NUMBER(parse_field(FRAME_DONE, FRAME_NAME, string, 9, cut), -EBADMSG);
        CHECK_NUMBER(parse_field(FRAME_DONE, FRAME_NAME, string, 12, cut), -EBADMSG);
        CHECK_NUMBER(parse_field(FRAME_DONE, FRAME_NAME, string, 16, nul), -EBADMSG);
        CHECK_NUMBER(parse_field(FRAME_DONE, FRAME_NAME, string, 15, text), -EBADMSG);
        CHECK_NUMBER(parse_field(FRAME_DONE, FRAME_NAME, string, 17, text), -EBADMSG);
        CHECK_NUMBER(parse_field(FRAME_DONE, FRAME_NAME, string, UINT32_MAX, text), -EBADMSG);
        CHECK_NUMBER(parse_field(FRAME_DONE, FRAME_NAME, string, UINT32_MAX - 6, text), -EBADMSG);
        CHECK_NUMBER(parse_field(FRAME_DONE, FRAME_NAME, number, 16, text), -EBADMSG);
        CHECK_NUMBER(parse_field(FRAME_DONE, FRAME_ID, number, 16, text), -EBADMSG);
        CHECK_NUMBER(parse_field(FRAME_DONE, 0, number, 16, text), -EBADMSG);
        CHECK_NUMBER(parse_field(0, FRAME_NAME, string, 16, text), -EBADMSG);
        /* a newer release may know more fields and types */
        CHECK_NUMBER(parse_field(FRAME_DONE, _FRAME_TAG_MAX, 9, 16, text), FRAME_DONE);
        CHECK_NUMBER(parse_field(_FRAME_TYPE_MAX + 5, FRAME_NAME, string, 16, text),
                     _FRAME_TYPE_MAX);
}

static void receive_fault(FrameType type, uint64_t code, uint64_t error, const char *message,
                          Fault *ret, int expected)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        _cleanup_frame_ Frame f = {0};

        frame_begin(&w, type, 1);
        frame_add_number(&w, FRAME_CODE, code);
        frame_add_number(&w, FRAME_ERRNO, error);
        frame_add_string(&w, FRAME_MESSAGE, message);
        CHECK_NUMBER(frame_send(theirs, &w), 0);
        CHECK_NUMBER(frame_receive(ours, &f), 1);
        fault_done(ret);
        CHECK_NUMBER(frame_fault(&f, ret), expected);
}

static void test_faults(void)
{
        _cleanup_fault_ Fault f = {0};

        receive_fault(FRAME_ERROR, FAULT_BUSY, EAGAIN, "it is\nbusy", &f, -EAGAIN);
        CHECK_NUMBER(f.code, FAULT_BUSY);
        CHECK_STRING(f.message, "it is?busy");
        receive_fault(FRAME_FAILED, 0, 0, "x", &f, -EIO);
        CHECK_NUMBER(f.code, FAULT_START_FAILED);
        receive_fault(FRAME_ERROR, UINT64_MAX, UINT64_MAX, NULL, &f, -EIO);
        CHECK_NUMBER(f.code, FAULT_FAILED);
        CHECK(f.message && *f.message);
}

static void test_closed(void)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        Frame f;

        CHECK_NUMBER(fcntl(ours, F_SETFL, O_NONBLOCK), 0);
        CHECK_NUMBER(frame_receive(ours, &f), -EAGAIN);
        CHECK(frame_peer_is_root(ours) == (getuid() == 0));
        CHECK(!frame_peer_is_root(0));
        (void)close(theirs);
        CHECK_NUMBER(frame_receive(ours, &f), 0);
        frame_begin(&w, FRAME_DONE, 0);
        CHECK_NUMBER(frame_send(ours, &w), -EPIPE);
}

int main(void)
{
        int pair[2];

        CHECK_NUMBER(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
        ours = pair[0];
        theirs = pair[1];
        test_fields();
        test_groups();
        test_progress();
        test_sizes();
        test_descriptors(10);
        test_descriptors(100000);
        test_stdio_maps();
        test_writer_errors();
        test_hostile_headers();
        test_hostile_memfds();
        test_hostile_fields();
        test_faults();
        test_closed();
        return 0;
}
