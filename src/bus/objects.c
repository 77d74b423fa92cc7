/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/objects.h"

#include "base/names.h"
#include "base/text.h"
#include "bus/bus-error.h"
#include "bus/options.h"
#include "bus/properties.h"
#include "core/job.h"
#include "core/network.h"
#include "core/volume.h"

#include <string.h>

static GHashTable *machines(Bus *b)
{
        return b->manager->machines;
}

static GHashTable *images(Bus *b)
{
        return b->manager->images;
}

static GHashTable *volumes(Bus *b)
{
        return b->manager->volumes;
}

static GHashTable *jobs(Bus *b)
{
        return b->manager->jobs;
}

static GHashTable *networks(Bus *b)
{
        return b->manager->networks;
}

static int get_machine(Manager *manager, const char *name, void **ret, Fault *reterr)
{
        return manager_get(manager, name, (Machine **)ret, reterr);
}

static int get_image(Manager *manager, const char *name, void **ret, Fault *reterr)
{
        return image_find(manager, name, (Image **)ret, reterr);
}

static int get_volume(Manager *manager, const char *name, void **ret, Fault *reterr)
{
        return volume_find(manager, name, (Volume **)ret, reterr);
}

static int get_job(Manager *manager, const char *name, void **ret, Fault *reterr)
{
        return job_find(manager, name, (Job **)ret, reterr);
}

static int get_network(Manager *manager, const char *name, void **ret, Fault *reterr)
{
        return network_get(manager, name, (Network **)ret, reterr);
}

static const char *machine_name(const void *object)
{
        return ((const Machine *)object)->name;
}

static const char *image_name(const void *object)
{
        return ((const Image *)object)->name;
}

static const char *volume_name(const void *object)
{
        return ((const Volume *)object)->name;
}

static const char *job_name(const void *object)
{
        return ((const Job *)object)->id;
}

static const char *network_name(const void *object)
{
        return ((const Network *)object)->name;
}

static const struct {
        const char *noun, *member; /* in names of the Manager's methods */
        const char *path, *interface;
        const sd_bus_vtable *vtable;
        GHashTable *(*table)(Bus *b);
        int (*get)(Manager *manager, const char *name, void **ret, Fault *reterr);
        const char *(*name)(const void *object);
        int (*append)(const void *object, const char *property, sd_bus_message *reply);
} kinds[_OBJECT_KIND_MAX] = {
        [OBJECT_MACHINE] = {"machine", "Machine", LODGE_MACHINE_PATH, LODGE_MACHINE_INTERFACE,
                            bus_machine_vtable, machines, get_machine, machine_name,
                            bus_append_machine},
        [OBJECT_IMAGE] = {"image", "Image", LODGE_IMAGE_PATH, LODGE_IMAGE_INTERFACE,
                          bus_image_vtable, images, get_image, image_name, bus_append_image},
        [OBJECT_VOLUME] = {"volume", "Volume", LODGE_VOLUME_PATH, LODGE_VOLUME_INTERFACE,
                           bus_volume_vtable, volumes, get_volume, volume_name, bus_append_volume},
        [OBJECT_JOB] = {"job", "Job", LODGE_JOB_PATH, LODGE_JOB_INTERFACE, bus_job_vtable, jobs,
                        get_job, job_name, bus_append_job},
        [OBJECT_NETWORK] = {"network", "Network", LODGE_NETWORK_PATH, LODGE_NETWORK_INTERFACE,
                            bus_network_vtable, networks, get_network, network_name,
                            bus_append_network},
};

/* All that there are now. */
static GHashTable *list(Bus *b, ObjectKind kind)
{
        if (kind == OBJECT_IMAGE)
                images_load(b->manager);
        else if (kind == OBJECT_VOLUME)
                volumes_load(b->manager);
        return kinds[kind].table(b);
}

char *bus_object_path(ObjectKind kind, const char *name)
{
        char *path = NULL;

        if (kind == OBJECT_JOB) /* nothing to escape: its token gives its path in advance */
                return g_strconcat(LODGE_JOB_PATH "/", name, NULL);
        return sd_bus_path_encode(kinds[kind].path, name, &path) < 0 ? NULL : path;
}

ObjectKind bus_path_kind(const char *path)
{
        ObjectKind kind = 0;

        while (kind < _OBJECT_KIND_MAX &&
               !(g_str_has_prefix(path, kinds[kind].path) && path[strlen(kinds[kind].path)] == '/'))
                kind++;
        return kind;
}

void *bus_path_object(Bus *b, ObjectKind kind, const char *path)
{
        _cleanup_free_ char *name = NULL;

        if (sd_bus_path_decode(path, kinds[kind].path, &name) <= 0 || !name)
                return NULL;
        return g_hash_table_lookup(kinds[kind].table(b), name);
}

const char *bus_object_name(ObjectKind kind, const void *object)
{
        return kinds[kind].name(object);
}

int bus_get_object(Bus *b, ObjectKind kind, const char *name, void **ret, Fault *reterr)
{
        return kinds[kind].get(b->manager, name, ret, reterr);
}

