/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Networks and what machines have in them: a manager over fake units, fake services and shims that
 * are a socket of this program. */
#include "unit/fake-units.h"
#include "unit/test.h"

#include "base/io.h"
#include "base/machine-name.h"
#include "base/names.h"
#include "base/text.h"
#include "bus/fake-network.h"
#include "core/machine-define.h"
#include "core/machine-network.h"
#include "core/machine.h"
#include "core/manager.h"
#include "core/network.h"
#include "wire/plan.h"

#include <fcntl.h>
#include <glib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define TREE "/tree"

static char *root;
static sd_event *event;
static Manager *manager;
static FakeNetwork *net, *relay;
static bool services_start = true; /* by themselves, when lodged asks systemd for them */
static GString *warnings;

/* ---- systemd ---- */

static int on_connect(sd_event_source *source, void *userdata)
{
        fake_network_connect(userdata, manager);
        sd_event_source_disable_unref(source);
        return 0;
}

static int unit_start(void *userdata, const char *unit)
{
        FakeNetwork *s = streq(unit, LODGE_NET_UNIT)     ? net
                         : streq(unit, LODGE_RELAY_UNIT) ? relay
                                                         : NULL;
        sd_event_source *source;

        if (s && s->fd < 0 && services_start)
                CHECK(sd_event_add_defer(event, &source, on_connect, s) >= 0);
        return 0;
}

static const UnitPort units = {
        .start = unit_start,
        .stop = fake_unit_ok,
        .watch = fake_unit_ok,
        .unwatch = fake_unit_ignore,
        .forget = fake_unit_ignore,
};

static void on_warning(void *userdata, const char *machine, const char *message)
{
        g_string_append_printf(warnings, "%s\n", message);
}

/* ---- the world ---- */

static void settle(void)
{
        int r;

        while ((r = sd_event_run(event, 2000)) > 0)
                ;
        CHECK(r == 0);
}

static char *below(const char *path)
{
        return g_strconcat(root, path, NULL);
}

static void make_directory(const char *path)
{
        _cleanup_free_ char *full = below(path);

        CHECK(g_mkdir_with_parents(full, 0755) == 0);
}

static void write_file(const char *path, const char *text)
{
        _cleanup_free_ char *full = below(path);

        CHECK(g_file_set_contents(full, text, -1, NULL));
}

static char *read_file(const char *path)
{
        _cleanup_free_ char *full = below(path);
        char *text = NULL;

        (void)g_file_get_contents(full, &text, NULL, NULL);
        return text;
}

static void on_adopted(void *userdata)
{
        *(bool *)userdata = true;
}

static void begin(void)
{
        static bool adopted;

        manager = manager_new(event, root, &units, &fake_work);
        manager_add_listener(manager, &(ManagerListener){.warning = on_warning});
        g_string_truncate(warnings, 0);
        manager_load(manager);
        manager_adopt(manager, on_adopted, &adopted);
}

static void finish(void)
{
        manager_free(manager);
        settle();
        fake_network_hang_up(net);
        fake_network_hang_up(relay);
        (void)fake_network_told(net);
        (void)fake_network_told(relay);
}

static void run_rm(const char *path)
{
        _cleanup_free_ char *full = below(path);
        const char *argv[] = {"rm", "-rf", "--", full, NULL};

        CHECK(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                           NULL, NULL));
}

/* Nothing of the test before. */
static void begin_anew(void)
{
        static const char *const all[] = {LODGE_DEFINITIONS_ETC, LODGE_DEFINITIONS_RUN,
                                          LODGE_NETWORKS_ETC,    LODGE_STORE_NETWORKS,
                                          LODGE_RUNTIME_LEASES,  LODGE_RUNTIME_UNITS};

        for (size_t i = 0; i < ELEMENTSOF(all); i++) {
                run_rm(all[i]);
                make_directory(all[i]);
        }
        begin();
}

/* ---- machines ---- */

typedef struct Result {
        bool is_there;
        char *fault; /* NULL: none */
        FaultCode code;
} Result;

