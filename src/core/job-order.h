/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Orders in the making, among core/job-*.c. */
#pragma once

#include "core/image.h"
#include "core/job-image.h"
#include "core/job.h"

/** order_add() - one "key=value"; nothing for a NULL value */
void order_add(JobOrder *o, const char *key, const char *value);
/** order_add_fd() - a copy of a descriptor, and under @key which one it is; nothing for none */
void order_add_fd(JobOrder *o, const char *key, int fd);
/** order_hold_layers() - the job relies on the layers of this image */
void order_hold_layers(JobOrder *o, const Image *image);
/** order_done() - drop an order that did not become a job */
void order_done(JobOrder *o);

/** order_add_written() - "upper": what a machine has written
 * Return: 1; 0 nothing; -EOPNOTSUPP it is in memory. */
int order_add_written(JobOrder *o, const Machine *m, Fault *reterr);
/** order_add_lower() - "lower", topmost first: the machine's image
 * @disk_fd the root of its disk image, if it is one
 * Return: 0; negative errno. */
int order_add_lower(JobOrder *o, const Machine *m, int disk_fd, Fault *reterr);

/* ---- job-disk.c ---- */

/* A job on the files in a disk image, once that is mounted. */
typedef struct DiskJob {
        const char *object; /* machine or image */
        const char *name;   /* of what it makes; NULL: nothing */
        JobParams params;   /* borrowed, from whoever gave userdata */
        bool root_only;     /* never mind /usr in a partition of its own */
        /* @disk_fd the root directory; borrowed */
        int (*begin)(Manager *manager, const struct DiskJob *d, int disk_fd, void *userdata,
                     Job **ret, Fault *reterr);
        JobBegunFn begun; /* NULL: a job of lodged's own, whose end done is told */
        JobDoneFn done;
} DiskJob;

/** job_on_disk() - mount a disk image, then begin
 * @what copied
 * Return: 0, and begun or done is called once, later, unless job_forget_owner() comes first;
 * negative errno with a sentence. */
int job_on_disk(const Image *image, const DiskJob *what, void *userdata, Fault *reterr);
/** job_disk_machine() - the machine that it is about; NULL with a sentence */
Machine *job_disk_machine(Manager *manager, const DiskJob *d, Fault *reterr);
/** job_attach_with() - job_attach(), with something of the caller's in Job.data */
int job_attach_with(const Image *image, JobDoneFn done, void *userdata, void *data,
                    void (*free_data)(void *data), Fault *reterr);
/** machine_disk() - the disk image that a machine is of; NULL: it is of something else */
const Image *machine_disk(const Machine *m);

/** image_need_layers() - refuse what only one of layers can, or whose record cannot be read
 * @what "can be pushed" */
int image_need_layers(const Image *image, const char *what, Fault *reterr);
