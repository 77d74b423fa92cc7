/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine gets another name: with all that is its, or not at all; wherever lodged is killed. */
#include "unit/test.h"

#include "base/io.h"
#include "base/names.h"
#include "base/text.h"
#include "core/job.h"
#include "core/machine-define.h"
#include "core/manager.h"
#include "core/rename.h"
#include "core/volume.h"

#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

#define SERVICE(name) "lodge@" name ".service"

static char *root;
static sd_event *event;
static Manager *manager;

static struct {
        char *from, *to; /* what move_links() was asked for */
        int answer;
} links;

static struct {
        unsigned n;
        FaultCode code;
        char *lines, *machine;
} answered;

static struct {
        char *events; /* "added new; renamed new; " */
} heard;

/* ---- the host ---- */

static int unit_ok(void *userdata, const char *unit)
{
        return 0;
}

static void unit_ignore(void *userdata, const char *unit)
{
}

static int move_links(void *userdata, const char *from, const char *to)
{
        g_free(links.from);
        g_free(links.to);
        links.from = g_strdup(from);
        links.to = g_strdup(to);
        return links.answer;
}

static const UnitPort units = {
        .start = unit_ok,
        .stop = unit_ok,
        .watch = unit_ok,
        .unwatch = unit_ignore,
        .forget = unit_ignore,
        .move_links = move_links,
};

static void ignore_sweep(void *userdata)
{
}

static void hear(const char *what, const char *machine)
{
        char *text = g_strconcat(heard.events ?: "", what, " ", machine, "; ", NULL);

        g_free(heard.events);
        heard.events = text;
}

static void on_added(void *userdata, Machine *m)
{
        hear("added", m->name);
}

static void on_removed(void *userdata, Machine *m)
{
        hear("gone", m->name);
}

static void on_event(void *userdata, Machine *m, const char *word, const char *reason)
{
        hear(word, m->name);
        if (streq(word, "renamed"))
                CHECK(strstr(reason, m->former_name));
}

static void on_answer(void *userdata, Answer *a)
{
        answered.n++;
        answered.code = a->fault ? a->fault->code : FAULT_NONE;
        g_free(answered.lines);
        g_free(answered.machine);
        answered.lines = a->lines ? g_strjoinv("\n", (char **)a->lines) : NULL;
        answered.machine = g_strdup(a->machine ? a->machine->name : NULL);
}

/* ---- files ---- */

/* @name for the "%s" in a path. */
static char *path_of(const char *pattern, const char *name)
{
        g_auto(GStrv) parts = g_strsplit(pattern, "%s", 2);

        return g_strconcat(root, parts[0], parts[1] ? name : "", parts[1], NULL);
}

static void write_file(const char *file, const char *text)
{
        _cleanup_free_ char *path = g_strconcat(root, file, NULL),
                            *directory = g_path_get_dirname(path);

        CHECK(g_mkdir_with_parents(directory, 0755) == 0);
        CHECK(g_file_set_contents(path, text, -1, NULL));
}

static char *read_text(const char *file)
{
        _cleanup_free_ char *path = g_strconcat(root, file, NULL);
        char *text = NULL;

        return g_file_get_contents(path, &text, NULL, NULL) ? text : g_strdup("");
}

static bool exists(const char *file)
{
        _cleanup_free_ char *path = g_strconcat(root, file, NULL);

        return access(path, F_OK) == 0;
}

/* One lodged: what it knows it knows from the files. */
static void start_lodged(void)
{
        manager = manager_new(event, root, &units, &(WorkPort){.sweep = ignore_sweep});
        manager->orphan_grace_usec = 1;
        manager_add_listener(manager, &(ManagerListener){
                                              .machine_added = on_added,
                                              .machine_removed = on_removed,
                                              .machine_event = on_event,
                                      });
        renames_resume(manager);
        manager_load(manager);
        renames_adopted(manager);
        g_clear_pointer(&heard.events, g_free);
}

static void stop_lodged(void)
{
        manager_free(manager);
        manager = NULL;
}

static Machine *get(const char *name)
{
        Machine *m = manager_find(manager, name);

        CHECK(m);
        return m;
}