static void on_answer(void *userdata, Answer *answer)
{
        Result *r = userdata;

        CHECK(!r->is_there);
        r->is_there = true;
        r->fault = answer->fault ? g_strdup(answer->fault->message) : NULL;
        r->code = answer->fault ? answer->fault->code : FAULT_NONE;
}

static void check_result(Result *r, FaultCode code, const char *message)
{
        settle();
        CHECK(r->is_there);
        CHECK_STRING(r->fault, message);
        CHECK_NUMBER(r->code, code);
        g_free(r->fault);
        *r = (Result){0};
}

static Machine *make_machine(const char *name, const char *network, const char *publish)
{
        _cleanup_settings_ Settings s;
        _cleanup_fault_ Fault f = {0};
        Machine *m;

        settings_init(&s);
        s.root_directory = below(TREE);
        CHECK(strv_push(&s.command, "/bin/true") == 0);
        CHECK(!network || strv_push(&s.networks, network) == 0);
        CHECK(!publish || strv_push(&s.publish, publish) == 0);
        int r = manager_create(manager, name, &s, NULL, &m, &f);
        CHECK_STRING(f.message, NULL);
        CHECK(r == 0);
        return m;
}

/* ---- shims ---- */

typedef struct Shim {
        const char *name;
        int fd;
} Shim;

static void send_simple(const Shim *shim, FrameType type, uint64_t serial, const char *message)
{
        _cleanup_frame_writer_ FrameWriter w = {0};

        frame_begin(&w, type, serial);
        frame_add_string(&w, type == FRAME_HELLO ? FRAME_NAME : FRAME_MESSAGE, message);
        CHECK(frame_send(shim->fd, &w) >= 0);
}

static Shim connect_shim(const char *name)
{
        _cleanup_free_ char *directory = g_strconcat(LODGE_RUNTIME_UNITS "/", name, NULL);
        _cleanup_free_ char *unit = machine_unit_name(name);
        int pair[2];

        make_directory(directory);
        CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
        Shim shim = {name, pair[0]};
        manager_accept(manager, pair[1], unit);
        send_simple(&shim, FRAME_HELLO, 1, name);
        settle();
        return shim;
}

/* Return: the next frame's type, its first descriptor in @ret_fd; 0: there is none. */
static FrameType receive(const Shim *shim, uint64_t *ret_serial, int *ret_fd)
{
        _cleanup_frame_ Frame f = {0};

        settle();
        int r = frame_receive(shim->fd, &f);
        CHECK(r >= 0 || r == -EAGAIN);
        if (ret_serial)
                *ret_serial = f.serial;
        if (ret_fd)
                *ret_fd = f.n_fds > 0 ? TAKE_FD(f.fds[0]) : -EBADF;
        return r > 0 ? f.type : 0;
}

static char *print_plan(int fd)
{
        struct stat st;
        char *text = NULL;
        size_t n;

        CHECK(fstat(fd, &st) == 0);
        void *plan = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        CHECK(plan != MAP_FAILED);
        CHECK(plan_check(plan, (size_t)st.st_size) == 0);
        FILE *f = open_memstream(&text, &n);
        plan_print(plan, (size_t)st.st_size, f);
        CHECK(fclose(f) == 0);
        (void)munmap(plan, (size_t)st.st_size);
        (void)close_fd(fd);
        return text;
}

static void check_plan_has(const char *plan, const char *text)
{
        if (!strstr(plan, text))
                CHECK_STRING(plan, text);
}

static void say_running(const Shim *shim)
{
        _cleanup_frame_writer_ FrameWriter w = {0};

        frame_begin(&w, FRAME_STATE, 0);
        frame_add_number(&w, FRAME_RUN_STATE, SHIM_READY);
        frame_add_number(&w, FRAME_LEADER, 4242);
        frame_add_number(&w, FRAME_STARTED, now_usec(CLOCK_REALTIME));
        CHECK(frame_send(shim->fd, &w) >= 0);
        settle();
}

/* Start it to the end. */
static Shim run(Machine *m)
{
        Result result = {0};
        int fd;

        CHECK(machine_start(m, NULL, on_answer, &result, NULL) == 0);
        Shim shim = connect_shim(m->name);
        CHECK_NUMBER(receive(&shim, NULL, &fd), FRAME_PLAN);
        (void)close_fd(fd);
        manager_job_done(manager, m->unit, UNIT_JOB_START, "done", NULL);
        say_running(&shim);
        check_result(&result, FAULT_NONE, NULL);
        return shim;
}

