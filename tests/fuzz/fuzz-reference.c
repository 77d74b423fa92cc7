/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of images, from anybody, and names of files in the store. */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "spec/reference.h"

static void try_name(const char *s)
{
        _cleanup_free_ char *name = NULL, *again = NULL, *file = NULL, *from_file = NULL;
        _cleanup_fault_ Fault f = {0};

        if (image_name_canonical(s, &name, &f) < 0) {
                PROMISE(f.code == FAULT_INVALID_NAME && f.message);
                PROMISE(!strpbrk(f.message, "\n\r\x1b\x7f"));
                return;
        }
        PROMISE(strlen(name) <= REFERENCE_MAX && !strpbrk(name, " \t\n%\\'\"$"));
        PROMISE(!strstr(name, "/.") && !strstr(name, "./"));
        PROMISE(image_name_canonical(name, &again, NULL) >= 0 && streq(name, again));
        file = image_file_name(name, ".oci");
        PROMISE(file && strlen(file) <= 255 && !strchr(file, '/') && file[0] != '.');
        from_file = image_name_from_file(file, ".oci");
        PROMISE(streq(from_file, name));
}

static void try_file(const char *s)
{
        _cleanup_free_ char *name = image_name_from_file(s, ".oci"), *file = NULL;
        _cleanup_free_ char *digest = digest_from_file_name(s), *digest_file = NULL;

        if (name) {
                file = image_file_name(name, ".oci");
                PROMISE(streq(file, s));
        }
        if (digest) {
                digest_file = digest_file_name(digest);
                PROMISE(streq(digest_file, s));
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        _cleanup_free_ char *s = strndup((const char *)data, n);

        PROMISE(s);
        try_name(s);
        try_file(s);
        return 0;
}
