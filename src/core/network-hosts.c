/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of machines for the host: a file that libnss_lodge reads. */
#include "core/network-internal.h"

#include "base/io.h"
#include "base/names.h"
#include "base/text.h"
#include "core/machine-network.h"
#include "core/machine.h"
#include "core/manager.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

static void append(const Machine *m, int family, GString *s)
{
        char text[NET_ADDRESS_TEXT_MAX];
        size_t n;
        const MachineLink *links = machine_links(m, &n);

        for (size_t i = 0; i < n; i++)
                for (size_t k = 0; k < links[i].n_addresses && links[i].network; k++)
                        if (links[i].addresses[k].family == family)
                                g_string_append_printf(
                                        s, "%s %s\n",
                                        net_address_format(&links[i].addresses[k], false, text),
                                        m->name);
}

static GString *content(Manager *manager)
{
        GString *s = g_string_new(NULL);
        GHashTableIter i;
        void *m;

        g_hash_table_iter_init(&i, manager->machines);
        while (g_hash_table_iter_next(&i, NULL, &m)) {
                append(m, AF_INET, s);
                append(m, AF_INET6, s);
        }
        return s;
}

static int write_hosts(Manager *manager)
{
        _cleanup_free_ char *path = g_strconcat(manager->root, LODGE_RUNTIME, NULL);
        _cleanup_close_ int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        g_autoptr(GString) s = content(manager);
        const char *name = strrchr(LODGE_RUNTIME_HOSTS, '/') + 1;

        if (dir < 0)
                return -errno;
        if (s->len == 0 && (unlinkat(dir, name, 0) >= 0 || errno == ENOENT))
                return 0;
        mode_t mask = umask(0022); /* ours is strict, and everybody is to read this one */
        int r = write_file_atomic_at(dir, name, s->str, s->len, 0644);
        (void)umask(mask);
        return r;
}

static int on_write(sd_event_source *source, void *userdata)
{
        Manager *manager = userdata;
        int r = write_hosts(manager);

        manager->network_hosts = sd_event_source_disable_unref(manager->network_hosts);
        if (r < 0) {
                _cleanup_free_ char *text = g_strdup_printf("Cannot write " LODGE_RUNTIME_HOSTS
                                                            ", so that names of machines may be "
                                                            "wrong on this host: %s",
                                                            strerror(-r));

                manager_warn(manager, NULL, text);
        }
        return 0;
}

void network_hosts_changed(Manager *manager)
{
        if (!manager->network_hosts)
                (void)sd_event_add_defer(manager->event, &manager->network_hosts, on_write,
                                         manager);
}
