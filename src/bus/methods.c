/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each method reads, asks of core and replies. */
#include "base/machine-name.h"
#include "base/text.h"
#include "bus/call.h"
#include "core/capture.h"
#include "core/launch.h"
#include "core/machine-define.h"
#include "core/rename.h"
#include "spec/reference.h"

#include <signal.h>
#include <string.h>

static int take_string(char **target, const char *s)
{
        *target = strdup(s);
        return *target ? 0 : -ENOMEM;
}

int call_read_text(Call *c, Fault *reterr)
{
        const char *s;
        int r = sd_bus_message_read(c->message, "s", &s);

        return r < 0 ? r : take_string(&c->text, s);
}

static int bad_word(const char *word, const char *allowed, Fault *reterr)
{
        _cleanup_free_ char *shown = text_for_display(word, 64);

        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "'%s' is not what there is %s",
                         shown ?: "", allowed);
}

static int read_kill(Call *c, Fault *reterr)
{
        int r = call_read_text(c, reterr);

        r = r < 0 ? r : sd_bus_message_read(c->message, "i", &c->number);
        if (r < 0)
                return r;
        if (!streq(c->text, "") && !streq(c->text, "leader") && !streq(c->text, "all"))
                return bad_word(c->text, "to signal: 'leader' or 'all'", reterr);
        if (c->number < 1 || c->number > SIGRTMAX)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "%d is no signal",
                                 c->number);
        return 0;
}

static int read_process_kill(Call *c, Fault *reterr)
{
        int r = sd_bus_message_read(c->message, "i", &c->number);

        if (r >= 0 && (c->number < 1 || c->number > SIGRTMAX))
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL, "%d is no signal",
                                 c->number);
        return r;
}

static bool id_is_root(const char *id)
{
        return !*id || streq(id, "root") || strspn(id, "0") == strlen(id);
}

bool bus_user_is_root(const char *user)
{
        g_auto(GStrv) parts = g_strsplit(user ?: "", ":", 2);

        return !parts[0] || id_is_root(parts[0]) || (parts[1] && id_is_root(parts[1]));
}

static int read_argv(Call *c, Fault *reterr)
{
        int r = options_read_strv(c->message, &c->argv, reterr);

        if (r < 0)
                return r;
        if (strv_length(c->argv) == 0 || !*c->argv[0])
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "there is no program to run");
        return 0;
}

static int read_exec(Call *c, Fault *reterr)
{
        int r = read_argv(c, reterr);

        return r < 0 ? r : options_read_fds(c->message, c->stdio, reterr);
}

static int read_attach(Call *c, Fault *reterr)
{
        return options_read_fds(c->message, c->stdio, reterr);
}

static int read_shell(Call *c, Fault *reterr)
{
        const char *user;
        int r = sd_bus_message_read(c->message, "s", &user);

        return r < 0 ? r : take_string(&c->options.user, user);
}

static int read_size(Call *c, Fault *reterr)
{
        return sd_bus_message_read(c->message, "qq", &c->rows, &c->columns);
}

typedef int (*SetFn)(void *target, const char *key, const SettingValue *v, Fault *reterr);

static int read_setting(Call *c, SetFn set, void *target, Fault *reterr)
{
        _cleanup_strv_free_ char **list = NULL;
        SettingValue v = {0};
        const char *key, *type;
        int b = 0, r;

        r = sd_bus_message_read(c->message, "s", &key);
        r = r < 0 ? r : sd_bus_message_peek_type(c->message, NULL, &type);
        r = r < 0 ? r : sd_bus_message_enter_container(c->message, 'v', type);
        if (r < 0)
                return r;
        if (streq(type, "s")) {
                v.kind = SETTING_STRING;
                r = sd_bus_message_read(c->message, "s", &v.string);
        } else if (streq(type, "as")) {
                v.kind = SETTING_STRV;
                r = options_read_strv(c->message, &list, reterr);
                v.strv = list;
        } else if (streq(type, "b")) {
                v.kind = SETTING_BOOL;
                r = sd_bus_message_read(c->message, "b", &b);
                v.boolean = b;
        } else if (streq(type, "t")) {
                v.kind = SETTING_USEC;
                r = sd_bus_message_read(c->message, "t", &v.usec);
        } else
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "setting '%.64s' is of type %s; give it as s", key, type);
        r = r < 0 ? r : set(target, key, &v, reterr);
        return r < 0 ? r : sd_bus_message_exit_container(c->message);
}