/* A machine that has everything there is, and another one that depends on it. */
static void begin(void)
{
        ExitRecord end = {.cause = (char *)EXIT_CAUSE_EXITED, .status = 7, .when_usec = 1};
        Volume *v;

        root = g_dir_make_tmp("lodge-rename-XXXXXX", NULL);
        CHECK(root);
        links.answer = 0;
        write_file(LODGE_DEFINITIONS_ETC "/old.machine", "# mine\n[Machine]\nImage=tree\n");
        write_file(LODGE_DEFINITIONS_ETC "/old.machine.d/10-a.conf",
                   "[Machine]\nDescription=dropped in\n");
        write_file(LODGE_DEFINITIONS_RUN "/old.machine.d/95-runtime.conf",
                   "[Exec]\nEnvironment=A=1\n");
        write_file(LODGE_DEFINITIONS_ETC "/other.machine",
                   "[Machine]\nImage=tree\n[Unit]\nRequires=" SERVICE("old") "\nAfter=" SERVICE(
                           "old") "\n");
        write_file(LODGE_STORE_MACHINES "/old/upper/file", "written");
        write_file(LODGE_STORE_NETWORKS "/default",
                   "[Network]\nSubnet=10.214.0.0/23\nLease=old 10.214.0.9/23\n"
                   "Lease=other 10.214.0.8/23\n");
        start_lodged();
        manager_write_exit(manager, "old", &end);
        CHECK(volume_ensure(get("old"), NULL, "/data", &v, NULL) == 0);
        stop_lodged();
        start_lodged();
}

static void finish(void)
{
        _cleanup_free_ char *command = g_strdup_printf("rm -r '%s'", root);

        if (manager)
                stop_lodged();
        CHECK(system(command) == 0);
        g_clear_pointer(&root, g_free);
        g_clear_pointer(&heard.events, g_free);
        answered.n = 0;
}

/* ---- who has what ---- */

static bool has_file(const char *pattern, const char *name)
{
        _cleanup_free_ char *path = path_of(pattern, name);

        return access(path, F_OK) == 0;
}

static bool has_lease(const char *name)
{
        _cleanup_free_ char *text = read_text(LODGE_STORE_NETWORKS "/default"),
                            *line = g_strdup_printf("\nLease=%s 10.214.0.9/23\n", name);

        return strstr(text, line) != NULL;
}

static bool has_volume(const char *name)
{
        _cleanup_free_ char *volume = volume_anonymous_name(get(name), "/data");
        _cleanup_free_ char *record =
                g_strdup_printf(LODGE_STORE_VOLUMES "/%s/" LODGE_VOLUME_RECORD, volume);
        _cleanup_free_ char *text = read_text(record),
                            *line = g_strdup_printf("\nMachine=%s\n", name);

        return strstr(text, line) != NULL;
}

static void check_machine(const Machine *m)
{
        CHECK_STRING(m->settings.description, "dropped in");
        CHECK(m->settings.environment);
        CHECK_STRING(m->settings.environment[0], "A=1");
        CHECK_NUMBER(m->end.status, 7);
}

static void check_has_all(const char *name, const char * not )
{
        static const char *const files[] = {
                LODGE_DEFINITIONS_ETC "/%s.machine",
                LODGE_DEFINITIONS_ETC "/%s.machine.d/10-a.conf",
                LODGE_DEFINITIONS_RUN "/%s.machine.d/95-runtime.conf",
                LODGE_STORE_MACHINES "/%s/upper/file",
                LODGE_RUNTIME_EXITS "/%s",
        };

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                CHECK(has_file(files[i], name));
                CHECK(!has_file(files[i], not ));
        }
        CHECK(!has_file(LODGE_STORE_MACHINES "/%s", not ));
        CHECK(!manager_find(manager, not ));
        CHECK(has_lease(name) && !has_lease(not ));
        CHECK(has_volume(name));
        CHECK_NUMBER(g_hash_table_size(manager->volumes), 1);
        CHECK_NUMBER(manager->renames->len, 0);
        CHECK(!has_file(LODGE_STORE_RENAMES "/%s", "old"));
        check_machine(get(name));
}

static int rename_old(const char *name, Fault *f)
{
        return machine_rename(get("old"), name, on_answer, NULL, f);
}

/* ---- tests ---- */

