/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the methods of volumes, jobs and of the store as a whole read, ask of core and reply, and
 * those of machines that are about what these have written. */
#include "base/names.h"
#include "base/text.h"
#include "bus/call.h"
#include "core/job-image.h"
#include "core/prune.h"
#include "core/store.h"
#include "core/volume.h"
#include "spec/reference.h"

#include <string.h>

#define MANAGE "manage-images"

/* ---- volumes ---- */

static int read_volume(Call *c, Fault *reterr)
{
        int r = call_read_text(c, reterr);

        if (r >= 0) {
                c->kind = OBJECT_VOLUME; /* for polkit */
                c->object = g_strdup(c->text);
        }
        return r;
}

static int run_create_volume(Call *c, Fault *reterr)
{
        uint32_t owner = c->options.owner == UINT32_MAX ? c->uid : c->options.owner;
        Volume *v;

        if (owner != c->uid && c->uid != 0)
                return fault_set(reterr, FAULT_NOT_AUTHORIZED, EACCES,
                                 "only root can create volumes of other users");
        int r = volume_create(c->bus->manager, c->text, owner, &v, reterr);
        if (r < 0)
                return r;
        free(c->text);
        c->text = bus_object_path(OBJECT_VOLUME, v->name);
        return c->text ? call_done(c) : -ENOMEM;
}

static int run_remove_volume(Call *c, Fault *reterr)
{
        void *v;
        int r = call_get_object(c, &v, reterr);

        r = r < 0 ? r : volume_remove(v, c->options.force, reterr);
        return r < 0 ? r : call_done(c);
}

static int take_lines(Call *c, GPtrArray *lines)
{
        g_ptr_array_add(lines, NULL);
        strv_free(c->lines);
        c->lines = (char **)g_ptr_array_free(lines, FALSE);
        return call_done(c);
}

static int run_prune_volumes(Call *c, Fault *reterr)
{
        GPtrArray *removed = g_ptr_array_new_with_free_func(free);
        int r = volumes_prune(c->bus->manager, removed, reterr);

        if (r >= 0) {
                g_ptr_array_set_free_func(removed, NULL);
                return take_lines(c, removed);
        }
        g_ptr_array_unref(removed);
        return r;
}

/* ---- jobs ---- */

static int run_cancel(Call *c, Fault *reterr)
{
        void *j;
        int r = call_get_object(c, &j, reterr);

        if (r >= 0)
                job_cancel(j, call_answered, c);
        return r;
}

static int run_wait(Call *c, Fault *reterr)
{
        void *j;
        int r = call_get_object(c, &j, reterr);

        if (r >= 0)
                job_wait(j, c->options.timeout_usec, call_answered, c);
        return r;
}

static int reply_job(Call *c, const Answer *a, sd_bus_message *reply)
{
        return sd_bus_message_append(reply, "ss", a->job ? job_state_name(a->job) : "",
                                     a->job && a->job->result ? a->job->result : "");
}

/* ---- the store ---- */

/* The lines of a worker are the answer. */
static void on_lines(void *userdata, Job *j, Frame *result, const Fault *fault)
{
        Call *c = userdata;
        _cleanup_fault_ Fault f = {0};
        int r = 0;

        if (fault)
                r = fault_set(&f, fault->code, fault->error, "%s", fault->message ?: "");
        else
                r = frame_strv(result, FRAME_LINE, &c->lines);
        if (r < 0)
                call_fail(c, r, &f);
        else
                (void)call_done(c);
}

static int run_usage(Call *c, Fault *reterr)
{
        return job_usage(c->bus->manager, on_lines, c, reterr);
}

/* "KIND NAME BYTES", of the worker's; what is something else is left out. */
static int append_usage(sd_bus_message *reply, const char *line)
{
        g_auto(GStrv) words = g_strsplit(line, " ", 3);
        uint64_t bytes;

        if (strv_length(words) != 3 || parse_u64(words[2], UINT64_MAX, &bytes) < 0 ||
            !utf8_is_well_formed(line))
                return 0;
        return sd_bus_message_append(reply, "(sst)", words[0], words[1], bytes);
}

