/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The jobs there are: what each worker is told to do, and where what it makes goes. */
#pragma once

#include "core/image.h"
#include "core/job.h"

/* What callers say. Strings are borrowed; NULL: not given. */
typedef struct JobParams {
        uid_t owner;
        const char *token;
        bool force, insecure;
        const char *name, *platform, *type, *format, *compression;
        const char *username, *password;
        int auth_file; /* an auth.json; borrowed; -EBADF: none */
        int stream;    /* to read from or to write to; borrowed; -EBADF: none */
        const char *author, *message, *user, *working_directory, *stop_signal;
        char *const *entrypoint, *const *command, *const *environment;
        char *const *label, *const *volume, *const *exposed_port;
        const char *hostname; /* of a machine's clone */
        bool keep_identity;
        bool no_pause;                      /* of a commit */
        bool archive, rename, follow_links; /* of a copy */
} JobParams;

/* Who is told of a job that begins a little later. */
typedef struct JobAnswer {
        AnswerFn done; /* gets Answer.job */
        void *userdata;
} JobAnswer;

/* For what cannot begin at once.
 * @j NULL: it will not, and @fault says why */
typedef void (*JobBegunFn)(void *userdata, Job *j, const Fault *fault);

/* Each Return: 0 and a job; negative errno with a sentence. */

/** job_pull() - get an image from a registry
 * @reference from anybody
 * @ret       may be an older job that does the same */
int job_pull(Manager *manager, const char *reference, const JobParams *p, Job **ret, Fault *reterr);
/** job_import() - make an image of JobParams.stream
 * @name from anybody; "": what the archive says */
int job_import(Manager *manager, const char *name, const JobParams *p, Job **ret, Fault *reterr);
/** job_export() - write an image to JobParams.stream
 * @begun called once, later, unless job_forget_owner() comes first
 * Return: 0 and a job; 1: @begun gets it, since a disk image has to be mounted; negative errno. */
int job_export(Image *image, const JobParams *p, JobBegunFn begun, void *userdata, Job **ret,
               Fault *reterr);
/** job_push() - send an image to a registry
 * @reference from anybody; "": its own name */
int job_push(Image *image, const char *reference, const JobParams *p, Job **ret, Fault *reterr);
/** job_verify() - read an image's layers and compare them with their digests */
int job_verify(Image *image, const JobParams *p, Job **ret, Fault *reterr);
/** job_clone_image() - copy an image; one of layers at once */
int job_clone_image(Image *image, const char *name, const JobParams *p, Job **ret, Fault *reterr);

/** job_commit() - make an image of what a machine has written and its image
 * Return: as job_export(). */
int job_commit(Machine *m, const char *name, const JobParams *p, JobBegunFn begun, void *userdata,
               Job **ret, Fault *reterr);
/** job_clone_machine() - another machine, with a copy of what this one has written if that is kept
 */
int job_clone_machine(Machine *m, const char *name, const JobParams *p, Job **ret, Fault *reterr);

/** job_copy() - write JobParams.stream, a tar archive, into a machine that runs, or from there
 * @path absolute, as PID 1 sees it; from anybody
 * Return: 0, and @to is told later; negative errno with a sentence. */
int job_copy(Machine *m, bool into, const char *path, const JobParams *p, JobAnswer to,
             Fault *reterr);

/* Of lodged's own: no objects. @done is called once, later, unless job_forget_owner() comes first.
 */

/** job_diff() - what a machine has written, compared with its image: FRAME_LINE "A /path"
 * Return: 0; 1 nothing, since there is nothing it has written: @done is not called; negative errno.
 */
int job_diff(Machine *m, JobDoneFn done, void *userdata, Fault *reterr);
/** job_usage() - what the store holds: FRAME_LINE "KIND NAME BYTES" */
int job_usage(Manager *manager, JobDoneFn done, void *userdata, Fault *reterr);
/** job_verify_all() - as job_verify(), every layer of the store: FRAME_LINE "DIGEST kind: sentence"
 * for what differs */
int job_verify_all(Manager *manager, JobDoneFn done, void *userdata, Fault *reterr);
/** job_attach() - have lodge-work look into a disk image and mount what is in it
 * @done gets detached mounts as the frame's descriptors, FRAME_ITEM where each belongs */
int job_attach(const Image *image, JobDoneFn done, void *userdata, Fault *reterr);
/** job_probe() - what is in a disk image: FRAME_LINE "what: value" */
int job_probe(const Image *image, JobDoneFn done, void *userdata, Fault *reterr);

/** job_place_image() - JobPlaceFn: what the worker has made is an image */
int job_place_image(Job *j, Frame *result, Fault *reterr);