static void stop(Machine *m, Shim *shim)
{
        _cleanup_free_ char *directory = g_strconcat(LODGE_RUNTIME_UNITS "/", m->name, NULL);

        shim->fd = close_fd(shim->fd);
        settle();
        run_rm(directory);
        manager_unit_ended(manager, m->unit, UNIT_END_INACTIVE);
        settle();
}

/* ---- tests ---- */

static void check_told(FakeNetwork *s, const char *expected)
{
        settle();
        CHECK_STRING(fake_network_told(s), expected);
}

static void test_start_and_end(void)
{
        Result result = {0};
        int fd;

        begin_anew();
        Machine *m = make_machine("web", "default", NULL);
        services_start = false;
        CHECK(machine_start(m, NULL, on_answer, &result, NULL) == 0);
        Shim shim = connect_shim("web");
        CHECK_NUMBER(receive(&shim, NULL, NULL), 0);
        fake_network_connect(net, manager);
        CHECK_NUMBER(receive(&shim, NULL, NULL), 0);
        check_told(net, "begin\nend\nfacts\nnetwork default lodge0 10.214.0.1/23\n"
                        "member web ve-web@default");
        fake_network_connect(relay, manager);
        CHECK_NUMBER(receive(&shim, NULL, &fd), FRAME_PLAN);
        check_told(relay, "begin\nnetwork default lodge0 10.214.0.1/23\nmember web ve-web@default\n"
                          "end\nnetwork default lodge0 10.214.0.1/23\nmember web ve-web@default");
        _cleanup_free_ char *plan = print_plan(fd);
        check_plan_has(plan, "veth \"ve-web\" \"host0\"");
        check_plan_has(plan, "\"lodge0\"");
        check_plan_has(plan, "route \"host0\"");
        services_start = true;
        manager_job_done(manager, m->unit, UNIT_JOB_START, "done", NULL);
        say_running(&shim);
        check_result(&result, FAULT_NONE, NULL);

        size_t n;
        const MachineLink *links = machine_links(m, &n);
        CHECK_NUMBER(n, 1);
        CHECK_NUMBER(links[0].n_addresses, links[0].addresses[1].family ? 2 : 1);
        NetAddress first = links[0].addresses[0];
        _cleanup_free_ char *hosts = read_file(LODGE_RUNTIME_HOSTS);
        CHECK(hosts && g_str_has_prefix(hosts, "10.214.") && strstr(hosts, " web\n"));

        stop(m, &shim);
        check_told(net, "no member web\nno network default");
        check_told(relay, "no member web\nno network default");
        CHECK(!machine_links(m, &n));
        _cleanup_free_ char *no_hosts = read_file(LODGE_RUNTIME_HOSTS);
        CHECK(!no_hosts);

        shim = run(m); /* and again */
        links = machine_links(m, &n);
        CHECK(net_address_equal(&links[0].addresses[0], &first));
        check_told(net, "network default lodge0 10.214.0.1/23\nmember web ve-web@default");
        stop(m, &shim);
        finish();
}

/* A service that was restarted gets all again, one that comes late does not get what has ended. */
static void test_service_restarts(void)
{
        begin_anew();
        Machine *a = make_machine("a", "default", NULL), *b = make_machine("b", "default", NULL);
        Shim shim_a = run(a), shim_b = run(b);
        (void)fake_network_told(net);
        fake_network_hang_up(net);
        settle();
        CHECK(net->fd < 0); /* systemd restarts it */
        stop(a, &shim_a);
        fake_network_connect(net, manager);
        check_told(net, "begin\nnetwork default lodge0 10.214.0.1/23\nmember b ve-b@default\nend");
        fake_network_hang_up(net);
        stop(b, &shim_b);
        fake_network_connect(net, manager);
        check_told(net, "begin\nend");
        finish();
}

