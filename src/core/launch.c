/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/launch.h"

#include "base/names.h"
#include "base/text.h"
#include "core/image.h"
#include "core/launch-settings.h"
#include "core/machine-network.h"
#include "core/machine.h"
#include "core/manager.h"
#include "core/mounted-image.h"
#include "core/rename.h"
#include "core/store.h"
#include "core/uid-range.h"
#include "plan/plan-compile.h"
#include "plan/seccomp-filter.h"
#include "spec/reference.h"
#include "spec/settings-image.h"

typedef struct Filter {
        uint64_t capabilities;
        void *program;
        uint32_t n;
} Filter;

void launch_free_filter(void *p)
{
        Filter *f = p;

        free(f->program);
        g_free(f);
}

static int find_filter(Manager *manager, uint64_t capabilities, const Filter **ret, Fault *reterr)
{
        Filter *f = g_hash_table_lookup(manager->filters, &capabilities);

        if (!f) {
                f = g_new0(Filter, 1);
                f->capabilities = capabilities;
                int r = seccomp_filter_compile(capabilities, &f->program, &f->n, reterr);
                if (r < 0) {
                        g_free(f);
                        return fault_set(reterr, FAULT_FAILED, r,
                                         "Cannot compile the system call filter: %s", strerror(-r));
                }
                g_hash_table_insert(manager->filters, &f->capabilities, f);
        }
        *ret = f;
        return 0;
}

/* What the machine is started from. */
typedef struct Base {
        Tree tree;
        char *store;   /* of the layers; NULL: the tree's path is the only one */
        char **layers; /* topmost first: names in the store, or paths */
        const ImageRecord *record;
} Base;

static void base_done(Base *b)
{
        tree_done(&b->tree);
        free(b->store);
        strv_free(b->layers);
}

static int take_layers(const Machine *m, const Settings *s, const ImageRecord *record, Base *ret)
{
        ret->store = store_path(m->manager->root, LODGE_STORE_LAYERS, NULL);
        ret->record = record;
        for (size_t i = strv_length(record->layers); i > 0; i--) {
                _cleanup_free_ char *name = digest_file_name(record->layers[i - 1]);
                int r = name ? strv_push(&ret->layers, name) : -ENOMEM;

                if (r < 0)
                        return r;
                if (store_layer_is_opaque(m->manager->root, record->layers[i - 1]))
                        break;
        }
        if (settings_may_boot(s, record))
                tree_probe_layers(ret->store, ret->layers, &ret->tree);
        return 0;
}

static int take_tree(const char *path, Base *ret, Fault *reterr)
{
        int r = tree_probe(path, &ret->tree, reterr);

        return r < 0 ? r : strv_push(&ret->layers, ret->tree.path);
}

/* lodged itself never looks into one. Without the mounts the plan is only shown: as if what is in
 * the image was an ordinary system. */
static int take_disk(const Machine *m, const Image *image, Base *ret)
{
        const MountedImage *mounted = m->mounted;

        ret->tree = (Tree){
                .path = g_strdup(image->path),
                .init = mounted ? mounted->init : "/sbin/init",
                .init_is_systemd = !mounted || mounted->init_is_systemd,
                .is_disk = true,
                .has_usr = mounted && mounted->n_mounts > 1,
        };
        return 0;
}

static int find_base(const Machine *m, const Settings *s, Base *ret, Fault *reterr)
{
        Image *image;

        if (s->root_directory)
                return take_tree(s->root_directory, ret, reterr);
        if (!s->image)
                return fault_set(reterr, FAULT_START_FAILED, EINVAL,
                                 "The definition of machine '%s' has neither Image= nor "
                                 "RootDirectory=",
                                 m->name);
        int r = image_check(m->manager, s->image, &image, reterr);
        if (r < 0)
                return r;
        if (image->kind == IMAGE_OCI)
                return take_layers(m, s, &image->record, ret);
        if (image->kind == IMAGE_RAW)
                return take_disk(m, image, ret);
        return take_tree(image->path, ret, reterr);
}

