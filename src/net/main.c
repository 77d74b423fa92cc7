/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lodge-net: the bridges and nftables rules of lodge's networks, as lodged says. */
#include "base/names.h"
#include "base/text.h"
#include "net/service.h"

#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

static int usage(int status)
{
        (void)fputs("lodge-net\n\n"
                    "Keeps the bridges and nftables rules of lodge's networks, as lodged says; run "
                    "by " LODGE_NET_UNIT ".\n\n"
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
        if (argc != 1)
                return usage(2);
        int r = service_run();
        if (r < 0)
                (void)fprintf(stderr, SD_ERR "lodge-net cannot work: %s\n", strerror(-r));
        return r < 0;
}
