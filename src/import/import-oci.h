/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Images out of an OCI layout, or of an archive of `docker save`. */
#pragma once

#include "import/bundle.h"
#include "import/job.h"

/** import_layout() - import one image of an OCI layout
 * Which one is said by the order's name; if there is but one, that is its new name. */
int import_layout(Job *job, const Bundle *archive, JobResult *ret, Fault *reterr);

/** import_docker() - import one image of an archive of `docker save`, likewise */
int import_docker(Job *job, const Bundle *archive, JobResult *ret, Fault *reterr);

/** import_name() - the name to give to an image
 * @wanted of the order; empty or NULL: the archive's word counts
 * @said   by the archive, in Docker's short form too; may be NULL
 * @ret    canonical, newly allocated, caller frees */
int import_name(const char *wanted, const char *said, char **ret, Fault *reterr);

/** import_name_matches() - is what an archive calls an image the name that is wanted? */
bool import_name_matches(const char *said, const char *wanted);
