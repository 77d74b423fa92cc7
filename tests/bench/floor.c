/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* floor [--masks] [--notify] CONFINEMENT LAYER UPPER BASE PROGRAM ARG...: the least that a
 * container like lodge's costs.
 *
 * Seven namespaces, 65536 ids mapped from BASE, LAYER and UPPER as idmapped mounts below an
 * overlay, proc, sysfs, cgroup2, tmpfs on /dev (with nodes), /run and /dev/shm, devpts, mqueue, a
 * cgroup of its own, the capability set and filter in the file CONFINEMENT (see print-filter), then
 * PROGRAM as PID 1. With --masks also read-only and hidden kernel files. No plan, no checks of the
 * tree, no descriptors to attach to, nothing to ask it. With --notify it is a Type=notify service.
 * Waits for PID 1 and exits with its status. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>

#define IDS 65536U

typedef struct Floor {
        const char *confinement, *layer, *upper;
        unsigned base;
        int masks, notify;
        char **argv;
        int fd_layer, fd_upper, fd_dev, fd_cgroup;
        int go[2]; /* parent to child: the ids are mapped; then closed */
        uint64_t caps;
        struct sock_fprog filter;
} Floor;

static pid_t child = -1;

static const char *const masked[] = {
        "proc/acpi",          "proc/asound",         "proc/config.gz",
        "proc/interrupts",    "proc/iomem",          "proc/ioports",
        "proc/kallsyms",      "proc/kcore",          "proc/keys",
        "proc/kpagecgroup",   "proc/kpagecount",     "proc/kpageflags",
        "proc/latency_stats", "proc/modules",        "proc/sched_debug",
        "proc/scsi",          "proc/slabinfo",       "proc/timer_list",
        "proc/sysrq-trigger", "proc/timer_stats",    "proc/vmallocinfo",
        "sys/dev/block",      "sys/firmware",        "sys/devices/virtual/dmi",
        "sys/fs/bpf",         "sys/fs/pstore",       "sys/fs/selinux",
        "sys/kernel/btf",     "sys/kernel/debug",    "sys/kernel/notes",
        "sys/kernel/tracing", "sys/kernel/security", "sys/kernel/vmcoreinfo"};
static const char *const read_only[] = {"proc/apm", "proc/bus", "proc/fs", "proc/irq", "proc/sys"};

static void check(long r, const char *what)
{
        if (r < 0)
                die(what);
}

static void write_text(const char *path, const char *text)
{
        int fd = open(path, O_WRONLY | O_CLOEXEC);

        check(fd, path);
        check(write(fd, text, strlen(text)), path);
        (void)close(fd);
}

static int new_mount(const char *type, const char *key, const char *value)
{
        int fs = fsopen(type, FSOPEN_CLOEXEC);

        check(fs, type);
        if (key)
                check(fsconfig(fs, FSCONFIG_SET_STRING, key, value, 0), type);
        check(fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0), type);
        int fd = fsmount(fs, FSMOUNT_CLOEXEC, 0);
        check(fd, type);
        (void)close(fs);
        return fd;
}

static int clone_mount(const char *path)
{
        int fd = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

        check(fd, path);
        return fd;
}

static void attach(int fd, const char *path)
{
        check(move_mount(fd, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH), path);
}

/* --- the host's side --- */

static void read_confinement(Floor *f)
{
        static struct sock_filter program[4096];
        int fd = open(f->confinement, O_RDONLY | O_CLOEXEC);

        check(fd, f->confinement);
        if (read(fd, &f->caps, sizeof(f->caps)) != (ssize_t)sizeof(f->caps))
                die(f->confinement);
        ssize_t n = read(fd, program, sizeof(program));
        check(n, f->confinement);
        f->filter.len = (unsigned short)((size_t)n / sizeof(program[0]));
        f->filter.filter = program;
        (void)close(fd);
}

/* Below the cgroup we are in, and the payload's own to delegate. */
static void make_cgroup(Floor *f, char *path, size_t size)
{
        static const char *const files[] = {"cgroup.procs", "cgroup.threads",
                                            "cgroup.subtree_control"};
        char own[512] = "";
        FILE *p = fopen("/proc/self/cgroup", "re");

        while (p && fgets(own, sizeof(own), p) && strncmp(own, "0::", 3) != 0)
                own[0] = '\0';
        if (!p || !own[0])
                die("/proc/self/cgroup");
        (void)fclose(p);
        own[strcspn(own, "\n")] = '\0';
        (void)snprintf(path, size, "/sys/fs/cgroup%s/payload-%d", own + 3, (int)getpid());
        check(mkdir(path, 0755), path);
        f->fd_cgroup = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        check(f->fd_cgroup, path);
        check(fchown(f->fd_cgroup, f->base, f->base), path);
        for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
                check(fchownat(f->fd_cgroup, files[i], f->base, f->base, 0), files[i]);
}

