/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* stamp: the payload of the measured containers. Notes the time as its first act and shows it as
 * its name, "s" and CLOCK_MONOTONIC in hexadecimal ns, which /proc/PID/comm shows outside whatever
 * the container's root is like. Then waits until it is asked to end. Static: nothing is loaded
 * before main(). */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static void on_term(int sig)
{
        _exit(0);
}

int main(void)
{
        struct timespec t;
        struct sigaction sa = {.sa_handler = on_term};
        char name[24];

        (void)clock_gettime(CLOCK_MONOTONIC, &t);
        (void)snprintf(name, sizeof(name), "s%" PRIx64,
                       (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec);
        (void)sigaction(SIGTERM, &sa, NULL);
        (void)prctl(PR_SET_NAME, name, 0, 0, 0);
        for (;;)
                (void)pause();
}
