/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pausing, over files that stand for a cgroup's: who is answered what, and when. */
#include "shim/shim.h"

#include "base/io.h"
#include "unit/test.h"

#include <fcntl.h>
#include <sys/socket.h>

static char directory[] = "/tmp/test-pause.XXXXXX";

static Shim *new_shim(int *ret_lodged)
{
        static Shim s;
        int pair[2];

        CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
        s = (Shim){
                .name = "web",
                .state = SHIM_RUNNING,
                .payload_cgroup = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                .pause = {.events = -EBADF},
        };
        CHECK(s.payload_cgroup >= 0);
        leader_init(&s.leader);
        s.leader.pidfd = open("/dev/null", O_RDONLY | O_CLOEXEC); /* of nobody, but there */
        s.links[s.n_links++] = pair[0];
        *ret_lodged = pair[1];
        CHECK(write_string_at(s.payload_cgroup, "cgroup.events", "populated 1\nfrozen 0\n") >= 0);
        return &s;
}

static void end(Shim *s, int lodged)
{
        CHECK(s->pause.events < 0 && s->pause.n_waiters == 0 && s->pause.n_holds == 0);
        leader_done(&s->leader);
        (void)close(s->payload_cgroup);
        (void)close(s->links[0]);
        (void)close(lodged);
}

static void set_frozen(const Shim *s)
{
        CHECK(write_string_at(s->payload_cgroup, "cgroup.events", "populated 1\nfrozen 1\n") >= 0);
}

static char freezer(const Shim *s)
{
        char c = '?';
        int fd = openat(s->payload_cgroup, "cgroup.freeze", O_RDONLY | O_CLOEXEC);

        CHECK(fd >= 0 && read(fd, &c, 1) == 1);
        (void)close(fd);
        return c;
}

/* What lodged hears next. */
static Frame heard(int lodged, FrameType type)
{
        Frame f = {0};

        CHECK_NUMBER(frame_receive(lodged, &f), 1);
        CHECK_NUMBER(f.type, type);
        return f;
}

static void expect_done(int lodged, uint64_t serial)
{
        Frame f = heard(lodged, FRAME_DONE);

        CHECK_NUMBER(f.serial, serial);
        frame_done(&f);
}

static void expect_error(int lodged, uint64_t serial, FaultCode code)
{
        Frame f = heard(lodged, FRAME_ERROR);

        CHECK_NUMBER(f.serial, serial);
        CHECK_NUMBER(frame_number(&f, FRAME_CODE, 0), code);
        frame_done(&f);
}

static void expect_state(int lodged, bool paused)
{
        Frame f = heard(lodged, FRAME_STATE);

        CHECK((frame_number(&f, FRAME_PAUSED, 0) != 0) == paused);
        frame_done(&f);
}

static void expect_nothing(int lodged)
{
        Frame f = {0};

        CHECK_NUMBER(frame_receive(lodged, &f), -EAGAIN);
}

static void test_answer_waits_for_the_kernel(void)
{
        int lodged;
        Shim *s = new_shim(&lodged);

        pause_begin(s, s->links[0], 7);
        CHECK_NUMBER(freezer(s), '1');
        CHECK(pause_timeout(s) < UINT64_MAX);
        pause_check(s);
        expect_nothing(lodged);
        pause_begin(s, s->links[0], 8);
        expect_nothing(lodged);
        set_frozen(s);
        pause_check(s);
        expect_state(lodged, true);
        expect_done(lodged, 7);
        expect_done(lodged, 8);
        CHECK(pause_timeout(s) == UINT64_MAX);
        pause_begin(s, s->links[0], 9); /* is paused */
        expect_done(lodged, 9);
        pause_end(s);
        CHECK_NUMBER(freezer(s), '0');
        expect_state(lodged, false);
        pause_end(s);
        expect_nothing(lodged);
        end(s, lodged);
}

static void test_hang_in_the_kernel(void)
{
        int lodged;
        Shim *s = new_shim(&lodged);

        pause_begin(s, s->links[0], 7);
        s->pause.deadline_usec = 1;
        CHECK_NUMBER(pause_timeout(s), 0);
        pause_check(s);
        CHECK_NUMBER(freezer(s), '0');
        expect_error(lodged, 7, FAULT_TIMED_OUT);
        CHECK(!s->pause.wanted);
        end(s, lodged);
}

