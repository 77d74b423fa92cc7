/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lodge-work: jobs on the store that take long, or read what strangers wrote. Run by lodged inside
 * its own sandbox; never on the bus. So far: sweep, which deletes the writable layers that were
 * thrown away. */
#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "work/sweep.h"

#include <string.h>

static int usage(int status)
{
        (void)fputs("lodge-work sweep\n\n"
                    "Delete what is in " LODGE_STORE_TRASH ". Run by lodged.\n\n"
                    "  -h --help     show this text\n"
                    "     --version  show the version\n",
                    status ? stderr : stdout);
        return status;
}

int main(int argc, char *argv[])
{
        if (argc == 2 && (streq(argv[1], "-h") || streq(argv[1], "--help")))
                return usage(0);
        if (argc == 2 && streq(argv[1], "--version")) {
                (void)puts("lodge " LODGE_VERSION);
                return 0;
        }
        if (argc != 2 || !streq(argv[1], "sweep"))
                return usage(2);

        int r = sweep(LODGE_STORE_TRASH);
        if (r < 0)
                (void)fprintf(stderr, "lodge-work: cannot delete everything in %s: %s\n",
                              LODGE_STORE_TRASH, strerror(-r));
        return r < 0;
}