static void test_service_fails(void)
{
        Result result = {0};

        begin_anew();
        Machine *m = make_machine("web", "default", NULL);
        services_start = false;
        CHECK(machine_start(m, NULL, on_answer, &result, NULL) == 0);
        Shim shim = connect_shim("web");
        manager_job_done(manager, LODGE_NET_UNIT, UNIT_JOB_START, "failed", NULL);
        CHECK_NUMBER(receive(&shim, NULL, NULL), FRAME_REFUSED);
        manager_job_done(manager, m->unit, UNIT_JOB_START, "failed", NULL);
        stop(m, &shim);
        check_result(&result, FAULT_START_FAILED,
                     "Machine 'web' did not start: systemd cannot start lodge-net.service: failed; "
                     "see 'journalctl -u lodge-net.service'");

        manager->network_answer_usec = 1000;
        CHECK(machine_start(m, NULL, on_answer, &result, NULL) == 0);
        shim = connect_shim("web");
        CHECK_NUMBER(receive(&shim, NULL, NULL), FRAME_REFUSED);
        manager_job_done(manager, m->unit, UNIT_JOB_START, "failed", NULL);
        stop(m, &shim);
        check_result(&result, FAULT_START_FAILED,
                     "Machine 'web' did not start: lodge-net does not answer; see 'journalctl -u "
                     "lodge-net'");
        services_start = true;
        finish();
}

/* The next lodged finds it all, and services are told nothing before it has. */
static void test_restart_of_lodged(void)
{
        size_t n;

        begin_anew();
        Machine *m = make_machine("web", "default", "8080-8081:80-81");
        make_machine("idle", "default", NULL);
        Shim shim = run(m);
        NetAddress before = machine_links(m, &n)[0].addresses[0];
        manager_free(manager);
        (void)fake_network_told(net);
        (void)fake_network_told(relay);
        fake_network_hang_up(net);
        fake_network_hang_up(relay);
        begin();
        m = manager_find(manager, "web");
        CHECK(machine_links(m, &n) && n == 1);
        CHECK(net_address_equal(&machine_links(m, &n)[0].addresses[0], &before));
        CHECK_STRING(machine_links(m, &n)[0].host, "ve-web");
        CHECK(machine_ports(m, &n) && n >= 1);
        settle(); /* they are started, in case they are not there */
        CHECK(g_str_has_prefix(fake_network_told(net),
                               "begin\nnetwork default lodge0 10.214.0.1/23\nmember web "
                               "ve-web@default 127.0.0.1:8080:80"));
        stop(m, &shim);
        finish();
}

static void test_damaged_files(void)
{
        static const char *const texts[] = {
                "",
                "\x7f"
                "ELF",
                "[Network]\nSubnet=10.0.0.0/99\n", "[Network]\nLease=web\n[X]\nNo=1\n",
                "[Network]\nSubnet=10.9.0.0/24\nSubnet=10.9.0.0/16\nLease=../x 10.9.0.7/24\n"
                "Lease=web 10.9.0.1/24\nLease=db 10.9.0.9/24\nLease=web 10.9.0.9/24\n"};

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                size_t n;

                begin_anew();
                make_machine("web", "default", NULL);
                make_machine("db", "default", NULL);
                manager_free(manager);
                write_file(LODGE_STORE_NETWORKS "/default", texts[i]);
                make_directory(LODGE_RUNTIME_UNITS "/db");
                write_file(LODGE_RUNTIME_UNITS "/db/network", texts[i]);
                write_file(LODGE_RUNTIME_LEASES "/default", "[Network]\nLease=db fe80::1/64\n");
                begin();
                Machine *m = manager_find(manager, "web");
                Shim shim = run(m);
                CHECK(machine_links(m, &n) && n == 1);
                CHECK(machine_links(m, &n)->n_addresses > 0);
                CHECK(i == 0 || strstr(warnings->str, "damaged"));
                stop(m, &shim);
                run_rm(LODGE_RUNTIME_UNITS "/db");
                finish();
        }
        /* what can be read counts */
        begin_anew();
        manager_free(manager);
        write_file(LODGE_DEFINITIONS_ETC "/web.machine", "[Machine]\nImage=x\n");
        write_file(LODGE_STORE_NETWORKS "/default",
                   "[Network]\nSubnet=10.9.0.0/24\nLease=web 10.9.0.9/24\nLease=gone 10.9.0.8/24\n"
                   "Lease=web 10.9.0.10/24\n");
        begin();
        Network *network;
        CHECK(network_get(manager, "default", &network, NULL) == 0);
        CHECK_NUMBER(g_hash_table_size(network->leases), 1);
        const NetworkLease *lease = g_hash_table_lookup(network->leases, "web");
        CHECK(lease && lease->n == 1 && lease->addresses[0].bytes[3] == 9);
        networks_save(manager);
        _cleanup_free_ char *state = read_file(LODGE_STORE_NETWORKS "/default");
        CHECK_STRING(state, "[Network]\nSubnet=10.9.0.0/24\nLease=web 10.9.0.9/24\n");
        finish();
}

