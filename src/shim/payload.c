/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/payload.h"

#include "base/text.h"
#include "shim/rlimit.h"
#include "sys/passwd.h"
#include "sys/userns.h"
#include "wire/plan.h"

#include <assert.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static int reset_signals(void)
{
        struct sigaction dfl = {.sa_handler = SIG_DFL};
        sigset_t none;

        for (int sig = 1; sig < _NSIG; sig++)
                (void)sigaction(sig, &dfl, NULL); /* SIGKILL, SIGSTOP and libc's own refuse: fine */
        (void)sigemptyset(&none);
        return sigprocmask(SIG_SETMASK, &none, NULL) < 0 ? -errno : 0;
}

/* Raising a hard limit takes CAP_SYS_RESOURCE of the host, which we no longer have: the supervisor
 * has raised its own, which are ours, as far as the plan asks for it. */
static int set_rlimit(const PlanStep *s)
{
        struct rlimit have, want;
        int resource = rlimit_resource(s->s);

        if (resource < 0)
                return resource;
        if (getrlimit((__rlimit_resource_t)resource, &have) < 0)
                return -errno;
        want.rlim_max = s->b < have.rlim_max ? s->b : have.rlim_max;
        want.rlim_cur = s->a < want.rlim_max ? s->a : want.rlim_max;
        return setrlimit((__rlimit_resource_t)resource, &want) < 0 ? -errno : 0;
}

/* A descriptor that is to become 0, 1 or 2 may sit on one of those numbers already: lift all first.
 */
static int install_stdio(const int stdio[3])
{
        int lifted[3];

        for (int i = 0; i < 3; i++) {
                lifted[i] = fcntl(stdio[i], F_DUPFD_CLOEXEC, 3);
                if (lifted[i] < 0)
                        return -errno;
        }
        for (int i = 0; i < 3; i++)
                if (dup2(lifted[i], i) < 0)
                        return -errno;
        return 0;
}

static int take_terminal(const PayloadArgs *a, bool controlling)
{
        if (setsid() < 0 && errno != EPERM) /* EPERM: we lead a session already */
                return -errno;
        if (a->terminal && controlling && ioctl(0, TIOCSCTTY, 0) < 0)
                return -errno;
        return 0;
}

static void env_set(char **env, size_t *n, char *assignment)
{
        size_t key = strcspn(assignment, "=") + 1;

        for (size_t i = 0; i < *n; i++)
                if (strncmp(env[i], assignment, key) == 0) {
                        env[i] = assignment;
                        return;
                }
        env[(*n)++] = assignment;
}

static int env_add(char **env, size_t *n, const char *key, const char *value)
{
        char *s;

        if (!value)
                return 0;
        if (asprintf(&s, "%s=%s", key, value) < 0)
                return -ENOMEM;
        env_set(env, n, s);
        return 0;
}

/* Plan, then the user's entry, then what the caller gave: later ones win. All of it lives until
 * exec. */
static int build_environment(const PayloadArgs *a, const PasswdUser *u, char ***ret)
{
        size_t n = 0, n_plan = 0;
        char **env;
        PlanStep s;

        PLAN_FOREACH (&s, a->plan, a->n_plan)
                n_plan += s.op == PLAN_ENV;
        env = calloc(n_plan + strv_length(a->env) + 8, sizeof(char *));
        if (!env)
                return -ENOMEM;
        int r = env_add(env, &n, "HOME", u->home);
        r = r < 0 ? r : env_add(env, &n, "USER", u->name);
        r = r < 0 ? r : env_add(env, &n, "LOGNAME", u->name);
        r = r < 0 || !u->shell ? r : env_add(env, &n, "SHELL", u->shell);
        if (r < 0)
                return r;
        PLAN_FOREACH (&s, a->plan, a->n_plan)
                /* the notification socket and the terminal type of the console are PID 1's alone */
                if (s.op == PLAN_ENV && (a->leader || (strncmp(s.s, "NOTIFY_SOCKET=", 14) != 0 &&
                                                       strncmp(s.s, "TERM=", 5) != 0)))
                        env_set(env, &n, (char *)s.s);
        if (!a->leader && a->terminal)
                env_set(env, &n, (char *)"TERM=xterm-256color");
        STRV_FOREACH (e, a->env)
                env_set(env, &n, *e);
        *ret = env;
        return 0;
}

static const char *env_get(char *const *env, const char *key)
{
        size_t n = strlen(key);

        STRV_FOREACH (e, env)
                if (strncmp(*e, key, n) == 0 && (*e)[n] == '=')
                        return *e + n + 1;
        return NULL;
}

