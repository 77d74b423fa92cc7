/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/io.h"
#include "base/text.h"
#include "unit/test.h"
#include "wire/exit-record.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static char directory[] = "/tmp/lodge-test-exit-record-XXXXXX";

static void test_round_trip(int dir)
{
        char *lines[] = {(char *)"one\x1b[31m\nSTATUS=99", (char *)"", (char *)"a=b=ü", NULL};
        ExitRecord r = {
                .cause = (char *)EXIT_CAUSE_FAILED,
                .phase = (char *)"mount",
                .object = (char *)"/proc\nCAUSE=exited",
                .message = (char *)"it failed",
                .error = ENOENT,
                .status = 255,
                .signal = 9,
                .when_usec = UINT64_MAX,
                .output = lines,
        };
        _cleanup_exit_record_ ExitRecord got = {0};

        CHECK_NUMBER(exit_record_write(dir, "web", &r), 0);
        CHECK_NUMBER(exit_record_read(dir, "web", &got), 0);
        CHECK_STRING(got.cause, EXIT_CAUSE_FAILED);
        CHECK_STRING(got.phase, "mount");
        CHECK_STRING(got.object, "/proc?CAUSE=exited");
        CHECK_STRING(got.message, "it failed");
        CHECK_NUMBER(got.error, ENOENT);
        CHECK_NUMBER(got.status, 255);
        CHECK_NUMBER(got.signal, 9);
        CHECK(got.when_usec == UINT64_MAX);
        CHECK_NUMBER(strv_length(got.output), 3);
        CHECK_STRING(got.output[0], "one?[31m?STATUS=99");
        CHECK_STRING(got.output[1], "");
        CHECK_STRING(got.output[2], "a=b=ü");
}

static void test_unset(int dir)
{
        ExitRecord r = {.cause = (char *)EXIT_CAUSE_LOST, .status = -1};
        _cleanup_exit_record_ ExitRecord got = {0};

        CHECK_NUMBER(exit_record_write(dir, "web", &r), 0);
        CHECK_NUMBER(exit_record_read(dir, "web", &got), 0);
        CHECK_NUMBER(got.status, -1);
        CHECK_NUMBER(got.signal, 0);
        CHECK_STRING(got.phase, NULL);
        CHECK_NUMBER(strv_length(got.output), 0);
        CHECK_NUMBER(exit_record_read(dir, "absent", &got), -ENOENT);
}

/* However long what the guest printed: the record can be read back, with the last lines in it. */
static void test_limits(int dir)
{
        static char text[8192];
        char *lines[100] = {0};
        ExitRecord r = {.cause = (char *)EXIT_CAUSE_EXITED,
                        .phase = text,
                        .object = text,
                        .message = text,
                        .output = lines};
        _cleanup_exit_record_ ExitRecord got = {0};

        memset(text, '\xff', sizeof(text) - 1);
        for (size_t i = 0; i < ELEMENTSOF(lines) - 1; i++)
                lines[i] = i == ELEMENTSOF(lines) - 2 ? (char *)"last" : text;
        CHECK_NUMBER(exit_record_write(dir, "web", &r), 0);
        CHECK_NUMBER(exit_record_read(dir, "web", &got), 0);
        CHECK_NUMBER(strv_length(got.output), EXIT_RECORD_LINES_MAX);
        CHECK_STRING(got.output[EXIT_RECORD_LINES_MAX - 1], "last");
}

static void test_malformed(int dir)
{
        static const char *const bad[] = {
                "",
                "\n",
                "STATUS=0\n",
                "CAUSE\n",
                "CAUSE=exited\nCAUSE=killed\n",
                "CAUSE=exited\nSTATUS=256\n",
                "CAUSE=exited\nSTATUS=-1\n",
                "CAUSE=exited\nSIGNAL=65\n",
                "CAUSE=exited\nERRNO=99999999999999999999\n",
                "CAUSE=exited\nWHEN=\n",
                "CAUSE=exited\n\nSTATUS=1\n",
                "CAUSE=exited\nnonsense",
        };
        ExitRecord got = {0};

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                CHECK_NUMBER(write_file_atomic_at(dir, "web", bad[i], strlen(bad[i]), 0600), 0);
                if (exit_record_read(dir, "web", &got) != -EBADMSG)
                        test_fail_value(__FILE__, __LINE__, bad[i], "taken", "-EBADMSG");
        }
        CHECK_NUMBER(write_file_atomic_at(dir, "web", "CAUSE=exited\0\n", 14, 0600), 0);
        CHECK_NUMBER(exit_record_read(dir, "web", &got), -EBADMSG);
        /* a key of a newer release is passed over */
        CHECK_NUMBER(write_file_atomic_at(dir, "web", "NEW=1\nCAUSE=exited\n", 19, 0600), 0);
        CHECK_NUMBER(exit_record_read(dir, "web", &got), 0);
        exit_record_done(&got);
}

/* A limit on the size of files stands for a file system that is full. */
static void test_short(int dir)
{
        static char text[5000];
        char *lines[] = {text, NULL};
        const ExitRecord r = {
                .cause = (char *)"exited", .message = text, .status = 3, .output = lines};
        const struct rlimit small = {.rlim_cur = 4096, .rlim_max = RLIM_INFINITY};
        const struct rlimit none = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
        _cleanup_exit_record_ ExitRecord got = {0};
        struct stat st;

        memset(text, 'x', sizeof(text) - 1);
        (void)signal(SIGXFSZ, SIG_IGN);
        CHECK_NUMBER(exit_record_reserve(dir, "web"), 0);
        CHECK_NUMBER(fstatat(dir, ".#web", &st, 0), 0);
        CHECK(st.st_blocks > 0);
        CHECK_NUMBER(exit_record_reserve(dir, "web"), 0); /* again: of a run that left it */
        CHECK_NUMBER(setrlimit(RLIMIT_FSIZE, &small), 0);
        CHECK_NUMBER(exit_record_write(dir, "web", &r), 0);
        CHECK_NUMBER(setrlimit(RLIMIT_FSIZE, &none), 0);
        CHECK_NUMBER(exit_record_read(dir, "web", &got), 0);
        CHECK_STRING(got.cause, "exited");
        CHECK_NUMBER(got.status, 3);
        CHECK_NUMBER(strv_length(got.output), 0);
        CHECK(strlen(got.message) > 500);
        CHECK_NUMBER(fstatat(dir, ".#web", &st, 0), -1);
        CHECK_NUMBER(exit_record_reserve(dir, "web"), 0);
        exit_record_release(dir, "web");
        CHECK_NUMBER(fstatat(dir, ".#web", &st, 0), -1);
        CHECK_STRING(exit_record_reserved(".#web"), "web");
        CHECK_STRING(exit_record_reserved("web"), NULL);
}

int main(void)
{
        _cleanup_close_ int dir = -EBADF;

        CHECK(mkdtemp(directory));
        dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        test_round_trip(dir);
        test_unset(dir);
        test_limits(dir);
        test_malformed(dir);
        test_short(dir);
        CHECK_NUMBER(unlinkat(dir, "web", 0), 0);
        CHECK_NUMBER(rmdir(directory), 0);
        return 0;
}