int call_read_settings(Call *c, SetFn set, void *target, Fault *reterr)
{
        int r = sd_bus_message_enter_container(c->message, 'a', "{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(c->message, 'e', "sv")) > 0) {
                r = read_setting(c, set, target, reterr);
                r = r < 0 ? r : sd_bus_message_exit_container(c->message);
        }
        return r < 0 ? r : sd_bus_message_exit_container(c->message);
}

static int read_create(Call *c, Fault *reterr)
{
        _cleanup_free_ char *canonical = NULL;
        const char *image;
        SettingValue v = {.kind = SETTING_STRING};
        int r = sd_bus_message_read(c->message, "s", &image);

        r = r < 0 ? r : bus_read_machine_settings(c, reterr);
        if (r >= 0 && *image)
                r = image_name_canonical(image, &canonical, reterr);
        v.string = image;
        if (r >= 0 && *image)
                r = settings_set(&c->settings, "Image", &v, reterr);
        return r < 0 || !*image ? r : strv_push(&c->keys, "Image");
}

static int run_create(Call *c, Fault *reterr)
{
        Machine *m;

        c->settings.owner = c->uid;
        int r = manager_create(c->bus->manager, c->machine, &c->settings, c->keys, &m, reterr);
        if (r >= 0)
                call_answered(c, &(Answer){.machine = m, .terminal_fd = -EBADF});
        return r;
}

static int run_start(Call *c, Fault *reterr)
{
        Machine *m;
        int r = call_get_machine(c, &m, reterr);

        return r < 0 ? r : machine_start(m, c->options.attach, call_answered, c, reterr);
}

static int stop(Call *c, RequestKind kind, StopHow how, Fault *reterr)
{
        Machine *m;
        int r = call_get_machine(c, &m, reterr);

        return r < 0 ? r
                     : machine_stop(m, kind, how, c->options.timeout_usec, call_answered, c,
                                    reterr);
}

static int run_stop(Call *c, Fault *reterr)
{
        return stop(c, REQUEST_STOP, STOP_GENTLY, reterr);
}

static int run_restart(Call *c, Fault *reterr)
{
        return stop(c, REQUEST_RESTART, STOP_GENTLY, reterr);
}

static int run_terminate(Call *c, Fault *reterr)
{
        return stop(c, REQUEST_STOP, STOP_KILL, reterr);
}

static int run_remove(Call *c, Fault *reterr)
{
        Machine *m;
        int r = call_get_machine(c, &m, reterr);

        return r < 0 ? r : machine_remove(m, c->options.force, call_answered, c, reterr);
}

static int run_pause(Call *c, Fault *reterr)
{
        Machine *m;
        int r = call_get_machine(c, &m, reterr);

        return r < 0 ? r : machine_pause(m, call_answered, c, reterr);
}

static int run_resume(Call *c, Fault *reterr)
{
        Machine *m;
        int r = call_get_machine(c, &m, reterr);

        return r < 0 ? r : machine_resume(m, call_answered, c, reterr);
}

static int run_rename(Call *c, Fault *reterr)
{
        Machine *m;
        int r = call_get_machine(c, &m, reterr);

        return r < 0 ? r : machine_rename(m, c->text, call_answered, c, reterr);
}

static int run_kill(Call *c, Fault *reterr)
{
        Machine *m;
        int r = call_get_machine(c, &m, reterr);

        return r < 0 ? r
                     : machine_kill(m, streq(c->text, "all"), c->number, call_answered, c, reterr);
}

