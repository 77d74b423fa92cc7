/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/inside.h"

#include "base/text.h"
#include "ctl/environment.h"
#include "ctl/report.h"
#include "ctl/session.h"
#include "ctl/terminal.h"

#include <fcntl.h>
#include <string.h>

/* Whoever wrote last has written by the time its end is known; a terminal's driver is slower. */
#define QUIET_MSEC 200

typedef enum Surroundings {
        SURROUNDINGS_NONE, /* the command is to be told nothing of where it is called from */
        SURROUNDINGS_STREAMS,
        SURROUNDINGS_TERMINAL,
} Surroundings;

static int append_environment(const Ctl *c, sd_bus_message *m, Surroundings where, Fault *reterr)
{
        _cleanup_strv_free_ char **variables = NULL;
        int r = where == SURROUNDINGS_NONE
                        ? 0
                        : environment_of_caller(where == SURROUNDINGS_TERMINAL, &variables);

        for (size_t i = 0; i < c->args.n_given && r >= 0; i++)
                if (streq(c->args.given[i].option->name, "environment"))
                        r = environment_push(&variables, c->args.given[i].value, reterr);
        if (r < 0 || !variables)
                return r;
        return client_append_option_strv(m, "Environment", variables);
}

static int append_size(sd_bus_message *m)
{
        uint16_t rows, columns;

        if (terminal_size(&rows, &columns) < 0 || rows == 0 || columns == 0)
                return 0;
        int r = sd_bus_message_append(m, "{sv}", "Rows", "q", rows);
        return r < 0 ? r : sd_bus_message_append(m, "{sv}", "Columns", "q", columns);
}

static int append_exec_options(const Ctl *c, sd_bus_message *m, const char *user, bool login,
                               Fault *reterr)
{
        const char *directory = args_value(&c->args, "working-directory");
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        if (r >= 0 && *user)
                r = client_append_option_string(m, "User", user);
        if (r >= 0 && directory)
                r = client_append_option_string(m, "WorkingDirectory", directory);
        if (r >= 0)
                r = append_environment(c, m, login ? SURROUNDINGS_STREAMS : SURROUNDINGS_NONE,
                                       reterr);
        if (r >= 0 && login)
                r = sd_bus_message_append(m, "{sv}", "Home", "b", 1);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

typedef struct Command {
        const char *user;
        bool login;
        char *const *argv;
} Command;

static int exec_call_new(const Ctl *c, const char *machine, const Command *command,
                         const Streams *streams, sd_bus_message **ret, Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = client_machine_call_new(&c->client, "Exec", machine, &m, reterr);

        if (r >= 0)
                r = sd_bus_message_append_strv(m, (char **)command->argv);
        if (r >= 0)
                r = client_append_fds(m, streams->guest, STREAMS);
        if (r >= 0)
                r = append_exec_options(c, m, command->user, command->login, reterr);
        if (r < 0)
                return client_fault(NULL, r, reterr);
        *ret = TAKE_PTR(m);
        return 0;
}

static int on_executed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Session *s = userdata;
        _cleanup_fault_ Fault fault = {0};
        const char *process;
        int r = -EIO;

        if (sd_bus_message_is_method_error(m, NULL))
                (void)client_fault(sd_bus_message_get_error(m), 0, &fault);
        else
                r = sd_bus_message_read(m, "o", &process);
        if (r >= 0)
                r = session_wait_process(s, process, &fault);
        if (r < 0)
                session_fail(s, r, &fault);
        return 0;
}

static int run_on_streams(Session *s, const Command *command, Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        Streams streams;
        int r = streams_open(args_has(&s->c->args, "interactive"), &streams, reterr);

        if (r < 0)
                return r;
        r = exec_call_new(s->c, s->machine, command, &streams, &m, reterr);
        if (r >= 0)
                r = session_open(s, reterr);
        if (r >= 0)
                r = sd_bus_call_async(client_bus(&s->c->client), NULL, m, on_executed, s,
                                      CLIENT_FOREVER);
        streams_close_guest(&streams);
        if (r >= 0)
                r = session_connect_streams(s, &streams, reterr);
        for (int i = 0; i < STREAMS; i++)
                streams.ours[i] = close_fd(streams.ours[i]);
        return r;
}

int inside_on_streams(Ctl *c, const char *machine, const char *user, bool login, char *const *argv)
{
        const Command command = {.user = user, .login = login, .argv = argv};
        _cleanup_session_ Session s = {.c = c, .machine = machine, .master = -EBADF};
        _cleanup_fault_ Fault fault = {0};

        int r = run_on_streams(&s, &command, &fault);
        if (r < 0) {
                (void)client_fault(NULL, r, &fault);
                return report_fault(c, machine, &fault);
        }
        s.on_signal = session_signal_process;
        return session_run(&s, QUIET_MSEC);
}

static int append_terminal_options(const Ctl *c, sd_bus_message *m, char *const *argv,
                                   Fault *reterr)
{
        const char *directory = args_value(&c->args, "working-directory");
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        if (r >= 0 && argv && *argv)
                r = client_append_option_strv(m, "Command", argv);
        if (r >= 0 && directory)
                r = client_append_option_string(m, "WorkingDirectory", directory);
        if (r >= 0)
                r = append_environment(c, m, SURROUNDINGS_TERMINAL, reterr);
        if (r >= 0)
                r = append_size(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int on_opened(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Session *s = userdata;
        _cleanup_fault_ Fault fault = {0};
        const char *process;
        int r = -EIO, master;

        if (sd_bus_message_is_method_error(m, NULL))
                (void)client_fault(sd_bus_message_get_error(m), 0, &fault);
        else
                r = sd_bus_message_read(m, "ho", &master, &process);
        if (r >= 0) {
                /* The message owns the descriptor that it carries. */
                master = fcntl(master, F_DUPFD_CLOEXEC, STREAMS);
                r = master < 0 ? -errno : session_connect_terminal(s, master, &fault);
        }
        if (r >= 0)
                r = session_wait_process(s, process, &fault);
        if (r < 0)
                session_fail(s, r, &fault);
        else
                session_make_raw(s);
        return 0;
}

static int open_terminal(Session *s, const char *method, const char *user, char *const *argv,
                         Fault *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = client_machine_call_new(&s->c->client, method, s->machine, &m, reterr);

        if (r >= 0 && streq(method, "Shell"))
                r = sd_bus_message_append(m, "s", user);
        if (r >= 0)
                r = append_terminal_options(s->c, m, argv, reterr);
        if (r >= 0)
                r = session_open(s, reterr);
        return r < 0 ? r
                     : sd_bus_call_async(client_bus(&s->c->client), NULL, m, on_opened, s,
                                         CLIENT_FOREVER);
}

int inside_on_terminal(Ctl *c, const char *machine, const char *method, const char *user,
                       char *const *argv)
{
        _cleanup_session_ Session s = {.c = c, .machine = machine, .master = -EBADF};
        _cleanup_fault_ Fault fault = {0};

        int r = open_terminal(&s, method, user, argv, &fault);
        if (r < 0) {
                (void)client_fault(NULL, r, &fault);
                return report_fault(c, machine, &fault);
        }
        int status = session_run(&s, QUIET_MSEC);
        session_close(&s);
        if (s.detached)
                report_note(c, "Detached from '%s'.", machine);
        return status;
}
