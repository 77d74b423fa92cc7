/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Jobs on what machines have written. */
#include "base/io.h"
#include "base/machine-name.h"
#include "base/names.h"
#include "base/text.h"
#include "core/definition.h"
#include "core/job-image.h"
#include "core/job-order.h"
#include "core/machine-define.h"
#include "core/manager.h"
#include "core/store.h"
#include "spec/reference.h"
#include "spec/words.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

void order_done(JobOrder *o)
{
        strv_free(o->args);
        o->args = strv_free(o->layers);
        o->layers = NULL;
        for (size_t i = 0; i < o->n_fds; i++)
                o->fds[i] = close_fd(o->fds[i]);
        o->n_fds = 0;
        if (o->data && o->free_data)
                o->free_data(o->data);
        o->data = NULL;
}

void order_hold_layers(JobOrder *o, const Image *image)
{
        STRV_FOREACH (digest, image->record.layers)
                if (strv_push(&o->layers, *digest) < 0)
                        g_error("out of memory");
        const char *const blobs[] = {image->record.digest, image->record.config_digest};
        for (size_t i = 0; i < ELEMENTSOF(blobs); i++)
                if (blobs[i] && strv_push(&o->layers, blobs[i]) < 0)
                        g_error("out of memory");
}

int image_need_layers(const Image *image, const char *what, Fault *reterr)
{
        if (image->kind != IMAGE_OCI)
                return fault_set(reterr, FAULT_NOT_SUPPORTED, EOPNOTSUPP,
                                 "Image '%s' is of type %s: only one of layers %s", image->name,
                                 image_kind_name(image->kind), what);
        return image->load_error.code == FAULT_NONE
                       ? 0
                       : fault_set(reterr, FAULT_FAILED, EUCLEAN, "Image '%s' cannot be used: %s",
                                   image->name, image->load_error.message ?: "out of memory");
}

static char *upper_of(const Machine *m)
{
        _cleanup_free_ char *directory =
                store_path(m->manager->root, LODGE_STORE_MACHINES, m->name);

        return g_strconcat(directory, "/" LODGE_MACHINE_UPPER, NULL);
}

static bool has_written(const Machine *m)
{
        _cleanup_free_ char *upper = upper_of(m);
        struct stat st;

        return lstat(upper, &st) == 0 && S_ISDIR(st.st_mode);
}

int order_add_written(JobOrder *o, const Machine *m, Fault *reterr)
{
        _cleanup_free_ char *upper = upper_of(m);

        if (m->settings.writable_medium == WRITABLE_MEDIUM_MEMORY)
                return fault_set(reterr, FAULT_NOT_SUPPORTED, EOPNOTSUPP,
                                 "What machine '%s' writes is in memory, where nothing but the "
                                 "machine gets at it; WritableLayerMedium=disk makes it accessible",
                                 m->name);
        if (!has_written(m))
                return 0;
        order_add(o, "upper", upper);
        return 1;
}

/* Workers see the store and nothing else of the host. */
static int add_root_directory(JobOrder *o, const Machine *m, const char *key, Fault *reterr)
{
        const char *path = m->settings.root_directory;
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                return fault_set(reterr, FAULT_FAILED, errno, "Cannot open %s: %s", path,
                                 strerror(errno));
        order_add_fd(o, key, fd);
        return 0;
}

const Image *machine_disk(const Machine *m)
{
        Image *image;

        return !m->settings.root_directory &&
                               image_check(m->manager, m->settings.image, &image, NULL) >= 0 &&
                               image->kind == IMAGE_RAW
                       ? image
                       : NULL;
}

int order_add_lower(JobOrder *o, const Machine *m, int disk_fd, Fault *reterr)
{
        const char *root = m->manager->root;
        Image *image;

        if (m->settings.root_directory)
                return add_root_directory(o, m, "lower-fd", reterr);
        int r = image_check(m->manager, m->settings.image, &image, reterr);
        if (r < 0)
                return r;
        if (image->kind == IMAGE_RAW)
                order_add_fd(o, "lower-fd", disk_fd);
        if (image->kind == IMAGE_DIRECTORY)
                order_add(o, "lower", image->path);
        order_hold_layers(o, image);
        for (size_t i = strv_length(image->record.layers); i-- > 0;) {
                _cleanup_free_ char *file = digest_file_name(image->record.layers[i]);
                _cleanup_free_ char *layer = store_path(root, LODGE_STORE_LAYERS, file);
                _cleanup_free_ char *tree = g_strconcat(layer, "/" LODGE_LAYER_TREE, NULL);

                order_add(o, "lower", tree);
                if (store_layer_is_opaque(root, image->record.layers[i]))
                        break;
        }
        return 0;
}

