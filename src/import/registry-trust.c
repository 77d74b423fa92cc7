/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificates for a host, from where docker and podman look for them, too. */
#include "base/io.h"
#include "base/text.h"
#include "import/registry-internal.h"

#include <fcntl.h>
#include <string.h>

#define CERTIFICATE_MAX (1U << 20)
#define FILES_MAX       64

static const char *const trust_folders[] = {"/etc/containers/certs.d", "/etc/docker/certs.d"};
/* What OpenSSL of the known distributions trusts by itself. */
static const char *const system_bundles[] = {"/etc/ssl/certs/ca-certificates.crt",
                                             "/etc/pki/tls/certs/ca-bundle.crt"};

static bool has_suffix(const char *s, const char *suffix)
{
        size_t n = strlen(s), k = strlen(suffix);

        return n > k && streq(s + n - k, suffix);
}

static int append_file(char **text, int dirfd, const char *name)
{
        _cleanup_free_ char *pem = NULL;
        char *longer = NULL;

        if (read_file_at(dirfd, name, CERTIFICATE_MAX, &pem, NULL) < 0)
                return 0; /* what cannot be read is not trusted */
        if (asprintf(&longer, "%s%s\n", *text ?: "", pem) < 0)
                return -ENOMEM;
        free(*text);
        *text = longer;
        return 0;
}

/* HOST.cert is ours, with its key in HOST.key beside it; the first one counts. */
static int take_pair(HttpTls *t, int dirfd, const char *name)
{
        _cleanup_free_ char *key_name = strdup(name), *certificate = NULL, *key = NULL;

        if (!key_name)
                return -ENOMEM;
        memcpy(key_name + strlen(key_name) - strlen(".cert"), ".key", sizeof(".key"));
        if (t->certificate || read_file_at(dirfd, name, CERTIFICATE_MAX, &certificate, NULL) < 0 ||
            read_file_at(dirfd, key_name, CERTIFICATE_MAX, &key, NULL) < 0)
                return 0;
        t->certificate = TAKE_PTR(certificate);
        t->key = TAKE_PTR(key);
        return 0;
}

static int read_folder(HttpTls *t, const char *folder, const char *host)
{
        _cleanup_free_ char *path = NULL;
        _cleanup_closedir_ DIR *d = NULL;
        int r = 0;

        if (asprintf(&path, "%s/%s", folder, host) < 0)
                return -ENOMEM;
        d = opendir(path);
        if (!d)
                return 0;
        for (unsigned n = 0; r >= 0 && n < FILES_MAX; n++) {
                const struct dirent *entry = readdir(d);

                if (!entry)
                        break;
                if (has_suffix(entry->d_name, ".crt"))
                        r = append_file(&t->ca, dirfd(d), entry->d_name);
                else if (has_suffix(entry->d_name, ".cert"))
                        r = take_pair(t, dirfd(d), entry->d_name);
        }
        return r;
}

int registry_trust(const char *host, bool insecure, HttpTls *ret)
{
        _cleanup_http_tls_ HttpTls t = {.insecure = insecure};
        int r = 0;

        /* the host comes from a URL: no slash, but it might be ".." */
        for (size_t i = 0; r >= 0 && host[0] != '.' && i < ELEMENTSOF(trust_folders); i++)
                r = read_folder(&t, trust_folders[i], host);
        /* what is given replaces libcurl's bundle, so it goes along */
        for (size_t i = 0; r >= 0 && t.ca && i < ELEMENTSOF(system_bundles); i++)
                r = append_file(&t.ca, AT_FDCWD, system_bundles[i]);
        if (r < 0)
                return r;
        *ret = t;
        t = (HttpTls){0};
        return 0;
}
