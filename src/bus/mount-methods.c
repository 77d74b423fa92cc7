/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the methods about what machines have mounted read and ask of core, and the property. */
#include "base/text.h"
#include "bus/call.h"
#include "core/machine-mounts.h"

int bus_read_mount_entry(Call *c, Fault *reterr)
{
        _cleanup_mount_entry_ MountEntry e = {0};
        _cleanup_free_ char *shown = NULL;
        const char *why = "", *element;
        int r = call_read_text(c, reterr);

        if (r < 0)
                return r;
        r = mount_line_parse(c->text, &e, &element, &why);
        if (r != -EINVAL) {
                c->is_bind = r >= 0 && e.kind == MOUNT_BIND;
                c->volume = r >= 0 && e.kind == MOUNT_VOLUME ? TAKE_PTR(e.source) : NULL;
                return r;
        }
        shown = text_for_display(c->text, 128);
        return fault_set(reterr, FAULT_INVALID_OPTION, r, "the mount '%s': %s", shown ?: "", why);
}

int bus_run_add_mount(Call *c, Fault *reterr)
{
        return call_change_machine(c, machine_add_mount, reterr);
}

int bus_run_remove_mount(Call *c, Fault *reterr)
{
        return call_change_machine(c, machine_remove_mount, reterr);
}

int bus_append_machine_mounts(sd_bus_message *reply, const Machine *m)
{
        static const char *const kinds[] = {
                [MOUNT_BIND] = "bind", [MOUNT_VOLUME] = "volume", [MOUNT_TMPFS] = "tmpfs"};
        size_t n;
        MachineMount *const *mounts = machine_mounts(m, &n);
        int r = sd_bus_message_open_container(reply, 'a', "(ssss)");

        for (size_t i = 0; r >= 0 && i < n; i++)
                r = sd_bus_message_append(reply, "(ssss)", kinds[mounts[i]->kind],
                                          mounts[i]->source, mounts[i]->target, mounts[i]->options);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}
