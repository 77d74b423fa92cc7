/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the methods that make, change and send images read, ask of core and reply. */
#include "base/text.h"
#include "bus/call.h"
#include "core/job-image.h"
#include "core/store.h"

#define DESCRIPTION_LINE_MAX 512

static int read_flag(Call *c, Fault *reterr)
{
        int b = 0, r = sd_bus_message_read(c->message, "b", &b);

        c->flag = b;
        return r;
}

static int read_output(Call *c, Fault *reterr)
{
        return options_read_stream(c->message, true, &c->stream, reterr);
}

static int read_import(Call *c, Fault *reterr)
{
        int r = options_read_stream(c->message, false, &c->stream, reterr);

        r = r < 0 ? r : call_read_text(c, reterr);
        if (r >= 0 && *c->text)
                c->object = g_strdup(c->text); /* for polkit */
        return r;
}

static int read_pull(Call *c, Fault *reterr)
{
        int r = call_read_text(c, reterr);

        if (r >= 0)
                c->object = g_strdup(c->text);
        return r;
}

JobParams call_job_params(const Call *c)
{
        const Options *o = &c->options;

        return (JobParams){
                .owner = c->uid,
                .token = o->token,
                .force = o->force,
                .insecure = o->insecure,
                .name = o->name,
                .platform = o->platform,
                .type = o->type,
                .format = o->format,
                .compression = o->compression,
                .username = o->username,
                .password = o->password,
                .auth_file = o->auth_file,
                .stream = c->stream,
                .author = o->author,
                .message = o->message,
                .user = o->user,
                .working_directory = o->working_directory,
                .entrypoint = o->entrypoint,
                .label = o->label,
                .volume = o->volume,
                .exposed_port = o->exposed_port,
                .stop_signal = o->stop_signal,
                .command = o->command,
                .environment = o->environment,
                .hostname = o->hostname,
                .keep_identity = o->keep_identity,
                .no_pause = o->no_pause,
                .archive = o->archive,
                .rename = o->rename,
                .follow_links = o->follow_links,
        };
}

int call_job_made(Call *c, const Job *j)
{
        free(c->text);
        c->text = bus_object_path(OBJECT_JOB, j->id);
        return c->text ? call_done(c) : -ENOMEM;
}

void call_job_begun(void *userdata, Job *j, const Fault *fault)
{
        Call *c = userdata;
        _cleanup_fault_ Fault f = {0};
        int r = j ? call_job_made(c, j)
                  : fault_set(&f, fault->code, fault->error, "%s", fault->message ?: "");

        if (r < 0)
                call_fail(c, r, &f);
}

int call_reply_lines(Call *c, const Answer *a, sd_bus_message *reply)
{
        static char *none[] = {NULL};

        return sd_bus_message_append_strv(reply, c->lines ?: none);
}

int call_reply_path(Call *c, const Answer *a, sd_bus_message *reply)
{
        return sd_bus_message_append(reply, "o", c->text);
}

static int get_image(Call *c, Image **ret, Fault *reterr)
{
        return call_get_object(c, (void **)ret, reterr);
}

static int run_pull(Call *c, Fault *reterr)
{
        JobParams p = call_job_params(c);
        Job *j;
        int r = job_pull(c->bus->manager, c->text, &p, &j, reterr);

        return r < 0 ? r : call_job_made(c, j);
}

static int run_import(Call *c, Fault *reterr)
{
        JobParams p = call_job_params(c);
        Job *j;
        int r = job_import(c->bus->manager, c->text, &p, &j, reterr);

        return r < 0 ? r : call_job_made(c, j);
}

static int run_export(Call *c, Fault *reterr)
{
        JobParams p = call_job_params(c);
        Image *image;
        Job *j;
        int r = get_image(c, &image, reterr);

        r = r < 0 ? r : job_export(image, &p, call_job_begun, c, &j, reterr);
        return r != 0 ? MIN2(r, 0) : call_job_made(c, j);
}

static int run_push(Call *c, Fault *reterr)
{
        JobParams p = call_job_params(c);
        Image *image;
        Job *j;
        int r = get_image(c, &image, reterr);

        r = r < 0 ? r : job_push(image, c->text, &p, &j, reterr);
        return r < 0 ? r : call_job_made(c, j);
}

static int run_verify(Call *c, Fault *reterr)
{
        JobParams p = call_job_params(c);
        Image *image;
        Job *j;
        int r = get_image(c, &image, reterr);

        r = r < 0 ? r : job_verify(image, &p, &j, reterr);
        return r < 0 ? r : call_job_made(c, j);
}

static int run_clone(Call *c, Fault *reterr)
{
        JobParams p = call_job_params(c);
        Image *image;
        Job *j;
        int r = get_image(c, &image, reterr);

        r = r < 0 ? r : job_clone_image(image, c->text, &p, &j, reterr);
        return r < 0 ? r : call_job_made(c, j);
}

static int run_remove(Call *c, Fault *reterr)
{
        Image *image;
        int r = get_image(c, &image, reterr);

        r = r < 0 ? r : image_remove(image, c->options.force, reterr);
        return r < 0 ? r : call_done(c);
}

static int run_rename(Call *c, Fault *reterr)
{
        Image *image;
        int r = get_image(c, &image, reterr);

        r = r < 0 ? r : image_rename(image, c->text, reterr);
        return r < 0 ? r : call_done(c);
}

