/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* op=commit: what a machine has written becomes a layer on top of its image's; or, if that is a
 * directory, both become one layer. */
#include "import/operations.h"

#include "base/io.h"
#include "base/text.h"
#include "image/pack.h"
#include "import/image-make.h"
#include "import/image-out.h"
#include "import/layer-in.h"
#include "import/layer-trees.h"
#include "import/trees.h"
#include "spec/mount-entry.h"
#include "spec/reference.h"
#include "spec/words.h"

#include <string.h>

#define WORDS_MAX 4096

/* The changes of the order, taken apart. */
typedef struct Changes {
        char **entrypoint, **command, **environment, **labels, **volumes, **exposed_ports;
        char **user, **working_directory, **stop_signal; /* of one word */
} Changes;

static void changes_done(Changes *c)
{
        strv_free(c->entrypoint);
        strv_free(c->command);
        strv_free(c->environment);
        strv_free(c->labels);
        strv_free(c->volumes);
        strv_free(c->exposed_ports);
        strv_free(c->user);
        strv_free(c->working_directory);
        strv_free(c->stop_signal);
}
#define _cleanup_changes_ _cleanup_(changes_done)

static int append(char ***list, char **words)
{
        STRV_FOREACH (word, words) {
                int r = strv_push(list, *word);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* One "Key=words". Entrypoint and Command are replaced, of the rest there may be several. */
static int read_change(Changes *c, const char *change, Fault *reterr)
{
        const struct {
                const char *key;
                char ***list;
                size_t max;
                bool replaced;
        } keys[] = {
                {"Entrypoint=", &c->entrypoint, WORDS_MAX, true},
                {"Command=", &c->command, WORDS_MAX, true},
                {"Environment=", &c->environment, WORDS_MAX, false},
                {"Label=", &c->labels, WORDS_MAX, false},
                {"Volume=", &c->volumes, WORDS_MAX, false},
                {"ExposedPort=", &c->exposed_ports, WORDS_MAX, false},
                {"User=", &c->user, 1, true},
                {"WorkingDirectory=", &c->working_directory, 1, true},
                {"StopSignal=", &c->stop_signal, 1, true},
        };
        _cleanup_free_ char *shown = NULL;

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                size_t n = strlen(keys[i].key);
                _cleanup_strv_free_ char **words = NULL;

                if (strncmp(change, keys[i].key, n) != 0)
                        continue;
                int r = words_split(change + n, keys[i].max, &words);
                if (r < 0)
                        return fault_set(reterr, FAULT_INVALID_OPTION, r,
                                         "the value of %.*s is not valid", (int)n - 1, change);
                if (!keys[i].replaced)
                        return append(keys[i].list, words);
                strv_free(*keys[i].list);
                *keys[i].list = TAKE_PTR(words);
                return 0;
        }
        shown = text_for_display(change, 64);
        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                         "'%s' is nothing that can be changed in an image", shown ?: "");
}

static const char *only(char **words)
{
        return words && *words ? *words : NULL;
}

static bool is_pair(const char *s)
{
        return strchr(s, '=') && *s != '=';
}

static bool is_directory(const char *s)
{
        return path_is_clean(s) && !streq(s, "/");
}

static bool is_port(const char *s)
{
        char digits[6] = "";
        size_t n = strspn(s, "0123456789");
        uint64_t number;

        if (n >= sizeof(digits) || (s[n] && !streq(s + n, "/tcp") && !streq(s + n, "/udp")))
                return false;
        memcpy(digits, s, n);
        return parse_u64(digits, UINT16_MAX, &number) >= 0 && number > 0;
}

/* What every reader of the image would trip over. */
static int check_changes(const Changes *c, Fault *reterr)
{
        const struct {
                char **words;
                bool (*is_good)(const char *s);
                const char *why;
        } lists[] = {
                {c->environment, is_pair, "Environment= takes KEY=VALUE"},
                {c->labels, is_pair, "Label= takes KEY=VALUE"},
                {c->volumes, is_directory,
                 "Volume= takes absolute paths, without '.', '..' and a '/' at the end"},
                {c->exposed_ports, is_port,
                 "ExposedPort= takes ports such as 80, 80/tcp or 53/udp"},
        };

        if (only(c->stop_signal) && parse_signal(*c->stop_signal) < 0)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "StopSignal= is no signal");
        for (size_t i = 0; i < ELEMENTSOF(lists); i++)
                STRV_FOREACH (word, lists[i].words)
                        if (!lists[i].is_good(*word))
                                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "%s",
                                                 lists[i].why);
        return 0;
}

