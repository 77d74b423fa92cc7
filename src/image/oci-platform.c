/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/oci-platform.h"

#include "base/text.h"

#include <string.h>
#include <sys/utsname.h>

static const struct {
        const char *machine, *architecture, *variant;
} machines[] = {
        {"x86_64", "amd64", NULL},    {"aarch64", "arm64", "v8"},
        {"i686", "386", NULL},        {"i586", "386", NULL},
        {"i386", "386", NULL},        {"armv7l", "arm", "v7"},
        {"armv8l", "arm", "v7"},      {"armv6l", "arm", "v6"},
        {"ppc64le", "ppc64le", NULL}, {"s390x", "s390x", NULL},
        {"riscv64", "riscv64", NULL}, {"loongarch64", "loong64", NULL},
        {"mips64", "mips64le", NULL},
};

void oci_platform_done(OciPlatform *p)
{
        free(p->os);
        free(p->architecture);
        free(p->variant);
        *p = (OciPlatform){0};
}

static int set(OciPlatform *ret, const char *os, const char *architecture, const char *variant)
{
        _cleanup_oci_platform_ OciPlatform p = {
                .os = strdup(os),
                .architecture = strdup(architecture),
                .variant = variant ? strdup(variant) : NULL,
        };

        if (!p.os || !p.architecture || (variant && !p.variant))
                return -ENOMEM;
        *ret = p;
        memset(&p, 0, sizeof(p));
        return 0;
}

static int this_host(OciPlatform *ret)
{
        struct utsname name;

        (void)uname(&name); /* fails only for a bad address */
        for (size_t i = 0; i < ELEMENTSOF(machines); i++)
                if (streq(name.machine, machines[i].machine))
                        return set(ret, "linux", machines[i].architecture, machines[i].variant);
        return set(ret, "linux", name.machine, NULL);
}

static bool is_word(const char *s)
{
        static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789_.-";

        return *s && s[strspn(s, allowed)] == '\0';
}

int oci_platform_parse(const char *text, OciPlatform *ret, Fault *reterr)
{
        char copy[128], *words[3] = {0}, *rest = copy;
        size_t n = 0;
        bool sound;

        if (!text || !*text)
                return this_host(ret);
        sound = strlen(text) < sizeof(copy);
        (void)snprintf(copy, sizeof(copy), "%s", text);
        for (char *word; sound && (word = strsep(&rest, "/")); n++) {
                sound = n < ELEMENTSOF(words) && is_word(word);
                if (sound)
                        words[n] = word;
        }
        if (!sound || n < 2) {
                _cleanup_free_ char *shown = text_for_display(text, 64);

                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "'%s' is no platform; write OS/ARCHITECTURE[/VARIANT], such as "
                                 "linux/arm64",
                                 shown ?: "");
        }
        return set(ret, words[0], words[1], words[2]);
}

char *oci_platform_format(const OciPlatform *p)
{
        char *s;

        if (asprintf(&s, "%s/%s%s%s", p->os ?: "unknown", p->architecture ?: "unknown",
                     p->variant ? "/" : "", p->variant ?: "") < 0)
                return NULL;
        return s;
}

/* "v8" is 8; 0 for what is no such variant. */
static unsigned variant_number(const char *variant)
{
        uint64_t n;

        return variant && variant[0] == 'v' && parse_u64(variant + 1, 64, &n) >= 0 ? (unsigned)n
                                                                                   : 0;
}

/* The variant that is meant where none is written. */
static const char *usual_variant(const OciPlatform *p)
{
        if (p->variant)
                return p->variant;
        if (streq(p->architecture, "arm64"))
                return "v8";
        return streq(p->architecture, "arm") ? "v7" : NULL;
}

int oci_platform_match(const OciPlatform *has, const OciPlatform *wanted)
{
        if (!streq(has->os, wanted->os) || !streq(has->architecture, wanted->architecture))
                return 0;
        const char *a = usual_variant(has), *b = usual_variant(wanted);
        if (streq(a, b))
                return 1000;
        if (!a) /* made for every variant */
                return 500;

        unsigned x = variant_number(a), y = variant_number(b ?: "v1");
        return x > 0 && x <= y ? (int)x : 0;
}