static int run_tag(Call *c, Fault *reterr)
{
        Image *image;
        int r = get_image(c, &image, reterr);

        r = r < 0 ? r : image_tag(image, c->text, c->options.force, reterr);
        return r < 0 ? r : call_done(c);
}

static int run_set_read_only(Call *c, Fault *reterr)
{
        Image *image;
        int r = get_image(c, &image, reterr);

        r = r < 0 ? r : image_set_read_only(image, c->flag, reterr);
        return r < 0 ? r : call_done(c);
}

static int run_get_manifest(Call *c, Fault *reterr)
{
        const char *root = c->bus->manager->root;
        Image *image;
        int r = get_image(c, &image, reterr);

        if (r >= 0 && (image->kind != IMAGE_OCI || !image->record.digest))
                return fault_set(reterr, FAULT_NOT_SUPPORTED, EOPNOTSUPP,
                                 "Image '%s' is of type %s and has no manifest", image->name,
                                 image_kind_name(image->kind));
        r = r < 0 ? r : store_read_blob(root, image->record.digest, &c->blobs[0], reterr);
        if (r >= 0 && image->record.config_digest)
                r = store_read_blob(root, image->record.config_digest, &c->blobs[1], reterr);
        return r < 0 ? r : call_done(c);
}

static int reply_manifest(Call *c, const Answer *a, sd_bus_message *reply)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(c->blobs); i++) {
                gsize n = 0;
                const void *data = c->blobs[i] ? g_bytes_get_data(c->blobs[i], &n) : NULL;

                r = sd_bus_message_append_array(reply, 'y', data, n);
        }
        return r;
}

/* Of a stranger's image by a worker that has looked into it: only for show. */
static int take_description(Call *c, const Job *j, const Frame *result)
{
        _cleanup_strv_free_ char **lines = NULL;
        _cleanup_free_ char *refusal = NULL;
        int r = frame_strv(result, FRAME_LINE, &lines);

        for (char **line = lines; r >= 0 && *line; line++) {
                _cleanup_free_ char *clean = text_for_display(*line, DESCRIPTION_LINE_MAX);

                r = clean ? strv_push(&c->lines, clean) : -ENOMEM;
        }
        if (r >= 0 && j->result_message) {
                refusal = g_strconcat("cannot be used: ", j->result_message, NULL);
                r = strv_push(&c->lines, refusal);
        }
        return r;
}

static void on_described(void *userdata, Job *j, Frame *result, const Fault *fault)
{
        Call *c = userdata;
        _cleanup_fault_ Fault f = {0};
        int r = fault ? fault_set(&f, fault->code, fault->error, "%s", fault->message ?: "")
                      : take_description(c, j, result);

        if (r < 0)
                call_fail(c, r, &f);
        else
                (void)call_done(c);
}

static int run_describe(Call *c, Fault *reterr)
{
        Image *image;
        int r = get_image(c, &image, reterr);

        if (r >= 0 && image->kind != IMAGE_RAW)
                return fault_set(reterr, FAULT_NOT_SUPPORTED, EOPNOTSUPP,
                                 "Image '%s' is of type %s, and what it is made of is in its "
                                 "properties",
                                 image->name, image_kind_name(image->kind));
        return r < 0 ? r : job_probe(image, on_described, c, reterr);
}

#define MANAGE "manage-images"

const Method bus_image_methods[] = {
        {"Remove", MANAGE, "remove", OPTION_FORCE, NULL, run_remove, NULL, NULL},
        {"Rename", MANAGE, "rename", 0, call_read_text, run_rename, NULL, NULL},
        {"Tag", MANAGE, "tag", OPTION_FORCE, call_read_text, run_tag, NULL, NULL},
        {"Clone", MANAGE, "clone", OPTION_TOKEN, call_read_text, run_clone, call_reply_path, NULL},
        {"SetReadOnly", MANAGE, "protect", 0, read_flag, run_set_read_only, NULL,
         "SetImageReadOnly"},
        {"Export", MANAGE, "export", OPTION_FORMAT | OPTION_COMPRESSION | OPTION_TOKEN, read_output,
         run_export, call_reply_path, NULL},
        {"Push", MANAGE, "push", OPTION_REGISTRY | OPTION_COMPRESSION | OPTION_TOKEN,
         call_read_text, run_push, call_reply_path, NULL},
        {"GetManifest", "inspect", "read the manifest of", 0, NULL, run_get_manifest,
         reply_manifest, "GetImageManifest"},
        {"Describe", "inspect", "look into", 0, NULL, run_describe, call_reply_lines, NULL},
        {"Verify", "inspect", "verify", OPTION_TOKEN, NULL, run_verify, call_reply_path, NULL},
        {NULL},
};

const Method bus_pull_method = {
        "PullImage",     "pull",
        "pull",          OPTION_NAME | OPTION_PLATFORM | OPTION_REGISTRY | OPTION_TOKEN,
        read_pull,       run_pull,
        call_reply_path, NULL,
};

const Method bus_import_method = {
        "ImportImage", MANAGE,     "import",        OPTION_TYPE | OPTION_FORCE | OPTION_TOKEN,
        read_import,   run_import, call_reply_path, NULL,
};