static void test_all_of_it(void)
{
        uint8_t before[16], after[16];
        _cleanup_free_ char *text = NULL;

        begin();
        machine_id(get("old"), before);
        check_has_all("old", "new");
        CHECK_NUMBER(rename_old("new", NULL), 0);
        CHECK_NUMBER(answered.n, 1);
        CHECK_STRING(answered.machine, "new");
        CHECK_STRING(answered.lines,
                     "Machine 'other' has lodge@old.service in After= and Requires=: it is "
                     "lodge@new.service now (lodgectl edit other)");
        CHECK_STRING(heard.events, "gone old; added new; renamed new; ");
        CHECK_STRING(links.from, SERVICE("old"));
        CHECK_STRING(links.to, SERVICE("new"));
        check_has_all("new", "old");
        machine_id(get("new"), after); /* which was made of the name, and is written down */
        CHECK(memcmp(before, after, sizeof(after)) == 0);
        text = read_text(LODGE_DEFINITIONS_ETC "/new.machine");
        CHECK(g_str_has_prefix(text, "# mine\n[Machine]\nImage=tree\n"));
        stop_lodged();
        start_lodged();
        check_has_all("new", "old");
        finish();
}

static void test_there_and_back(void)
{
        begin();
        CHECK_NUMBER(rename_old("new", NULL), 0);
        CHECK_NUMBER(machine_rename(get("new"), "old", on_answer, NULL, NULL), 0);
        CHECK_NUMBER(answered.n, 2);
        check_has_all("old", "new");
        finish();
}

static void refused(const char *name, FaultCode code, const char *why)
{
        _cleanup_fault_ Fault f = {0};

        CHECK(rename_old(name, &f) < 0);
        CHECK_NUMBER(f.code, code);
        if (!strstr(f.message, why))
                CHECK_STRING(f.message, why);
        check_has_all("old", "new");
        CHECK_NUMBER(answered.n, 0);
}

static void test_refusals(void)
{
        begin();
        refused("old", FAULT_EXISTS, "'old' has that name already");
        refused("other", FAULT_EXISTS, "There is a machine 'other' already");
        refused("", FAULT_INVALID_NAME, "");
        refused("../x", FAULT_INVALID_NAME, "'../x'");
        refused("host", FAULT_INVALID_NAME, "host");
        write_file(LODGE_DEFINITIONS_USR "/old.machine.d/50-a.conf", "");
        refused("new", FAULT_NOT_SUPPORTED, "/old.machine.d belongs to a package");
        CHECK(has_file(LODGE_DEFINITIONS_USR "/%s.machine.d/50-a.conf", "old"));
        finish();

        begin();
        write_file(LODGE_DEFINITIONS_USR "/old.machine", "");
        refused("new", FAULT_NOT_SUPPORTED, "/old.machine belongs to a package");
        finish();

        begin();
        write_file(LODGE_DEFINITIONS_USR "/new.machine.d/50-a.conf", "");
        refused("new", FAULT_EXISTS, "/new.machine.d");
        finish();

        begin();
        get("old")->state = MACHINE_PAUSED;
        refused("new", FAULT_BUSY, "'old' is paused: stop it first");
        get("old")->state = MACHINE_STOPPED;
        get("old")->restarts = true;
        refused("new", FAULT_BUSY, "about to be started again");
        get("old")->restarts = false;
        finish();

        begin();
        write_file(LODGE_DEFINITIONS_ETC "/old.machine", "[Machine]\nImage=tree\nBroken\n");
        manager_load_name(manager, "old");
        CHECK(rename_old("new", NULL) < 0);
        CHECK(exists(LODGE_DEFINITIONS_ETC "/old.machine"));
        finish();

        begin();
        _cleanup_free_ char *file = path_of(LODGE_DEFINITIONS_ETC "/%s.machine", "old");
        CHECK(unlink(file) == 0);
        CHECK_NUMBER(rename_old("new", NULL), -ENOENT);
        CHECK(manager_find(manager, "old") && !manager_find(manager, "new"));
        finish();
}

static void test_a_job_works_on_it(void)
{
        JobOrder image = {.worker = JOB_EXPORT, .operation = "clone", .object = "old"},
                 of_machine = {.worker = JOB_EXPORT,
                               .operation = "commit",
                               .object = "old",
                               .of_machine = true};
        Job *j;

        begin();
        CHECK_NUMBER(job_start(manager, &image, &j, NULL), 0); /* an image's of that name */
        CHECK_NUMBER(job_start(manager, &of_machine, &j, NULL), 0);
        refused("new", FAULT_BUSY, "'old' is in use by job");
        job_cancel(j, NULL, NULL);
        CHECK_NUMBER(rename_old("new", NULL), 0);
        finish();
}

