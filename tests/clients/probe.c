/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a guest can see and do, tried from inside it. Static: runs in a tree without libraries.
 *
 *   probe call NAME...    one line "NAME ERRNO" for each system call of probe-calls.c; without a
 * name, for all probe watch SECONDS   the distinct targets of exe, cwd, root and fd/N of all other
 * processes seen in this time probe notify TEXT...  send each text to $NOTIFY_SOCKET probe swap A B
 * exchange two names over and over probe deaf            ignore every signal that can be ignored,
 * for ever probe late MS         install a handler for SIGTERM after MS milliseconds; exit with 7
 * when it comes
 *   probe listen FILE tcp|tcp6|udp PORT   once FILE is there: on loopback, for ever */
#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define SEEN_MAX 512

static int die(const char *what)
{
        perror(what);
        return EXIT_FAILURE;
}

/* ---- call ---- */

static int call_one(const char *name)
{
        int r = probe_call(name);

        if (r < 0) {
                (void)fprintf(stderr, "probe: no call '%s' is known; these are:\n", name);
                probe_print_calls();
                return EXIT_FAILURE;
        }
        (void)printf("%s %s\n", name, r == 0 ? "ok" : strerrorname_np(r));
        return 0;
}

static int verb_call(int argc, char **argv)
{
        int r = 0;

        if (argc == 0)
                probe_print_calls();
        for (int i = 0; i < argc; i++)
                r |= call_one(argv[i]);
        return r;
}

/* ---- watch ---- */

static char *seen[SEEN_MAX];
static size_t n_seen;

static void see(const char *line)
{
        for (size_t i = 0; i < n_seen; i++)
                if (strcmp(seen[i], line) == 0)
                        return;
        if (n_seen == SEEN_MAX)
                return;
        seen[n_seen++] = strdup(line);
        (void)puts(line);
        (void)fflush(stdout);
}

static void look_at(const char *pid, const char *name)
{
        char path[320], target[256], line[600];
        bool writable = false;
        struct stat st;

        (void)snprintf(path, sizeof(path), "/proc/%s/%s", pid, name);
        ssize_t n = readlink(path, target, sizeof(target) - 1);
        if (n < 0)
                return;
        target[n] = '\0';
        if (strcmp(name, "exe") == 0) {
                int fd = open(path, O_WRONLY | O_CLOEXEC);

                writable = fd >= 0;
                if (fd >= 0)
                        (void)close(fd);
        }
        /* a number in the target, as of a pipe, is not what differs */
        target[strcspn(target, "[")] = '\0';
        (void)snprintf(line, sizeof(line), "%s %s%s%s", strncmp(name, "fd/", 3) == 0 ? "fd" : name,
                       target, stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? " directory" : "",
                       writable ? " WRITABLE" : "");
        see(line);
}

static void look_at_process(const char *pid)
{
        static const char *const names[] = {"exe", "cwd", "root"};
        char path[64];

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                look_at(pid, names[i]);
        (void)snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
        DIR *d = opendir(path);
        for (struct dirent *e; d && (e = readdir(d));) {
                if (e->d_name[0] == '.')
                        continue;
                (void)snprintf(path, sizeof(path), "fd/%.20s", e->d_name);
                look_at(pid, path);
        }
        if (d)
                (void)closedir(d);
}

static int verb_watch(int argc, char **argv)
{
        time_t end = time(NULL) + (argc > 0 ? atoi(argv[0]) : 1);

        while (time(NULL) < end) {
                DIR *d = opendir("/proc");

                if (!d)
                        return die("/proc");
                for (struct dirent *e; (e = readdir(d));)
                        if (e->d_name[0] >= '1' && e->d_name[0] <= '9' &&
                            atoi(e->d_name) != getpid())
                                look_at_process(e->d_name);
                (void)closedir(d);
        }
        return 0;
}

/* ---- the rest ---- */

