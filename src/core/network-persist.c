/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/network-persist.h"

#include "base/text.h"
#include "core/manager.h"
#include "core/network-internal.h"
#include "core/settings-edit.h"

#include <string.h>

/* ---- lists ---- */

static void remove_at(char **v, size_t i)
{
        free(v[i]);
        for (; v[i]; i++)
                v[i] = v[i + 1];
}

static int attach(const Machine *m, const char *text, Settings *s)
{
        /* "none" gives way */
        if (settings_network_mode(s) == NETWORK_MODE_NONE) {
                s->networks = strv_free(s->networks);
                s->private_network = -1;
        }
        return strv_push(&s->networks, text);
}

static int find_interface(const Machine *m, const char *name, const Settings *s, size_t *ret,
                          Fault *reterr)
{
        NetworkEntry *entries = NULL;
        size_t n = 0, found = SIZE_MAX;
        int r = settings_network_entries(s, &entries, &n, reterr);

        for (size_t i = 0; i < n && found == SIZE_MAX; i++)
                if (streq(entries[i].argument, name) || streq(entries[i].name, name))
                        found = i;
        network_entries_free(entries, n);
        if (r < 0)
                return r;
        *ret = found;
        return found < SIZE_MAX ? 0
                                : fault_set(reterr, FAULT_NO_SUCH_NETWORK, ENOENT,
                                            "Machine '%s' has no network or interface '%s' in its "
                                            "definition",
                                            m->name, name);
}

static int detach(const Machine *m, const char *name, Settings *s, Fault *reterr)
{
        size_t i;
        int r = find_interface(m, name, s, &i, reterr);

        if (r >= 0)
                remove_at(s->networks, i);
        return r;
}

bool port_entry_equal(const PortEntry *a, const PortEntry *b)
{
        return a->udp == b->udp && net_address_equal(&a->host, &b->host) &&
               a->host_port == b->host_port && a->guest_port == b->guest_port &&
               a->count == b->count;
}

static int remove_port(const Machine *m, const char *text, Settings *s, Fault *reterr)
{
        PortEntry wanted, e;
        const char *why;

        if (port_entry_parse(text, &wanted, &why) < 0)
                return -EINVAL;
        for (size_t i = 0; s->publish && s->publish[i]; i++)
                if (port_entry_parse(s->publish[i], &e, &why) >= 0 &&
                    port_entry_equal(&e, &wanted)) {
                        remove_at(s->publish, i);
                        return 0;
                }
        return fault_set(reterr, FAULT_NO_SUCH_PORT, ENOENT,
                         "Machine '%s' does not publish %s in its definition", m->name, text);
}

static int apply(const Machine *m, const NetworkEdit *edit, Settings *s, Fault *reterr)
{
        switch (edit->kind) {
        case NETWORK_EDIT_ATTACH: return attach(m, edit->text, s);
        case NETWORK_EDIT_DETACH: return detach(m, edit->text, s, reterr);
        case NETWORK_EDIT_ADD_PORT: return strv_push(&s->publish, edit->text);
        case NETWORK_EDIT_REMOVE_PORT: return remove_port(m, edit->text, s, reterr);
        default: s->bandwidth = edit->bandwidth; return 0;
        }
}

/* ---- */

/* @s is unchanged on failure. */
static int edit_settings(const Machine *m, const void *edit, Settings *s, Fault *reterr)
{
        _cleanup_settings_ Settings changed = {0};
        Settings before;
        int r = settings_copy(s, &changed);

        r = r < 0 ? r : apply(m, edit, &changed, reterr);
        r = r < 0 ? r : settings_validate(&changed, reterr);
        r = r < 0 ? r : networks_check_settings(m->manager, &changed, reterr);
        if (r < 0)
                return r;
        before = *s;
        *s = changed;
        changed = before;
        return 0;
}

int network_edit_check(Machine *m, const NetworkEdit *edit, Fault *reterr)
{
        return settings_edit_check(m, edit_settings, edit, reterr);
}

int network_edit_persist(Machine *m, const NetworkEdit *edit, Fault *reterr)
{
        return settings_edit_persist(m, edit_settings, edit, reterr);
}

void network_edit_done(NetworkEdit *edit)
{
        g_free(edit->text);
        edit->text = NULL;
}
