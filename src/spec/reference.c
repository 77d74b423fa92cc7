/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/reference.h"

#include "base/machine-name.h"
#include "base/text.h"

#include <string.h>

#define TAG_MAX       128
#define PORT_MAX      65535
#define FILE_NAME_MAX 247 /* NAME_MAX less a suffix */
#define SHOWN_MAX     220
#define DIGEST_PREFIX "sha256:"
#define DIGEST_DIGITS 64

/* In no locale: what is a letter must not depend on the caller's. */
static bool is_lower(char c)
{
        return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
        return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
        return is_digit(c) || (c >= 'a' && c <= 'f');
}

static int refuse(const char *text, const char *why, Fault *reterr)
{
        _cleanup_free_ char *shown = text_for_display(text, SHOWN_MAX);

        return fault_set(reterr, FAULT_INVALID_NAME, EINVAL,
                         "'%s' cannot be an image's reference: %s", shown ?: "", why);
}

/* ---- the parts ---- */

static bool port_is_valid(const char *s)
{
        uint64_t port;

        return parse_u64(s, PORT_MAX, &port) >= 0 && port > 0 && s[0] != '0';
}

/* "[::1]", with at least one ':' inside so that it cannot be a name. */
static const char *skip_address(const char *s)
{
        size_t n = strspn(s + 1, "0123456789abcdefABCDEF:.");

        return memchr(s + 1, ':', n) && s[1 + n] == ']' ? s + n + 2 : NULL;
}

/* Labels of letters, digits and inner '-', joined by single dots. */
static const char *skip_host(const char *s)
{
        const char *start = s;

        for (; is_alnum(*s) || *s == '-' || *s == '.'; s++) {
                if (is_alnum(*s))
                        continue;
                if (s == start || s[-1] == '.' || (*s == '.' && s[-1] == '-'))
                        return NULL;
        }
        return s > start && is_alnum(s[-1]) ? s : NULL;
}

static bool domain_is_valid(const char *s)
{
        const char *end = s[0] == '[' ? skip_address(s) : skip_host(s);

        return end && (*end == '\0' || (*end == ':' && port_is_valid(end + 1)));
}

/* Is the part before the first '/' a registry, or the beginning of a path? */
static bool names_registry(const char *s)
{
        return strpbrk(s, ".:") || streq(s, "localhost");
}

/* What may stand between two letters or digits of a path: '.', '_', '__', or any number of '-'. */
static const char *skip_separator(const char *s)
{
        if (*s == '.')
                return s + 1;
        if (*s == '_')
                return s + (s[1] == '_' ? 2 : 1);
        return s + strspn(s, "-");
}

static bool path_is_valid(const char *s)
{
        for (;;) {
                if (!is_lower(*s) && !is_digit(*s))
                        return false;
                while (is_lower(*s) || is_digit(*s))
                        s++;
                if (!*s)
                        return true;
                s = *s == '/' ? s + 1 : skip_separator(s);
        }
}

static bool tag_is_valid(const char *s)
{
        size_t n = 0;

        while (is_alnum(s[n]) || s[n] == '_' || (n > 0 && s[n] && strchr(".-", s[n])))
                n++;
        return !s[n] && n > 0 && n <= TAG_MAX;
}

bool digest_is_valid(const char *s)
{
        size_t n = 0;

        if (!s || strncmp(s, DIGEST_PREFIX, strlen(DIGEST_PREFIX)) != 0)
                return false;
        for (s += strlen(DIGEST_PREFIX); is_hex(s[n]); n++)
                ;
        return n == DIGEST_DIGITS && !s[n];
}

/* ---- references ---- */

void reference_done(Reference *r)
{
        free(r->domain);
        free(r->path);
        free(r->tag);
        free(r->digest);
        *r = (Reference){0};
}

bool reference_is_registry(const char *text)
{
        static const char local[] = "localhost";
        size_t n = strcspn(text, ":");
        bool is_local = n == strlen(local) && strncmp(text, local, n) == 0;

        return !strchr(text, '/') && (memchr(text, '.', n) || is_local) && domain_is_valid(text);
}