/* ---- commit ---- */

static int add_base(JobOrder *o, Machine *m, int disk_fd, Fault *reterr)
{
        _cleanup_free_ char *record = NULL;
        Image *image;

        if (m->settings.root_directory)
                return add_root_directory(o, m, "base-fd", reterr);
        int r = image_check(m->manager, m->settings.image, &image, reterr);
        if (r < 0)
                return r;
        if (image->kind == IMAGE_RAW)
                order_add_fd(o, "base-fd", disk_fd);
        if (image->kind == IMAGE_DIRECTORY)
                order_add(o, "base", image->path);
        if (image->kind != IMAGE_OCI)
                return 0;
        r = image_record_format(&image->record, &record, reterr);
        order_add(o, "record", record);
        order_hold_layers(o, image);
        return r;
}

static void add_change(JobOrder *o, const char *key, const char *value)
{
        _cleanup_free_ char *change = value ? g_strconcat(key, "=", value, NULL) : NULL;

        order_add(o, "changes", change);
}

static void add_change_list(JobOrder *o, const char *key, char *const *words)
{
        _cleanup_free_ char *line = words ? words_join(words) : NULL;

        add_change(o, key, line);
}

static void add_change_word(JobOrder *o, const char *key, const char *word)
{
        char *one[] = {(char *)word, NULL};

        if (word)
                add_change_list(o, key, one);
}

static void add_changes(JobOrder *o, const JobParams *p)
{
        order_add(o, "author", p->author);
        order_add(o, "message", p->message);
        add_change_list(o, "Entrypoint", p->entrypoint);
        add_change_list(o, "Command", p->command);
        add_change_list(o, "Environment", p->environment);
        add_change_list(o, "Label", p->label);
        add_change_list(o, "Volume", p->volume);
        add_change_list(o, "ExposedPort", p->exposed_port);
        add_change_word(o, "WorkingDirectory", p->working_directory);
        add_change_word(o, "User", p->user);
        add_change_word(o, "StopSignal", p->stop_signal);
}

static int start_commit(Machine *m, const char *name, int disk_fd, const JobParams *p, Job **ret,
                        Fault *reterr)
{
        _cleanup_free_ char *canonical = NULL;
        JobOrder o = {
                .worker = JOB_EXPORT,
                .operation = "commit",
                .object = m->name,
                .of_machine = true,
                .token = p->token,
                .owner = p->owner,
                .force = p->force,
                .tell_layers = true,
                .pauses = !p->no_pause,
                .place = job_place_image,
        };
        int r = image_check_new(m->manager, name, p->force, &canonical, reterr);

        if (r < 0)
                return r;
        o.name = canonical;
        order_add(&o, "op", "commit");
        order_add(&o, "name", canonical);
        r = order_add_written(&o, m, reterr);
        if (r == 0)
                r = fault_set(reterr, FAULT_NOT_SUPPORTED, EOPNOTSUPP,
                              "Machine '%s' has no writable layer: it does not run, and "
                              "WritableLayer=keep is not set",
                              m->name);
        r = r < 0 ? r : add_base(&o, m, disk_fd, reterr);
        if (r < 0) {
                order_done(&o);
                return r;
        }
        add_changes(&o, p);
        return job_start(m->manager, &o, ret, reterr);
}

static int begin_commit(Manager *manager, const DiskJob *d, int disk_fd, void *userdata, Job **ret,
                        Fault *reterr)
{
        Machine *m = job_disk_machine(manager, d, reterr);

        return m ? start_commit(m, d->name, disk_fd, &d->params, ret, reterr) : -ENOENT;
}

