/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Verbs on machines, commands inside them, and on the host. */
#include "ctl/verb-tables.h"
#include "ctl/verbs.h"

/* clang-format off */
static const Option stop_options[] = {
        {"timeout", 't', OPTION_VALUE, "TIME", "kill everything after TIME (90s, 2min, infinity)"},
        {.name = NULL},
};
static const Option mount_options[] = {
        {"persist", 0, OPTION_FLAG, NULL, "for later runs, too; without it until the machine stops"},
        {.name = NULL},
};
static const Option kill_options[] = {
        {"signal", 's', OPTION_VALUE, "SIGNAL", "signal to send, SIGTERM if not given"},
        {"kill-whom", 0, OPTION_VALUE, "WHOM", "leader (PID 1, the default) or all"},
        {.name = NULL},
};
static const Option rm_options[] = {
        {"force", 'f', OPTION_FLAG, NULL, "stop the machine first if it runs"},
        {.name = NULL},
};
static const Option wait_options[] = {
        {"for", 0, OPTION_VALUE, "STATE", "ready, running, healthy, stopped (the default) or exited"},
        {"timeout", 't', OPTION_VALUE, "TIME", "give up after TIME, with exit status 6"},
        {.name = NULL},
};
static const Option show_options[] = {
        {"property", 'p', OPTION_VALUE, "NAME", "only this property; may be given several times"},
        {"value", 0, OPTION_FLAG, NULL, "print values without names"},
        {"effective", 0, OPTION_FLAG, NULL, "print settings, and where each is from"},
        {.name = NULL},
};
static const Option cp_options[] = {
        {"archive", 'a', OPTION_FLAG, NULL, "keep owners, set-id bits and all attributes, too"},
        {"follow-link", 'L', OPTION_FLAG, NULL, "copy what a source that is a link leads to"},
        {.name = NULL},
};
static const Option lines_options[] = {
        {"lines", 'n', OPTION_VALUE, "N", "print at most N lines of output"},
        {.name = NULL},
};
static const Option logs_options[] = {
        {"follow", 'f', OPTION_FLAG, NULL, "go on with what machines print from now on"},
        {"lines", 'n', OPTION_VALUE, "N", "the last N lines; with --follow 10 if not given"},
        {"since", 'S', OPTION_VALUE, "TIME", "from TIME on: '2026-11-26 02:00', today, -5min"},
        {"until", 'U', OPTION_VALUE, "TIME", "up to TIME"},
        {"guest", 0, OPTION_FLAG, NULL, "the journal of the guest's own systemd, too"},
        {"boot", 'b', OPTION_OPTIONAL, "N", "of one PID 1: the last (0), the one before (-1) .."},
        {.name = NULL},
};
static const Option events_options[] = {
        {"follow", 'f', OPTION_FLAG, NULL, "go on with what happens from now on"},
        {"lines", 'n', OPTION_VALUE, "N", "the last N events, from the journal"},
        {"since", 'S', OPTION_VALUE, "TIME", "what has happened since TIME: '02:00', today, -1h"},
        {"until", 'U', OPTION_VALUE, "TIME", "what has happened up to TIME"},
        {.name = NULL},
};
static const Option run_options[] = {
        {"name", 'n', OPTION_VALUE, "NAME", "name of the machine; made up if not given"},
        {"detach", 'd', OPTION_FLAG, NULL, "do not stay attached; print the machine's name"},
        {"interactive", 'i', OPTION_FLAG, NULL, "connect standard input even if it is a terminal"},
        {.name = NULL},
};
static const Option exec_options[] = {
        {"terminal", 't', OPTION_BOOL, NULL, "give the command a terminal, or none"},
        {"interactive", 'i', OPTION_FLAG, NULL, "connect standard input even if it is a terminal"},
        {"user", 'u', OPTION_VALUE, "USER", "user of the guest to run as, root if not given"},
        {"environment", 'E', OPTION_VALUE, "NAME[=VALUE]", "set, or pass on, a variable"},
        {"working-directory", 'w', OPTION_VALUE, "DIR", "directory of the guest to run in"},
        {.name = NULL},
};
static const Option shell_options[] = {
        {"user", 'u', OPTION_VALUE, "USER", "user of the guest, root if not given"},
        {"environment", 'E', OPTION_VALUE, "NAME[=VALUE]", "set, or pass on, a variable"},
        {"working-directory", 'w', OPTION_VALUE, "DIR", "directory of the guest to start in"},
        {.name = NULL},
};
static const Option list_options[] = {
        {"all", 'a', OPTION_FLAG, NULL, "stopped machines too, which are always listed"},
        {"columns", 'c', OPTION_VALUE, "NAME,...", "these columns or properties only"},
        {.name = NULL},
};
static const Option stats_options[] = {
        {"by", 0, OPTION_VALUE, "WHAT", "machine (the default), interface, disk, memory, limit or pressure"},
        {.name = NULL},
};
static const Option top_options[] = {
        {"interval", 'i', OPTION_VALUE, "TIME", "look again after TIME, 1s if not given"},
        {"count", 'n', OPTION_VALUE, "N", "end after N times"},
        {"sort", 0, OPTION_VALUE, "WHAT", "cpu (the default), memory, tasks, disk, network or name"},
        {.name = NULL},
};
static const Option enable_options[] = {
        {"now", 0, OPTION_FLAG, NULL, "start them now, too"},
        {.name = NULL},
};
static const Option disable_options[] = {
        {"now", 0, OPTION_FLAG, NULL, "stop them now, too"},
        {.name = NULL},
};
static const Option doctor_options[] = {
        {"deep", 0, OPTION_FLAG, NULL, "read every layer and compare its digest, too"},
        {.name = NULL},
};
static const Option clone_options[] = {
        {"keep-identity", 0, OPTION_FLAG, NULL, "with the same machine ID and host name"},
        {.name = NULL},
};