static int run_wait(Call *c, Fault *reterr)
{
        WaitCondition condition = wait_condition_from_name(c->text);
        Machine *m;

        if (condition < 0)
                return bad_word(c->text,
                                "to wait for: 'running', 'ready', 'healthy', 'stopped' or 'exited'",
                                reterr);
        int r = call_get_machine(c, &m, reterr);
        if (r >= 0)
                machine_wait(m, condition, c->options.timeout_usec, call_answered, c);
        return r;
}

static int start_process(Call *c, ProcessArgs a, Fault *reterr)
{
        Machine *m;
        int r = call_get_machine(c, &m, reterr);

        a.environment = c->options.environment;
        a.working_directory = c->options.working_directory;
        a.owner = c->uid;
        a.needs_root = c->needs_root;
        return r < 0 ? r : process_start(m, &a, call_answered, c, reterr);
}

static int run_exec(Call *c, Fault *reterr)
{
        return start_process(c,
                             (ProcessArgs){
                                     .argv = c->argv,
                                     .user = c->options.user,
                                     .stdio = c->stdio,
                                     .login = c->options.home,
                             },
                             reterr);
}

static int run_run(Call *c, Fault *reterr)
{
        return start_process(c,
                             (ProcessArgs){
                                     .argv = c->argv,
                                     .user = c->options.user,
                                     .stdio = c->stdio,
                                     .capture = true,
                                     .input = c->options.input,
                                     .n_input = c->options.n_input,
                                     .timeout_usec = c->options.timeout_usec,
                             },
                             reterr);
}

static int run_shell(Call *c, Fault *reterr)
{
        return start_process(c,
                             (ProcessArgs){
                                     .argv = c->options.command,
                                     .user = c->options.user,
                                     .stdio = c->stdio,
                                     .terminal = true,
                                     .login = true,
                                     .rows = c->options.rows,
                                     .columns = c->options.columns,
                             },
                             reterr);
}

static int run_login(Call *c, Fault *reterr)
{
        static char login[] = "login";
        char *argv[] = {login, NULL};

        return start_process(c,
                             (ProcessArgs){
                                     .argv = argv,
                                     .stdio = c->stdio,
                                     .terminal = true,
                                     .rows = c->options.rows,
                                     .columns = c->options.columns,
                             },
                             reterr);
}

static int run_attach(Call *c, Fault *reterr)
{
        Machine *m;
        int r = call_get_machine(c, &m, reterr);

        return r < 0 ? r : machine_attach(m, c->stdio, call_answered, c, reterr);
}

static int run_resize(Call *c, Fault *reterr)
{
        Machine *m;
        int r = call_get_machine(c, &m, reterr);

        return r < 0 ? r : machine_resize(m, c->rows, c->columns, call_answered, c, reterr);
}

static int run_read_output(Call *c, Fault *reterr)
{
        Machine *m;
        int r = call_get_machine(c, &m, reterr);

        return r < 0 ? r : machine_read_output(m, call_answered, c, reterr);
}

static int run_plan(Call *c, Fault *reterr)
{
        _cleanup_launch_ Launch l = {.uid_lock = -EBADF};
        _cleanup_free_ char *text = NULL;
        size_t n;
        Machine *m;

        int r = call_get_machine(c, &m, reterr);
        r = r < 0 ? r : launch_prepare(m, false, &l, reterr);
        if (r < 0)
                return r;
        FILE *f = open_memstream(&text, &n);
        if (!f)
                return -ENOMEM;
        plan_print(l.plan, l.n_plan, f);
        if (fclose(f) != 0)
                return -ENOMEM;
        free(c->text);
        c->text = TAKE_PTR(text);
        call_answered(c, &(Answer){.machine = m, .terminal_fd = -EBADF});
        return 0;
}

static int get_process(Call *c, Process **ret, Fault *reterr)
{
        *ret = bus_path_process(c->bus, c->process);
        return *ret ? 0
                    : fault_set(reterr, FAULT_NO_SUCH_PROCESS, 0, "there is no object %s any more",
                                c->process);
}

static int run_process_wait(Call *c, Fault *reterr)
{
        Process *p;
        int r = get_process(c, &p, reterr);

        if (r >= 0)
                process_wait(p, c->options.timeout_usec, call_answered, c);
        return r;
}