static int read_changes(const Job *job, Changes *c, OciChange *ret, Fault *reterr)
{
        const char *change;
        int r = 0;

        for (size_t at = 0; r >= 0 && (change = order_next(job->order, "changes", &at));)
                r = read_change(c, change, reterr);
        if (r < 0)
                return r;
        r = check_changes(c, reterr);
        if (r < 0)
                return r;
        *ret = (OciChange){
                .created_usec = now_usec(CLOCK_REALTIME),
                .author = order_get(job->order, "author"),
                .message = order_get(job->order, "message"),
                .created_by = "lodge commit",
                .entrypoint = c->entrypoint,
                .command = c->command,
                .environment = c->environment,
                .labels = c->labels,
                .volumes = c->volumes,
                .exposed_ports = c->exposed_ports,
                .user = only(c->user),
                .working_directory = only(c->working_directory),
                .stop_signal = only(c->stop_signal),
        };
        return 0;
}

static int make_layer(Job *job, const Trees *trees, LayerPackMode mode, LayerResult *ret,
                      Fault *reterr)
{
        ProgressItem *item = progress_add_item(job->progress, "layer", 0);
        LayerControl control = {0};
        LayerPackArgs args = {
                .trees = trees->fds,
                .n_trees = trees->n,
                .mode = mode,
                .left_out = trees_left_out,
                .control = &control,
        };

        progress_set_phase(job->progress, "packing");
        progress_item_follow(item, &control.n_out);
        int r = layer_in_trees(job, &args, item, ret, reterr);
        progress_item_follow(item, NULL);
        return r;
}

static int open_trees(Job *job, Trees *ret, Fault *reterr)
{
        const char *base = order_get(job->order, "base");

        int r = trees_push_path(ret, order_get(job->order, "upper"), reterr);
        if (r >= 0 && base)
                r = trees_push_path(ret, base, reterr);
        return r < 0 ? r : trees_push_fd(ret, order_fd(job->order, "base-fd"), reterr);
}

/* @base NULL: of a directory. */
static int commit(Job *job, const char *name, const ImageOut *base, JobResult *ret, Fault *reterr)
{
        NewImage image = {.name = name, .source = "commit"};
        _cleanup_changes_ Changes changes = {0};
        _cleanup_trees_ Trees trees = {0};
        LayerResult layer = {0};

        int r = read_changes(job, &changes, &image.change, reterr);
        if (r >= 0)
                r = open_trees(job, &trees, reterr);
        if (r >= 0)
                r = make_layer(job, &trees, base ? LAYER_PACK_UPPER : LAYER_PACK_PLAIN, &layer,
                               reterr);
        if (r < 0)
                return r;
        ret->message = layer_dropped(&layer, 1);
        image.layer = &layer;
        if (base) {
                image.base = &base->document.manifest;
                image.base_config = base->config;
                image.n_base_config = base->n_config;
                image.base_bytes = base->record.size_bytes;
        }
        return image_finish_new(job, &image, ret, reterr);
}

int op_commit(Job *job, JobResult *ret, Fault *reterr)
{
        const char *record = order_get(job->order, "record");
        _cleanup_free_ char *name = NULL;
        _cleanup_image_out_ ImageOut base = {0};

        int r = image_name_canonical(order_get(job->order, "name"), &name, reterr);
        if (r >= 0 && order_count(job->order, "record") + order_count(job->order, "base") +
                                      order_count(job->order, "base-fd") !=
                              1)
                r = fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                              "the order of lodged names not one base");
        if (r >= 0 && record)
                r = image_out_open(job, record, &base, reterr);
        if (r >= 0 && record && base.document.manifest.n_layers >= IMAGE_LAYERS_MAX)
                r = fault_set(reterr, FAULT_NOT_SUPPORTED, E2BIG,
                              "the image has %d layers already, and no more are taken",
                              IMAGE_LAYERS_MAX);
        return r < 0 ? r : commit(job, name, record ? &base : NULL, ret, reterr);
}
