/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* import: the caller opens the file, so that it may be any that the caller can read. */
#include "base/text.h"
#include "ctl/job.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

#include <fcntl.h>
#include <string.h>

typedef struct Import {
        const char *name, *type;
        int fd;
        off_t start; /* where reading begins; -1: it cannot begin again */
} Import;

static int append_import(const Ctl *c, sd_bus_message *m, const char *token, void *userdata,
                         Fault *reterr)
{
        const Import *import = userdata;
        int r = sd_bus_message_append(m, "hs", import->fd, import->name ?: "");

        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0)
                r = client_append_option_string(m, "Token", token);
        if (r >= 0 && import->type)
                r = client_append_option_string(m, "Type", import->type);
        if (r >= 0 && args_has(&c->args, "force"))
                r = client_append_option_bool(m, "Force", true);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static bool rewind_source(void *userdata)
{
        Import *import = userdata;

        return import->start >= 0 && lseek(import->fd, import->start, SEEK_SET) == import->start;
}

/* What importctl's spellings say. */
static const char *type_of(const Ctl *c)
{
        static const struct {
                const char *called, *type;
        } types[] = {{"import-tar", "tar"}, {"import-raw", "disk"}, {"import-fs", "directory"}};

        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if (streq(c->called, types[i].called))
                        return types[i].type;
        return args_value(&c->args, "type");
}

static int check_type(const Ctl *c, const char *type)
{
        static const char *const types[] = {"auto", "oci", "docker", "tar", "directory", "disk"};

        for (size_t i = 0; type && i < ELEMENTSOF(types); i++)
                if (streq(type, types[i]))
                        return EXIT_OK;
        return type ? report_usage(c->verb,
                                   "--type wants auto, oci, docker, tar, directory or disk, not "
                                   "'%s'",
                                   type)
                    : EXIT_OK;
}

/* "-", or no word at all, is standard input. */
static int open_source(const Ctl *c, const char *path, int *ret)
{
        int fd = STDIN_FILENO;

        if (!path && isatty(STDIN_FILENO))
                return report_usage(c->verb, "too few words: lodgectl import %s",
                                    c->verb->synopsis);
        if (path && !streq(path, "-"))
                fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        else if (isatty(STDIN_FILENO))
                return report_usage(c->verb, "standard input is a terminal, and no archive");
        if (fd < 0) {
                int error = errno;

                report_error("cannot import '%s': %s", path, strerror(error));
                return error == ENOENT ? EXIT_NOT_FOUND : EXIT_FAILED;
        }
        *ret = fd;
        return EXIT_OK;
}

int verb_import(Ctl *c)
{
        const char *input = args_value(&c->args, "input"), *type = type_of(c);
        const char *path = input ?: c->args.words[0];
        size_t used = input ? 0 : MIN2(c->args.n_words, 1U);
        _cleanup_json_ json_t *job = NULL;
        Import import = {.name = c->args.words[used], .type = type, .fd = -EBADF};
        int status = check_type(c, type);

        if (status == EXIT_OK && input && c->args.n_words > 1)
                status = report_usage(c->verb, "the file is given twice");
        if (status == EXIT_OK)
                status = open_source(c, path, &import.fd);
        if (status != EXIT_OK)
                return status;
        import.start = lseek(import.fd, 0, SEEK_CUR);
        const JobRequest request = {.object = path ?: "-",
                                    .method = "ImportImage",
                                    .append = append_import,
                                    .rewind = rewind_source,
                                    .userdata = &import,
                                    .may_detach = true};
        status = job_run(c, &request, &job);
        if (import.fd != STDIN_FILENO)
                (void)close(import.fd);
        job_print_result(c, job);
        return status;
}
