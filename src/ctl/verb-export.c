/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* export: the caller opens the file. It has its name only once it is whole. */
#include "base/text.h"
#include "ctl/job.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

typedef struct Export {
        const char *image, *format, *compression;
        int fd;
        char temporary[PATH_MAX]; /* renamed to the file's name in the end; "": written as it is */
} Export;

static int append_export(const Ctl *c, sd_bus_message *m, const char *token, void *userdata,
                         Fault *reterr)
{
        const Export *e = userdata;

        const char *const pairs[] = {"Token",       token,          "Format", e->format,
                                     "Compression", e->compression, NULL};
        int r = sd_bus_message_append(m, "sh", e->image, e->fd);

        return r < 0 ? r : client_append_options(m, pairs);
}

static bool rewind_output(void *userdata)
{
        const Export *e = userdata;

        return *e->temporary && ftruncate(e->fd, 0) >= 0 && lseek(e->fd, 0, SEEK_SET) == 0;
}

static bool ends_with(const char *s, const char *end)
{
        size_t n = strlen(s), m = strlen(end);

        return n > m && streq(s + n - m, end);
}

/* As tar's -a takes it from the name. */
static const char *compression_of(const Ctl *c, const char *path)
{
        static const struct {
                const char *end, *compression;
        } ends[] = {{".gz", "gzip"}, {".tgz", "gzip"}, {".zst", "zstd"}, {".zstd", "zstd"}};
        const char *given = args_value(&c->args, "compression");

        for (size_t i = 0; !given && path && i < ELEMENTSOF(ends); i++)
                if (ends_with(path, ends[i].end))
                        return ends[i].compression;
        return given;
}

static const char *format_of(const Ctl *c, const char *path)
{
        const char *given = args_value(&c->args, "format");

        if (streq(c->called, "export-tar"))
                return "tar";
        if (streq(c->called, "export-raw"))
                return "raw";
        return !given && path && ends_with(path, ".raw") ? "raw" : given;
}

static int check_words(const Ctl *c, const Export *e)
{
        static const char *const formats[] = {"oci", "docker", "tar", "raw"};
        static const char *const compressions[] = {"none", "gzip", "zstd"};
        bool known = !e->format, compressed = !e->compression;

        for (size_t i = 0; i < ELEMENTSOF(formats); i++)
                known = known || streq(e->format, formats[i]);
        for (size_t i = 0; i < ELEMENTSOF(compressions); i++)
                compressed = compressed || streq(e->compression, compressions[i]);
        if (!known)
                return report_usage(c->verb, "--format wants oci, docker, tar or raw, not '%s'",
                                    e->format);
        if (!compressed)
                return report_usage(c->verb, "--compression wants none, gzip or zstd, not '%s'",
                                    e->compression);
        return EXIT_OK;
}

/* A file that is there keeps its content until the new one is whole; a device is written to. */
static int open_output(Export *e, const char *path)
{
        struct stat st;

        if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
                e->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
                return e->fd < 0 ? -errno : 0;
        }
        if ((size_t)snprintf(e->temporary, sizeof(e->temporary), "%s.XXXXXX", path) >=
            sizeof(e->temporary)) {
                e->temporary[0] = '\0';
                return -ENAMETOOLONG;
        }
        e->fd = mkostemp(e->temporary, O_CLOEXEC);
        if (e->fd < 0) {
                int r = -errno;

                e->temporary[0] = '\0';
                return r;
        }
        mode_t mask = umask(0);
        (void)umask(mask);
        return fchmod(e->fd, 0666 & ~mask) < 0 ? -errno : 0;
}

static int open_target(const Ctl *c, Export *e, const char *path)
{
        if (!path || streq(path, "-")) {
                e->fd = STDOUT_FILENO;
        } else {
                int r = open_output(e, path);

                if (r < 0) {
                        report_error("cannot write to '%s': %s", path, strerror(-r));
                        return EXIT_FAILED;
                }
        }
        if (isatty(e->fd))
                return report_usage(c->verb, "an archive is not written to a terminal; name a "
                                             "file: lodgectl export IMAGE FILE");
        return EXIT_OK;
}

static int put_in_place(const Export *e, const char *path, int status)
{
        if (!*e->temporary)
                return status;
        if (status == EXIT_OK && rename(e->temporary, path) >= 0)
                return EXIT_OK;
        if (status == EXIT_OK) {
                report_error("cannot write to '%s': %s", path, strerror(errno));
                status = EXIT_FAILED;
        }
        (void)unlink(e->temporary);
        return status;
}

int verb_export(Ctl *c)
{
        const char *path = c->args.words[1];
        Export e = {.image = c->args.words[0],
                    .format = format_of(c, path),
                    .compression = compression_of(c, path),
                    .fd = -EBADF};
        _cleanup_json_ json_t *job = NULL;
        const JobRequest request = {.object = e.image,
                                    .method = "ExportImage",
                                    .append = append_export,
                                    .rewind = rewind_output,
                                    .userdata = &e};
        int status = check_words(c, &e);

        if (status == EXIT_OK)
                status = open_target(c, &e, path);
        if (status == EXIT_OK)
                status = job_run(c, &request, &job);
        status = put_in_place(&e, path, status);
        if (e.fd > STDERR_FILENO)
                (void)close(e.fd);
        const char *message = json_string_value(json_object_get(job, "ResultMessage"));
        if (message && *message)
                report_note(c, "%s", message);
        return status;
}