static void check_fails(Machine *m, FaultCode code, const char *message)
{
        Result result = {0};

        CHECK(machine_start(m, NULL, on_answer, &result, NULL) == 0);
        Shim shim = connect_shim(m->name);
        CHECK_NUMBER(receive(&shim, NULL, NULL), FRAME_REFUSED);
        manager_job_done(manager, m->unit, UNIT_JOB_START, "failed", NULL);
        stop(m, &shim);
        check_result(&result, code, message);
}

static void test_ports(void)
{
        begin_anew();
        Machine *a = make_machine("a", "default", "8000-8010:80-90"),
                *b = make_machine("b", "default", "8010:80"),
                *c = make_machine("c", "default", "192.0.2.1:8010:80"),
                *d = make_machine("d", "default", "8010:80/udp");
        Shim shim_a = run(a), shim_c = run(c), shim_d = run(d);
        check_fails(b, FAULT_BUSY,
                    "Machine 'b' did not start: Port 127.0.0.1:8010/tcp is published by machine "
                    "'a'");
        stop(a, &shim_a);
        (void)fake_network_told(net);
        relay->taken = "tcp 127.0.0.1 8010";
        net->holder = "nginx.service (uid 33)";
        check_fails(b, FAULT_BUSY,
                    "Machine 'b' did not start: Port 127.0.0.1:8010/tcp is in use by nginx.service "
                    "(uid 33)");
        check_told(net, "member b ve-b@default 127.0.0.1:8010:80 ::1:8010:80\n"
                        "who has tcp 127.0.0.1 8010\nno member b");
        net->holder = NULL;
        relay->taken = "udp ::1 8010";
        check_fails(b, FAULT_BUSY,
                    "Machine 'b' did not start: Port [::1]:8010/udp is in use by another program "
                    "of this host");
        Shim shim_b = run(b);
        stop(b, &shim_b);
        stop(c, &shim_c);
        stop(d, &shim_d);
        finish();
}

/* ---- live ---- */

static void answer_shim(const Shim *shim, FrameType expected, const char *error, char **ret_plan)
{
        uint64_t serial;
        int fd;

        CHECK_NUMBER(receive(shim, &serial, &fd), expected);
        if (ret_plan)
                *ret_plan = print_plan(TAKE_FD(fd));
        (void)close_fd(fd);
        send_simple(shim, error ? FRAME_ERROR : FRAME_DONE, serial, error);
        settle();
}

static Network *make_network(const char *name, const char *subnet)
{
        _cleanup_network_settings_ NetworkSettings s;
        _cleanup_fault_ Fault f = {0};
        Result result = {0};
        Network *n;

        network_settings_init(&s);
        CHECK(!subnet || strv_push(&s.subnets, subnet) == 0);
        CHECK(network_create(manager, name, &s, on_answer, &result, &f) == 0);
        check_result(&result, FAULT_NONE, NULL);
        CHECK(network_get(manager, name, &n, NULL) == 0);
        return n;
}

