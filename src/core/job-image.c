/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/job-image.h"

#include "base/io.h"
#include "base/names.h"
#include "base/text.h"
#include "core/job-order.h"
#include "core/manager.h"
#include "core/store.h"
#include "spec/reference.h"

#include <fcntl.h>
#include <string.h>

static JobOrder new_order(const JobParams *p, JobWorker worker, const char *operation)
{
        return (JobOrder){
                .worker = worker,
                .operation = operation,
                .token = p->token,
                .owner = p->owner,
                .force = p->force,
        };
}

void order_add(JobOrder *o, const char *key, const char *value)
{
        _cleanup_free_ char *arg = value ? g_strconcat(key, "=", value, NULL) : NULL;

        if (arg && strv_push(&o->args, arg) < 0)
                g_error("out of memory"); /* as g_strconcat() does */
}

void order_add_fd(JobOrder *o, const char *key, int fd)
{
        char number[16];
        int copy = fd < 0 ? -EBADF : fcntl(fd, F_DUPFD_CLOEXEC, 3);

        if (copy < 0 || o->n_fds == JOB_FDS_MAX) {
                (void)close_fd(copy); /* the worker will miss it, and say so */
                return;
        }
        (void)snprintf(number, sizeof(number), "%zu", o->n_fds);
        o->fds[o->n_fds++] = copy;
        order_add(o, key, number);
}

/* ---- registries ---- */

/* As others have it: base64 of user:password by the registry's name. */
static int credentials_file(const char *domain, const JobParams *p)
{
        _cleanup_free_ char *plain = g_strconcat(p->username, ":", p->password ?: "", NULL);
        _cleanup_free_ char *encoded = g_base64_encode((const guchar *)plain, strlen(plain));
        _cleanup_free_ char *text =
                g_strdup_printf("{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}", domain, encoded);

        return sealed_memfd("lodge-auth", text, strlen(text));
}

/* Return: -1 if it is not there. */
static int open_file(Manager *manager, const char *path)
{
        _cleanup_free_ char *whole = g_strconcat(manager->root, path, NULL);

        return open(whole, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
}

/* As whom to ask, and which server. */
static void add_registry(Manager *manager, JobOrder *o, const char *domain, const JobParams *p)
{
        _cleanup_close_ int config = open_file(manager, LODGE_REGISTRIES_CONF), auth = -EBADF;

        if (p->username)
                auth = credentials_file(domain, p);
        else if (p->auth_file < 0)
                auth = open_file(manager, LODGE_AUTH_FILE);
        order_add_fd(o, "auth-fd", auth >= 0 ? auth : p->auth_file);
        order_add_fd(o, "config-fd", config);
}

static int check_credentials(const JobParams *p, Fault *reterr)
{
        if (p->username && p->auth_file >= 0)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "Both AuthFile and Username are given: it is one or the other");
        if (p->password && !p->username)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "A Password is given, but no Username");
        if (p->username && strchr(p->username, ':'))
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "A Username cannot have a ':'");
        return 0;
}

static int check_word(const char *option, const char *word, const char *const *allowed,
                      Fault *reterr)
{
        _cleanup_free_ char *shown = word ? text_for_display(word, 64) : NULL;
        _cleanup_free_ char *list = g_strjoinv("', '", (char **)allowed);

        if (!word || g_strv_contains(allowed, word))
                return 0;
        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                         "option '%s' is one of '%s', not '%s'", option, list, shown ?: "");
}

static int start_pull(Manager *manager, const Reference *reference, JobOrder *o, const JobParams *p,
                      Job **ret, Fault *reterr)
{
        Job *same = job_find_same(manager, o), *other = job_makes(manager, o->name);

        if (same) {
                strv_free(o->args);
                *ret = same;
                return 0;
        }
        int r = other ? fault_set(reterr, FAULT_BUSY, EBUSY,
                                  "Job %s is about to make image '%s' already", other->id, o->name)
                      : image_check_free(manager, o->name, true, reterr);
        if (r < 0) {
                strv_free(o->args);
                return r;
        }
        add_registry(manager, o, reference->domain, p);
        return job_start(manager, o, ret, reterr);
}

