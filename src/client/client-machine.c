/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/client-machine.h"

#include "base/machine-name.h"
#include "base/names.h"
#include "base/text.h"
#include "client/client-network.h"
#include "client/client-object.h"

#include <stddef.h>
#include <string.h>

static const struct {
        const char *name;
        char type;
        size_t offset;
} fields[] = {
        {"Name", 's', offsetof(ClientMachine, name)},
        {"State", 's', offsetof(ClientMachine, state)},
        {"Image", 's', offsetof(ClientMachine, image)},
        {"RootDirectory", 's', offsetof(ClientMachine, root_directory)},
        {"Leader", 'u', offsetof(ClientMachine, leader)},
        {"CreatedTimestamp", 't', offsetof(ClientMachine, created_usec)},
        {"StartedTimestamp", 't', offsetof(ClientMachine, started_usec)},
        {"ReadyTimestamp", 't', offsetof(ClientMachine, ready_usec)},
        {"PausedTimestamp", 't', offsetof(ClientMachine, paused_usec)},
        {"StoppedTimestamp", 't', offsetof(ClientMachine, stopped_usec)},
};

void client_machine_done(ClientMachine *m)
{
        client_network_done(m);
        for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                if (fields[i].type == 's')
                        free(*(char **)((char *)m + fields[i].offset));
        *m = (ClientMachine){0};
}

void client_machines_done(ClientMachines *list)
{
        for (size_t i = 0; i < list->n; i++)
                client_machine_done(&list->items[i]);
        free(list->items);
        *list = (ClientMachines){0};
}

static int replace_string(char **where, const char *s)
{
        char *copy = strdup(s);

        if (!copy)
                return -ENOMEM;
        free(*where);
        *where = copy;
        return 0;
}

static int read_field(sd_bus_message *m, size_t i, ClientMachine *ret)
{
        const char type[] = {fields[i].type, '\0'};
        char *where = (char *)ret + fields[i].offset;
        const char *s, *contents;
        char variant;
        int r = sd_bus_message_peek_type(m, &variant, &contents);

        if (r <= 0 || !streq(contents, type)) /* of another lodged: one field is missing, not all */
                return r < 0 ? r : sd_bus_message_skip(m, "v");
        if (fields[i].type != 's')
                return sd_bus_message_read(m, "v", type, where);
        r = sd_bus_message_read(m, "v", "s", &s);
        return r < 0 ? r : replace_string((char **)where, s);
}

/* Call @read for each entry of the a{sv} at which @m stands; it reads or skips the value. */
static int each_entry(sd_bus_message *m, int (*read)(sd_bus_message *, const char *key, void *),
                      void *userdata)
{
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                const char *key;

                r = sd_bus_message_read(m, "s", &key);
                if (r >= 0)
                        r = read(m, key, userdata);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_property(sd_bus_message *m, const char *key, void *userdata)
{
        ClientMachine *ret = userdata;

        if (streq(key, "Addresses"))
                return client_read_addresses(m, ret);
        for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                if (streq(key, fields[i].name))
                        return read_field(m, i, ret);
        return sd_bus_message_skip(m, "v");
}

/* Whoever uses a record may print every string without a check. */
static int fill_missing(ClientMachine *m)
{
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(fields) && r >= 0; i++) {
                char **where = (char **)((char *)m + fields[i].offset);

                if (fields[i].type == 's' && !*where)
                        r = replace_string(where, "");
        }
        return r;
}

int client_machine_read(sd_bus_message *m, ClientMachine *ret)
{
        _cleanup_client_machine_ ClientMachine machine = {0};
        int r = each_entry(m, read_property, &machine);

        if (r >= 0)
                r = fill_missing(&machine);
        if (r < 0)
                return r;
        *ret = machine;
        machine = (ClientMachine){0};
        return 0;
}

static int append_machine(sd_bus_message *m, ClientMachines *list)
{
        ClientMachine *grown = reallocarray(list->items, list->n + 1, sizeof(*grown));

        if (!grown)
                return -ENOMEM;
        list->items = grown;
        grown[list->n] = (ClientMachine){0};
        int r = client_machine_read(m, &grown[list->n]);
        if (r >= 0)
                list->n++;
        return r;
}

static int compare_names(const void *a, const void *b)
{
        return strverscmp(((const ClientMachine *)a)->name, ((const ClientMachine *)b)->name);
}

/* a{sa{sv}} */
static int read_list(sd_bus_message *m, ClientMachines *list)
{
        int r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
                const char *name;

                r = sd_bus_message_read(m, "s", &name);
                if (r >= 0)
                        r = append_machine(m, list);
                if (r >= 0)
                        r = replace_string(&list->items[list->n - 1].name, name);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

int client_list_machines(const Client *c, const char *const *properties, ClientMachines *ret,
                         Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_client_machines_ ClientMachines list = {0};
        int r = client_ask_objects(c, "Machine", properties, &reply, reterr);

        if (r < 0)
                return r;
        r = read_list(reply, &list);
        if (r < 0)
                return fault_set(reterr, FAULT_FAILED, r,
                                 "lodged gave an answer that cannot be read: %s", strerror(-r));
        if (list.n > 0)
                qsort(list.items, list.n, sizeof(*list.items), compare_names);
        *ret = list;
        list = (ClientMachines){0};
        return 0;
}

int client_machine_get_properties(const Client *c, const char *name, sd_bus_message **ret_reply,
                                  Fault *reterr)
{
        return client_object_get_properties(c, "Machine", LODGE_MACHINE_INTERFACE, name, ret_reply,
                                            reterr);
}
