/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* edit: a machine's definition in an editor. What is broken never reaches lodged, and what was
 * written is never lost. */
#include "base/io.h"
#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/definition.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

typedef struct Edit {
        const char *name; /* of the machine */
        char *before;     /* its definition */
        char *directory, *path;
        char *after;
        size_t n;
} Edit;

/* ---- the editor ---- */

static const char *chosen_editor(void)
{
        static const char *const variables[] = {"SYSTEMD_EDITOR", "VISUAL", "EDITOR"};

        for (size_t i = 0; i < ELEMENTSOF(variables); i++) {
                const char *editor = getenv(variables[i]);

                if (editor && *editor)
                        return editor;
        }
        return NULL;
}

/* $EDITOR may have arguments: a shell takes it apart, as everywhere. It lives through the keys that
 * are the editor's. */
static void exec_editor(const char *path)
{
        static const char *const usual[] = {"editor", "nano", "vim", "vi"};
        const char *editor = chosen_editor();
        _cleanup_free_ char *line = NULL;

        if (editor && asprintf(&line, "trap : INT QUIT; %s \"$1\"", editor) >= 0)
                (void)execlp("sh", "sh", "-c", line, editor, path, NULL);
        for (size_t i = 0; !editor && i < ELEMENTSOF(usual); i++)
                (void)execlp(usual[i], usual[i], path, NULL);
        _exit(EXIT_COMMAND_NOT_FOUND);
}

