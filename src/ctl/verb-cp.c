/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cp: between the caller's files and those of machines. Each source is a job, which moves a tar
 * archive through a pipe; what is at the caller's end is done with the caller's rights. */
#include "base/machine-name.h"
#include "base/text.h"
#include "ctl/job.h"
#include "ctl/local-files.h"
#include "ctl/operand.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* One source to its target. */
typedef struct Transfer {
        Ctl *c;
        const Operand *machine; /* the one of the two that the job is about */
        bool into, rename;
        int fd;            /* the archive */
        LocalFiles *files; /* at the other end; NULL: somebody else is */
} Transfer;

static int append_copy(const Ctl *c, sd_bus_message *m, const char *token, void *userdata,
                       Fault *reterr)
{
        Transfer *t = userdata;
        int r = sd_bus_message_append(m, "ssh", t->machine->machine, t->machine->path, t->fd);

        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0)
                r = client_append_option_string(m, "Token", token);
        if (r >= 0 && t->into && args_has(&c->args, "archive"))
                r = client_append_option_bool(m, "Archive", true);
        if (r >= 0 && t->into && t->rename)
                r = client_append_option_bool(m, "Rename", true);
        if (r >= 0 && !t->into && args_has(&c->args, "follow-link"))
                r = client_append_option_bool(m, "FollowLinks", true);
        if (r >= 0 && t->files) /* the message has its own: with this one the pipe would not end */
                t->files->fd = close_fd(t->files->fd);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static bool cannot_rewind(void *userdata)
{
        return false;
}

static int explain(void *userdata)
{
        const Transfer *t = userdata;

        if (!t->files)
                return EXIT_OK;
        local_files_wait(t->files, false);
        if (!local_files_failed(t->files))
                return EXIT_OK;
        report_error("%s", t->files->fault.message ?: "out of memory");
        return EXIT_FAILED;
}

static void print_message(const Ctl *c, const char *message)
{
        if (message && *message)
                report_note(c, "%s", message);
}

static int run_job(Transfer *t)
{
        _cleanup_json_ json_t *job = NULL;
        const JobRequest request = {
                .object = t->machine->machine,
                .method = t->into ? "CopyToMachine" : "CopyFromMachine",
                .append = append_copy,
                .rewind = cannot_rewind,
                .explain = explain,
                .userdata = t,
                .is_brief = true,
        };
        int status = job_run(t->c, &request, &job);

        if (t->files)
                local_files_wait(t->files, status != EXIT_OK);
        if (status == EXIT_OK && t->files && t->files->fault.code != FAULT_NONE) {
                report_error("%s", t->files->fault.message ?: "out of memory");
                status = EXIT_FAILED;
        }
        print_message(t->c, json_string_value(json_object_get(job, "ResultMessage")));
        if (t->files)
                print_message(t->c, t->files->message);
        return status;
}

/* ---- the caller's files ---- */

static int cannot_use(const char *path, int error)
{
        report_error("cannot copy '%s': %s", path, strerror(error));
        return error == ENOENT ? EXIT_NOT_FOUND : EXIT_FAILED;
}

static int report_begin(const Fault *f)
{
        report_error("%s", f->message ?: "out of memory");
        return EXIT_FAILED;
}