int job_pull(Manager *manager, const char *reference, const JobParams *p, Job **ret, Fault *reterr)
{
        _cleanup_reference_ Reference parsed = {0};
        _cleanup_free_ char *canonical = NULL, *name = NULL;
        JobOrder o = new_order(p, JOB_IMPORT, "pull");
        int r = reference_parse(reference, &parsed, reterr);

        r = r < 0 ? r : check_credentials(p, reterr);
        if (r < 0)
                return r;
        canonical = reference_format(&parsed);
        r = image_name_canonical(p->name && *p->name ? p->name : canonical, &name, reterr);
        if (r < 0 || !canonical)
                return r;
        o.object = canonical;
        o.name = name;
        o.force = o.tell_layers = true;
        o.place = job_place_image;
        order_add(&o, "op", "pull");
        order_add(&o, "reference", canonical);
        order_add(&o, "name", name);
        order_add(&o, "platform", p->platform ?: "");
        order_add(&o, "insecure", p->insecure ? "yes" : "no");
        return start_pull(manager, &parsed, &o, p, ret, reterr);
}

int job_push(Image *image, const char *reference, const JobParams *p, Job **ret, Fault *reterr)
{
        static const char *const compressions[] = {"gzip", "zstd", NULL};
        _cleanup_reference_ Reference parsed = {0};
        _cleanup_free_ char *canonical = NULL, *record = NULL;
        JobOrder o = new_order(p, JOB_EXPORT, "push");
        int r = image_need_layers(
                image, "can be pushed; export it as oci and import that to get one", reterr);

        r = r < 0 ? r : reference_parse(*reference ? reference : image->name, &parsed, reterr);
        r = r < 0 ? r : check_credentials(p, reterr);
        r = r < 0 ? r : check_word("Compression", p->compression, compressions, reterr);
        r = r < 0 ? r : image_record_format(&image->record, &record, reterr);
        if (r < 0)
                return r;
        canonical = reference_format(&parsed);
        o.object = canonical;
        order_add(&o, "op", "push");
        order_add(&o, "record", record);
        order_add(&o, "reference", canonical);
        order_add(&o, "compression", p->compression);
        order_add(&o, "insecure", p->insecure ? "yes" : "no");
        add_registry(image->manager, &o, parsed.domain, p);
        order_hold_layers(&o, image);
        return job_start(image->manager, &o, ret, reterr);
}

/* ---- files ---- */

int job_import(Manager *manager, const char *name, const JobParams *p, Job **ret, Fault *reterr)
{
        static const char *const types[] = {"auto",      "oci",  "docker", "tar",
                                            "directory", "disk", NULL};
        _cleanup_free_ char *canonical = NULL;
        JobOrder o = new_order(p, JOB_IMPORT, "import");
        int r = check_word("Type", p->type, types, reterr);

        if (r >= 0 && *name)
                r = image_check_new(manager, name, p->force, &canonical, reterr);
        if (r < 0)
                return r;
        o.object = canonical ?: "";
        o.name = canonical;
        o.tell_layers = true;
        o.place = job_place_image;
        order_add(&o, "op", "import");
        order_add(&o, "name", canonical);
        order_add(&o, "type", p->type ?: "auto");
        order_add_fd(&o, "source-fd", p->stream);
        return job_start(manager, &o, ret, reterr);
}

static int add_source(JobOrder *o, const Image *image, Fault *reterr)
{
        _cleanup_free_ char *record = NULL;

        if (image->kind != IMAGE_OCI) {
                order_add(o, "path", image->path);
                return 0;
        }
        int r = image_need_layers(image, "has a record", reterr);
        r = r < 0 ? r : image_record_format(&image->record, &record, reterr);
        order_add(o, "record", record);
        order_hold_layers(o, image);
        return r;
}

static const char *format_of(const Image *image, const JobParams *p)
{
        static const char *const defaults[_IMAGE_KIND_MAX] = {
                [IMAGE_OCI] = "oci", [IMAGE_DIRECTORY] = "tar", [IMAGE_RAW] = "raw"};

        return p->format ?: defaults[image->kind];
}

static int check_export(const Image *image, const JobParams *p, Fault *reterr)
{
        static const char *const formats[] = {"oci", "docker", "tar", "raw", NULL};
        static const char *const compressions[] = {"none", "gzip", "zstd", NULL};
        int r = check_word("Format", p->format, formats, reterr);

        r = r < 0 ? r : check_word("Compression", p->compression, compressions, reterr);
        if (r >= 0 && streq(format_of(image, p), "raw") && image->kind != IMAGE_RAW)
                r = fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                              "Image '%s' is of type %s, of which no disk image can be made: "
                              "export it as tar, oci or docker",
                              image->name, image_kind_name(image->kind));
        return r;
}

