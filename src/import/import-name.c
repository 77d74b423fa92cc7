/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/import-oci.h"

#include "base/text.h"
#include "spec/reference.h"

#include <string.h>

/* Docker writes "busybox:latest" for docker.io/library/busybox:latest. In a layout a word alone may
 * be a name or a tag; "latest" is certainly no name. */
static char *complete(const char *said)
{
        size_t n = strcspn(said, "/");
        bool has_domain = said[n] == '/' && (memchr(said, '.', n) || memchr(said, ':', n) ||
                                             strncmp(said, "localhost", n) == 0);
        _cleanup_free_ char *full = NULL, *name = NULL;

        if (!strpbrk(said, "/:"))
                return !streq(said, "latest") && image_name_canonical(said, &name, NULL) >= 0
                               ? TAKE_PTR(name)
                               : NULL;
        if (asprintf(&full, "%s%s", has_domain ? "" : "docker.io/", said) < 0) {
                full = NULL;
                return NULL;
        }
        return image_name_canonical(full, &name, NULL) >= 0 ? TAKE_PTR(name) : NULL;
}

bool import_name_matches(const char *said, const char *wanted)
{
        _cleanup_free_ char *full = said ? complete(said) : NULL;

        return streq(said, wanted) || streq(full, wanted);
}

int import_name(const char *wanted, const char *said, char **ret, Fault *reterr)
{
        char *name = NULL;

        if (wanted && *wanted)
                return image_name_canonical(wanted, ret, reterr);
        if (said)
                name = complete(said);
        if (!name)
                return fault_set(reterr, FAULT_INVALID_NAME, EINVAL,
                                 "the archive does not say what its image is called; name it");
        *ret = name;
        return 0;
}