static int copy_in(Transfer *t, const char *path)
{
        const CopyRoot root = {.fd = AT_FDCWD};
        _cleanup_copy_place_ CopyPlace place = {.dirfd = -EBADF};
        _cleanup_local_files_ LocalFiles files = {.fd = -EBADF, .report = -EBADF};
        _cleanup_fault_ Fault fault = {0};
        char top[NAME_MAX + 1];
        struct stat st;
        int r = copy_place_find(&root, path, args_has(&t->c->args, "follow-link"), &place);

        if (r >= 0 && fstatat(place.dirfd, place.name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                r = -errno;
        if (r >= 0 && place.wants_directory && !S_ISDIR(st.st_mode))
                r = -ENOTDIR;
        r = r < 0 ? r : copy_top_name(path, top);
        if (r < 0)
                return cannot_use(path, -r);
        const CopyPackArgs args = {.place = place, .top = top, .shown = path};
        if (local_files_pack(&args, &files, &fault) < 0)
                return report_begin(&fault);
        t->files = &files;
        t->fd = files.fd;
        int status = run_job(t);
        t->files = NULL;
        return status;
}

/* Is it there for what is to come? Nothing is asked for that would then have no place. */
static int check_target(const Transfer *t, const CopyPlace *place, const char *path)
{
        struct stat st;

        if (fstatat(place->dirfd, place->name, &st, AT_SYMLINK_NOFOLLOW) >= 0)
                return S_ISDIR(st.st_mode) || (t->rename && !place->wants_directory)
                               ? EXIT_OK
                               : cannot_use(path, ENOTDIR);
        return errno == ENOENT && t->rename ? EXIT_OK : cannot_use(path, errno);
}

static mode_t get_umask(void)
{
        mode_t mask = umask(0);

        (void)umask(mask);
        return mask;
}

static int copy_out(Transfer *t, const char *path)
{
        const CopyRoot root = {.fd = AT_FDCWD};
        _cleanup_copy_place_ CopyPlace place = {.dirfd = -EBADF};
        _cleanup_local_files_ LocalFiles files = {.fd = -EBADF, .report = -EBADF};
        _cleanup_fault_ Fault fault = {0};
        int r = copy_place_find(&root, path, true, &place);
        int status = r < 0 ? cannot_use(path, -r) : check_target(t, &place, path);

        if (status != EXIT_OK)
                return status;
        const CopyUnpackArgs args = {
                .place = place,
                .rename = t->rename,
                .archive = args_has(&t->c->args, "archive"),
                .mask = get_umask(),
                .shown = path,
        };
        if (local_files_unpack(&args, &files, &fault) < 0)
                return report_begin(&fault);
        t->files = &files;
        t->fd = files.fd;
        status = run_job(t);
        t->files = NULL;
        return status;
}

/* ---- streams and other machines ---- */

static int copy_stream(Transfer *t)
{
        t->fd = t->into ? STDIN_FILENO : STDOUT_FILENO;
        t->rename = false;
        if (!isatty(t->fd))
                return run_job(t);
        return t->into ? report_usage(t->c->verb, "standard input is a terminal, and no archive")
                       : report_usage(t->c->verb, "an archive is not written to a terminal; send "
                                                  "it to a file or program");
}

/* The source, as `lodgectl cp NAME:PATH -` of its own. */
static pid_t start_source(const Ctl *c, const Operand *source, int fd)
{
        static char self[] = "lodgectl", cp[] = "cp", quiet[] = "--progress=none", to[] = "-";
        static char follow[] = "--follow-link", no_notes[] = "--quiet", ends[] = "--";
        _cleanup_free_ char *from = NULL;
        char *argv[9] = {self, cp, quiet};
        size_t n = 3;

        if (asprintf(&from, "%s:%s", source->machine, source->path) < 0) {
                from = NULL;
                return -ENOMEM;
        }
        if (args_has(&c->args, "follow-link"))
                argv[n++] = follow;
        if (c->quiet)
                argv[n++] = no_notes;
        argv[n++] = ends;
        argv[n++] = from;
        argv[n++] = to;
        argv[n] = NULL;
        pid_t pid = fork();
        if (pid != 0)
                return pid < 0 ? -errno : pid;
        if (dup2(fd, STDOUT_FILENO) >= 0)
                (void)execv("/proc/self/exe", argv);
        _exit(EXIT_FAILED);
}

/* What went wrong with the source, it has said. */
static int wait_source(pid_t pid, bool is_needed)
{
        int status = 0;

        if (!is_needed)
                (void)kill(pid, SIGTERM);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILED;
}

static int copy_across(Transfer *t, const Operand *source)
{
        int fds[2];

        if (pipe2(fds, O_CLOEXEC) < 0)
                return cannot_use(source->path, errno);
        pid_t pid = start_source(t->c, source, fds[1]);
        (void)close(fds[1]);
        if (pid < 0) {
                (void)close(fds[0]);
                return cannot_use(source->path, (int)-pid);
        }
        t->fd = fds[0];
        int status = run_job(t);
        (void)close(fds[0]);
        int other = wait_source(pid, status == EXIT_OK);
        return status != EXIT_OK ? status : other;
}

/* ---- the command line ---- */

static int check_operands(const Ctl *c, const Operand *source, const Operand *target)
{
        const Operand *const both[] = {source, target};

        for (size_t i = 0; i < ELEMENTSOF(both); i++)
                if (both[i]->machine && !machine_name_is_valid(both[i]->machine))
                        return report_usage(c->verb,
                                            "'%s' is no name of a machine; a file of yours with "
                                            "':' in its name is written ./%s:...",
                                            both[i]->machine, both[i]->machine);
        if (source->machine || target->machine)
                return EXIT_OK;
        return report_usage(c->verb,
                            "neither '%s' nor '%s' is in a machine; that is written "
                            "NAME:PATH",
                            source->path, target->path);
}

static int copy_one(Ctl *c, const Operand *source, const Operand *target, bool rename)
{
        Transfer t = {
                .c = c,
                .machine = target->machine ? target : source,
                .into = target->machine,
                .rename = rename,
                .fd = -EBADF,
        };
        int status = check_operands(c, source, target);

        if (status != EXIT_OK)
                return status;
        if (source->machine && target->machine)
                return copy_across(&t, source);
        if (source->is_stream || target->is_stream)
                return copy_stream(&t);
        return t.into ? copy_in(&t, source->path) : copy_out(&t, target->path);
}

/* As machinectl has it: NAME SOURCE [TARGET]. */
static int copy_machinectl(Ctl *c)
{
        char **words = c->args.words;
        const char *other = c->args.n_words > 2 ? words[2] : words[1];
        bool into = streq(c->called, "copy-to");
        _cleanup_operand_ Operand source = {0}, target = {0};

        if (c->args.n_words > 3)
                return report_usage(c->verb,
                                    "'%s' is one word too many: lodgectl %s NAME SOURCE "
                                    "[TARGET]",
                                    words[3], c->called);
        Operand *inside = into ? &target : &source, *own = into ? &source : &target;
        own->path = strdup(into ? words[1] : other);
        if (!own->path || operand_in_machine(words[0], into ? other : words[1], inside) < 0) {
                report_error("out of memory");
                return EXIT_FAILED;
        }
        return copy_one(c, &source, &target, true);
}

int verb_cp(Ctl *c)
{
        size_t n = c->args.n_words - 1;
        _cleanup_operand_ Operand target = {0};
        int status = EXIT_OK;

        if (!streq(c->called, "cp"))
                return copy_machinectl(c);
        if (operand_parse(c->args.words[n], &target) < 0)
                status = EXIT_FAILED;
        for (size_t i = 0; status == EXIT_OK && i < n; i++) {
                _cleanup_operand_ Operand source = {0};

                if (operand_parse(c->args.words[i], &source) < 0)
                        status = EXIT_FAILED;
                else
                        status = copy_one(c, &source, &target, n == 1);
        }
        return status;
}
