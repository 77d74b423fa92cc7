/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/auth-file.h"

#include "base/io.h"
#include "base/text.h"
#include "ctl/auth-helper.h"

#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define AUTH_FILE_MAX (1U << 20)

void auth_found_done(AuthFound *a)
{
        a->fd = close_fd(a->fd);
        if (a->password)
                explicit_bzero(a->password, strlen(a->password));
        free(a->password);
        free(a->user);
        a->user = a->password = NULL;
}

/* ---- what a file has ---- */

/* How many bytes of the image's name an entry is for; 0: not for it. It is named by the registry,
 * or by a part of its paths; docker writes an address, of which only the registry counts. */
static size_t match(const char *key, const Reference *image)
{
        const char *scheme = strstr(key, "://");
        const char *host = scheme ? scheme + 3 : key;
        size_t n_host = strcspn(host, "/"), n_domain = strlen(image->domain);
        bool is_hub = n_host == 15 && strncasecmp(host, "index.docker.io", n_host) == 0;

        if (!(is_hub && streq(image->domain, "docker.io")) &&
            (n_host != n_domain || strncasecmp(host, image->domain, n_host) != 0))
                return 0;
        const char *path = scheme ? "" : host + n_host + (host[n_host] == '/');
        size_t n = strlen(path);
        while (n > 0 && path[n - 1] == '/')
                n--;
        if (n == 0)
                return n_domain;
        if (strncmp(image->path, path, n) != 0 || !strchr("/", image->path[n]))
                return 0;
        return n_domain + 1 + n;
}

static const json_t *find_in(json_t *object, const Reference *image, const char **ret_key,
                             size_t *ret_length)
{
        const json_t *found = NULL;
        const char *key;
        json_t *value;

        *ret_length = 0;
        json_object_foreach(object, key, value)
        {
                size_t n = match(key, image);

                if (n <= *ret_length)
                        continue;
                *ret_length = n;
                *ret_key = key;
                found = value;
        }
        return found;
}

static bool has_login(const json_t *entry)
{
        static const char *const keys[] = {"auth", "identitytoken", "registrytoken"};

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                const json_t *value = json_object_get(entry, keys[i]);

                if (value && !(json_is_string(value) && json_string_length(value) == 0))
                        return true; /* that it is a good one is for others to find out */
        }
        return entry && !json_is_object(entry);
}

/* A file that says the same of an identity token. */
static int token_file(const Reference *image, const char *token, Fault *reterr)
{
        json_auto_t *file = json_pack("{s{s{ss}}}", "auths", image->domain, "identitytoken", token);
        char *text = json_dumps(file, JSON_COMPACT);
        int fd = text ? sealed_memfd("lodge-auth", text, strlen(text)) : -ENOMEM;

        if (text)
                explicit_bzero(text, strlen(text));
        free(text);
        return fd < 0 ? fault_set(reterr, FAULT_FAILED, fd, "cannot hand the login over: %s",
                                  strerror(-fd))
                      : fd;
}

static int ask_helper(const char *helper, const char *server, const Reference *image,
                      AuthFound *ret, Fault *reterr)
{
        int r = auth_helper_get(helper, server, &ret->user, &ret->password, reterr);

        if (r <= 0 || !streq(ret->user, "<token>"))
                return r;
        int fd = token_file(image, ret->password, reterr);
        auth_found_done(ret);
        ret->fd = fd;
        return fd < 0 ? fd : 1;
}

/* What look() has found. */
enum {
        HAS_NOTHING,
        HAS_LOGIN,
        HELPER_HAS_NONE,
        HELPER_HAS_LOGIN,
};

/* A login in the file comes first, then a helper of the registry, then the one for all that are
 * listed. */
static int look(json_t *file, const Reference *image, AuthFound *ret, Fault *reterr)
{
        const char *key = NULL, *server = NULL;
        size_t n_entry, n_helper;
        const json_t *entry = find_in(json_object_get(file, "auths"), image, &key, &n_entry);
        const json_t *helper =
                find_in(json_object_get(file, "credHelpers"), image, &server, &n_helper);

        if (has_login(entry))
                return HAS_LOGIN;
        if (!helper || n_helper < n_entry) {
                helper = entry ? json_object_get(file, "credsStore") : NULL;
                server = key;
        }
        if (json_string_length(helper) == 0)
                return HAS_NOTHING;
        int r = ask_helper(json_string_value(helper), server, image, ret, reterr);
        return r < 0 ? r : r > 0 ? HELPER_HAS_LOGIN : HELPER_HAS_NONE;
}

/* Takes @fd over. Return: as auth_file_find(). */
static int look_into(int fd, const Reference *image, bool chosen, AuthFound *ret, Fault *reterr)
{
        _cleanup_close_ int file_fd = fd;
        struct stat st;
        json_t *file = NULL;

        if (fstat(fd, &st) >= 0 && S_ISREG(st.st_mode) && st.st_size <= AUTH_FILE_MAX)
                file = json_loadfd(fd, 0, NULL);
        int r = file ? look(file, image, ret, reterr) : HAS_NOTHING;
        json_decref(file);
        if (r < 0 || r == HELPER_HAS_NONE || r == HELPER_HAS_LOGIN)
                return r < 0 ? r : r == HELPER_HAS_LOGIN;
        /* who uses it finds logins for mirrors in one that was asked for, and tells what is wrong
         * in it */
        if (r == HAS_NOTHING && !chosen)
                return 0;
        if (lseek(fd, 0, SEEK_SET) < 0 && errno != ESPIPE)
                return fault_set(reterr, FAULT_INVALID_OPTION, errno, "the file of logins: %s",
                                 strerror(errno));
        ret->fd = TAKE_FD(file_fd);
        return 1;
}

/* ---- where files are ---- */

static int look_in(const char *folder, const char *rest, const Reference *image, AuthFound *ret,
                   Fault *reterr)
{
        char path[PATH_MAX];

        if (!folder || *folder != '/' ||
            (size_t)snprintf(path, sizeof(path), "%s/%s", folder, rest) >= sizeof(path))
                return 0;
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        return fd < 0 ? 0 : look_into(fd, image, false, ret, reterr);
}

static int search(const Reference *image, AuthFound *ret, Fault *reterr)
{
        const char *home = getenv("HOME"), *docker = getenv("DOCKER_CONFIG");
        const char *runtime = getenv("XDG_RUNTIME_DIR"), *config = getenv("XDG_CONFIG_HOME");
        char run[32];

        (void)snprintf(run, sizeof(run), "/run/containers/%u", geteuid());
        int r = runtime && *runtime ? look_in(runtime, "containers/auth.json", image, ret, reterr)
                                    : look_in(run, "auth.json", image, ret, reterr);
        if (r == 0)
                r = config && *config
                            ? look_in(config, "containers/auth.json", image, ret, reterr)
                            : look_in(home, ".config/containers/auth.json", image, ret, reterr);
        if (r == 0)
                r = docker && *docker ? look_in(docker, "config.json", image, ret, reterr)
                                      : look_in(home, ".docker/config.json", image, ret, reterr);
        return r;
}

int auth_file_find(const char *path, const Reference *image, AuthFound *ret, Fault *reterr)
{
        const char *chosen = path ?: getenv("REGISTRY_AUTH_FILE");

        *ret = (AuthFound){.fd = -EBADF};
        if (!chosen || !*chosen)
                return search(image, ret, reterr);
        int fd = open(chosen, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        return fd < 0 ? fault_set(reterr, FAULT_INVALID_OPTION, errno, "the file %s: %s", chosen,
                                  strerror(errno))
                      : look_into(fd, image, true, ret, reterr);
}