/* Only the host's root may make device nodes; the mount is handed to the child as a descriptor. */
static void make_dev(Floor *f)
{
        static const struct {
                const char *name;
                unsigned major, minor;
        } nodes[] = {{"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
                     {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};
        static const char *const links[][2] = {{"/proc/self/fd", "fd"},
                                               {"/proc/self/fd/0", "stdin"},
                                               {"/proc/self/fd/1", "stdout"},
                                               {"/proc/self/fd/2", "stderr"},
                                               {"pts/ptmx", "ptmx"}};
        static const char *const directories[] = {"pts", "shm", "mqueue"};
        int fd = f->fd_dev = new_mount("tmpfs", "mode", "0755");

        check(fchownat(fd, "", f->base, f->base, AT_EMPTY_PATH), "/dev");
        for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
                check(mknodat(fd, nodes[i].name, S_IFCHR | 0666,
                              makedev(nodes[i].major, nodes[i].minor)),
                      nodes[i].name);
                check(fchmodat(fd, nodes[i].name, 0666, 0), nodes[i].name);
        }
        for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
                check(symlinkat(links[i][0], fd, links[i][1]), links[i][1]);
        for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
                check(mkdirat(fd, directories[i], 0755), directories[i]);
}

static void map_ids(const Floor *f)
{
        char path[64], line[64];

        (void)snprintf(line, sizeof(line), "0 %u %u", f->base, IDS);
        (void)snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)child);
        write_text(path, line);
        (void)snprintf(path, sizeof(path), "/proc/%d/gid_map", (int)child);
        write_text(path, line);
        (void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)child);
        int userns = open(path, O_RDONLY | O_CLOEXEC);
        check(userns, path);
        struct mount_attr a = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns};
        check(mount_setattr(f->fd_upper, "", AT_EMPTY_PATH, &a, sizeof(a)), "idmap");
        a.attr_set |= MOUNT_ATTR_RDONLY;
        check(mount_setattr(f->fd_layer, "", AT_EMPTY_PATH, &a, sizeof(a)), "idmap");
        (void)close(userns);
}

static void notify_ready(void)
{
        const char *path = getenv("NOTIFY_SOCKET");
        struct sockaddr_un sa = {.sun_family = AF_UNIX};

        if (!path || strlen(path) >= sizeof(sa.sun_path))
                die("NOTIFY_SOCKET");
        (void)strcpy(sa.sun_path, path);
        if (sa.sun_path[0] == '@')
                sa.sun_path[0] = '\0';
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        check(sendto(fd, "READY=1", 7, MSG_NOSIGNAL, (struct sockaddr *)&sa,
                     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path))),
              "notify");
        (void)close(fd);
}

/* --- the container's side --- */

static void loopback_up(void)
{
        struct ifreq r = {.ifr_name = "lo", .ifr_flags = IFF_UP};
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        check(ioctl(fd, SIOCSIFFLAGS, &r), "lo");
        (void)close(fd);
}

static void mount_root(const Floor *f)
{
        static const char options[] = "lowerdir=/run/l,upperdir=/run/u/upper,workdir=/run/u/work,"
                                      "userxattr,volatile";

        check(mount("tmpfs", "/run", "tmpfs", 0, "mode=0700"), "/run");
        check(mkdir("/run/l", 0700) | mkdir("/run/u", 0700) | mkdir("/run/r", 0700), "/run");
        attach(f->fd_layer, "/run/l");
        attach(f->fd_upper, "/run/u");
        if ((mkdir("/run/u/upper", 0755) < 0 && errno != EEXIST) ||
            (mkdir("/run/u/work", 0700) < 0 && errno != EEXIST))
                die("upper");
        check(mount("overlay", "/run/r", "overlay", MS_NODEV, options), "overlay");
        check(chdir("/run/r"), "/run/r");
}

static void mount_kernel(const Floor *f)
{
        unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

        check(mount("proc", "proc", "proc", flags, NULL), "proc");
        check(mount("sysfs", "sys", "sysfs", flags | MS_RDONLY, NULL), "sysfs");
        check(mount("cgroup2", "sys/fs/cgroup", "cgroup2", flags, NULL), "cgroup2");
        attach(f->fd_dev, "dev");
        check(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
                    "newinstance,ptmxmode=0666,mode=0620,gid=5"),
              "devpts");
        check(mount("tmpfs", "dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777"), "shm");
        check(mount("mqueue", "dev/mqueue", "mqueue", flags, NULL), "mqueue");
        check(mount("tmpfs", "run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755"), "run");
}