static int refuse_without_registry(const char *text, const char *path, Fault *reterr)
{
        _cleanup_free_ char *shown = text_for_display(text, SHOWN_MAX);

        if (reference_is_registry(text))
                return fault_set(reterr, FAULT_INVALID_NAME, EINVAL,
                                 "'%s' is a registry and names no image; write %s/NAME",
                                 shown ?: "", shown ?: "");
        return fault_set(reterr, FAULT_INVALID_NAME, EINVAL,
                         "'%s' names no registry; write docker.io/%s%s", shown ?: "",
                         strchr(path, '/') ? "" : "library/", shown ?: "");
}

/* Cut @text, a copy, in place; what is not there is NULL. */
static int split(const char *text, char *copy, char **ret_domain, char **ret_path, char **ret_tag,
                 Fault *reterr)
{
        char *slash = strchr(copy, '/'), *path = copy, *colon;

        if (slash) {
                *slash = '\0';
                if (names_registry(copy))
                        path = slash + 1;
                else
                        *slash = '/';
        }
        colon = strchr(path, ':');
        *ret_tag = colon ? colon + 1 : NULL;
        if (colon)
                *colon = '\0';
        *ret_domain = copy;
        *ret_path = path;
        if (strstr(text, "://"))
                return refuse(text, "it is written without the '://' and what is before it",
                              reterr);
        if (!path_is_valid(path))
                return refuse(text,
                              "behind the registry comes a path of lower case letters and digits, "
                              "with single '.', '_' or '-' inside its parts",
                              reterr);
        if (*ret_tag && !tag_is_valid(*ret_tag))
                return refuse(text,
                              "a tag has at most 128 letters, digits, '_', '.' and '-', and does "
                              "not begin with '.' or '-'",
                              reterr);
        if (path == copy)
                return refuse_without_registry(text, path, reterr);
        if (!domain_is_valid(copy))
                return refuse(text, "its registry is no host name, address or HOST:PORT", reterr);
        return 0;
}

static int fill(Reference *r, char *domain, const char *path, const char *tag, const char *digest)
{
        bool docker;

        for (char *c = domain; *c; c++)
                if (*c >= 'A' && *c <= 'Z')
                        *c = (char)(*c - 'A' + 'a');
        r->domain = strdup(streq(domain, "index.docker.io") ? "docker.io" : domain);
        if (!r->domain)
                return -ENOMEM;
        docker = streq(r->domain, "docker.io") && !strchr(path, '/');
        if (asprintf(&r->path, "%s%s", docker ? "library/" : "", path) < 0)
                r->path = NULL;
        if (!tag && !digest)
                tag = "latest";
        r->tag = tag ? strdup(tag) : NULL;
        r->digest = digest ? strdup(digest) : NULL;
        return r->path && (r->tag || !tag) && (r->digest || !digest) ? 0 : -ENOMEM;
}

static bool file_name_fits(const char *name)
{
        size_t n = 0;

        for (; *name; name++)
                n += is_alnum(*name) || strchr("_.-", *name) ? 1 : 3;
        return n <= FILE_NAME_MAX;
}

static int check_length(const char *text, const Reference *r, Fault *reterr)
{
        _cleanup_free_ char *whole = reference_format(r);

        if (!whole)
                return -ENOMEM;
        if (strlen(whole) > REFERENCE_MAX)
                return refuse(text, "it has more than 200 bytes", reterr);
        return file_name_fits(whole) ? 0 : refuse(text, "its path has too many parts", reterr);
}

int reference_parse(const char *text, Reference *ret, Fault *reterr)
{
        _cleanup_reference_ Reference r = {0};
        _cleanup_free_ char *copy = NULL;
        char *domain = NULL, *path = NULL, *tag = NULL, *digest;
        int q;

        if (strnlen(text, REFERENCE_MAX + 1) > REFERENCE_MAX)
                return refuse(text, "it has more than 200 bytes", reterr);
        copy = strdup(text);
        if (!copy)
                return -ENOMEM;
        digest = strchr(copy, '@');
        if (digest)
                *digest++ = '\0';
        if (digest && !digest_is_valid(digest))
                return refuse(text, "a digest is sha256: and 64 hexadecimal digits in lower case",
                              reterr);
        q = split(text, copy, &domain, &path, &tag, reterr);
        if (q >= 0)
                q = fill(&r, domain, path, tag, digest);
        if (q >= 0)
                q = check_length(text, &r, reterr);
        if (q < 0)
                return q;
        *ret = r;
        r = (Reference){0};
        return 0;
}