static int start_export(Image *image, int disk_fd, const JobParams *p, Job **ret, Fault *reterr)
{
        JobOrder o = new_order(p, JOB_EXPORT, "export");
        const char *format = format_of(image, p);
        int r = add_source(&o, image, reterr);

        order_add_fd(&o, "tree-fd", disk_fd);
        if (r < 0) {
                order_done(&o);
                return r;
        }
        o.object = image->name;
        order_add(&o, "op", "export");
        order_add(&o, "format", format);
        order_add(&o, "compression", p->compression);
        order_add_fd(&o, "output-fd", p->stream);
        return job_start(image->manager, &o, ret, reterr);
}

static int begin_export(Manager *manager, const DiskJob *d, int disk_fd, void *userdata, Job **ret,
                        Fault *reterr)
{
        Image *image;
        int r = image_find(manager, d->object, &image, reterr);

        return r < 0 ? r : start_export(image, disk_fd, &d->params, ret, reterr);
}

int job_export(Image *image, const JobParams *p, JobBegunFn begun, void *userdata, Job **ret,
               Fault *reterr)
{
        const DiskJob disk = {
                .object = image->name, .params = *p, .begin = begin_export, .begun = begun};
        int r = check_export(image, p, reterr);

        if (r < 0)
                return r;
        if (image->kind != IMAGE_RAW || streq(format_of(image, p), "raw"))
                return start_export(image, -EBADF, p, ret, reterr);
        r = job_on_disk(image, &disk, userdata, reterr);
        return r < 0 ? r : 1;
}

int job_clone_image(Image *image, const char *name, const JobParams *p, Job **ret, Fault *reterr)
{
        _cleanup_free_ char *canonical = NULL, *object = g_strdup(image->name);
        Manager *manager = image->manager;
        JobOrder o = new_order(p, JOB_EXPORT, "clone");
        int r = image_check_new(manager, name, false, &canonical, reterr);

        if (r < 0)
                return r;
        o.object = object;
        if (image->kind == IMAGE_OCI) {
                r = image_tag(image, canonical, false, reterr);
                return r < 0 ? r : job_finished(manager, &o, canonical, ret, reterr);
        }
        if (image_name_is_reference(canonical))
                return fault_set(reterr, FAULT_INVALID_NAME, EINVAL,
                                 "'%s' cannot be the name of an image of type %s", canonical,
                                 image_kind_name(image->kind));
        o.name = canonical;
        o.place = job_place_image;
        order_add(&o, "op", "clone");
        order_add(&o, "path", image->path);
        return job_start(manager, &o, ret, reterr);
}

/* ---- layers ---- */

/* Which differ is told by the first line. */
static int place_verified(Job *j, Frame *result, Fault *reterr)
{
        _cleanup_strv_free_ char **lines = NULL;
        int r = frame_strv(result, FRAME_LINE, &lines);

        if (r < 0)
                return r;
        _cleanup_free_ char *first = text_for_display(lines[0] ?: "", 512);
        if (lines[0])
                return fault_set(reterr, FAULT_FAILED, EUCLEAN, "Image '%s' is damaged: %s%s",
                                 j->object, first ?: "", lines[1] ? ", and more" : "");
        j->result = g_strdup(j->object);
        return 0;
}

int job_verify(Image *image, const JobParams *p, Job **ret, Fault *reterr)
{
        JobOrder o = new_order(p, JOB_EXPORT, "verify");
        int r = image_need_layers(image, "has digests to be verified by", reterr);

        if (r < 0)
                return r;
        o.object = image->name;
        o.place = place_verified;
        o.makes_nothing = true;
        order_add(&o, "op", "verify");
        STRV_FOREACH (digest, image->record.layers)
                order_add(&o, "layer", *digest);
        order_add(&o, "blob", image->record.digest);
        order_add(&o, "blob", image->record.config_digest);
        order_hold_layers(&o, image);
        return job_start(image->manager, &o, ret, reterr);
}

static JobOrder hidden_order(JobWorker worker, const char *operation, JobDoneFn done,
                             void *userdata)
{
        JobOrder o = {
                .worker = worker,
                .operation = operation,
                .object = "",
                .is_hidden = true,
                .done = done,
                .userdata = userdata,
        };

        order_add(&o, "op", operation);
        return o;
}