static void bind_mount(const char *from, const char *to, unsigned long flags)
{
        if (mount(from, to, NULL, MS_BIND, NULL) < 0) {
                if (errno != ENOENT)
                        die(to);
                return;
        }
        if (flags)
                check(mount(NULL, to, NULL, MS_BIND | MS_REMOUNT | flags, NULL), to);
}

static void mount_masks(void)
{
        check(mkdir("/run/empty", 0), "/run/empty");
        int fd = open("/run/file", O_CREAT | O_CLOEXEC, 0);
        check(fd, "/run/file");
        (void)close(fd);
        for (size_t i = 0; i < sizeof(masked) / sizeof(masked[0]); i++) {
                struct stat st;

                if (lstat(masked[i], &st) >= 0)
                        bind_mount(S_ISDIR(st.st_mode) ? "/run/empty" : "/run/file", masked[i], 0);
        }
        for (size_t i = 0; i < sizeof(read_only) / sizeof(read_only[0]); i++)
                bind_mount(read_only[i], read_only[i],
                           MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC);
}

static void confine(const Floor *f)
{
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct data[2];

        for (unsigned long c = 0; prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; c++)
                if (!(f->caps & (1ULL << c)))
                        check(prctl(PR_CAPBSET_DROP, c, 0, 0, 0), "bounding set");
        check(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &f->filter, 0, 0), "seccomp");
        for (int i = 0; i < 2; i++)
                data[i] = (struct __user_cap_data_struct){
                        .permitted = (uint32_t)(f->caps >> (32 * i)),
                        .effective = (uint32_t)(f->caps >> (32 * i)),
                };
        check(syscall(SYS_capset, &header, data), "capset");
}

static void become(const Floor *f)
{
        static char *const env[] = {(char *)"container=floor",
                                    (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
        char c;

        (void)close(f->go[1]);
        if (read(f->go[0], &c, 1) != 1)
                _exit(125);
        check(setresgid(0, 0, 0) | setresuid(0, 0, 0), "setresuid");
        check(unshare(CLONE_NEWCGROUP), "cgroup namespace");
        check(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0), "PDEATHSIG");
        loopback_up();
        mount_root(f);
        mount_kernel(f);
        if (f->masks)
                mount_masks();
        check(syscall(SYS_pivot_root, ".", "."), "pivot_root");
        check(umount2(".", MNT_DETACH), "umount");
        check(chdir("/"), "/");
        check(sethostname("floor", 5), "hostname");
        confine(f);
        (void)execve(f->argv[0], f->argv, env);
        die(f->argv[0]);
}

static void on_term(int sig)
{
        if (child > 0)
                (void)kill(child, SIGTERM);
}

static void parse(Floor *f, int argc, char *argv[])
{
        int i = 1;

        for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
                f->masks |= strcmp(argv[i], "--masks") == 0;
                f->notify |= strcmp(argv[i], "--notify") == 0;
        }
        if (argc - i < 5) {
                (void)fputs("usage: see the head of floor.c\n", stderr);
                exit(2);
        }
        f->confinement = argv[i];
        f->layer = argv[i + 1];
        f->upper = argv[i + 2];
        f->base = (unsigned)strtoul(argv[i + 3], NULL, 0);
        f->argv = argv + i + 4;
}

int main(int argc, char *argv[])
{
        struct sigaction sa = {.sa_handler = on_term, .sa_flags = SA_RESTART};
        char cgroup[600];
        Floor f = {0};
        int status;

        parse(&f, argc, argv);
        read_confinement(&f);
        make_cgroup(&f, cgroup, sizeof(cgroup));
        if (mkdir(f.upper, 0700) < 0 && errno != EEXIST)
                die(f.upper);
        f.fd_layer = clone_mount(f.layer);
        f.fd_upper = clone_mount(f.upper);
        make_dev(&f);
        check(pipe2(f.go, O_CLOEXEC), "pipe");
        (void)sigaction(SIGTERM, &sa, NULL);
        child = clone_into(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC |
                                   CLONE_NEWNET | CLONE_NEWNS,
                           f.fd_cgroup);
        if (child == 0)
                become(&f);
        map_ids(&f);
        (void)close(f.fd_layer);
        (void)close(f.fd_upper);
        (void)close(f.fd_dev);
        check(write(f.go[1], "", 1), "pipe");
        (void)close(f.go[0]);
        if (f.notify) {
                struct pollfd p = {.fd = f.go[1]};

                (void)poll(&p, 1, -1); /* POLLERR: the reading end went with the execve() */
                notify_ready();
        }
        while (waitpid(child, &status, 0) < 0)
                if (errno != EINTR)
                        die("waitpid");
        (void)rmdir(cgroup);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