int job_commit(Machine *m, const char *name, const JobParams *p, JobBegunFn begun, void *userdata,
               Job **ret, Fault *reterr)
{
        const DiskJob disk = {.object = m->name,
                              .name = name,
                              .params = *p,
                              .begin = begin_commit,
                              .begun = begun};
        const Image *image = machine_disk(m);

        if (!image)
                return start_commit(m, name, -EBADF, p, ret, reterr);
        int r = job_on_disk(image, &disk, userdata, reterr);
        return r < 0 ? r : 1;
}

/* ---- clone ---- */

typedef struct Clone {
        char *name;
        Settings settings;
} Clone;

static void clone_free(void *p)
{
        Clone *c = p;

        settings_done(&c->settings);
        g_free(c->name);
        g_free(c);
}

/* First what it has written, then the definition: without that it is an orphan, which is swept. */
static int place_machine(Job *j, Frame *result, Fault *reterr)
{
        Manager *manager = j->manager;
        Clone *c = j->data;
        _cleanup_free_ char *directory = g_strconcat(LODGE_STORE_MACHINES "/", c->name, NULL);
        Machine *m;

        int r = manager_check_new(manager, c->name, reterr);
        r = r < 0 ? r : store_trash(manager->root, LODGE_STORE_MACHINES, c->name, reterr);
        r = r < 0 ? r
                  : store_take_entry(manager->root, j->id, LODGE_INCOMING_IMAGE, S_IFDIR, directory,
                                     LODGE_MACHINE_UPPER, reterr);
        if (r == -ENOENT)
                r = fault_set(reterr, FAULT_FAILED, EBADMSG, "The worker has made no copy");
        r = r < 0 ? r : manager_define(manager, c->name, &c->settings, &m, reterr);
        if (r >= 0)
                j->result = g_strdup(c->name);
        return r;
}

static int copy_settings(const Machine *m, const JobParams *p, Settings *ret, Fault *reterr)
{
        SettingValue hostname = {.kind = SETTING_STRING, .string = p->hostname ?: ""};
        int r = settings_copy(&m->settings, ret);

        if (r < 0)
                return r;
        ret->profiles = strv_free(ret->profiles); /* what they say is in the rest */
        ret->owner = p->owner;
        if (p->hostname || !p->keep_identity)
                r = settings_set(ret, "Hostname", &hostname, reterr);
        if (p->keep_identity)
                machine_id(m, ret->machine_id);
        else
                memset(ret->machine_id, 0, sizeof(ret->machine_id));
        return r;
}

int job_clone_machine(Machine *m, const char *name, const JobParams *p, Job **ret, Fault *reterr)
{
        Manager *manager = m->manager;
        bool has_layer = m->settings.writable_layer == WRITABLE_LAYER_KEEP && has_written(m);
        Clone *c = g_new0(Clone, 1);
        JobOrder o = {
                .worker = JOB_EXPORT,
                .operation = "clone",
                .object = m->name,
                .of_machine = true,
                .token = p->token,
                .owner = p->owner,
                .place = place_machine,
                .data = c,
                .free_data = clone_free,
        };
        Machine *made;

        settings_init(&c->settings);
        c->name = g_strdup(name);
        int r = manager_check_new(manager, name, reterr);
        if (r >= 0 && m->load_error.code != FAULT_NONE)
                r = fault_set(reterr, FAULT_FAILED, EUCLEAN, "%s", m->load_error.message ?: "");
        if (r >= 0 && has_layer && !machine_is_stopped(m))
                r = fault_set(reterr, FAULT_BUSY, EBUSY,
                              "Machine '%s' is %s: what it writes can only be copied when it is "
                              "stopped",
                              m->name, machine_state_name(m));
        if (r >= 0 && has_layer)
                r = job_check_files(manager, m->name, reterr);
        r = r < 0 ? r : copy_settings(m, p, &c->settings, reterr);
        if (r >= 0 && !has_layer)
                r = manager_create(manager, name, &c->settings, NULL, &made, reterr);
        if (r < 0 || !has_layer) {
                order_done(&o);
                return r < 0 ? r : job_finished(manager, &o, name, ret, reterr);
        }
        order_add(&o, "op", "clone");
        _cleanup_free_ char *upper = upper_of(m);
        order_add(&o, "path", upper);
        return job_start(manager, &o, ret, reterr);
}