static void test_attach(void)
{
        _cleanup_free_ char *plan = NULL, *files = NULL, *definition = NULL, *kept = NULL;
        _cleanup_fault_ Fault f = {0};
        Result result = {0};
        size_t n;

        begin_anew();
        make_network("front", "10.7.0.0/24");
        Machine *m = make_machine("web", "default", NULL);
        Shim shim = run(m);
        (void)fake_network_told(net);
        CHECK(machine_attach_network(m, "front:address=10.7.0.7", true, on_answer, &result, NULL) ==
              0);
        answer_shim(&shim, FRAME_LINK_APPLY, NULL, &plan);
        answer_shim(&shim, FRAME_FILES_APPLY, NULL, &files);
        check_result(&result, FAULT_NONE, NULL);
        check_plan_has(files, "rewrite \"/etc/hosts\" \"127.0.0.1 localhost");
        CHECK(!strstr(files, "resolv.conf")); /* the first network's servers go on */
        check_plan_has(plan, "veth \"ve-web-1\" \"host1\"");
        check_plan_has(plan, "\"10.7.0.7/24\"");
        CHECK(!strstr(plan, "0.0.0.0/0")); /* there is a default route */
        check_told(net, "network front lb-front 10.7.0.1/24\n"
                        "member web ve-web@default ve-web-1@front");
        CHECK(machine_links(m, &n) && n == 2);
        definition = read_file(LODGE_DEFINITIONS_ETC "/web.machine");
        CHECK(strstr(definition, "front:address=10.7.0.7"));
        kept = read_file(LODGE_RUNTIME_UNITS "/web/network");
        CHECK(strstr(kept, "host1 ve-web-1 front"));
        CHECK(machine_attach_network(m, "front", false, on_answer, &result, &f) == -EEXIST);
        CHECK_STRING(f.message, "Machine 'web' is in network 'front' already");

        CHECK(machine_detach_network(m, "front", false, on_answer, &result, NULL) == 0);
        answer_shim(&shim, FRAME_LINK_REMOVE, NULL, NULL);
        answer_shim(&shim, FRAME_FILES_APPLY, "it does not answer",
                    NULL); /* which undoes nothing */
        check_result(&result, FAULT_NONE, NULL);
        check_told(net, "member web ve-web@default\nno network front");
        CHECK(machine_links(m, &n) && n == 1);

        /* what the shim cannot do is undone */
        CHECK(machine_attach_network(m, "front", false, on_answer, &result, NULL) == 0);
        answer_shim(&shim, FRAME_LINK_APPLY, "No such device", NULL);
        check_result(&result, FAULT_FAILED, "No such device");
        check_told(net, "network front lb-front 10.7.0.1/24\n"
                        "member web ve-web@default ve-web-1@front\nmember web ve-web@default\n"
                        "no network front");
        /* and who ends meanwhile has not been changed */
        CHECK(machine_attach_network(m, "front", false, on_answer, &result, NULL) == 0);
        CHECK_NUMBER(receive(&shim, NULL, NULL), FRAME_LINK_APPLY);
        stop(m, &shim);
        check_result(&result, FAULT_NOT_RUNNING, "The machine ended before it could answer");
        check_told(net, "network front lb-front 10.7.0.1/24\n"
                        "member web ve-web@default ve-web-1@front\nmember web ve-web@default\n"
                        "no network front\nno member web\nno network default");
        finish();
}

static void attach_to(Machine *m, const Shim *shim, const char *network)
{
        Result result = {0};

        CHECK(machine_attach_network(m, network, false, on_answer, &result, NULL) == 0);
        answer_shim(shim, FRAME_LINK_APPLY, NULL, NULL);
        answer_shim(shim, FRAME_FILES_APPLY, NULL, NULL);
        check_result(&result, FAULT_NONE, NULL);
}

/* @error of the step that gives it another way out */
static void detach_way_out(Machine *m, const Shim *shim, const char *network, const char *error,
                           const char *route)
{
        _cleanup_free_ char *plan = NULL;
        Result result = {0};

        CHECK(machine_detach_network(m, network, false, on_answer, &result, NULL) == 0);
        answer_shim(shim, FRAME_LINK_REMOVE, NULL, NULL);
        answer_shim(shim, FRAME_LINK_APPLY, error, &plan);
        answer_shim(shim, FRAME_FILES_APPLY, NULL, NULL);
        check_result(&result, FAULT_NONE, NULL);
        check_plan_has(plan, route);
}