/* An earlier machine of that name has left things. */
static void test_leftovers(void)
{
        begin();
        write_file(LODGE_STORE_MACHINES "/new/upper/of another", "");
        write_file(LODGE_STORE_VOLUMES "/anonymous-x/data/of another", "");
        write_file(LODGE_STORE_VOLUMES "/anonymous-x/volume", "[Volume]\nMachine=new\n");
        write_file(LODGE_RUNTIME_EXITS "/new", "");
        _cleanup_free_ char *empty = path_of(LODGE_DEFINITIONS_ETC "/%s.machine.d", "new");
        CHECK(g_mkdir_with_parents(empty, 0755) == 0);
        volumes_load(manager);
        CHECK_NUMBER(g_hash_table_size(manager->volumes), 2);
        CHECK_NUMBER(rename_old("new", NULL), 0);
        check_has_all("new", "old");
        CHECK(!exists(LODGE_STORE_MACHINES "/new/upper/of another"));
        finish();
}

static void test_a_volume_of_an_earlier_lodge(void)
{
        Volume *v;

        begin();
        write_file(LODGE_STORE_VOLUMES "/anonymous-x/data/file", "");
        write_file(LODGE_STORE_VOLUMES "/anonymous-x/volume", "[Volume]\nMachine=old\n");
        volumes_load(manager);
        _cleanup_fault_ Fault f = {0};
        CHECK(rename_old("new", &f) < 0);
        CHECK(strstr(f.message, "'anonymous-x' of an earlier lodge"));

        /* its name is made of what it is for: found by a start, it gets its key */
        _cleanup_free_ char *name = volume_anonymous_name(get("old"), "/srv");
        _cleanup_free_ char *from = path_of(LODGE_STORE_VOLUMES "/%s", "anonymous-x"),
                            *to = path_of(LODGE_STORE_VOLUMES "/%s", name);
        CHECK(rename(from, to) == 0);
        stop_lodged();
        start_lodged();
        CHECK_NUMBER(volume_ensure(get("old"), NULL, "/srv", &v, NULL), 0);
        CHECK_STRING(v->name, name);
        CHECK_NUMBER(rename_old("new", NULL), 0);
        _cleanup_free_ char *after = volume_anonymous_name(get("new"), "/srv");
        CHECK_STRING(after, name);
        finish();
}

/* Two machines with one id, and the name that the other one had when its volume was made. */
static void test_a_copy_with_the_same_id(void)
{
        Volume *v, *copied;

        begin();
        CHECK_NUMBER(rename_old("new", NULL), 0);
        _cleanup_free_ char *text = read_text(LODGE_DEFINITIONS_ETC "/new.machine");
        write_file(LODGE_DEFINITIONS_ETC "/old.machine", text);
        manager_load_name(manager, "old");
        CHECK_NUMBER(volume_ensure(get("new"), NULL, "/data", &v, NULL), 0);
        CHECK_NUMBER(volume_ensure(get("old"), NULL, "/data", &copied, NULL), 0);
        CHECK(v != copied);
        CHECK_STRING(v->machine, "new");
        CHECK_STRING(copied->machine, "old");
        finish();
}

/* What cannot be done is undone. */
static void test_a_step_that_fails(void)
{
        _cleanup_fault_ Fault f = {0};

        begin();
        _cleanup_free_ char *name = volume_anonymous_name(get("old"), "/data");
        _cleanup_free_ char *there = path_of(LODGE_STORE_VOLUMES "/%s", name),
                            *away = path_of("/away", "");
        CHECK(rename(there, away) == 0);
        CHECK(rename_old("new", &f) < 0);
        CHECK(strstr(f.message, name));
        CHECK_NUMBER(answered.n, 0);
        CHECK(rename(away, there) == 0);
        check_has_all("old", "new");
        CHECK_NUMBER(rename_old("new", NULL), 0); /* nothing of it is in the way */
        check_has_all("new", "old");
        finish();
}