static int reply_usage(Call *c, const Answer *a, sd_bus_message *reply)
{
        int r = sd_bus_message_open_container(reply, 'a', "(sst)");

        for (char **line = c->lines; r >= 0 && *line; line++)
                r = append_usage(reply, *line);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int run_prune(Call *c, Fault *reterr)
{
        GPtrArray *removed = g_ptr_array_new();

        c->n_bytes = prune(c->bus->manager, c->options.images, c->options.volumes, removed);
        return take_lines(c, removed);
}

static int reply_pruned(Call *c, const Answer *a, sd_bus_message *reply)
{
        int r = call_reply_lines(c, a, reply);

        return r < 0 ? r : sd_bus_message_append(reply, "t", c->n_bytes);
}

/* @object "DIGEST layer" or "DIGEST blob" */
static int push_remedy(Call *c, const char *object)
{
        _cleanup_free_ char *digest = g_strndup(object, strcspn(object, " "));
        const char *directory =
                g_str_has_suffix(object, " blob") ? LODGE_STORE_BLOBS : LODGE_STORE_LAYERS;
        _cleanup_free_ char *remedy =
                digest_is_valid(digest) ? store_remedy(c->bus->manager, directory, digest) : NULL;

        return strv_push(&c->lines, remedy ?: "lodgectl prune");
}

/* What differs, in three strings each, after what the store itself has found. */
static void on_verified(void *userdata, Job *j, Frame *result, const Fault *fault)
{
        Call *c = userdata;
        _cleanup_strv_free_ char **lines = NULL;
        _cleanup_fault_ Fault f = {0};
        int r = 0;

        if (fault)
                r = fault_set(&f, fault->code, fault->error, "%s", fault->message ?: "");
        r = r < 0 ? r : frame_strv(result, FRAME_LINE, &lines);
        STRV_FOREACH (line, lines) {
                const char *colon = strstr(*line, ": ");
                size_t n = colon ? (size_t)(colon - *line) : strlen(*line);
                _cleanup_free_ char *object = g_strndup(*line, n);
                _cleanup_free_ char *shown = text_for_display(object, 128);
                _cleanup_free_ char *problem = text_for_display(colon ? colon + 2 : "", 512);

                r = r < 0 ? r : strv_push(&c->lines, shown ?: "");
                r = r < 0 ? r : strv_push(&c->lines, problem ?: "");
                r = r < 0 ? r : push_remedy(c, object);
        }
        if (r < 0)
                call_fail(c, r, &f);
        else
                (void)call_done(c);
}

static int run_check(Call *c, Fault *reterr)
{
        GPtrArray *findings = g_ptr_array_new();

        store_check(c->bus->manager, findings);
        g_ptr_array_add(findings, NULL);
        c->lines = (char **)g_ptr_array_free(findings, FALSE);
        return c->options.deep ? job_verify_all(c->bus->manager, on_verified, c, reterr)
                               : call_done(c);
}

static int reply_findings(Call *c, const Answer *a, sd_bus_message *reply)
{
        int r = sd_bus_message_open_container(reply, 'a', "(sss)");

        for (char **l = c->lines; r >= 0 && l[0] && l[1] && l[2]; l += 3)
                r = sd_bus_message_append(reply, "(sss)", l[0], l[1], l[2]);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* ---- machines ---- */

int bus_run_commit(Call *c, Fault *reterr)
{
        JobParams p = call_job_params(c);
        Machine *m;
        Job *j;
        int r = call_get_machine(c, &m, reterr);

        r = r < 0 ? r : job_commit(m, c->text, &p, call_job_begun, c, &j, reterr);
        return r != 0 ? MIN2(r, 0) : call_job_made(c, j);
}

int bus_run_clone_machine(Call *c, Fault *reterr)
{
        JobParams p = call_job_params(c);
        Machine *m;
        Job *j;
        int r = call_get_machine(c, &m, reterr);

        r = r < 0 ? r : job_clone_machine(m, c->text, &p, &j, reterr);
        return r < 0 ? r : call_job_made(c, j);
}

int bus_run_reset(Call *c, Fault *reterr)
{
        Machine *m;
        int r = call_get_machine(c, &m, reterr);

        r = r < 0 ? r : machine_reset(m, reterr);
        return r < 0 ? r : call_done(c);
}

int bus_run_diff(Call *c, Fault *reterr)
{
        Machine *m;
        int r = call_get_machine(c, &m, reterr);

        r = r < 0 ? r : job_diff(m, on_lines, c, reterr);
        return r > 0 ? call_done(c) : r;
}

/* "A /path": paths of a guest's, of which D-Bus can carry those that are text. */
int bus_reply_diff(Call *c, const Answer *a, sd_bus_message *reply)
{
        int r = sd_bus_message_open_container(reply, 'a', "(ss)");

        STRV_FOREACH (line, c->lines) {
                _cleanup_free_ char *kind = g_strndup(*line, strcspn(*line, " "));
                const char *path = strchr(*line, ' ');
                _cleanup_free_ char *shown = path && utf8_is_well_formed(path)
                                                     ? g_strdup(path + 1)
                                                     : text_for_display(path ?: "", 4096);

                r = r < 0 ? r : sd_bus_message_append(reply, "(ss)", kind, shown ?: "");
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* ---- tables ---- */

const Method bus_volume_methods[] = {
        {"Remove", MANAGE, "remove", OPTION_FORCE, NULL, run_remove_volume, NULL, NULL},
        {NULL},
};

const Method bus_job_methods[] = {
        {"Cancel", MANAGE, "cancel", 0, NULL, run_cancel, NULL, NULL},
        {"Wait", NULL, "wait for", OPTION_TIMEOUT, NULL, run_wait, reply_job, NULL},
        {NULL},
};

const Method bus_store_methods[] = {
        {"CreateVolume", MANAGE, "create", OPTION_OWNER, read_volume, run_create_volume,
         call_reply_path, NULL},
        {"PruneVolumes", MANAGE, "remove unused volumes from", 0, NULL, run_prune_volumes,
         call_reply_lines, NULL},
        {"GetUsage", "inspect", "measure", 0, NULL, run_usage, reply_usage, NULL},
        {"Prune", MANAGE, "remove what is unused from", OPTION_PRUNE, NULL, run_prune, reply_pruned,
         NULL},
        {"CheckStore", "inspect", "check", OPTION_DEEP, NULL, run_check, reply_findings, NULL},
        {NULL},
};