/* Another network's way out takes over; that this fails undoes nothing. */
static void test_way_out(void)
{
        size_t n;

        begin_anew();
        make_network("front", "10.7.0.0/24");
        Machine *m = make_machine("web", "default", NULL);
        Shim shim = run(m);
        attach_to(m, &shim, "front");
        detach_way_out(m, &shim, "default", NULL, "route \"host1\" \"0.0.0.0/0\" \"10.7.0.1\"");
        attach_to(m, &shim, "default");
        detach_way_out(m, &shim, "front", "No such device",
                       "route \"host0\" \"0.0.0.0/0\" \"10.214.0.1\"");
        CHECK(machine_links(m, &n) && n == 1);
        stop(m, &shim);
        finish();
}

static void test_live_ports(void)
{
        _cleanup_fault_ Fault f = {0};
        _cleanup_free_ char *plan = NULL;
        Result result = {0};
        size_t n;

        begin_anew();
        Machine *m = make_machine("web", "default", NULL),
                *other = make_machine("db", "default", "81:80");
        Shim shim = run(m), shim_other = run(other);
        (void)fake_network_told(relay);
        CHECK(machine_add_port(m, "127.0.0.1:80:80", false, on_answer, &result, NULL) == 0);
        check_result(&result, FAULT_NONE, NULL);
        check_told(relay, "member web ve-web@default 127.0.0.1:80:80");
        CHECK(machine_add_port(m, "127.0.0.1:80:80/tcp", false, on_answer, &result, &f) == -EEXIST);
        fault_done(&f);
        CHECK(machine_add_port(m, "127.0.0.1:81:80", false, on_answer, &result, NULL) == 0);
        check_result(&result, FAULT_BUSY, "Port 127.0.0.1:81/tcp is published by machine 'db'");
        CHECK(machine_add_port(m, "80:90", false, on_answer, &result, &f) == -EEXIST);
        CHECK_STRING(f.message,
                     "Machine 'web' publishes 127.0.0.1:80:80 already, which takes the same port");
        fault_done(&f);
        relay->taken = "tcp 127.0.0.1 82";
        CHECK(machine_add_port(m, "127.0.0.1:82:80", false, on_answer, &result, NULL) == 0);
        check_result(&result, FAULT_BUSY,
                     "Port 127.0.0.1:82/tcp is in use by another program of this host");
        CHECK(machine_ports(m, &n) && n == 1);
        (void)fake_network_told(relay);
        CHECK(machine_remove_port(m, "127.0.0.1:80:80", false, on_answer, &result, NULL) == 0);
        check_result(&result, FAULT_NONE, NULL);
        check_told(relay, "member web ve-web@default");
        CHECK(machine_remove_port(m, "127.0.0.1:80:80", false, on_answer, &result, &f) == -ENOENT);
        CHECK_NUMBER(f.code, FAULT_NO_SUCH_PORT);

        CHECK(machine_set_bandwidth(m, "in=10M,out=5M", true, on_answer, &result, NULL) == 0);
        answer_shim(&shim, FRAME_LINK_APPLY, NULL, &plan);
        check_result(&result, FAULT_NONE, NULL);
        check_plan_has(plan, "rate \"ve-web\" bits=10000000");
        check_told(relay, "member web ve-web@default rate 5000000");
        CHECK_NUMBER(m->settings.bandwidth.in, 10000000);
        stop(m, &shim);
        CHECK(machine_add_port(m, "80:80", false, on_answer, &result, NULL) == -ESRCH);
        CHECK(machine_add_port(m, "80:80", true, on_answer, &result, NULL) == 0);
        check_result(&result, FAULT_NONE, NULL);
        CHECK_STRING(m->settings.publish[0], "80:80");
        stop(other, &shim_other);
        finish();
}

/* ---- networks ---- */

static void check_not_created(const char *name, const char *subnet, const char *message)
{
        _cleanup_network_settings_ NetworkSettings s;
        _cleanup_fault_ Fault f = {0};
        Result result = {0};

        network_settings_init(&s);
        CHECK(!subnet || strv_push(&s.subnets, subnet) == 0);
        if (network_create(manager, name, &s, on_answer, &result, &f) < 0) {
                CHECK_STRING(f.message, message);
                return;
        }
        check_result(&result, FAULT_INVALID_OPTION, message);
}