static int compile(Machine *m, const Base *base, const Settings *settings, Launch *l, Fault *reterr)
{
        const char *root = m->manager->root;
        _cleanup_free_ char *store = store_path(root, LODGE_STORE_MACHINES, m->name);
        _cleanup_free_ char *trash = store_path(root, LODGE_STORE_TRASH, NULL);
        _cleanup_free_ char *volumes = store_path(root, LODGE_STORE_VOLUMES, NULL);
        _cleanup_network_facts_ NetworkFacts network = {0};
        PlanFacts facts = {
                .name = m->name,
                .layers = (const char *const *)base->layers,
                .layer_store = base->store,
                .volumes = volumes,
                .image = base->tree.is_disk ? base->tree.path : NULL,
                .image_has_usr = base->tree.has_usr,
                .writable_layer = store,
                .trash = trash,
                .uid_base = l->uid_base,
                .init = base->tree.init,
                .init_is_systemd = base->tree.init_is_systemd,
                .network = &network.plan,
        };
        const Filter *filter = NULL;
        int r = network_facts_make(m, &network, reterr);

        r = r < 0 ? r
                  : find_filter(m->manager, plan_capabilities(settings, &facts), &filter, reterr);
        if (r < 0 || !filter)
                return r;
        facts.seccomp = filter->program;
        facts.n_seccomp = filter->n;
        r = plan_compile(settings, &facts, &l->writer, reterr);
        if (r < 0)
                return r;
        r = plan_finish(&l->writer, &l->plan, &l->n_plan);
        return r < 0 ? fault_set(reterr, FAULT_FAILED, r,
                                 "The plan of machine '%s' becomes too large: %s", m->name,
                                 strerror(-r))
                     : 0;
}

int launch_prepare(Machine *m, bool lock, Launch *ret, Fault *reterr)
{
        _cleanup_launch_ Launch l = {.uid_lock = -EBADF};
        _cleanup_(base_done) Base base = {0};
        _cleanup_settings_ Settings settings = {0};
        int r = rename_check_usable(m->manager, m->name, reterr);

        r = r < 0 ? r : find_base(m, &m->settings, &base, reterr);
        if (r >= 0)
                r = launch_settings(m, base.record, base.tree.init != NULL, lock, &settings,
                                    reterr);
        if (r < 0)
                return r;
        if (!lock && m->uid_base)
                l.uid_base = m->uid_base;
        else
                r = uid_range_take(m->manager->root, m->name, &l.uid_base,
                                   lock ? &l.uid_lock : NULL, reterr);
        if (r >= 0)
                r = compile(m, &base, &settings, &l, reterr);
        if (r < 0 && l.uid_lock >= 0) {
                l.uid_lock = close_fd(l.uid_lock);
                uid_range_release(m->manager->root, l.uid_base);
        }
        if (r < 0)
                return r;
        *ret = l;
        l = (Launch){.uid_lock = -EBADF};
        return 0;
}

int launch_apply_image(const Machine *m, Settings *s, Fault *reterr)
{
        _cleanup_(base_done) Base base = {0};
        int r = find_base(m, s, &base, reterr);

        return r < 0 || !base.record
                       ? r
                       : settings_apply_image(s, base.record, base.tree.init != NULL, reterr);
}

void launch_done(Launch *l)
{
        plan_writer_done(&l->writer);
        l->uid_lock = close_fd(l->uid_lock);
}

void launch_warm_up(Manager *manager)
{
        _cleanup_settings_ Settings s;
        const PlanFacts facts = {.init = "/sbin/init", .init_is_systemd = true};
        const Filter *filter;

        settings_init(&s);
        (void)find_filter(manager, plan_capabilities(&s, &facts), &filter,
                          NULL); /* a start tells */
}