/* Neither that nor the other way: what is in two places is left alone until it can be put right. */
static void test_stuck(void)
{
        _cleanup_fault_ Fault f = {0};

        begin();
        CHECK_NUMBER(rename_old("new", NULL), 0); /* and so its id is in its definition */
        CHECK_NUMBER(machine_rename(get("new"), "old", on_answer, NULL, NULL), 0);
        stop_lodged();
        _cleanup_free_ char *there = path_of(LODGE_STORE_MACHINES, ""),
                            *away = path_of("/away", "");
        write_file(LODGE_STORE_RENAMES "/old", "[Rename]\nFrom=old\nTo=new\n");
        CHECK(rename(there, away) == 0);
        write_file(LODGE_STORE_MACHINES, "no directory");
        start_lodged();
        CHECK_NUMBER(rename_check(manager, "old", &f), -EBUSY);
        CHECK(strstr(f.message, "Cannot rename"));
        CHECK_NUMBER(rename_check_usable(manager, "new", NULL), -EBUSY);
        CHECK_NUMBER(manager_check_new(manager, "old", NULL), -EBUSY);
        CHECK_NUMBER(machine_rename(get("new"), "third", on_answer, NULL, NULL), -EBUSY);
        stop_lodged();
        CHECK(unlink(there) == 0 && rename(away, there) == 0);
        start_lodged();
        check_has_all("new", "old");
        finish();
}

static void test_records_of_nobody(void)
{
        begin();
        stop_lodged();
        write_file(LODGE_STORE_RENAMES "/a", "[Rename]\nFrom=old\n");
        write_file(LODGE_STORE_RENAMES "/b", "[Rename]\nFrom=old\nTo=../x\n");
        write_file(LODGE_STORE_RENAMES "/c", "\xff");
        write_file(LODGE_STORE_RENAMES "/d", "[Rename]\nFrom=none\nTo=nobody\n");
        write_file(LODGE_STORE_RENAMES "/.#old.1", "[Rename]\nFrom=old\nTo=new\n");
        start_lodged();
        check_has_all("old", "new");
        CHECK(exists(LODGE_STORE_RENAMES "/a") && !exists(LODGE_STORE_RENAMES "/d"));
        finish();
}

/* systemd takes its time: the names are nobody else's until then. */
static void test_links(void)
{
        begin();
        links.answer = 1;
        CHECK_NUMBER(rename_old("new", NULL), 0);
        CHECK_NUMBER(answered.n, 0);
        CHECK_NUMBER(manager_check_new(manager, "old", NULL), -EBUSY);
        CHECK_NUMBER(machine_rename(get("new"), "third", on_answer, NULL, NULL), -EBUSY);
        CHECK_NUMBER(rename_check_usable(manager, "new", NULL), 0);
        stop_lodged(); /* its caller is not answered, but it is carried out */
        answered.n = 0;
        start_lodged();
        CHECK_NUMBER(manager->renames->len, 1);
        CHECK_STRING(links.to, SERVICE("new"));
        manager_links_moved(manager, SERVICE("stranger"), NULL);
        CHECK_NUMBER(manager->renames->len, 1);
        manager_links_moved(manager, SERVICE("old"), NULL);
        check_has_all("new", "old");
        CHECK_STRING(heard.events, "renamed new; ");
        finish();

        begin();
        links.answer = 1;
        CHECK_NUMBER(rename_old("new", NULL), 0);
        manager_links_moved(manager, SERVICE("old"), "no such luck");
        CHECK_NUMBER(answered.n, 1);
        CHECK_NUMBER(answered.code, FAULT_NONE);
        CHECK(strstr(answered.lines, "(no such luck): lodgectl disable old"));
        check_has_all("new", "old");
        finish();
}

/* Who waits for the machine goes on waiting. */
static void test_who_waits(void)
{
        begin();
        machine_wait(get("old"), WAIT_RUNNING, UINT64_MAX, on_answer, NULL);
        CHECK_NUMBER(rename_old("new", NULL), 0);
        CHECK_NUMBER(answered.n, 1);
        CHECK_NUMBER(manager->requests->len, 1);
        CHECK_STRING(((Request *)g_ptr_array_index(manager->requests, 0))->machine, "new");
        finish();
}

/* Machines that vanish with the host. */
static void test_in_run(void)
{
        begin();
        stop_lodged();
        _cleanup_free_ char *from = path_of(LODGE_DEFINITIONS_ETC "/%s.machine", "old"),
                            *to = path_of(LODGE_DEFINITIONS_RUN "/%s.machine", "old");
        CHECK(rename(from, to) == 0);
        start_lodged();
        CHECK_NUMBER(rename_old("new", NULL), 0);
        CHECK(has_file(LODGE_DEFINITIONS_RUN "/%s.machine", "new"));
        CHECK(!has_file(LODGE_DEFINITIONS_RUN "/%s.machine", "old"));
        CHECK(!has_lease("new")); /* which is in the file that vanishes, too */
        _cleanup_free_ char *text = read_text(LODGE_RUNTIME_LEASES "/default");
        CHECK(strstr(text, "\nLease=new 10.214.0.9/23\n"));
        finish();
}