char *reference_format(const Reference *r)
{
        char *text;

        return asprintf(&text, "%s/%s%s%s%s%s", r->domain, r->path, r->tag ? ":" : "", r->tag ?: "",
                        r->digest ? "@" : "", r->digest ?: "") < 0
                       ? NULL
                       : text;
}

/* ---- names ---- */

bool image_name_is_reference(const char *name)
{
        return strpbrk(name, "/:@") != NULL;
}

int image_name_canonical(const char *text, char **ret, Fault *reterr)
{
        _cleanup_reference_ Reference r = {0};
        int q;

        if (!image_name_is_reference(text)) {
                q = image_name_check(text, reterr);
                if (q < 0)
                        return q;
                *ret = strdup(text);
                return *ret ? 0 : -ENOMEM;
        }
        q = reference_parse(text, &r, reterr);
        if (q < 0)
                return q;
        *ret = reference_format(&r);
        return *ret ? 0 : -ENOMEM;
}

bool image_name_is_canonical(const char *text)
{
        _cleanup_free_ char *name = NULL;

        return image_name_canonical(text, &name, NULL) >= 0 && streq(name, text);
}

char *image_file_name(const char *name, const char *suffix)
{
        static const char hex[] = "0123456789ABCDEF";
        size_t n_suffix = strlen(suffix) + 1;
        char *file = malloc(strlen(name) * 3 + n_suffix), *out = file;

        if (!file)
                return NULL;
        for (; *name; name++) {
                unsigned char c = (unsigned char)*name;

                if (is_alnum(*name) || strchr("_.-", *name)) {
                        *out++ = *name;
                        continue;
                }
                *out++ = '%';
                *out++ = hex[c >> 4];
                *out++ = hex[c & 15];
        }
        memcpy(out, suffix, n_suffix);
        return file;
}

static int hex_value(char c)
{
        if (is_digit(c))
                return c - '0';
        return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -EINVAL;
}

char *image_name_from_file(const char *file, const char *suffix)
{
        _cleanup_free_ char *name = NULL, *again = NULL;
        size_t n = strlen(file), n_suffix = strlen(suffix);
        char *out;

        if (n <= n_suffix || n > FILE_NAME_MAX + n_suffix || !streq(file + n - n_suffix, suffix))
                return NULL;
        name = out = strndup(file, n - n_suffix);
        if (!name)
                return NULL;
        for (const char *p = name; *p; p++) {
                int high = *p == '%' ? hex_value(p[1]) : 0, low = high < 0 ? high : 0;

                if (*p != '%') {
                        *out++ = *p;
                        continue;
                }
                if (high >= 0)
                        low = hex_value(p[2]);
                if (high < 0 || low < 0)
                        return NULL;
                *out++ = (char)(high << 4 | low);
                p += 2;
        }
        *out = '\0';
        if (!image_name_is_canonical(name))
                return NULL;
        again = image_file_name(name, suffix); /* one name, one file: "%41" is not "A" */
        return streq(again, file) ? TAKE_PTR(name) : NULL;
}

char *digest_file_name(const char *digest)
{
        char *file = digest_is_valid(digest) ? strdup(digest) : NULL;

        if (file)
                file[strlen(DIGEST_PREFIX) - 1] = '-';
        return file;
}

char *digest_from_file_name(const char *file)
{
        size_t at = strlen(DIGEST_PREFIX) - 1;
        _cleanup_free_ char *digest = NULL;

        if (strnlen(file, at + 1) <= at || file[at] != '-')
                return NULL;
        digest = strdup(file);
        if (!digest)
                return NULL;
        digest[at] = ':';
        return digest_is_valid(digest) ? TAKE_PTR(digest) : NULL;
}
