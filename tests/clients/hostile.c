/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a guest may do to its host, as its PID 1 or below it. Static: runs in a tree without
 * libraries. Ends with 0 at SIGTERM, except where it says otherwise.
 *
 *   hostile talk            send to $NOTIFY_SOCKET without end: texts that are huge, that no
 * terminal should see, with descriptors; now and then something sensible hostile talk-child the
 * same, but from a child: it must not be heard hostile print           write to stdout and stderr
 * without end hostile cgroups N       make N cgroups, 100 in each of a row, then a chain of 300;
 * wait hostile fork N          have N children that ignore all they can; wait hostile freeze freeze
 * the cgroup that PID 1 has moved itself to hostile catch           stop and trace every other
 * process that comes up; the children of others that it has stopped stay so */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CGROUPS "/sys/fs/cgroup"

static void on_term(int sig)
{
        _exit(0);
}

static int die(const char *what)
{
        perror(what);
        return EXIT_FAILURE;
}

static int wait_for_ever(void)
{
        while (pause() < 0)
                ;
        return 0;
}

/* ---- talk ---- */

static int notify_connect(void)
{
        const char *path = getenv("NOTIFY_SOCKET");
        struct sockaddr_un sa = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        if (!path || fd < 0)
                return -1;
        (void)snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
        return connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ? -1 : fd;
}

static void send_with_descriptors(int fd, const char *text, size_t n)
{
        int fds[64];
        union {
                struct cmsghdr header;
                char bytes[CMSG_SPACE(sizeof(fds))];
        } control = {.header = {.cmsg_level = SOL_SOCKET,
                                .cmsg_type = SCM_RIGHTS,
                                .cmsg_len = CMSG_LEN(sizeof(fds))}};
        struct iovec iov = {.iov_base = (void *)text, .iov_len = n};
        struct msghdr m = {.msg_iov = &iov,
                           .msg_iovlen = 1,
                           .msg_control = &control,
                           .msg_controllen = sizeof(control)};

        for (size_t i = 0; i < 64; i++)
                fds[i] = fd;
        memcpy(CMSG_DATA(&control.header), fds, sizeof(fds));
        (void)sendmsg(fd, &m, 0);
}

static int talk(void)
{
        static char huge[100000];
        int fd = notify_connect();

        if (fd < 0)
                return die("$NOTIFY_SOCKET");
        memset(huge, 'x', sizeof(huge));
        memcpy(huge, "STATUS=", 7);
        for (unsigned long i = 0;; i++) {
                char text[256];
                int n = snprintf(text, sizeof(text),
                                 "READY=1\nMAINPID=1\nSTATUS=%lu \033]0;owned\007\033[2J\302\233"
                                 "31m\342\200\256\357\277\276\364\217\277\277\377\r\b",
                                 i);

                (void)send(fd, text, (size_t)n, 0);
                if (i % 16 == 0)
                        send_with_descriptors(fd, text, (size_t)n);
                (void)send(fd, huge, i % sizeof(huge), 0);
        }
}

static int talk_child(void)
{
        if (fork() == 0)
                return talk();
        return wait_for_ever();
}

/* ---- print ---- */

static int print(void)
{
        static const char *const texts[] = {
                "<0>an emergency\n",
                "\033[2J\033]0;owned\007\302\23331m\342\200\256text\r\b\n",
                "\033]no end of this ",
                "\0\377\376\357\277\276\n",
                "a long line that goes on ",
                "\n\n\n",
        };
        static const size_t n_texts = sizeof(texts) / sizeof(texts[0]);

        for (size_t i = 0;; i++)
                if (write(1 + (i / 7) % 2, texts[i % n_texts], strlen(texts[i % n_texts]) + 1) <
                            0 &&
                    errno != EAGAIN)
                        return die("write");
}

/* ---- cgroups and processes ---- */

/* A chain with a path longer than PATH_MAX, as far as we are let. */
static int make_chain(void)
{
        char name[201];
        int depth = 0;

        memset(name, 'd', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        if (chdir(CGROUPS) < 0)
                return die(CGROUPS);
        while (depth < 1000 && mkdir(name, 0755) == 0 && chdir(name) == 0)
                depth++;
        (void)printf("depth %d\n", depth);
        return 0;
}

static int make_cgroups(unsigned long n)
{
        char path[64];

        for (unsigned long i = 0; i < n; i++) {
                (void)snprintf(path, sizeof(path), CGROUPS "/%lu", i / 100);
                if (mkdir(path, 0755) < 0 && errno != EEXIST)
                        return die(path);
                (void)snprintf(path, sizeof(path), CGROUPS "/%lu/%lu", i / 100, i);
                if (mkdir(path, 0755) < 0)
                        return die(path);
        }
        if (make_chain() != 0)
                return EXIT_FAILURE;
        (void)puts("made");
        (void)fflush(stdout);
        return wait_for_ever();
}

static int fork_many(unsigned long n)
{
        for (unsigned long i = 0; i < n; i++) {
                pid_t pid = fork();

                if (pid == 0) {
                        for (int sig = 1; sig < 65; sig++)
                                (void)signal(sig, SIG_IGN);
                        return wait_for_ever();
                }
                if (pid < 0)
                        break; /* the limit of the unit */
        }
        (void)puts("made");
        (void)fflush(stdout);
        return wait_for_ever();
}

static int write_file(const char *path, const char *text)
{
        int fd = open(path, O_WRONLY | O_CLOEXEC);

        return fd < 0 || write(fd, text, strlen(text)) < 0 ? die(path) : 0;
}

static int freeze(void)
{
        /* where the supervisor puts the programs that it is asked to start */
        if (mkdir(CGROUPS "/exec", 0755) < 0 || mkdir(CGROUPS "/cold", 0755) < 0)
                return die(CGROUPS);
        if (write_file(CGROUPS "/exec/cgroup.freeze", "1") != 0)
                return EXIT_FAILURE;
        if (write_file(CGROUPS "/cold/cgroup.procs", "1") != 0)
                return EXIT_FAILURE;
        return write_file(CGROUPS "/cold/cgroup.freeze", "1") == 0 ? wait_for_ever() : EXIT_FAILURE;
}

/* ---- catch ---- */

static int catch (void)
{
        for (pid_t pid = 2; pid > 0; pid = pid > 32768 ? 2 : pid + 1) {
                if (kill(pid, 0) < 0 || pid == getpid())
                        continue;
                (void)ptrace(PTRACE_SEIZE, pid, 0, 0);
                (void)kill(pid, SIGSTOP);
        }
        return 0;
}

int main(int argc, char **argv)
{
        const char *verb = argc > 1 ? argv[1] : "";
        unsigned long n = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;

        (void)signal(SIGTERM, on_term);
        (void)signal(SIGPIPE, SIG_IGN);
        if (strcmp(verb, "talk") == 0)
                return talk();
        if (strcmp(verb, "talk-child") == 0)
                return talk_child();
        if (strcmp(verb, "print") == 0)
                return print();
        if (strcmp(verb, "cgroups") == 0)
                return make_cgroups(n);
        if (strcmp(verb, "fork") == 0)
                return fork_many(n);
        if (strcmp(verb, "freeze") == 0)
                return freeze();
        if (strcmp(verb, "catch") == 0)
                return catch ();
        (void)fputs("usage: hostile VERB [N]; the verbs are told in the source\n", stderr);
        return 2;
}
