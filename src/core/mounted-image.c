/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/mounted-image.h"

#include "base/text.h"
#include "core/image.h"
#include "core/job-image.h"
#include "core/machine.h"
#include "core/manager.h"

#include <glib.h>
#include <string.h>

#define INIT_MAX   256
#define RETRY_USEC UINT64_C(200000)

/* Where the mounts of a worker may belong, in this order. */
static const char *const places[] = {"/", "/usr"};

void mounted_image_free(MountedImage *i)
{
        if (!i)
                return;
        for (size_t n = 0; n < i->n_mounts; n++)
                (void)close_fd(i->mounts[n]);
        g_free(i->path);
        g_free(i->init);
        g_free(i);
}

void mounted_image_end(Machine *m)
{
        m->is_mounting = false;
        m->mount_retry = sd_event_source_disable_unref(m->mount_retry);
        job_forget_owner(m->manager, m);
        mounted_image_free(TAKE_PTR(m->mounted));
}

/* ---- the worker's answer ---- */

static const char *value_of(char *const *args, const char *key)
{
        size_t n = strlen(key);

        STRV_FOREACH (arg, args)
                if (strncmp(*arg, key, n) == 0 && (*arg)[n] == '=')
                        return *arg + n + 1;
        return NULL;
}

static bool are_places(char *const *items, size_t n)
{
        if (n == 0 || n > ELEMENTSOF(places))
                return false;
        for (size_t i = 0; i < n; i++)
                if (!streq(items[i], places[i]))
                        return false;
        return true;
}

/* Return: 0; -EBADMSG it says what no worker of this release says. */
static int take_result(MountedImage *image, Frame *f)
{
        _cleanup_strv_free_ char **items = NULL, **args = NULL;
        int r = frame_strv(f, FRAME_ITEM, &items);

        r = r < 0 ? r : frame_strv(f, FRAME_ARG, &args);
        if (r < 0)
                return r;
        size_t n = strv_length(items);
        const char *init = value_of(args, "init");
        if (!are_places(items, n) || n != f->n_fds ||
            (init && (init[0] != '/' || strlen(init) > INIT_MAX || !utf8_is_valid(init))))
                return -EBADMSG;
        for (size_t i = 0; i < n; i++)
                image->mounts[image->n_mounts++] = TAKE_FD(f->fds[i]);
        image->init = g_strdup(init);
        image->init_is_systemd = parse_bool(value_of(args, "init-is-systemd") ?: "no") > 0;
        return 0;
}

int mounted_image_take(const Job *j, Frame *result, MountedImage **ret, Fault *reterr)
{
        MountedImage *image = g_new0(MountedImage, 1);
        int r = take_result(image, result);

        if (r < 0) {
                mounted_image_free(image);
                return fault_set(reterr, FAULT_FAILED, r,
                                 "What lodge-work says of disk image %s makes no sense", j->object);
        }
        image->path = g_strdup(j->object);
        *ret = image;
        return 0;
}

static void on_done(void *userdata, Job *j, Frame *result, const Fault *fault)
{
        Machine *m = userdata;
        MountedImage *image = NULL;
        _cleanup_fault_ Fault f = {0};

        m->is_mounting = false;
        if (!result) {
                machine_launch(m, fault);
                return;
        }
        if (mounted_image_take(j, result, &image, &f) < 0) {
                machine_launch(m, &f);
                return;
        }
        if (j->result_message)
                manager_warn(m->manager, m->name, j->result_message);
        m->mounted = image;
        machine_launch(m, NULL);
}

/* ---- the order ---- */

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
        Machine *m = userdata;

        m->is_mounting = false;
        m->mount_retry = sd_event_source_disable_unref(m->mount_retry);
        machine_launch(m, NULL);
        return 0;
}

int mounted_image_begin(Machine *m, const Image *image, Fault *reterr)
{
        _cleanup_fault_ Fault f = {0};
        int r = job_attach(image, on_done, m, &f);

        if (r == -EBUSY && f.code == FAULT_BUSY) /* many start at once; the shim has time */
                r = sd_event_add_time_relative(m->manager->event, &m->mount_retry, CLOCK_MONOTONIC,
                                               RETRY_USEC, 0, on_retry, m);
        if (r < 0)
                return fault_set(reterr, f.code ?: FAULT_FAILED, r, "%s",
                                 f.message ?: strerror(-r));
        m->is_mounting = true;
        return 0;
}