static int notify(const char *text)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        const char *path = getenv("NOTIFY_SOCKET") ?: "/run/host/notify";
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), r = 0;

        (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        if (fd < 0 ||
            sendto(fd, text, strlen(text), 0, (struct sockaddr *)&address, sizeof(address)) < 0)
                r = die(path);
        if (fd >= 0)
                (void)close(fd);
        return r;
}

static int verb_notify(int argc, char **argv)
{
        int r = 0;

        for (int i = 0; i < argc && r == 0; i++)
                r = notify(argv[i]);
        return r;
}

static void exit_7(int sig)
{
        _exit(7);
}

static int verb_talk(int argc, char **argv)
{
        int n = argc > 0 ? atoi(argv[0]) : 1;
        char text[64];

        (void)signal(SIGTERM, exit_7);
        (void)usleep(500000);
        if (notify("READY=1") != 0)
                return EXIT_FAILURE;
        for (int i = 0; i < n; i++) {
                (void)snprintf(text, sizeof(text), "STATUS=step %d", i);
                (void)notify(text);
                (void)usleep(1000);
        }
        (void)notify("STATUS=\033[31mlast words");
        for (;;)
                (void)pause();
}

static int verb_swap(int argc, char **argv)
{
        if (argc != 2)
                return EXIT_FAILURE;
        for (;;)
                if (renameat2(AT_FDCWD, argv[0], AT_FDCWD, argv[1], RENAME_EXCHANGE) < 0 &&
                    errno != ENOENT)
                        return die(argv[0]);
}

_Noreturn static void verb_deaf(void)
{
        for (int sig = 1; sig < NSIG; sig++)
                (void)signal(sig, SIG_IGN);
        for (;;)
                (void)pause();
}

_Noreturn static void verb_late(int argc, char **argv)
{
        struct timespec delay = {0};
        long ms = argc > 0 ? atol(argv[0]) : 0;

        delay.tv_sec = ms / 1000;
        delay.tv_nsec = ms % 1000 * 1000000;
        (void)nanosleep(&delay, NULL);
        (void)signal(SIGTERM, exit_7);
        for (;;)
                (void)pause();
}

static int verb_listen(int argc, char **argv)
{
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
        const struct timespec delay = {.tv_nsec = 20000000};

        if (argc != 3)
                return EXIT_FAILURE;
        bool udp = strcmp(argv[1], "udp") == 0, is_6 = strcmp(argv[1], "tcp6") == 0;
        in.sin_port = in6.sin6_port = htons((uint16_t)atoi(argv[2]));
        while (access(argv[0], F_OK) < 0)
                (void)nanosleep(&delay, NULL);
        int fd = socket(is_6 ? AF_INET6 : AF_INET, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC,
                        0);
        if (fd < 0 ||
            bind(fd, is_6 ? (struct sockaddr *)&in6 : (struct sockaddr *)&in,
                 is_6 ? sizeof(in6) : sizeof(in)) < 0 ||
            (!udp && listen(fd, 1) < 0))
                return die(argv[1]);
        for (;;)
                (void)pause();
}

int main(int argc, char **argv)
{
        const char *verb = argc > 1 ? argv[1] : "";

        argc -= 2;
        argv += 2;
        if (strcmp(verb, "call") == 0)
                return verb_call(argc, argv);
        if (strcmp(verb, "watch") == 0)
                return verb_watch(argc, argv);
        if (strcmp(verb, "notify") == 0)
                return verb_notify(argc, argv);
        if (strcmp(verb, "talk") == 0)
                return verb_talk(argc, argv);
        if (strcmp(verb, "swap") == 0)
                return verb_swap(argc, argv);
        if (strcmp(verb, "deaf") == 0)
                verb_deaf();
        if (strcmp(verb, "late") == 0)
                verb_late(argc, argv);
        if (strcmp(verb, "listen") == 0)
                return verb_listen(argc, argv);
        (void)fputs("usage: probe call|watch|notify|talk|swap|deaf|late|listen ARG...\n", stderr);
        return 2;
}