/* ---- killed ---- */

static void rename_as_child(void)
{
        CHECK(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
        CHECK(raise(SIGSTOP) == 0);
        int r = rename_old("new", NULL);
        _exit(r < 0 ? 1 : 0);
}

/* Between two of these calls nothing on disk changes. */
static bool changes_files(const struct __ptrace_syscall_info *info)
{
        static const long calls[] = {
#ifdef SYS_rename
                SYS_rename,   SYS_unlink,    SYS_mkdir,    SYS_rmdir,
#endif
                SYS_renameat, SYS_renameat2, SYS_unlinkat, SYS_mkdirat, SYS_write, SYS_fsync,
        };

        if ((long)info->entry.nr == SYS_openat)
                return info->entry.args[2] & O_CREAT;
        for (size_t i = 0; i < ELEMENTSOF(calls); i++)
                if ((long)info->entry.nr == calls[i])
                        return true;
        return false;
}

/* Return: was it killed? Else it has ended by itself, well. */
static bool kill_before_call(pid_t pid, unsigned n)
{
        struct __ptrace_syscall_info info;
        int status;

        CHECK(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
        CHECK(ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) == 0);
        for (;;) {
                CHECK(ptrace(PTRACE_SYSCALL, pid, NULL, NULL) == 0);
                CHECK(waitpid(pid, &status, 0) == pid);
                if (WIFEXITED(status)) {
                        CHECK_NUMBER(WEXITSTATUS(status), 0);
                        return false;
                }
                CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == (SIGTRAP | 0x80));
                CHECK(ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0);
                if (info.op != PTRACE_SYSCALL_INFO_ENTRY || !changes_files(&info) || n-- > 0)
                        continue;
                CHECK(kill(pid, SIGKILL) == 0);
                CHECK(waitpid(pid, &status, 0) == pid);
                return true;
        }
}

static void check_no_temporary(const char *directory)
{
        _cleanup_free_ char *path = path_of(directory, "");
        g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);

        for (const char *name; dir && (name = g_dir_read_name(dir));)
                CHECK(!g_str_has_prefix(name, ".#"));
}

static void test_killed_anywhere(void)
{
        unsigned n = 0, n_old = 0;

        for (bool killed = true; killed; n++) {
                begin();
                pid_t pid = fork();
                CHECK(pid >= 0);
                if (pid == 0)
                        rename_as_child();
                killed = kill_before_call(pid, n);
                stop_lodged();
                start_lodged();
                if (manager_find(manager, "old")) {
                        n_old++;
                        check_has_all("old", "new");
                } else {
                        check_has_all("new", "old");
                }
                CHECK(killed || n_old < n);
                check_no_temporary(LODGE_STORE_RENAMES);
                check_no_temporary(LODGE_STORE_NETWORKS);
                check_no_temporary(LODGE_RUNTIME_LEASES);
                _cleanup_free_ char *all = path_of(LODGE_STORE_VOLUMES, "");
                g_autoptr(GDir) dir = g_dir_open(all, 0, NULL);
                for (const char *name; (name = g_dir_read_name(dir));) {
                        _cleanup_free_ char *volume =
                                g_strconcat(LODGE_STORE_VOLUMES "/", name, NULL);

                        check_no_temporary(volume);
                }
                finish();
        }
        CHECK(n > 20 && n_old > 2); /* both came to pass */
        (void)printf("%u kills, the machine had its old name after %u of them\n", n - 1, n_old);
}

int main(void)
{
        if (access("/dev/shm", W_OK) == 0) /* where fsync() takes no time */
                (void)g_setenv("TMPDIR", "/dev/shm", true);
        CHECK(sd_event_default(&event) >= 0);
        test_all_of_it();
        test_there_and_back();
        test_refusals();
        test_a_job_works_on_it();
        test_leftovers();
        test_a_volume_of_an_earlier_lodge();
        test_a_copy_with_the_same_id();
        test_a_step_that_fails();
        test_stuck();
        test_records_of_nobody();
        test_links();
        test_who_waits();
        test_in_run();
        test_killed_anywhere();
        sd_event_unref(event);
        g_free(links.from);
        g_free(links.to);
        g_free(answered.lines);
        g_free(answered.machine);
        return 0;
}