/* A word after "run -D DIR" is already the command, after "create -D DIR NAME" too. */
static bool has_directory(const Args *a)
{
        return args_value(a, "root-directory") != NULL;
}
static bool create_command_is_next(const Args *a)
{
        return a->n_words >= 3 || (a->n_words >= 2 && has_directory(a));
}

const Verb machine_verbs[] = {
        {.name = "list", .aliases = "ls, ps", .synopsis = "[NAME...]", .summary = "List machines",
         .action = "list the machines", .options = list_options, .prints_table = true,
         .max_words = ANY_NUMBER, .run = verb_list},
        {.name = "status", .synopsis = "NAME...", .summary = "Show state, processes and last output",
         .action = "show", .options = lines_options, .min_words = 1, .max_words = ANY_NUMBER,
         .run = verb_status},
        {.name = "show", .aliases = "inspect", .synopsis = "NAME...",
         .summary = "Show properties, for programs", .action = "show", .options = show_options,
         .min_words = 1, .max_words = ANY_NUMBER, .run = verb_show},
        {.name = "stats", .synopsis = "[NAME...]",
         .summary = "Show what machines have used, and what limits them",
         .action = "read the counters of", .options = stats_options, .shared = {columns_options},
         .prints_table = true, .max_words = ANY_NUMBER, .run = verb_stats},
        {.name = "top", .synopsis = "[NAME...]", .summary = "Show what machines use, again and again",
         .action = "read the counters of", .options = top_options, .shared = {columns_options},
         .prints_table = true, .max_words = ANY_NUMBER, .run = verb_top},
        {.name = "logs", .aliases = "output", .synopsis = "NAME...",
         .summary = "Print what machines have printed", .action = "read the output of",
         .options = logs_options, .prints_log = true, .without_bus = true, .min_words = 1,
         .max_words = ANY_NUMBER, .run = verb_logs},
        {.name = "events", .synopsis = "[NAME...]",
         .summary = "Print what happens to machines, or has happened", .action = "watch",
         .options = events_options, .prints_log = true, .without_bus = true,
         .max_words = ANY_NUMBER, .run = verb_events},
        {.name = "plan", .synopsis = "NAME", .summary = "Print what a start would do, step by step",
         .action = "plan the start of", .min_words = 1, .max_words = 1, .run = verb_plan},
        {.name = "create", .synopsis = "NAME IMAGE [COMMAND...]",
         .summary = "Create a machine; without COMMAND it boots the image's init",
         .action = "create", .shared = {pull_options, progress_options, registry_options},
         .settings = settings_options, .min_words = 1, .max_words = ANY_NUMBER,
         .command_is_next = create_command_is_next, .run = verb_create},
        {.name = "rm", .aliases = "remove, delete", .synopsis = "NAME...",
         .summary = "Remove machines with all that they wrote", .action = "remove",
         .options = rm_options, .min_words = 1, .max_words = ANY_NUMBER, .run = verb_rm},
        {.name = "rename", .synopsis = "NAME NEW",
         .summary = "Give a stopped machine another name, or an image if no machine is called so",
         .action = "rename", .min_words = 2, .max_words = 2, .run = verb_rename},
        {.name = "clone", .synopsis = "NAME NEW",
         .summary = "Copy a machine, or an image if no machine is called so", .action = "clone",
         .options = clone_options, .shared = {progress_options, detach_options}, .min_words = 2,
         .max_words = 2, .run = verb_clone},
        {.name = "diff", .synopsis = "NAME", .summary = "List what a machine has changed",
         .action = "compare", .min_words = 1, .max_words = 1, .run = verb_diff},
        {.name = "reset", .synopsis = "NAME...",
         .summary = "Drop all that machines have written", .action = "reset", .min_words = 1,
         .max_words = ANY_NUMBER, .run = verb_reset},
        {.name = "start", .synopsis = "NAME...", .summary = "Start machines", .action = "start",
         .min_words = 1, .max_words = ANY_NUMBER, .run = verb_start},
        {.name = "stop", .aliases = "poweroff", .synopsis = "NAME...",
         .summary = "Stop machines and wait until they are gone", .action = "stop",
         .options = stop_options, .min_words = 1, .max_words = ANY_NUMBER, .run = verb_stop},
        {.name = "restart", .aliases = "reboot", .synopsis = "NAME...",
         .summary = "Stop machines and start them again", .action = "restart",
         .options = stop_options, .min_words = 1, .max_words = ANY_NUMBER, .run = verb_restart},
        {.name = "terminate", .synopsis = "NAME...", .summary = "Kill every process of machines",
         .action = "terminate", .min_words = 1, .max_words = ANY_NUMBER, .run = verb_terminate},
        {.name = "pause", .aliases = "freeze", .synopsis = "NAME...",
         .summary = "Freeze machines with all their processes", .action = "pause", .min_words = 1,
         .max_words = ANY_NUMBER, .run = verb_pause},
        {.name = "resume", .aliases = "unpause, thaw", .synopsis = "NAME...",
         .summary = "Let paused machines run on", .action = "resume", .min_words = 1,
         .max_words = ANY_NUMBER, .run = verb_resume},
        {.name = "kill", .synopsis = "NAME...", .summary = "Send a signal to PID 1 or to all",
         .action = "send the signal to", .options = kill_options, .min_words = 1,
         .max_words = ANY_NUMBER, .run = verb_kill},
        {.name = "mount", .synopsis = "[NAME [[SOURCE:]TARGET[:OPTIONS]...]]",
         .summary = "Mount in a running machine as create -v would; or list what is mounted",
         .action = "mount in", .options = mount_options, .shared = {columns_options}, .prints_table = true,
         .max_words = ANY_NUMBER, .run = verb_mount},
        {.name = "umount", .aliases = "unmount", .synopsis = "NAME TARGET...",
         .summary = "Unmount it", .action = "unmount in", .options = mount_options,
         .min_words = 2, .max_words = ANY_NUMBER, .run = verb_umount},
        {.name = "enable", .synopsis = "NAME...", .summary = "Start machines when the host boots",
         .action = "enable", .options = enable_options, .min_words = 1, .max_words = ANY_NUMBER,
         .run = verb_enable},
        {.name = "disable", .synopsis = "NAME...",
         .summary = "Do not start machines when the host boots", .action = "disable",
         .options = disable_options, .min_words = 1, .max_words = ANY_NUMBER,
         .run = verb_disable},
        {.name = "wait", .synopsis = "NAME...",
         .summary = "Wait until machines are ready, running or stopped", .action = "wait for",
         .options = wait_options, .min_words = 1, .max_words = ANY_NUMBER, .run = verb_wait},
        {.name = NULL},
};

