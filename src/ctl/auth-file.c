/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/auth-file.h"

#include "base/text.h"

#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define AUTH_FILE_MAX (1U << 20)

/* An entry is named by the registry, or by a part of its paths; docker writes an address. */
static bool is_for(const char *key, const char *domain)
{
        const char *scheme = strstr(key, "://");
        size_t n;

        key = scheme ? scheme + 3 : key;
        n = strcspn(key, "/");
        if (streq(domain, "docker.io") && n == 15 && strncmp(key, "index.docker.io", n) == 0)
                return true;
        return strlen(domain) == n && strncmp(key, domain, n) == 0;
}

static bool has_entry(int fd, const char *domain)
{
        struct stat st;
        bool found = false;
        json_t *file, *value;
        const char *key;

        if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > AUTH_FILE_MAX)
                return false;
        file = json_loadfd(fd, 0, NULL);
        json_object_foreach(json_object_get(file, "auths"), key, value) found =
                found || is_for(key, domain);
        json_decref(file);
        return lseek(fd, 0, SEEK_SET) == 0 && found;
}

static int open_in(const char *folder, const char *rest, const char *domain)
{
        char path[PATH_MAX];

        if (!folder || *folder != '/' ||
            (size_t)snprintf(path, sizeof(path), "%s/%s", folder, rest) >= sizeof(path))
                return -ENOENT;
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        return fd >= 0 && has_entry(fd, domain) ? TAKE_FD(fd) : -ENOENT;
}

static int search(const char *domain)
{
        const char *home = getenv("HOME"), *docker = getenv("DOCKER_CONFIG");
        const char *runtime = getenv("XDG_RUNTIME_DIR"), *config = getenv("XDG_CONFIG_HOME");
        char run[32];
        int fd;

        (void)snprintf(run, sizeof(run), "/run/containers/%u", geteuid());
        fd = runtime && *runtime ? open_in(runtime, "containers/auth.json", domain)
                                 : open_in(run, "auth.json", domain);
        if (fd < 0)
                fd = config && *config ? open_in(config, "containers/auth.json", domain)
                                       : open_in(home, ".config/containers/auth.json", domain);
        if (fd < 0)
                fd = docker && *docker ? open_in(docker, "config.json", domain)
                                       : open_in(home, ".docker/config.json", domain);
        return fd;
}

int auth_file_open(const char *path, const char *domain, Fault *reterr)
{
        const char *chosen = path ?: getenv("REGISTRY_AUTH_FILE");

        if (!chosen || !*chosen)
                return search(domain);
        int fd = open(chosen, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        return fd < 0 ? fault_set(reterr, FAULT_INVALID_OPTION, errno, "the file %s: %s", chosen,
                                  strerror(errno))
                      : fd;
}