static int run_process_kill(Call *c, Fault *reterr)
{
        Process *p;
        int r = get_process(c, &p, reterr);

        return r < 0 ? r : process_kill(p, c->number, call_answered, c, reterr);
}

int bus_reply_machine_path(Call *c, const Answer *a, sd_bus_message *reply)
{
        _cleanup_free_ char *path = bus_object_path(OBJECT_MACHINE, c->machine);

        return path ? sd_bus_message_append(reply, "o", path) : -ENOMEM;
}

static int reply_state(Call *c, const Answer *a, sd_bus_message *reply)
{
        return sd_bus_message_append(reply, "si",
                                     a->machine ? machine_state_name(a->machine) : "stopped",
                                     a->machine ? machine_exit_status(a->machine) : -1);
}

/* By the name that it was given, also if it has been removed since. */
static int reply_rename(Call *c, const Answer *a, sd_bus_message *reply)
{
        _cleanup_free_ char *path = bus_object_path(OBJECT_MACHINE, c->text);
        int r = path ? sd_bus_message_append(reply, "o", path) : -ENOMEM;

        return r < 0 ? r : call_reply_answer_lines(c, a, reply);
}

static int reply_process(Call *c, const Answer *a, sd_bus_message *reply)
{
        _cleanup_free_ char *path = bus_process_path(a->process);

        return path ? sd_bus_message_append(reply, "o", path) : -ENOMEM;
}

static int reply_terminal(Call *c, const Answer *a, sd_bus_message *reply)
{
        int r = sd_bus_message_append(reply, "h", a->terminal_fd);

        return r < 0 ? r : reply_process(c, a, reply);
}

static int reply_run(Call *c, const Answer *a, sd_bus_message *reply)
{
        int r = sd_bus_message_append(reply, "i", a->process->status);

        for (int stream = 1; stream <= 2 && r >= 0; stream++) {
                const GByteArray *bytes = capture_output(a->output, stream);

                r = sd_bus_message_append_array(reply, 'y', bytes->data, bytes->len);
        }
        return r;
}

int call_reply_answer_lines(Call *c, const Answer *a, sd_bus_message *reply)
{
        static char *none[] = {NULL};

        return sd_bus_message_append_strv(reply, a->lines ? (char **)a->lines : none);
}

int call_reply_text(Call *c, const Answer *a, sd_bus_message *reply)
{
        return sd_bus_message_append(reply, "s", c->text);
}

static int reply_process_end(Call *c, const Answer *a, sd_bus_message *reply)
{
        return sd_bus_message_append(reply, "ii", a->process ? a->process->status : -1,
                                     a->process ? a->process->signal : 0);
}

#define OPTIONS_EXEC (OPTION_USER | OPTION_ENVIRONMENT | OPTION_WORKING_DIRECTORY)

const Method bus_create_method = {"CreateMachine",       "manage",    "create",
                                  OPTIONS_ARE_SETTINGS,  read_create, run_create,
                                  bus_reply_machine_path};

