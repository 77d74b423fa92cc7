/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/parallel.h"
#include "import/progress.h"
#include "unit/test.h"

#include "base/text.h"

#include <stdatomic.h>

#define DIGEST "sha256:1111111111112222222222222222222222222222222222222222222222222222"

/* The frame that is due, or none. */
static bool told(Progress *p, Frame *ret)
{
        _cleanup_frame_writer_ FrameWriter w = {0};

        if (!progress_frame(p, &w))
                return false;
        CHECK_NUMBER(w.error, 0);
        char *buf = malloc(w.n);
        memcpy(buf, w.buf, w.n);
        uint32_t size = (uint32_t)w.n;
        memcpy(buf + 8, &size, sizeof(size)); /* as frame_send() does */
        CHECK_NUMBER(frame_parse(buf, w.n, ret), 0);
        return true;
}

static void test_frames(void)
{
        Progress *p = progress_new();
        _cleanup_frame_ Frame first = {0}, second = {0}, none = {0};
        _Atomic uint64_t counter = 5;
        size_t offset = 0;
        Frame item;

        progress_set_phase(p, "downloading");
        ProgressItem *a = progress_add_item(p, DIGEST, 100), *b = progress_add_item(p, "b", 50);
        progress_item_add(a, 10);
        progress_item_follow(b, &counter);
        CHECK(told(p, &first));
        CHECK_STRING(frame_string(&first, FRAME_PHASE), "downloading");
        CHECK_NUMBER(frame_number(&first, FRAME_BYTES, 0), 15);
        CHECK_NUMBER(frame_number(&first, FRAME_TOTAL, 0), 150);
        CHECK(frame_next_group(&first, FRAME_ITEM, &offset, &item));
        CHECK_STRING(frame_string(&item, FRAME_ITEM), "sha256:111111111111");
        CHECK_NUMBER(frame_number(&item, FRAME_BYTES, 0), 10);
        CHECK(!told(p, &none)); /* nothing has changed */

        counter = 7;
        progress_item_follow(b, NULL);
        counter = 9; /* nobody looks any more */
        progress_item_set_total(a, 0);
        progress_item_set_phase(a, "unpacking");
        CHECK(told(p, &second));
        CHECK_NUMBER(frame_number(&second, FRAME_BYTES, 0), 17);
        CHECK_NUMBER(frame_number(&second, FRAME_TOTAL, 9), 0);

        _cleanup_frame_ Frame third = {0};
        progress_item_drop(b);
        CHECK(told(p, &third));
        CHECK_NUMBER(frame_number(&third, FRAME_BYTES, 0), 10);
        offset = 0;
        CHECK(frame_next_group(&third, FRAME_ITEM, &offset, &item));
        CHECK(!frame_next_group(&third, FRAME_ITEM, &offset, &item));
        progress_item_add(NULL, 1);
        progress_item_set_phase(NULL, "x");
        progress_free(p);
}

static void test_many_items(void)
{
        Progress *p = progress_new();

        for (int i = 0; i < PROGRESS_ITEMS_MAX; i++)
                CHECK(progress_add_item(p, "x", 1));
        CHECK(!progress_add_item(p, "x", 1));
        progress_free(p);
}

/* ---- parallel work ---- */

typedef struct Work {
        atomic_int done[100];
        int fails_at;
        atomic_int cancelled;
} Work;

static int work_one(void *userdata, size_t i, Fault *reterr)
{
        Work *w = userdata;

        w->done[i]++;
        return (int)i == w->fails_at ? fault_set(reterr, FAULT_FAILED, EIO, "number %zu", i) : 0;
}

static void work_cancel(void *userdata)
{
        ((Work *)userdata)->cancelled++;
}

static void test_parallel(void)
{
        Work all = {.fails_at = -1}, some = {.fails_at = 50}, none = {.fails_at = -1};
        _cleanup_fault_ Fault f = {0};

        CHECK_NUMBER(parallel_run(&(ParallelWork){100, work_one, work_cancel, &all}, &f), 0);
        for (size_t i = 0; i < ELEMENTSOF(all.done); i++)
                CHECK_NUMBER(all.done[i], 1);
        CHECK_NUMBER(all.cancelled, 0);
        CHECK_NUMBER(parallel_run(&(ParallelWork){100, work_one, work_cancel, &some}, &f), -EIO);
        CHECK_STRING(f.message, "number 50");
        CHECK_NUMBER(some.cancelled, 1);
        CHECK_NUMBER(parallel_run(&(ParallelWork){0, work_one, NULL, &none}, &f), 0);
}

int main(void)
{
        test_frames();
        test_many_items();
        test_parallel();
        return 0;
}