/* execve() along $PATH. Returns only on failure: -ENOENT if there is no such file anywhere. */
static int search_and_exec(const char *file, char *const *argv, char *const *env)
{
        const char *path =
                env_get(env, "PATH")
                        ?: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        int error = ENOENT;

        if (strchr(file, '/')) {
                (void)execve(file, argv, env);
                return -errno;
        }
        while (*path) {
                size_t n = strcspn(path, ":");
                char full[4096];

                if (n > 0 && snprintf(full, sizeof(full), "%.*s/%s", (int)n, path, file) <
                                     (int)sizeof(full)) {
                        (void)execve(full, argv, env);
                        if (errno != ENOENT && errno != ENOTDIR)
                                error = errno;
                }
                path += n + (path[n] == ':');
        }
        return -error;
}

/* execve() says ENOENT for a missing interpreter too; only a missing file is "not found". */
static int exec_failed(const char *file, int r, Failure *f)
{
        char sentence[256];

        assert(file); /* no argv without a program gets here */
        if (r != -ENOENT)
                return failure_set(f, FAULT_EXEC_FAILED, r, "execute", file);
        if (!strchr(file, '/') || access(file, F_OK) < 0)
                return failure_set(f, FAULT_COMMAND_NOT_FOUND, r, "execute", file);
        (void)snprintf(sentence, sizeof(sentence),
                       "cannot execute '%s': the interpreter or loader that it names is missing",
                       file);
        (void)failure_set(f, FAULT_EXEC_FAILED, r, "execute", file);
        return failure_reason(f, FAULT_EXEC_FAILED, r, "execute", sentence);
}

static int exec_argv(char *const *argv, const char *file, char *const *env, Failure *f)
{
        return exec_failed(file, search_and_exec(file, argv, env), f);
}

static int exec_init(const PayloadArgs *a, char *const *env, Failure *f)
{
        PlanStep s, last = {.s = "init"};
        int r = -ENOENT;

        PLAN_FOREACH (&s, a->plan, a->n_plan)
                if (s.op == PLAN_INIT) {
                        char *argv[] = {(char *)s.s, NULL};

                        (void)execve(s.s, argv, env);
                        r = -errno;
                        last = s;
                }
        return exec_failed(last.s, r, f);
}

static int exec_plan(const PayloadArgs *a, char *const *env, Failure *f)
{
        _cleanup_free_ char **argv = NULL;
        size_t n = 0;
        PlanStep s;

        PLAN_FOREACH (&s, a->plan, a->n_plan)
                n += s.op == PLAN_ARG;
        if (n == 0)
                return exec_init(a, env, f);
        argv = calloc(n + 1, sizeof(char *));
        if (!argv)
                return failure_set(f, FAULT_FAILED, ENOMEM, "execute", "");
        n = 0;
        PLAN_FOREACH (&s, a->plan, a->n_plan)
                if (s.op == PLAN_ARG)
                        argv[n++] = (char *)s.s;
        return exec_argv(argv, argv[0], env, f);
}

/* A login shell is told so by a '-' in front of its name. */
static int exec_shell(const PasswdUser *u, char *const *env, Failure *f)
{
        const char *shell = u->shell && access(u->shell, X_OK) == 0 ? u->shell : "/bin/sh";
        char *argv0, *argv[2] = {NULL};

        if (asprintf(&argv0, "-%s", strrchr(shell, '/') + 1) < 0)
                return failure_set(f, FAULT_FAILED, ENOMEM, "execute", shell);
        argv[0] = argv0;
        return exec_argv(argv, shell, env, f);
}

/* With a path through /proc/self/fd a working directory could be one of the host's: it must be
 * below our root. */
static int enter_directory(const char *cwd, Failure *f)
{
        char real[4096];

        if (chdir(cwd) < 0)
                return failure_set(f, FAULT_EXEC_FAILED, errno, "change to working directory", cwd);
        if (syscall(SYS_getcwd, real, sizeof(real)) < 0 || real[0] != '/')
                return failure_set(f, FAULT_EXEC_FAILED, ENOENT, "change to working directory",
                                   cwd);
        return 0;
}

/* As login(1): whose home is missing, or closed to him, begins in /. */
static int enter_home(const char *home, Failure *f)
{
        Failure ignored = {0};

        return enter_directory(home, &ignored) < 0 ? enter_directory("/", f) : 0;
}