const char *bus_kind_noun(ObjectKind kind)
{
        return kinds[kind].noun;
}

char *bus_twin_name(ObjectKind kind, const char *method)
{
        return g_strconcat(method, kinds[kind].member, NULL);
}

/* ---- on a connection ---- */

static int find_object(sd_bus *bus, const char *path, const char *interface, void *userdata,
                       void **ret_found, sd_bus_error *error)
{
        Bus *b = userdata;
        ObjectKind kind = bus_path_kind(path);

        *ret_found = &b->found;
        if (kind == _OBJECT_KIND_MAX)
                return 0;
        b->found = (Target){.bus = b, .object = bus_path_object(b, kind, path)};
        if (!b->found.object) {
                (void)list(b, kind); /* perhaps it is new */
                b->found.object = bus_path_object(b, kind, path);
        }
        return b->found.object != NULL;
}

static int list_paths(Bus *b, ObjectKind kind, char ***ret)
{
        GHashTable *table = list(b, kind);
        _cleanup_strv_free_ char **paths = calloc(g_hash_table_size(table) + 1, sizeof(char *));
        GHashTableIter i;
        gpointer object;
        size_t n = 0;

        if (!paths)
                return -ENOMEM;
        g_hash_table_iter_init(&i, table);
        while (g_hash_table_iter_next(&i, NULL, &object)) {
                paths[n] = bus_object_path(kind, kinds[kind].name(object));
                if (!paths[n++])
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(paths);
        return 1;
}

static int enumerate_machines(sd_bus *bus, const char *prefix, void *userdata, char ***ret,
                              sd_bus_error *error)
{
        return list_paths(userdata, OBJECT_MACHINE, ret);
}

static int enumerate_images(sd_bus *bus, const char *prefix, void *userdata, char ***ret,
                            sd_bus_error *error)
{
        return list_paths(userdata, OBJECT_IMAGE, ret);
}

static int enumerate_volumes(sd_bus *bus, const char *prefix, void *userdata, char ***ret,
                             sd_bus_error *error)
{
        return list_paths(userdata, OBJECT_VOLUME, ret);
}

static int enumerate_jobs(sd_bus *bus, const char *prefix, void *userdata, char ***ret,
                          sd_bus_error *error)
{
        return list_paths(userdata, OBJECT_JOB, ret);
}

static int enumerate_networks(sd_bus *bus, const char *prefix, void *userdata, char ***ret,
                              sd_bus_error *error)
{
        return list_paths(userdata, OBJECT_NETWORK, ret);
}

int bus_export_objects(Bus *b, sd_bus *bus)
{
        static const sd_bus_node_enumerator_t enumerators[_OBJECT_KIND_MAX] = {
                [OBJECT_MACHINE] = enumerate_machines, [OBJECT_IMAGE] = enumerate_images,
                [OBJECT_VOLUME] = enumerate_volumes,   [OBJECT_JOB] = enumerate_jobs,
                [OBJECT_NETWORK] = enumerate_networks,
        };
        int r = 0;

        for (ObjectKind k = 0; r >= 0 && k < _OBJECT_KIND_MAX; k++) {
                r = sd_bus_add_fallback_vtable(bus, NULL, kinds[k].path, kinds[k].interface,
                                               kinds[k].vtable, find_object, b);
                r = r < 0 ? r
                          : sd_bus_add_node_enumerator(bus, NULL, kinds[k].path, enumerators[k], b);
        }
        return r;
}

/* ---- signals ---- */

void bus_object_added(Bus *b, ObjectKind kind, const void *object)
{
        _cleanup_free_ char *path = bus_object_path(kind, kinds[kind].name(object));

        if (path) /* an error means that the bus is gone, and then so are we soon */
                (void)sd_bus_emit_object_added(b->bus, path);
}

void bus_object_removed(Bus *b, ObjectKind kind, const void *object)
{
        _cleanup_free_ char *path = bus_object_path(kind, kinds[kind].name(object));

        if (path)
                (void)sd_bus_emit_object_removed(b->bus, path);
}

/* All that can change; the vector's strings are static. */
static char **variable_properties(ObjectKind kind)
{
        GPtrArray *names = g_ptr_array_new();

        for (const sd_bus_vtable *v = kinds[kind].vtable; v->type != _SD_BUS_VTABLE_END; v++)
                if (v->type == _SD_BUS_VTABLE_PROPERTY &&
                    v->flags & SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)
                        g_ptr_array_add(names, (char *)v->x.property.member);
        g_ptr_array_add(names, NULL);
        return (char **)g_ptr_array_free(names, FALSE);
}

void bus_object_changed(Bus *b, ObjectKind kind, const void *object, char **properties)
{
        _cleanup_free_ char *path = bus_object_path(kind, kinds[kind].name(object));
        _cleanup_free_ char **all = properties[0] ? NULL : variable_properties(kind);

        if (path)
                (void)sd_bus_emit_properties_changed_strv(b->bus, path, kinds[kind].interface,
                                                          all ?: properties);
}

/* ---- properties ---- */

static int append_property(const Target *t, ObjectKind kind, const char *property,
                           sd_bus_message *reply)
{
        return kinds[kind].append(t->object, property, reply);
}

int machine_property(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        return append_property(userdata, OBJECT_MACHINE, property, reply);
}

int image_property(sd_bus *bus, const char *path, const char *interface, const char *property,
                   sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        return append_property(userdata, OBJECT_IMAGE, property, reply);
}

int volume_property(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        return append_property(userdata, OBJECT_VOLUME, property, reply);
}

int job_property(sd_bus *bus, const char *path, const char *interface, const char *property,
                 sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        return append_property(userdata, OBJECT_JOB, property, reply);
}

int network_property(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        return append_property(userdata, OBJECT_NETWORK, property, reply);
}

/* ---- GetMachine(), ListMachines() and the like ---- */

/* Of "GetImage" and "ListImages". */
static ObjectKind kind_of_member(const char *member)
{
        ObjectKind kind = 0;

        while (kind < _OBJECT_KIND_MAX && !strstr(member, kinds[kind].member))
                kind++;
        return kind;
}

int bus_on_get_object(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        ObjectKind kind = kind_of_member(sd_bus_message_get_member(m));
        _cleanup_fault_ Fault f = {0};
        _cleanup_free_ char *path = NULL;
        const char *name;
        const Target *t = userdata;
        void *object;

        int r = sd_bus_message_read(m, "s", &name);
        if (r < 0)
                return r;
        if (bus_get_object(t->bus, kind, name, &object, &f) < 0)
                return bus_reply_fault(m, &f);
        path = bus_object_path(kind, kinds[kind].name(object));
        return path ? sd_bus_reply_method_return(m, "o", path) : -ENOMEM;
}

static const sd_bus_vtable *find_property(ObjectKind kind, const char *name)
{
        for (const sd_bus_vtable *v = kinds[kind].vtable; v->type != _SD_BUS_VTABLE_END; v++)
                if (v->type == _SD_BUS_VTABLE_PROPERTY && streq(v->x.property.member, name))
                        return v;
        return NULL;
}

/* Return: 0; -EINVAL with a sentence. */
static int read_properties(sd_bus_message *m, ObjectKind kind, GPtrArray *properties, Fault *reterr)
{
        _cleanup_strv_free_ char **names = NULL;
        int r = options_read_strv(m, &names, reterr);

        if (r < 0)
                return r;
        STRV_FOREACH (name, names) {
                const sd_bus_vtable *v = find_property(kind, *name);
                _cleanup_free_ char *shown = v ? NULL : text_for_display(*name, 64);

                if (!v)
                        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                         "%ss have no property '%s'", kinds[kind].noun,
                                         shown ?: "");
                g_ptr_array_add(properties, (void *)v);
        }
        for (const sd_bus_vtable *v = kinds[kind].vtable;
             !names[0] && v->type != _SD_BUS_VTABLE_END; v++)
                if (v->type == _SD_BUS_VTABLE_PROPERTY)
                        g_ptr_array_add(properties, (void *)v);
        return 0;
}

