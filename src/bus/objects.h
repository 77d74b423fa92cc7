/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kinds of objects that have a name: where they are, and how all of one kind are listed. */
#pragma once

#include "bus/bus-internal.h"

typedef enum ObjectKind {
        OBJECT_MACHINE,
        OBJECT_IMAGE,
        OBJECT_VOLUME,
        OBJECT_JOB,
        OBJECT_NETWORK,
        _OBJECT_KIND_MAX,
} ObjectKind;

/** bus_export_objects() - put all objects of these kinds on a connection
 * Return: 0; negative errno. */
int bus_export_objects(Bus *b, sd_bus *bus);

/** bus_object_path() - the path of an object by its name
 * Return: newly allocated; NULL on OOM. */
char *bus_object_path(ObjectKind kind, const char *name);
/** bus_path_kind() - what an object path is of; Return: _OBJECT_KIND_MAX: none of these */
ObjectKind bus_path_kind(const char *path);
/** bus_path_object() - the object of a path; NULL if there is none */
void *bus_path_object(Bus *b, ObjectKind kind, const char *path);
/** bus_object_name() - the name of an object */
const char *bus_object_name(ObjectKind kind, const void *object);
/** bus_get_object() - an object by its name, with a sentence
 * Return: 0; negative errno with NoSuch.. or InvalidName. */
int bus_get_object(Bus *b, ObjectKind kind, const char *name, void **ret, Fault *reterr);
/** bus_kind_noun() - "machine", "image" .. */
const char *bus_kind_noun(ObjectKind kind);
/** bus_twin_name() - the Manager's name for a method: "RemoveImage" for "Remove"
 * Return: newly allocated. */
char *bus_twin_name(ObjectKind kind, const char *method);

/* What the manager tells of them. */

/** bus_object_added() - say so on the bus */
void bus_object_added(Bus *b, ObjectKind kind, const void *object);
/** bus_object_removed() - likewise */
void bus_object_removed(Bus *b, ObjectKind kind, const void *object);
/** bus_object_changed() - these properties have; an empty vector: all that can */
void bus_object_changed(Bus *b, ObjectKind kind, const void *object, char **properties);

/** bus_store_listener() - to tell what happens to images, volumes, jobs and networks */
ManagerListener bus_store_listener(Bus *b);
/** bus_progress_table() - for Bus.progress */
GHashTable *bus_progress_table(void);

/* How each shows its properties. Return: of sd_bus_message_append(3). */

/** bus_append_machine() - one property of a Machine */
int bus_append_machine(const void *object, const char *property, sd_bus_message *reply);
/** bus_append_image() - of an Image */
int bus_append_image(const void *object, const char *property, sd_bus_message *reply);
/** bus_append_volume() - of a Volume */
int bus_append_volume(const void *object, const char *property, sd_bus_message *reply);
/** bus_append_job() - of a Job */
int bus_append_job(const void *object, const char *property, sd_bus_message *reply);

/** bus_append_network() - of a Network */
int bus_append_network(const void *object, const char *property, sd_bus_message *reply);
/** bus_append_machine_addresses() - the property Addresses */
int bus_append_machine_addresses(sd_bus_message *reply, const Machine *m);
/** bus_append_machine_mounts() - the property Mounts */
int bus_append_machine_mounts(sd_bus_message *reply, const Machine *m);
/** bus_append_machine_ports() - the property Ports */
int bus_append_machine_ports(sd_bus_message *reply, const Machine *m);
/** bus_append_machine_bandwidth() - the property Bandwidth */
int bus_append_machine_bandwidth(sd_bus_message *reply, const Machine *m);
/** bus_append_labels() - KEY=VALUE strings as a{ss}; NULL: none */
int bus_append_labels(sd_bus_message *reply, char *const *labels);

/** bus_on_get_object() - GetMachine(), GetImage() .. */
int bus_on_get_object(sd_bus_message *m, void *userdata, sd_bus_error *error);
/** bus_on_list_objects() - ListMachines(), ListImages() .. */
int bus_on_list_objects(sd_bus_message *m, void *userdata, sd_bus_error *error);
