/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lodge-work: jobs on the store that take long, or read what strangers wrote; never on the bus.
 * sweep, run by lodged inside its own sandbox, deletes what was thrown away. job, the main process
 * of lodge-work@ID.service, looks into disk images and mounts them. */
#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "work/job.h"
#include "work/sweep.h"

#include <string.h>

static int usage(int status)
{
        (void)fputs(
                "lodge-work sweep\n"
                "lodge-work job ID\n\n"
                "sweep deletes what is in " LODGE_STORE_TRASH
                ", and images that were removed from " LODGE_MACHINED_IMAGES "; run by lodged.\n"
                "job does what lodged wants done with a disk image; run by " LODGE_WORK_UNIT_PREFIX
                "ID" LODGE_UNIT_SUFFIX ".\n\n"
                "  -h --help     show this text\n"
                "     --version  show the version\n",
                status ? stderr : stdout);
        return status;
}

static int run_sweep(void)
{
        int r = sweep(LODGE_STORE_TRASH);

        if (r < 0)
                (void)fprintf(stderr, "lodge-work: cannot delete everything in %s: %s\n",
                              LODGE_STORE_TRASH, strerror(-r));
        int q = sweep_prefix(LODGE_MACHINED_IMAGES, LODGE_FOREIGN_TRASH_PREFIX);
        if (q < 0)
                (void)fprintf(stderr, "lodge-work: cannot delete everything in %s: %s\n",
                              LODGE_MACHINED_IMAGES, strerror(-q));
        return r < 0 || q < 0;
}

static int run_job(const char *id)
{
        int r = job_run(id);

        if (r < 0)
                (void)fprintf(stderr, "lodge-work: no connection to lodged: %s\n", strerror(-r));
        return r < 0;
}

int main(int argc, char *argv[])
{
        if (argc == 2 && (streq(argv[1], "-h") || streq(argv[1], "--help")))
                return usage(0);
        if (argc == 2 && streq(argv[1], "--version")) {
                (void)puts("lodge " LODGE_VERSION);
                return 0;
        }
        if (argc == 2 && streq(argv[1], "sweep"))
                return run_sweep();
        if (argc == 3 && streq(argv[1], "job"))
                return run_job(argv[2]);
        return usage(2);
}