static int confine(const PayloadArgs *a, const PasswdUser *u, Failure *f)
{
        PlanStep s, caps = {.a = UINT64_MAX};
        int r = 0;

        if (plan_find(a->plan, a->n_plan, PLAN_CAPS, &caps))
                r = credentials_bound(caps.a);
        if (r < 0)
                return failure_set(f, FAULT_START_FAILED, r, "drop", "capabilities");
        if (plan_find(a->plan, a->n_plan, PLAN_NO_NEW_PRIVS, &s) &&
            prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return failure_set(f, FAULT_START_FAILED, errno, "set", "no_new_privs");
        /* while we still may load a filter without no_new_privs; it allows all that follows */
        if (plan_find(a->plan, a->n_plan, PLAN_SECCOMP, &s)) {
                struct sock_fprog prog = {
                        .len = (unsigned short)(s.n_data / sizeof(struct sock_filter)),
                        .filter = (struct sock_filter *)s.data,
                };

                if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0)
                        return failure_set(f, FAULT_START_FAILED, errno, "load",
                                           "system call filter");
        }
        r = credentials_become(u->uid, u->gid, u->groups, u->n_groups, caps.a);
        if (r < 0)
                return failure_set(f, FAULT_START_FAILED, r, "become user", u->name);
        return 0;
}

static int apply_plan(const PayloadArgs *a, Failure *f)
{
        PlanStep s;

        PLAN_FOREACH (&s, a->plan, a->n_plan) {
                int r = 0;

                if (s.op == PLAN_RLIMIT && s.stage == PLAN_STAGE_PAYLOAD)
                        r = set_rlimit(&s);
                else if (s.op == PLAN_HOSTNAME && a->leader)
                        r = sethostname(s.s, strlen(s.s)) < 0 ? -errno : 0;
                if (r < 0)
                        return failure_set(f, FAULT_START_FAILED, r, plan_op_name(s.op), s.s);
        }
        return 0;
}

/* What the plan says of PID 1, and the request of any other program. */
static const char *choose(const PayloadArgs *a, PlanOp op, const char *requested,
                          const char *fallback)
{
        PlanStep s = {0};

        if (a->leader)
                requested = plan_find(a->plan, a->n_plan, op, &s) ? s.s : NULL;
        return requested ?: fallback;
}

static int find_user(const PayloadArgs *a, PasswdUser *ret, Failure *f)
{
        _cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_fault_ Fault fault = {0};

        const char *spec = choose(a, PLAN_USER, a->user, "root");

        int r = passwd_lookup(root, spec, ret, &fault);
        if (r >= 0)
                return 0;
        (void)failure_set(f, FAULT_EXEC_FAILED, r, "find user", spec);
        return failure_reason(f, FAULT_EXEC_FAILED, r, "find user", fault.message ?: strerror(-r));
}

/* Standard streams, session and signals of the new program. */
static int prepare(const PayloadArgs *a, const PasswdUser *user, Failure *f)
{
        PlanStep s;
        bool controlling = !a->leader || plan_find(a->plan, a->n_plan, PLAN_CONSOLE_CTTY, &s);

        int r = install_stdio(a->stdio);
        r = r < 0 ? r : take_terminal(a, controlling);
        r = r < 0 ? r : reset_signals();
        if (r < 0)
                return failure_set(f, FAULT_START_FAILED, r, "prepare", "standard streams");
        if (a->terminal && fchown(0, user->uid, (gid_t)-1) < 0)
                return failure_set(f, FAULT_START_FAILED, errno, "hand the terminal to",
                                   user->name);
        (void)umask(022);
        if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
                return failure_set(f, FAULT_START_FAILED, errno, "close", "descriptors");
        return 0;
}

static int execute(const PayloadArgs *a, const PasswdUser *user, char *const *env, Failure *f)
{
        /* die with the shim; after the last change of credentials, which would reset it */
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        if (a->leader)
                return exec_plan(a, env, f);
        if (strv_length(a->argv) > 0)
                return exec_argv(a->argv, a->argv[0], env, f);
        return exec_shell(user, env, f);
}

int payload_exec(const PayloadArgs *a, Failure *f)
{
        _cleanup_passwd_user_ PasswdUser user = {0};
        char **env;

        int r = apply_plan(a, f);
        r = r < 0 ? r : find_user(a, &user, f);
        if (r < 0)
                return r;
        const char *cwd = choose(a, PLAN_CHDIR, a->cwd, NULL);
        r = build_environment(a, &user, &env);
        if (r < 0)
                return failure_set(f, FAULT_START_FAILED, r, "prepare", "environment");
        r = prepare(a, &user, f);
        r = r < 0 ? r : confine(a, &user, f);
        if (r >= 0 && a->login && !cwd)
                r = enter_home(user.home, f);
        else if (r >= 0)
                r = enter_directory(cwd ?: "/", f);
        return r < 0 ? r : execute(a, &user, env, f);
}