static void test_resumed_meanwhile(void)
{
        int lodged;
        Shim *s = new_shim(&lodged);

        pause_begin(s, s->links[0], 7);
        pause_end(s);
        CHECK_NUMBER(freezer(s), '0');
        expect_error(lodged, 7, FAULT_CANCELLED);
        expect_nothing(lodged);
        end(s, lodged);
}

static void test_lodged_is_gone(void)
{
        int lodged;
        Shim *s = new_shim(&lodged);

        pause_begin(s, s->links[0], 7);
        pause_forget_link(s, s->links[0]);
        set_frozen(s);
        pause_check(s);
        expect_state(lodged, true); /* and no answer */
        expect_nothing(lodged);
        pause_end(s);
        end(s, lodged);
}

static void resume_is_refused(Shim *s)
{
        _cleanup_fault_ Fault f = {0};

        CHECK(pause_resume(s, &f) < 0 && f.code == FAULT_BUSY);
        CHECK_NUMBER(freezer(s), '1');
}

/* Whoever needs it to stand still, it does until nobody does. */
static void test_holds(void)
{
        int lodged;
        Shim *s = new_shim(&lodged);

        pause_hold(s, s->links[0], 7, 70);
        pause_hold(s, s->links[0], 8, 80);
        set_frozen(s);
        pause_check(s);
        expect_state(lodged, true);
        expect_done(lodged, 7);
        expect_done(lodged, 8);
        resume_is_refused(s);
        pause_release(s, 70);
        pause_release(s, 70);
        resume_is_refused(s);
        pause_begin(s, s->links[0], 9); /* a pause in between outlasts them */
        expect_done(lodged, 9);
        pause_release(s, 80);
        CHECK_NUMBER(freezer(s), '1');
        CHECK_NUMBER(pause_resume(s, NULL), 0);
        expect_state(lodged, false);
        CHECK(write_string_at(s->payload_cgroup, "cgroup.events", "populated 1\nfrozen 0\n") >= 0);
        pause_hold(s, s->links[0], 10, 100);
        pause_release(s, 100); /* before it stands still */
        expect_error(lodged, 10, FAULT_CANCELLED);
        CHECK_NUMBER(freezer(s), '0');
        expect_nothing(lodged);
        end(s, lodged);
}

static Shim *held(int *ret_lodged)
{
        Shim *s = new_shim(ret_lodged);

        set_frozen(s);
        pause_hold(s, s->links[0], 7, 70);
        expect_state(*ret_lodged, true);
        expect_done(*ret_lodged, 7);
        return s;
}

static void test_who_holds_it_is_gone(void)
{
        int lodged;
        Shim *s = held(&lodged);

        CHECK(pause_timeout(s) == UINT64_MAX);
        pause_forget_link(s, s->links[0]);
        CHECK_NUMBER(pause_timeout(s), 0);
        pause_check(s);
        CHECK_NUMBER(freezer(s), '0');
        expect_state(lodged, false);
        CHECK(!s->pause.wanted);
        end(s, lodged);
}

/* What is to stop does not wait for a job. */
static void test_stop_ends_holds(void)
{
        int lodged;
        Shim *s = held(&lodged);

        pause_end(s);
        expect_state(lodged, false);
        CHECK_NUMBER(freezer(s), '0');
        pause_release(s, 70);
        expect_nothing(lodged);
        end(s, lodged);
}

static void test_refusals(void)
{
        int lodged;
        Shim *s = new_shim(&lodged);

        s->stop.requested = true;
        pause_begin(s, s->links[0], 1);
        expect_error(lodged, 1, FAULT_BUSY);
        (void)close(s->leader.pidfd);
        s->leader.pidfd = -EBADF;
        pause_begin(s, s->links[0], 2);
        expect_error(lodged, 2, FAULT_NOT_RUNNING);
        end(s, lodged);
}

int main(void)
{
        CHECK(mkdtemp(directory));
        int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        CHECK(fd >= 0);
        static const char *const files[] = {"cgroup.events", "cgroup.freeze"};
        for (size_t i = 0; i < 2; i++) {
                int file = openat(fd, files[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

                CHECK(file >= 0);
                (void)close(file);
        }
        test_answer_waits_for_the_kernel();
        test_hang_in_the_kernel();
        test_resumed_meanwhile();
        test_lodged_is_gone();
        test_holds();
        test_who_holds_it_is_gone();
        test_stop_ends_holds();
        test_refusals();
        for (size_t i = 0; i < 2; i++)
                (void)unlinkat(fd, files[i], 0);
        (void)close(fd);
        (void)rmdir(directory);
        return 0;
}
