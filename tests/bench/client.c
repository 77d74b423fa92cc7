/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* client: the stopwatch. Reads one request a line, words separated by tabs, and answers "BEGIN END
 * RESULT": two times of CLOCK_MONOTONIC in ns, and "ok" or what went wrong.
 *
 *   run PROGRAM ARG...             a command, until it has been reaped; its stdio is /dev/null
 *   call METHOD NAME               StartMachine and the like of lodged, until the reply
 *   unit METHOD UNIT               StartUnit, StopUnit of systemd, until its job is done
 *   exec NAME PROGRAM ARG...       a program in a machine, by lodged's Exec(), until it has ended
 *   objects                        lodged's GetManagedObjects(), until the reply
 *   end PID UNIT                   SIGKILL; BEGIN is when PID has ended, END when systemd says that
 * UNIT has batch JOBS COUNT KIND WORD...  COUNT requests, JOBS of them at a time; "{}" in WORD is
 * the number, from 0; KIND is run, call or unit; RESULT is "ok" or "N failed: " and the first
 * reason */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <time.h>

#define WORDS_MAX 64
#define JOBS_MAX  64
#define SYSTEMD   "org.freedesktop.systemd1"
#define LODGE     "org.lodge1"

extern char **environ;

typedef struct Job {
        int busy;
        pid_t pid;      /* of a run */
        char path[128]; /* of systemd's job */
        sd_bus_slot *slot;
} Job;

typedef struct Client {
        sd_bus *bus;
        Job jobs[JOBS_MAX];
        int n_busy, n_failed, subscribed;
        char reason[512];  /* of the first failure */
        char watched[256]; /* object whose end is waited for */
        int ended;
} Client;

static uint64_t now(void)
{
        struct timespec t;

        (void)clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static void failed(Client *c, const char *reason)
{
        if (c->n_failed++ == 0)
                (void)snprintf(c->reason, sizeof(c->reason), "%s", reason);
}

static void done(Client *c, Job *j)
{
        j->slot = sd_bus_slot_unref(j->slot);
        j->busy = 0;
        j->path[0] = '\0';
        c->n_busy--;
}

/* --- signals --- */

static int on_job_removed(sd_bus_message *m, void *arg, sd_bus_error *e)
{
        Client *c = arg;
        const char *path, *unit, *result;
        uint32_t id;

        if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) < 0)
                return 0;
        for (int i = 0; i < JOBS_MAX; i++)
                if (c->jobs[i].busy && strcmp(c->jobs[i].path, path) == 0) {
                        if (strcmp(result, "done") != 0)
                                failed(c, result);
                        done(c, &c->jobs[i]);
                        return 0;
                }
        return 0;
}

static int on_properties(sd_bus_message *m, void *arg, sd_bus_error *e)
{
        Client *c = arg;
        const char *interface, *key, *value;

        if (strcmp(sd_bus_message_get_path(m), c->watched) != 0 ||
            sd_bus_message_read(m, "s", &interface) < 0 ||
            sd_bus_message_enter_container(m, 'a', "{sv}") < 0)
                return 0;
        while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
                if (sd_bus_message_read(m, "s", &key) < 0)
                        return 0;
                if (strcmp(key, "ActiveState") == 0 || strcmp(key, "State") == 0) {
                        if (sd_bus_message_read(m, "v", "s", &value) < 0)
                                return 0;
                        c->ended |= strcmp(value, "inactive") == 0 ||
                                    strcmp(value, "failed") == 0 || strcmp(value, "exited") == 0;
                } else if (sd_bus_message_skip(m, "v") < 0)
                        return 0;
                (void)sd_bus_message_exit_container(m);
        }
        return 0;
}

static void subscribe(Client *c)
{
        if (c->subscribed)
                return;
        c->subscribed = 1;
        if (sd_bus_match_signal(c->bus, NULL, SYSTEMD, "/org/freedesktop/systemd1",
                                SYSTEMD ".Manager", "JobRemoved", on_job_removed, c) < 0 ||
            sd_bus_call_method(c->bus, SYSTEMD, "/org/freedesktop/systemd1", SYSTEMD ".Manager",
                               "Subscribe", NULL, NULL, "") < 0)
                die("Subscribe");
}

static void process(Client *c)
{
        int r;

        while ((r = sd_bus_process(c->bus, NULL)) > 0)
                ;
        if (r < 0)
                die("bus");
}

/* --- one request of a batch --- */

static int on_reply(sd_bus_message *m, void *arg, sd_bus_error *e)
{
        Client *c = arg;
        sd_bus_slot *slot = sd_bus_get_current_slot(c->bus);
        const char *path;

        for (int i = 0; i < JOBS_MAX; i++) {
                Job *j = &c->jobs[i];

                if (!j->busy || j->slot != slot)
                        continue;
                if (sd_bus_message_is_method_error(m, NULL))
                        failed(c, sd_bus_message_get_error(m)->message);
                else if (sd_bus_message_read(m, "o", &path) > 0) { /* systemd's: now its job runs */
                        (void)snprintf(j->path, sizeof(j->path), "%s", path);
                        return 0;
                }
                done(c, j);
                return 0;
        }
        return 0;
}