static void test_networks(void)
{
        static const char *const facts[] = {"0.0.0.0/0", "10.214.0.0/24", "192.168.7.0/24", NULL};
        char *path;
        _cleanup_fault_ Fault f = {0};
        char text[NET_ADDRESS_TEXT_MAX];

        begin_anew();
        net->facts = (char **)facts;
        Network *front = make_network("front", NULL), *back = make_network("back", "10.8.0.0/24");
        CHECK_STRING(net_address_format(&front->subnets[0], true, text), "10.214.2.0/23");
        NetAddress gateway = network_gateway(back, 0);
        CHECK_STRING(net_address_format(&gateway, true, text), "10.8.0.1/24");
        check_not_created("front", NULL, "There is a network 'front' already");
        check_not_created("default", NULL, "There is a network 'default' already");
        check_not_created(
                "x", "10.8.0.128/25",
                "Subnet 10.8.0.128/25 overlaps with 10.8.0.0/24, which is network 'back'");
        check_not_created("x", "192.168.0.0/16",
                          "Subnet 192.168.0.0/16 overlaps with 192.168.7.0/24, which is in use on "
                          "this host");
        CHECK(network_get(manager, "default", &front, NULL) == 0);
        CHECK(network_remove(front, &f) == -EBUSY);
        fault_done(&f);
        Machine *m = make_machine("web", "back", NULL);
        CHECK(network_remove(back, &f) == -EBUSY);
        CHECK_STRING(f.message, "Network 'back' is used by machine 'web'");
        fault_done(&f);
        CHECK(machine_remove(m, false, on_answer, &(Result){0}, NULL) == 0);
        CHECK(network_remove(back, NULL) == 0);
        CHECK(network_get(manager, "back", &back, NULL) == -ENOENT);
        path = read_file(LODGE_NETWORKS_ETC "/back.network");
        CHECK(!path);

        /* the file of somebody else */
        write_file(LODGE_NETWORKS_ETC "/hand.network", "[Network]\nSubnet=10.214.2.0/24\n");
        networks_load_name(manager, "hand");
        CHECK(network_get(manager, "hand", &front, NULL) == 0);
        CHECK_STRING(front->load_error.message,
                     "Subnet 10.214.2.0/24 overlaps with 10.214.2.0/23, which is network 'front'");
        write_file(LODGE_NETWORKS_ETC "/hand.network", "[Network]\nSubnet=10.3.2.0/24\n");
        networks_load_name(manager, "hand");
        CHECK_NUMBER(front->load_error.code, FAULT_NONE);
        write_file(LODGE_NETWORKS_ETC "/hand.network", "[Network]\nSubnet=nonsense\n");
        networks_load_name(manager, "hand");
        CHECK(front->load_error.code != FAULT_NONE);
        m = make_machine("hand", "hand", NULL);
        _cleanup_free_ char *message =
                g_strdup_printf("Machine 'hand' did not start: Network 'hand' cannot be used: %s",
                                front->load_error.message);
        check_fails(m, FAULT_START_FAILED, message);
        net->facts = NULL;
        finish();
}

int main(void)
{
        _cleanup_free_ char *directory = g_dir_make_tmp("lodge-network-XXXXXX", NULL);

        root = directory;
        CHECK(root && sd_event_default(&event) >= 0);
        warnings = g_string_new(NULL);
        net = fake_network_new(event, LODGE_NET_UNIT);
        relay = fake_network_new(event, LODGE_RELAY_UNIT);
        make_directory(TREE "/bin");
        make_directory(LODGE_RUNTIME_EXITS);
        make_directory(LODGE_UID_LOCKS);
        test_start_and_end();
        test_service_restarts();
        test_service_fails();
        test_restart_of_lodged();
        test_damaged_files();
        test_ports();
        test_attach();
        test_way_out();
        test_live_ports();
        test_networks();
        fake_network_free(net);
        fake_network_free(relay);
        g_string_free(warnings, TRUE);
        sd_event_unref(event);
        run_rm("");
        return 0;
}
