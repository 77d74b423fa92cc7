/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/create.h"

#include "base/names.h"
#include "ctl/pull.h"
#include "ctl/registry.h"
#include "ctl/report.h"
#include "ctl/workspace.h"

static int call_create(const Ctl *c, const char *name, const char *image,
                       const SettingsExtra *extra, Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = client_call_new(&c->client, LODGE_OBJECT_PATH, LODGE_MANAGER_INTERFACE,
                                "CreateMachine", &m, reterr);

        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "ss", name, image);
        if (r < 0)
                return client_fault(NULL, r, reterr);
        r = settings_append(c, m, extra, reterr);
        return r < 0 ? r : client_call(&c->client, m, CLIENT_FOREVER, NULL, reterr);
}

static int pull(Ctl *c, const char *image)
{
        _cleanup_json_ json_t *job = NULL;

        return pull_image(c, image, NULL, &job);
}

static int create(Ctl *c, const char *name, const char *image, const SettingsExtra *extra,
                  const char *object)
{
        const char *reference = registry_plain_reference(image);
        _cleanup_fault_ Fault fault = {0};
        PullWhen when;
        int status = pull_when(c, &when);
        bool can_pull = when != PULL_NEVER && pull_can_get(reference);

        if (status == EXIT_OK && can_pull && when != PULL_MISSING)
                status = pull(c, reference);
        if (status != EXIT_OK && (when != PULL_NEWER || status > 128)) /* C-c means all of it */
                return status;
        int r = call_create(c, name, reference, extra, &fault);
        if (r < 0 && fault.code == FAULT_NO_SUCH_IMAGE && status != EXIT_OK)
                return status;
        if (r < 0 && fault.code == FAULT_NO_SUCH_IMAGE && when == PULL_MISSING && can_pull) {
                status = pull(c, reference);
                if (status != EXIT_OK)
                        return status;
                fault_done(&fault);
                r = call_create(c, name, reference, extra, &fault);
        }
        if (r >= 0 && status != EXIT_OK)
                report_note(c, "Image '%s' is taken as it is here.", reference);
        return r < 0 ? report_fault(c, object, &fault) : EXIT_OK;
}

int create_machine(Ctl *c, const char *name, const char *image, const SettingsExtra *extra,
                   const char *object)
{
        _cleanup_free_ char *workspace = NULL;
        _cleanup_fault_ Fault fault = {0};
        int r = workspace_bind(c, &workspace, &fault);
        SettingsExtra with_workspace = *extra;

        if (r < 0)
                return report_fault(c, object, &fault);
        with_workspace.binds = (char *const[]){workspace, NULL};
        return create(c, name, image, &with_workspace, object);
}