int job_usage(Manager *manager, JobDoneFn done, void *userdata, Fault *reterr)
{
        JobOrder o = hidden_order(JOB_EXPORT, "usage", done, userdata);
        Job *j;

        o.makes_nothing = true;
        return job_start(manager, &o, &j, reterr);
}

int job_verify_all(Manager *manager, JobDoneFn done, void *userdata, Fault *reterr)
{
        JobOrder o = hidden_order(JOB_EXPORT, "verify", done, userdata);
        _cleanup_strv_free_ char **layers = store_layers(manager->root);
        _cleanup_strv_free_ char **blobs = store_blobs(manager->root);
        Job *j;

        STRV_FOREACH (digest, layers)
                order_add(&o, "layer", *digest);
        STRV_FOREACH (digest, blobs)
                order_add(&o, "blob", *digest);
        o.makes_nothing = true;
        o.layers = TAKE_PTR(layers);
        return job_start(manager, &o, &j, reterr);
}

/* The worker sees no store: it gets the open file, which may also be a link to elsewhere. */
static int open_disk(const Image *image, Fault *reterr)
{
        _cleanup_close_ int fd = open(image->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return fault_set(reterr, FAULT_FAILED, errno, "Cannot open %s: %s", image->path,
                                 strerror(errno));
        if (!S_ISREG(st.st_mode))
                return fault_set(reterr, FAULT_NOT_SUPPORTED, EBADF,
                                 "Disk image '%s' is not a regular file", image->name);
        return TAKE_FD(fd);
}

static int start_disk_job(const Image *image, JobOrder *o, Fault *reterr)
{
        _cleanup_close_ int fd = open_disk(image, reterr);
        Job *j;

        if (fd < 0) {
                order_done(o);
                return fd;
        }
        o->object = image->path;
        order_add(o, "name", image->name);
        order_add_fd(o, "source-fd", fd);
        return job_start(image->manager, o, &j, reterr);
}

int job_attach(const Image *image, JobDoneFn done, void *userdata, Fault *reterr)
{
        return job_attach_with(image, done, userdata, NULL, NULL, reterr);
}

int job_attach_with(const Image *image, JobDoneFn done, void *userdata, void *data,
                    void (*free_data)(void *data), Fault *reterr)
{
        JobOrder o = hidden_order(JOB_WORK, "attach", done, userdata);

        o.data = data;
        o.free_data = free_data;
        return start_disk_job(image, &o, reterr);
}

int job_probe(const Image *image, JobDoneFn done, void *userdata, Fault *reterr)
{
        JobOrder o = hidden_order(JOB_WORK, "probe", done, userdata);

        return start_disk_job(image, &o, reterr);
}

static int start_diff(Machine *m, int disk_fd, JobDoneFn done, void *userdata, Fault *reterr)
{
        JobOrder o = hidden_order(JOB_EXPORT, "diff", done, userdata);
        Job *j;
        int r = order_add_written(&o, m, reterr);

        o.makes_nothing = true;
        if (r <= 0) {
                order_done(&o);
                return r < 0 ? r : 1;
        }
        r = order_add_lower(&o, m, disk_fd, reterr);
        if (r < 0) {
                order_done(&o);
                return r;
        }
        o.object = m->name;
        o.of_machine = true;
        return job_start(m->manager, &o, &j, reterr);
}

static int begin_diff(Manager *manager, const DiskJob *d, int disk_fd, void *userdata, Job **ret,
                      Fault *reterr)
{
        Machine *m = job_disk_machine(manager, d, reterr);
        int r = m ? start_diff(m, disk_fd, d->done, userdata, reterr) : -ENOENT;

        /* since it was asked for the machine has ended, and what it wrote is gone */
        return r > 0 ? fault_set(reterr, FAULT_NOT_RUNNING, ESRCH,
                                 "Machine '%s' has been stopped meanwhile", d->object)
                     : r;
}

int job_diff(Machine *m, JobDoneFn done, void *userdata, Fault *reterr)
{
        const DiskJob disk = {
                .object = m->name, .root_only = true, .begin = begin_diff, .done = done};
        const Image *image = machine_disk(m);
        JobOrder o = {0};
        int r = image ? order_add_written(&o, m, reterr) : 0;

        order_done(&o);
        if (!image)
                return start_diff(m, -EBADF, done, userdata, reterr);
        if (r <= 0)
                return r < 0 ? r : 1;
        return job_on_disk(image, &disk, userdata, reterr);
}
