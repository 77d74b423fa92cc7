/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of the table of verbs. */
#pragma once

#include "ctl/ctl.h"

#define ANY_NUMBER SIZE_MAX

/* Each ended by a NULL name. */
extern const Verb machine_verbs[], definition_verbs[], inside_verbs[], host_verbs[], image_verbs[],
        volume_verbs[], network_verbs[], job_verbs[];

/* Tables that several verbs share, ended by a NULL name. */
extern const Option registry_options[], /* how to talk to a registry */
        pull_options[],                 /* whether to pull what is missing */
        progress_options[],             /* how to show progress */
        detach_options[],               /* and not to wait for the end */
        columns_options[],              /* which columns of a list */
        property_options[];             /* which properties of objects */
