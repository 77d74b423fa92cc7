/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Configurations of images, and those that commit makes of them. */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "image/oci-config.h"
#include "image/oci-write.h"

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void check(const OciConfig *c)
{
        PROMISE(c->diff_ids && *c->diff_ids);
        STRV_FOREACH (id, c->diff_ids)
                PROMISE(oci_digest_is_valid(*id));
        STRV_FOREACH (label, c->labels)
                PROMISE(strchr(*label, '='));
        PROMISE(!c->platform.os || streq(c->platform.os, "linux"));
}

static void try_amend(const char *text, size_t n, const OciConfig *before)
{
        char *const environment[] = {(char *)"PATH=/x", (char *)"A=b", NULL};
        OciChange change = {.diff_id = DIGEST,
                            .created_usec = 1,
                            .author = "a",
                            .environment = (char **)environment,
                            .user = "u"};
        _cleanup_oci_config_ OciConfig after = {0};
        _cleanup_free_ char *amended = NULL;

        PROMISE(oci_config_amend(text, n, &change, &amended, NULL) >= 0);
        if (oci_config_parse(amended, strlen(amended), &after, NULL) < 0)
                return; /* now it may be longer than the limit */
        PROMISE(strv_length(after.diff_ids) == strv_length(before->diff_ids) + 1);
        PROMISE(streq(after.user, "u"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        _cleanup_free_ char *text = fuzz_copy(data, n), *line = strndup((const char *)data, n);
        _cleanup_oci_config_ OciConfig c = {0};
        _cleanup_fault_ Fault fault = {0};
        uint64_t usec;

        PROMISE(line);
        (void)oci_time_parse(line, &usec);
        if (oci_config_parse(text, n, &c, &fault) < 0) {
                PROMISE(!fault.message || !strpbrk(fault.message, "\n\x1b"));
                return 0;
        }
        check(&c);
        try_amend(text, n, &c);
        return 0;
}
