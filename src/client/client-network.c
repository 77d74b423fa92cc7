/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/client-network.h"

#include "base/text.h"

#include <string.h>

/* Return: 1 the array is entered, 0 it was something else and is skipped; negative errno. */
static int enter(sd_bus_message *m, const char *type)
{
        const char *contents;
        char variant;
        int r = sd_bus_message_peek_type(m, &variant, &contents);

        if (r <= 0)
                return r;
        if (!streq(contents, type)) { /* of another lodged */
                r = sd_bus_message_skip(m, "v");
                return r < 0 ? r : 0;
        }
        r = sd_bus_message_enter_container(m, 'v', type);
        r = r < 0 ? r : sd_bus_message_enter_container(m, 'a', type + 1);
        return r < 0 ? r : 1;
}

static int leave(sd_bus_message *m)
{
        int r = sd_bus_message_exit_container(m);

        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int push_address(ClientMachine *m, const char *network, const char *interface,
                        const char *address)
{
        ClientAddress *grown = reallocarray(m->addresses, m->n_addresses + 1, sizeof(*grown));

        if (!grown)
                return -ENOMEM;
        m->addresses = grown;
        grown[m->n_addresses] = (ClientAddress){
                .network = strdup(network),
                .interface = strdup(interface),
                .address = strdup(address),
        };
        ClientAddress *a = &grown[m->n_addresses++];
        return a->network && a->interface && a->address ? 0 : -ENOMEM;
}

int client_read_addresses(sd_bus_message *m, ClientMachine *ret)
{
        const char *network, *interface, *address;
        int r = enter(m, "a(sss)");

        if (r <= 0)
                return r;
        while ((r = sd_bus_message_read(m, "(sss)", &network, &interface, &address)) > 0) {
                r = push_address(ret, network, interface, address);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : leave(m);
}

void client_network_done(ClientMachine *m)
{
        for (size_t i = 0; i < m->n_addresses; i++) {
                free(m->addresses[i].network);
                free(m->addresses[i].interface);
                free(m->addresses[i].address);
        }
        free(m->addresses);
}
