/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lodge-generator: run by systemd at boot and whenever it reads its units again. Whatever is wrong
 * with a definition, the host boots. */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/text.h"
#include "generator/generate.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WARNINGS_MAX 20  /* the kernel's log is short, and drops what comes too fast */
#define WARNING_SIZE 900 /* a record of the kernel's log takes 1024 bytes with its head */
#define KMSG_WARNING "<4>"
#define KMSG_PATH    "/dev/kmsg"
#define NAME         "lodge-generator"
#define EXIT_USAGE   2

typedef struct Log {
        int kmsg; /* systemd's generators have no journal yet, nor a standard error; -EBADF: a
                     person has */
        unsigned n;
} Log;

/* One record is one write(2). dprintf(3) asks for a position first, which this file has none of,
 * and then writes nothing. */
static void print_kmsg(int kmsg, const char *message)
{
        _cleanup_free_ char *record = NULL;

        if (asprintf(&record, KMSG_WARNING NAME "[%d]: %s\n", (int)getpid(), message) >= 0)
                (void)write_all(kmsg, record, strlen(record));
}

static void print(const Log *log, const char *message)
{
        _cleanup_free_ char *shown = text_for_display(message, WARNING_SIZE);

        if (log->kmsg >= 0)
                print_kmsg(log->kmsg, shown ?: "out of memory");
        else
                (void)fprintf(stderr, NAME ": %s\n", shown ?: "out of memory");
}

static void warn(void *userdata, const char *message)
{
        Log *log = userdata;

        if (log->n < WARNINGS_MAX)
                print(log, message);
        else if (log->n == WARNINGS_MAX)
                print(log, "more definitions are wrong: 'lodgectl list' has all that failed");
        log->n++;
}

static int open_directory(const char *path)
{
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

static int generate(const char *normal, const char *late, Log *log)
{
        _cleanup_close_ int out = open_directory(normal), least = open_directory(late);
        _cleanup_free_ char *text = NULL;
        int r = out < 0 ? out : generate_drop_ins("", out, warn, log);

        if (r >= 0)
                r = least < 0 ? least : generate_target(least);
        if (r < 0 &&
            asprintf(&text, "cannot write to %s: %s", out < 0 ? normal : late, strerror(-r)) >= 0)
                print(log, text);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int usage(int status)
{
        (void)fputs("lodge-generator NORMAL-DIR EARLY-DIR LATE-DIR\n\n"
                    "Writes drop-ins for the units of machines. Run by systemd; see "
                    "lodge-generator(8).\n\n"
                    "  -h --help     show this text\n"
                    "     --version  show the version\n",
                    status ? stderr : stdout);
        return status;
}

int main(int argc, char *argv[])
{
        Log log = {.kmsg = -EBADF};

        if (argc == 2 && (streq(argv[1], "-h") || streq(argv[1], "--help")))
                return usage(0);
        if (argc == 2 && streq(argv[1], "--version")) {
                (void)puts("lodge " LODGE_VERSION);
                return 0;
        }
        if (argc != 4)
                return usage(EXIT_USAGE);
        if (streq(getenv("SYSTEMD_IN_INITRD"), "1")) /* no machine is started from there */
                return 0;
        if (getenv("SYSTEMD_SCOPE"))
                log.kmsg = open(KMSG_PATH, O_WRONLY | O_NOCTTY | O_CLOEXEC);
        return generate(argv[1], argv[3], &log);
}
