/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the methods of images read, ask of core and reply. */
#include "bus/call.h"

static int run_not_yet(Call *c, Fault *reterr)
{
        return fault_set(reterr, FAULT_NOT_SUPPORTED, EOPNOTSUPP, "not implemented yet");
}

static int read_flag(Call *c, Fault *reterr)
{
        int b = 0, r = sd_bus_message_read(c->message, "b", &b);

        c->flag = b;
        return r;
}

static int read_output(Call *c, Fault *reterr)
{
        return options_read_stream(c->message, true, &c->stream, reterr);
}

static int read_import(Call *c, Fault *reterr)
{
        int r = options_read_stream(c->message, false, &c->stream, reterr);

        return r < 0 ? r : call_read_text(c, reterr);
}

int call_run_not_yet(Call *c, Fault *reterr)
{
        return run_not_yet(c, reterr);
}

const Method bus_image_methods[] = {
        {"Remove", "manage-images", "remove", OPTION_FORCE, NULL, run_not_yet, NULL, NULL},
        {"Rename", "manage-images", "rename", 0, call_read_text, run_not_yet, NULL, NULL},
        {"Tag", "manage-images", "tag", OPTION_FORCE, call_read_text, run_not_yet, NULL, NULL},
        {"Clone", "manage-images", "clone", OPTION_TOKEN, call_read_text, run_not_yet, NULL, NULL},
        {"SetReadOnly", "manage-images", "protect", 0, read_flag, run_not_yet, NULL,
         "SetImageReadOnly"},
        {"Export", "manage-images", "export", OPTION_FORMAT | OPTION_COMPRESSION | OPTION_TOKEN,
         read_output, run_not_yet, NULL, NULL},
        {"Push", "manage-images", "push", OPTION_REGISTRY | OPTION_COMPRESSION | OPTION_TOKEN,
         call_read_text, run_not_yet, NULL, NULL},
        {"GetManifest", "inspect", "read the manifest of", 0, NULL, run_not_yet, NULL,
         "GetImageManifest"},
        {"Verify", "inspect", "verify", OPTION_TOKEN, NULL, run_not_yet, NULL, NULL},
        {NULL},
};

const Method bus_volume_methods[] = {
        {"Remove", "manage-images", "remove", OPTION_FORCE, NULL, run_not_yet, NULL, NULL},
        {NULL},
};

const Method bus_job_methods[] = {
        {"Cancel", "manage-images", "cancel", 0, NULL, run_not_yet, NULL, NULL},
        {"Wait", NULL, "wait for", OPTION_TIMEOUT, NULL, run_not_yet, NULL, NULL},
        {NULL},
};

const Method bus_manager_methods[] = {
        {"PullImage", "pull", "pull",
         OPTION_NAME | OPTION_PLATFORM | OPTION_REGISTRY | OPTION_TOKEN, call_read_text,
         run_not_yet, NULL, NULL},
        {"ImportImage", "manage-images", "import", OPTION_TYPE | OPTION_FORCE | OPTION_TOKEN,
         read_import, run_not_yet, NULL, NULL},
        {"CreateVolume", "manage-images", "create", OPTION_OWNER, call_read_text, run_not_yet, NULL,
         NULL},
        {"PruneVolumes", "manage-images", "prune", 0, NULL, run_not_yet, NULL, NULL},
        {"GetUsage", "inspect", "measure", 0, NULL, run_not_yet, NULL, NULL},
        {"Prune", "manage-images", "prune", OPTION_PRUNE, NULL, run_not_yet, NULL, NULL},
        {"CheckStore", "inspect", "check", OPTION_DEEP, NULL, run_not_yet, NULL, NULL},
        {NULL},
};
