/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/progress.h"

#include "base/text.h"

#include <pthread.h>
#include <stdatomic.h>

#define NAME_MAX_SHOWN 40

struct ProgressItem {
        char name[NAME_MAX_SHOWN];
        _Atomic(const char *) phase;
        _Atomic uint64_t n_bytes, n_total;
        atomic_bool dropped;
        pthread_mutex_t lock; /* of counter */
        const _Atomic uint64_t *counter;
};

struct Progress {
        pthread_mutex_t lock; /* of items[], not of what they hold */
        ProgressItem *items[PROGRESS_ITEMS_MAX];
        size_t n_items;
        _Atomic(const char *) phase;
        uint64_t told; /* of what was last told; of the telling thread alone */
};

Progress *progress_new(void)
{
        Progress *p = calloc(1, sizeof(*p));

        if (p)
                (void)pthread_mutex_init(&p->lock, NULL); /* cannot fail with default attributes */
        return p;
}

Progress *progress_free(Progress *p)
{
        if (!p)
                return NULL;
        for (size_t i = 0; i < p->n_items; i++)
                free(p->items[i]);
        (void)pthread_mutex_destroy(&p->lock);
        free(p);
        return NULL;
}

void progress_set_phase(Progress *p, const char *phase)
{
        p->phase = phase;
}

ProgressItem *progress_add_item(Progress *p, const char *name, uint64_t total)
{
        /* 12 digits of a digest tell the layers of an image apart */
        int length = __builtin_strncmp(name, "sha256:", 7) == 0 ? 7 + 12 : NAME_MAX_SHOWN - 1;
        ProgressItem *i = calloc(1, sizeof(*i));

        if (!i)
                return NULL;
        (void)snprintf(i->name, sizeof(i->name), "%.*s", length, name);
        i->n_total = total;
        (void)pthread_mutex_init(&i->lock, NULL);
        (void)pthread_mutex_lock(&p->lock);
        bool fits = p->n_items < ELEMENTSOF(p->items);
        if (fits)
                p->items[p->n_items++] = i;
        (void)pthread_mutex_unlock(&p->lock);
        if (fits)
                return i;
        free(i);
        return NULL;
}

void progress_item_set_phase(ProgressItem *i, const char *phase)
{
        if (i)
                i->phase = phase;
}

void progress_item_set_total(ProgressItem *i, uint64_t n_bytes)
{
        if (i)
                i->n_total = n_bytes;
}

void progress_item_add(ProgressItem *i, uint64_t n_bytes)
{
        if (i)
                i->n_bytes += n_bytes;
}

void progress_item_set(ProgressItem *i, uint64_t n_bytes)
{
        if (i)
                i->n_bytes = n_bytes;
}

void progress_item_drop(ProgressItem *i)
{
        if (i)
                i->dropped = true;
}

/* Takes over what the followed counter says. */
static uint64_t count(ProgressItem *i)
{
        (void)pthread_mutex_lock(&i->lock);
        if (i->counter)
                i->n_bytes = *i->counter;
        (void)pthread_mutex_unlock(&i->lock);
        return i->n_bytes;
}

void progress_item_follow(ProgressItem *i, const _Atomic uint64_t *counter)
{
        if (!i)
                return;
        (void)count(i);
        (void)pthread_mutex_lock(&i->lock);
        i->counter = counter;
        (void)pthread_mutex_unlock(&i->lock);
}

typedef struct Sum {
        uint64_t n_bytes, n_total, seen;
        bool unknown; /* the size of an item, and so that of all */
} Sum;

static void mix(uint64_t *seen, uint64_t v)
{
        *seen = (*seen ^ v) * 0x9e3779b97f4a7c15ULL;
        *seen ^= *seen >> 29;
}

static Sum sum_up(Progress *p)
{
        Sum s = {.seen = 1};

        mix(&s.seen, (uintptr_t)p->phase);
        for (size_t i = 0; i < p->n_items; i++) {
                ProgressItem *item = p->items[i];
                uint64_t n_bytes = count(item), n_total = item->n_total;

                mix(&s.seen, item->dropped);
                if (item->dropped)
                        continue;
                s.n_bytes += n_bytes;
                s.n_total += n_total;
                s.unknown = s.unknown || n_total == 0;
                mix(&s.seen, n_bytes);
                mix(&s.seen, n_total);
                mix(&s.seen, (uintptr_t)item->phase);
        }
        return s;
}

static void add_amounts(FrameWriter *w, const char *phase, uint64_t n_bytes, uint64_t n_total)
{
        frame_add_string(w, FRAME_PHASE, phase);
        frame_add_number(w, FRAME_BYTES, n_bytes);
        frame_add_number(w, FRAME_TOTAL, n_total);
}

bool progress_frame(Progress *p, FrameWriter *w)
{
        (void)pthread_mutex_lock(&p->lock);
        Sum s = sum_up(p);
        bool changed = s.seen != p->told;

        if (changed) {
                frame_begin(w, FRAME_PROGRESS, 0);
                add_amounts(w, p->phase, s.n_bytes, s.unknown ? 0 : s.n_total);
        }
        for (size_t i = 0; changed && i < p->n_items; i++) {
                if (p->items[i]->dropped)
                        continue;
                frame_add_string(w, FRAME_ITEM, p->items[i]->name);
                add_amounts(w, p->items[i]->phase, p->items[i]->n_bytes, p->items[i]->n_total);
        }
        p->told = s.seen;
        (void)pthread_mutex_unlock(&p->lock);
        return changed;
}