const Method bus_machine_methods[] = {
        {"Start", "manage", "start", OPTION_ATTACH, NULL, run_start, NULL},
        {"Stop", "manage", "stop", OPTION_TIMEOUT, NULL, run_stop, NULL},
        {"Restart", "manage", "restart", OPTION_TIMEOUT, NULL, run_restart, NULL},
        {"Terminate", "manage", "terminate", 0, NULL, run_terminate, NULL},
        {"Pause", "manage", "pause", 0, NULL, run_pause, NULL},
        {"Resume", "manage", "resume", 0, NULL, run_resume, NULL},
        {"Kill", "manage", "kill", 0, read_kill, run_kill, NULL},
        {"Remove", "manage", "remove", OPTION_FORCE, NULL, run_remove, NULL},
        {"Wait", NULL, "wait for", OPTION_TIMEOUT, call_read_text, run_wait, reply_state},
        {"Exec", "exec", "run a program in", OPTIONS_EXEC | OPTION_HOME, read_exec, run_exec,
         reply_process},
        {"Run", "exec", "run a program in", OPTIONS_EXEC | OPTION_INPUT | OPTION_TIMEOUT, read_argv,
         run_run, reply_run},
        {"Shell", "exec", "open a shell in",
         OPTION_COMMAND | OPTION_ENVIRONMENT | OPTION_WORKING_DIRECTORY | OPTION_SIZE, read_shell,
         run_shell, reply_terminal},
        {"Login", "exec-root", "log in to", OPTION_ENVIRONMENT | OPTION_SIZE, NULL, run_login,
         reply_terminal},
        {"Attach", "exec-root", "attach to", 0, read_attach, run_attach, NULL},
        {"Resize", "exec-root", "resize the terminal of", 0, read_size, run_resize, NULL},
        {"ReadOutput", "inspect", "read the output of", 0, NULL, run_read_output,
         call_reply_answer_lines},
        {"Commit", "manage", "commit",
         OPTION_COMMIT | OPTION_COMMAND | OPTION_ENVIRONMENT | OPTION_WORKING_DIRECTORY |
                 OPTION_USER | OPTION_FORCE | OPTION_TOKEN,
         call_read_text, bus_run_commit, call_reply_path},
        {"CopyTo", "copy", "copy files to", OPTION_COPY_TO | OPTION_TOKEN, bus_read_copy_to,
         bus_run_copy_to, bus_reply_job},
        {"CopyFrom", "copy", "copy files from", OPTION_COPY_FROM | OPTION_TOKEN, bus_read_copy_from,
         bus_run_copy_from, bus_reply_job},
        {"Reset", "manage", "reset", 0, NULL, bus_run_reset, NULL},
        {"Diff", "inspect", "see what was written by", 0, NULL, bus_run_diff, bus_reply_diff},
        {"Clone", "manage", "clone", OPTION_IDENTITY | OPTION_TOKEN, call_read_text,
         bus_run_clone_machine, call_reply_path},
        {"Rename", "manage", "rename", 0, call_read_text, run_rename, reply_rename},
        {"AttachNetwork", "manage", "attach a network to", OPTION_PERSIST, bus_read_network_entry,
         bus_run_attach_network, NULL},
        {"DetachNetwork", "manage", "detach a network from", OPTION_PERSIST, call_read_text,
         bus_run_detach_network, NULL},
        {"AddPort", "manage", "publish a port of", OPTION_PERSIST, bus_read_port_entry,
         bus_run_add_port, NULL},
        {"RemovePort", "manage", "withdraw a port of", OPTION_PERSIST, call_read_text,
         bus_run_remove_port, NULL},
        {"AddMount", "manage", "mount something in", OPTION_PERSIST, bus_read_mount_entry,
         bus_run_add_mount, NULL},
        {"RemoveMount", "manage", "unmount something in", OPTION_PERSIST, call_read_text,
         bus_run_remove_mount, NULL},
        {"SetBandwidth", "manage", "limit the bandwidth of", OPTION_PERSIST, call_read_text,
         bus_run_set_bandwidth, NULL},
        {"GetStats", NULL, "read the counters of", 0, NULL, bus_run_get_stats, bus_reply_stats},
        {"SetProperties", "manage", "change", OPTION_RUNTIME | OPTION_DRY_RUN,
         bus_read_machine_settings, bus_run_set_properties, call_reply_lines},
        {"GetDefinition", "inspect", "read the definition of", 0, NULL, bus_run_get_definition,
         bus_reply_definition},
        {"GetEffective", "inspect", "read the settings of", 0, NULL, bus_run_get_effective,
         bus_reply_effective},
        {"Plan", "inspect", "show the plan of", 0, NULL, run_plan, call_reply_text},
        {NULL},
};

const Method bus_process_methods[] = {
        {"Wait", NULL, "wait for a process of", OPTION_TIMEOUT, NULL, run_process_wait,
         reply_process_end},
        {"Kill", "exec", "signal a process of", 0, read_process_kill, run_process_kill, NULL},
        {NULL},
};