static int run_editor(const char *path)
{
        const struct sigaction ignore = {.sa_handler = SIG_IGN};
        struct sigaction interrupt, quit;
        int status = 0;
        pid_t pid;

        /* keys on the terminal are meant for the editor */
        (void)sigaction(SIGINT, &ignore, &interrupt);
        (void)sigaction(SIGQUIT, &ignore, &quit);
        (void)fflush(stdout);
        (void)fflush(stderr);
        pid = fork();
        if (pid == 0) {
                (void)signal(SIGINT, SIG_DFL);
                (void)signal(SIGQUIT, SIG_DFL);
                exec_editor(path);
        }
        int r = pid < 0 || waitpid(pid, &status, 0) < 0 ? -errno : 0;
        (void)sigaction(SIGINT, &interrupt, NULL);
        (void)sigaction(SIGQUIT, &quit, NULL);
        if (r < 0)
                return r;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int edit_once(Ctl *c, Edit *e)
{
        const char *editor = chosen_editor() ?: "editor, nano, vim and vi";
        int r = run_editor(e->path);

        if (r == EXIT_COMMAND_NOT_FOUND) {
                report_error("cannot edit '%s': there is no %s; $EDITOR names another", e->name,
                             editor);
                return EXIT_FAILED;
        }
        if (r != 0) {
                report_error("cannot edit '%s': %s has failed, so nothing is changed", e->name,
                             editor);
                return EXIT_FAILED;
        }
        free(e->after);
        e->after = NULL;
        return definition_load(c, e->path, &e->after, &e->n);
}

/* ---- when it is interrupted ---- */

/* What the text is in, ready to be said by who may do no more than write(2). */
static char last_words[PATH_MAX + 64];
static size_t n_last_words;

static void on_end(int sig)
{
        (void)!write(STDERR_FILENO, last_words, n_last_words);
        (void)signal(sig, SIG_DFL);
        (void)raise(sig);
}

static void tell_at_end(const Edit *e)
{
        static const int signals[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};
        const struct sigaction tell = {.sa_handler = on_end};
        int n = snprintf(last_words, sizeof(last_words),
                         "\nlodgectl: interrupted; what you wrote is in %s\n", e->path);

        n_last_words = n < 0 ? 0 : MIN2((size_t)n, sizeof(last_words) - 1);
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                (void)sigaction(signals[i], &tell, NULL);
}

/* ---- its file ---- */

/* The caller's alone, and called as the machine is, so that editors know what it is. */
static int make_file(Edit *e)
{
        const char *where = getenv("TMPDIR");

        if (asprintf(&e->directory, "%s/lodge-edit-XXXXXX",
                     where && *where == '/' ? where : "/tmp") < 0) {
                e->directory = NULL;
                return -ENOMEM;
        }
        if (!mkdtemp(e->directory)) {
                int r = -errno;

                free(e->directory);
                e->directory = NULL;
                return r;
        }
        if (asprintf(&e->path, "%s/%s.machine", e->directory, e->name) < 0) {
                e->path = NULL;
                return -ENOMEM;
        }
        _cleanup_close_ int fd = open(e->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        return fd < 0 ? -errno : write_all(fd, e->before, strlen(e->before));
}

static void drop_file(const Edit *e)
{
        if (e->path)
                (void)unlink(e->path);
        if (e->directory)
                (void)rmdir(e->directory);
        n_last_words = 0;
}

static int keep_file(const Edit *e, int status)
{
        report_error("nothing is changed; what you wrote is in %s", e->path);
        return status;
}

/* ---- from there to lodged ---- */

static bool edit_again(const Ctl *c)
{
        return isatty(STDIN_FILENO) && isatty(STDERR_FILENO) && ask_yes(c, "Edit it again?");
}

/* Return: EXIT_OK; EXIT_USAGE: it is broken, which has been said. */
static int check(const Edit *e)
{
        _cleanup_findings_ Findings findings = {0};

        if (definition_check(e->path, e->after, e->n, NULL, &findings) < 0) {
                report_error("cannot edit '%s': out of memory", e->name);
                return EXIT_FAILED;
        }
        definition_print_findings(stderr, &findings);
        return findings_first_error(&findings) ? EXIT_USAGE : EXIT_OK;
}

static int put(Ctl *c, const Edit *e)
{
        _cleanup_strv_free_ char **waiting = NULL;
        _cleanup_free_ char *now = NULL;
        _cleanup_fault_ Fault fault = {0};

        if (definition_get(c, e->name, &now, NULL, &fault) < 0)
                return report_fault(c, e->name, &fault);
        if (!streq(now, e->before)) {
                report_error("cannot edit '%s': somebody else has changed it meanwhile", e->name);
                return EXIT_FAILED;
        }
        if (definition_put(c, e->name, e->after, false, &waiting, &fault) < 0)
                return report_fault(c, e->name, &fault);
        definition_note_waiting(c, e->name, waiting);
        return EXIT_OK;
}

static int edit(Ctl *c, Edit *e)
{
        for (;;) {
                int status = edit_once(c, e);

                if (status != EXIT_OK)
                        return keep_file(e, status);
                if (streq(e->after, e->before) && strlen(e->after) == e->n) {
                        report_note(c, "Nothing is changed.");
                        drop_file(e);
                        return EXIT_OK;
                }
                status = check(e);
                if (status == EXIT_OK)
                        status = put(c, e);
                if (status == EXIT_OK) {
                        drop_file(e);
                        return EXIT_OK;
                }
                if (!edit_again(c))
                        return keep_file(e, status);
        }
}

int verb_edit(Ctl *c)
{
        _cleanup_fault_ Fault fault = {0};
        Edit e = {.name = c->args.words[0]};
        int status;

        if (definition_get(c, e.name, &e.before, NULL, &fault) < 0)
                status = report_fault(c, e.name, &fault);
        else {
                int r = make_file(&e);

                if (r < 0) {
                        report_error("cannot edit '%s': a file below %s: %s", e.name,
                                     getenv("TMPDIR") ?: "/tmp", strerror(-r));
                        drop_file(&e);
                        status = EXIT_FAILED;
                } else {
                        tell_at_end(&e);
                        status = edit(c, &e);
                }
        }
        free(e.before);
        free(e.directory);
        free(e.path);
        free(e.after);
        return status;
}