static int append_entry(sd_bus_message *reply, ObjectKind kind, const void *object,
                        const GPtrArray *properties)
{
        int r = sd_bus_message_open_container(reply, 'e', "sa{sv}");

        r = r < 0 ? r : sd_bus_message_append_basic(reply, 's', kinds[kind].name(object));
        r = r < 0 ? r : sd_bus_message_open_container(reply, 'a', "{sv}");
        for (guint i = 0; r >= 0 && i < properties->len; i++) {
                const sd_bus_vtable *v = g_ptr_array_index(properties, i);

                r = sd_bus_message_open_container(reply, 'e', "sv");
                r = r < 0 ? r : sd_bus_message_append_basic(reply, 's', v->x.property.member);
                r = r < 0 ? r : sd_bus_message_open_container(reply, 'v', v->x.property.signature);
                r = r < 0 ? r : kinds[kind].append(object, v->x.property.member, reply);
                r = r < 0 ? r : sd_bus_message_close_container(reply);
                r = r < 0 ? r : sd_bus_message_close_container(reply);
        }
        r = r < 0 ? r : sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

int bus_on_list_objects(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        ObjectKind kind = kind_of_member(sd_bus_message_get_member(m));
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        g_autoptr(GPtrArray) properties = g_ptr_array_new();
        _cleanup_fault_ Fault f = {0};
        const Target *t = userdata;
        GHashTableIter i;
        void *object;

        int r = read_properties(m, kind, properties, &f);
        if (r < 0)
                return f.message ? bus_reply_fault(m, &f) : r;
        r = sd_bus_message_new_method_return(m, &reply);
        r = r < 0 ? r : sd_bus_message_open_container(reply, 'a', "{sa{sv}}");
        g_hash_table_iter_init(&i, list(t->bus, kind));
        while (r >= 0 && g_hash_table_iter_next(&i, NULL, &object))
                r = append_entry(reply, kind, object, properties);
        r = r < 0 ? r : sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}