static void begin_run(Client *c, Job *j, char **argv)
{
        posix_spawn_file_actions_t a;
        posix_spawnattr_t attr;
        sigset_t none;

        (void)sigemptyset(&none);
        (void)posix_spawnattr_init(&attr);
        (void)posix_spawnattr_setsigmask(&attr, &none);
        (void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
        (void)posix_spawn_file_actions_init(&a);
        for (int i = 0; i < 3; i++)
                (void)posix_spawn_file_actions_addopen(&a, i, "/dev/null", O_RDWR, 0);
        int r = posix_spawnp(&j->pid, argv[0], &a, &attr, argv, environ);
        (void)posix_spawnattr_destroy(&attr);
        (void)posix_spawn_file_actions_destroy(&a);
        if (r > 0) {
                j->pid = 0;
                failed(c, strerror(r));
                done(c, j);
        }
}

static void begin_call(Client *c, Job *j, int is_unit, const char *method, const char *name)
{
        int r = is_unit ? sd_bus_call_method_async(c->bus, &j->slot, SYSTEMD,
                                                   "/org/freedesktop/systemd1", SYSTEMD ".Manager",
                                                   method, on_reply, c, "ss", name, "replace")
                        : sd_bus_call_method_async(c->bus, &j->slot, LODGE, "/org/lodge1",
                                                   LODGE ".Manager", method, on_reply, c, "sa{sv}",
                                                   name, 0);
        if (r < 0) {
                failed(c, strerror(-r));
                done(c, j);
        }
}

static void begin(Client *c, const char *kind, char **words)
{
        Job *j = c->jobs;

        while (j->busy)
                j++;
        *j = (Job){.busy = 1};
        c->n_busy++;
        if (strcmp(kind, "run") == 0)
                begin_run(c, j, words);
        else if (words[0] && words[1])
                begin_call(c, j, strcmp(kind, "unit") == 0, words[0], words[1]);
        else {
                failed(c, "words are missing");
                done(c, j);
        }
}

static void reap(Client *c)
{
        char text[64];
        int status;

        for (int i = 0; i < JOBS_MAX; i++) {
                Job *j = &c->jobs[i];

                if (!j->busy || j->pid <= 0 || waitpid(j->pid, &status, WNOHANG) != j->pid)
                        continue;
                if (status != 0) {
                        (void)snprintf(text, sizeof(text), "wait status 0x%x", (unsigned)status);
                        failed(c, text);
                }
                done(c, j);
        }
}

/* Until less than @limit requests run. SIGCHLD is blocked and taken by ppoll() only, so none is
 * lost. */
static void wait_below(Client *c, int limit)
{
        sigset_t none;

        (void)sigemptyset(&none);
        for (;;) {
                process(c);
                reap(c);
                if (c->n_busy < limit)
                        return;
                struct pollfd p = {.fd = sd_bus_get_fd(c->bus),
                                   .events = (short)sd_bus_get_events(c->bus)};
                (void)ppoll(&p, 1, &(struct timespec){.tv_sec = 1}, &none);
        }
}

/* --- requests --- */

static char *number_in(const char *word, long number)
{
        const char *hole = strstr(word, "{}");
        char *s;

        if (asprintf(&s, "%.*s%.*ld%s", hole ? (int)(hole - word) : (int)strlen(word), word,
                     hole ? 1 : 0, hole ? number : 0L, hole ? hole + 2 : "") < 0)
                die("memory");
        return s;
}

static void batch(Client *c, char **words)
{
        int jobs = atoi(words[0]);
        long count = atol(words[1]);
        char *copy[WORDS_MAX];

        if (jobs < 1 || jobs > JOBS_MAX)
                jobs = JOBS_MAX;
        for (long n = 0; n < count; n++) {
                size_t i = 0;

                for (; words[i + 3]; i++)
                        copy[i] = strstr(words[i + 3], "{}") ? number_in(words[i + 3], n)
                                                             : strdup(words[i + 3]);
                copy[i] = NULL;
                begin(c, words[2], copy);
                wait_below(c, jobs);
                while (i > 0)
                        free(copy[--i]);
        }
        wait_below(c, 1);
}

static int wait_ended(Client *c)
{
        uint64_t limit = now() + 20000000000ULL;

        while (!c->ended && now() < limit) {
                process(c);
                if (!c->ended)
                        (void)sd_bus_wait(c->bus, 1000000);
        }
        return c->ended;
}

static void watch(Client *c, const char *sender, const char *path, sd_bus_slot **ret)
{
        c->ended = 0;
        (void)snprintf(c->watched, sizeof(c->watched), "%s", path);
        if (sd_bus_match_signal(c->bus, ret, sender, path[0] ? path : NULL,
                                "org.freedesktop.DBus.Properties", "PropertiesChanged",
                                on_properties, c) < 0)
                die("match");
}

static uint64_t end_of(Client *c, char **words)
{
        sd_bus_slot *slot = NULL;
        char *path = NULL;
        int pidfd = (int)syscall(SYS_pidfd_open, atoi(words[0]), 0);

        if (pidfd < 0 ||
            sd_bus_path_encode("/org/freedesktop/systemd1/unit", words[1], &path) < 0) {
                failed(c, "no such process");
                return now();
        }
        subscribe(c);
        watch(c, SYSTEMD, path, &slot);
        struct pollfd p = {.fd = pidfd, .events = POLLIN};
        (void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
        (void)poll(&p, 1, 20000);
        uint64_t begin = now();
        if (!wait_ended(c))
                failed(c, "the unit did not end");
        (void)sd_bus_slot_unref(slot);
        (void)close(pidfd);
        free(path);
        return begin;
}

/* The match is for all processes, as the path is not known before the reply; the last signal may
 * come first. */
static void exec_in(Client *c, char **words)
{
        sd_bus_message *m = NULL, *reply = NULL;
        sd_bus_error e = SD_BUS_ERROR_NULL;
        const char *path;
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);

        c->ended = 0;
        int r = sd_bus_message_new_method_call(c->bus, &m, LODGE, "/org/lodge1", LODGE ".Manager",
                                               "ExecMachine");
        r = r < 0 ? r : sd_bus_message_append(m, "s", words[0]);
        r = r < 0 ? r : sd_bus_message_append_strv(m, words + 1);
        r = r < 0 ? r : sd_bus_message_append(m, "a{uh}a{sv}", 3, 0, null, 1, null, 2, null, 0);
        r = r < 0 ? r : sd_bus_call(c->bus, m, 0, &e, &reply);
        r = r < 0 ? r : sd_bus_message_read(reply, "o", &path);
        if (r < 0)
                failed(c, e.message ? e.message : strerror(-r));
        else {
                (void)snprintf(c->watched, sizeof(c->watched), "%s", path);
                if (!wait_ended(c))
                        failed(c, "the process did not end");
        }
        (void)sd_bus_message_unref(m);
        (void)sd_bus_message_unref(reply);
        sd_bus_error_free(&e);
        (void)close(null);
}

static void objects(Client *c)
{
        sd_bus_error e = SD_BUS_ERROR_NULL;
        int r = sd_bus_call_method(c->bus, LODGE, "/org/lodge1",
                                   "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", &e,
                                   NULL, NULL);

        if (r < 0)
                failed(c, e.message ? e.message : strerror(-r));
        sd_bus_error_free(&e);
}

static void request(Client *c, char **words, int n_words)
{
        uint64_t t = now();

        c->n_failed = 0;
        if (n_words >= 3 && strcmp(words[0], "exec") == 0)
                exec_in(c, words + 1);
        else if (n_words == 3 && strcmp(words[0], "end") == 0)
                t = end_of(c, words + 1);
        else if (n_words == 1 && strcmp(words[0], "objects") == 0)
                objects(c);
        else if (n_words >= 5 && strcmp(words[0], "batch") == 0)
                batch(c, words + 1);
        else {
                begin(c, words[0], words + 1);
                wait_below(c, 1);
        }
        uint64_t end = now();
        (void)printf("%" PRIu64 " %" PRIu64 " ", t, end);
        if (c->n_failed > 0)
                (void)printf("%d failed: %s\n", c->n_failed, c->reason);
        else
                (void)printf("ok\n");
        (void)fflush(stdout);
}

static size_t split(char *line, char **words)
{
        size_t n = 0;
        char *saved = NULL;

        line[strcspn(line, "\n")] = '\0';
        for (char *w = strtok_r(line, "\t", &saved); w && n < WORDS_MAX - 1;
             w = strtok_r(NULL, "\t", &saved))
                words[n++] = w;
        words[n] = NULL;
        return n;
}

static void on_child(int sig)
{
        /* there is one so that the signal ends ppoll() */
}

int main(void)
{
        static Client c;
        struct sigaction sa = {.sa_handler = on_child};
        sigset_t child;
        char *line = NULL, *words[WORDS_MAX];
        size_t size = 0;

        (void)sigemptyset(&child);
        (void)sigaddset(&child, SIGCHLD);
        (void)sigprocmask(SIG_BLOCK, &child, NULL);
        (void)sigaction(SIGCHLD, &sa, NULL);
        if (sd_bus_open_system(&c.bus) < 0)
                die("system bus");
        subscribe(&c);
        if (sd_bus_add_match(c.bus, NULL,
                             "type='signal',sender='" LODGE "',member='PropertiesChanged',"
                             "interface='org.freedesktop.DBus.Properties',"
                             "arg0='" LODGE ".Process'",
                             on_properties, &c) < 0)
                die("match");
        while (getline(&line, &size, stdin) > 0) {
                size_t n = split(line, words);

                process(&c);
                if (n > 0)
                        request(&c, words, (int)n);
        }
        free(line);
        (void)sd_bus_flush_close_unref(c.bus);
        return 0;
}