const Verb inside_verbs[] = {
        {.name = "run", .synopsis = "IMAGE [COMMAND...]",
         .summary = "Run a command in a new machine and remove it afterwards", .action = "run",
         .options = run_options, .shared = {pull_options, progress_options, registry_options},
         .settings = settings_options, .passes_status = true,
         .max_words = ANY_NUMBER, .words_before_command = 1, .run = verb_run},
        {.name = "exec", .synopsis = "NAME COMMAND...", .summary = "Run a command inside",
         .action = "execute the command in", .options = exec_options, .passes_status = true,
         .min_words = 2, .max_words = ANY_NUMBER, .words_before_command = 1, .run = verb_exec},
        {.name = "shell", .synopsis = "[USER@]NAME [COMMAND...]",
         .summary = "Open a login shell inside", .action = "open a shell in",
         .options = shell_options, .passes_status = true, .min_words = 1, .max_words = ANY_NUMBER,
         .words_before_command = 1, .run = verb_shell},
        {.name = "login", .synopsis = "NAME", .summary = "Open a login prompt inside",
         .action = "open a login prompt in", .passes_status = true, .min_words = 1, .max_words = 1,
         .run = verb_login},
        {.name = "cp", .aliases = "copy-to, copy-from", .synopsis = "SOURCE... TARGET",
         .summary = "Copy files; in a machine: NAME:PATH; - is a tar archive",
         .action = "copy files to or from", .options = cp_options, .shared = {progress_options},
         .min_words = 2, .max_words = ANY_NUMBER, .run = verb_cp},
        {.name = "attach", .synopsis = "NAME", .summary = "Connect to PID 1's input and output",
         .action = "attach to", .min_words = 1, .max_words = 1, .run = verb_attach},
        {.name = NULL},
};

const Verb host_verbs[] = {
        {.name = "doctor", .synopsis = "", .summary = "Look for what is missing on this host",
         .action = "look at this host", .options = doctor_options, .without_bus = true, .prints_table = true,
         .run = verb_doctor},
        {.name = "version", .synopsis = "", .summary = "Print the versions of lodgectl and lodged",
         .action = "ask for the version", .without_bus = true, .run = verb_version},
        {.name = "help", .synopsis = "[VERB]", .summary = "Print help on a verb, a group of verbs, or on all",
         .action = "help", .without_bus = true, .max_words = 2, .run = verb_help},
        {.name = NULL},
};
/* clang-format on */
