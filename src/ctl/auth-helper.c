/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/auth-helper.h"

#include "base/io.h"
#include "base/text.h"

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define ANSWER_MAX (64U << 10)
#define SHOWN_MAX  160

extern char **environ;

/* One socket is its standard input and output. Blocked signals are not for the program: C-c ends
 * it. */
static int start(const char *program, int fd, pid_t *ret)
{
        char *argv[] = {(char *)program, (char *)"get", NULL};
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        sigset_t none;

        (void)sigemptyset(&none);
        int r = posix_spawn_file_actions_init(&actions);
        if (r != 0)
                return -r;
        r = posix_spawnattr_init(&attributes);
        if (r == 0) {
                r = posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
                r = r ?: posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
                r = r ?: posix_spawnattr_setsigmask(&attributes, &none);
                r = r ?: posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
                r = r ?: posix_spawnp(ret, program, &actions, &attributes, argv, environ);
                (void)posix_spawnattr_destroy(&attributes);
        }
        (void)posix_spawn_file_actions_destroy(&actions);
        return -r;
}

static int ask(int fd, const char *server, char answer[static ANSWER_MAX])
{
        size_t n = 0;
        ssize_t k;

        /* one that has ended without reading says why by its answer */
        if (send(fd, server, strlen(server), MSG_NOSIGNAL) < 0 && errno != EPIPE)
                return -errno;
        (void)shutdown(fd, SHUT_WR);
        while ((k = read(fd, answer + n, ANSWER_MAX - 1 - n)) != 0) {
                if (k < 0 && errno != EINTR && errno != ECONNRESET)
                        return -errno;
                if (k < 0 && errno == ECONNRESET)
                        break;
                n += k > 0 ? (size_t)k : 0;
        }
        answer[n] = '\0';
        return n < ANSWER_MAX - 1 ? 0 : -EFBIG;
}

/* Return: its exit status; negative errno. */
static int run(const char *program, const char *server, char answer[static ANSWER_MAX])
{
        int fds[2], status;
        pid_t pid = 0;

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
                return -errno;
        int r = start(program, fds[1], &pid);
        (void)close_fd(fds[1]);
        if (r < 0) {
                (void)close_fd(fds[0]);
                return r;
        }
        r = ask(fds[0], server, answer);
        (void)close_fd(fds[0]);
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        if (r < 0)
                return r;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

static int take_string(const json_t *answer, const char *key, char **ret)
{
        const char *value = json_string_value(json_object_get(answer, key));

        if (!value || !*value)
                return -EBADMSG;
        *ret = strdup(value);
        return *ret ? 0 : -ENOMEM;
}

static int parse(const char *text, char **ret_user, char **ret_secret)
{
        json_auto_t *answer = json_loads(text, 0, NULL);
        _cleanup_free_ char *user = NULL, *secret = NULL;
        int r = take_string(answer, "Username", &user);

        r = r < 0 ? r : take_string(answer, "Secret", &secret);
        if (r < 0)
                return r;
        *ret_user = TAKE_PTR(user);
        *ret_secret = TAKE_PTR(secret);
        return 1;
}

static int fail(const char *program, const char *server, int r, const char *answer, Fault *reterr)
{
        _cleanup_free_ char *words = text_for_display(answer, SHOWN_MAX);

        if (r == -ENOENT)
                return fault_set(reterr, FAULT_FAILED, ENOENT,
                                 "the login for %s is kept by the credential helper %s, which is "
                                 "not installed; install it, or log in with 'skopeo login'",
                                 server, program);
        if (r > 0)
                return fault_set(reterr, FAULT_FAILED, EREMOTEIO,
                                 "the credential helper %s gives no login for %s: %s", program,
                                 server, words && *words ? words : "it does not say why");
        return fault_set(reterr, FAULT_FAILED, r,
                         "cannot have the login for %s from the credential helper %s: %s", server,
                         program, r == -EBADMSG ? "it answers something else" : strerror(-r));
}

int auth_helper_get(const char *name, const char *server, char **ret_user, char **ret_secret,
                    Fault *reterr)
{
        char answer[ANSWER_MAX] = "", program[128];

        if (strchr(name, '/') || (size_t)snprintf(program, sizeof(program), "docker-credential-%s",
                                                  name) >= sizeof(program))
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "the name of the credential helper for %s is no program's",
                                 server);
        int status = run(program, server, answer), r;

        answer[strcspn(answer, status > 0 ? "\r\n" : "")] = '\0';
        if (status > 0 && strstr(answer, "credentials not found")) /* every helper's words */
                r = 0;
        else if (status != 0)
                r = fail(program, server, status, answer, reterr);
        else {
                r = parse(answer, ret_user, ret_secret);
                if (r < 0)
                        r = fail(program, server, r, "", reterr);
        }
        explicit_bzero(answer, sizeof(answer));
        return r;
}
