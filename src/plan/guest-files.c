/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/guest-files.h"

#include "base/names.h"

#include <string.h>

#define OPTIONS(o) .data = (o), .n_data = sizeof(o)
#define CONTENT(c) .data = (c), .n_data = sizeof(c) - 1
#define SEALED     (PLAN_NOSUID | PLAN_NODEV | PLAN_NOEXEC)
/* what /etc/os-release is a link to on every host with systemd; the shim follows no links */
#define HOST_RELEASE "/usr/lib/os-release"

/* Where the mounts of the later stages go; images may lack any of them. */
static const PlanStep tree_steps[] = {
        {PLAN_DIRECTORY, .s = "/proc", .a = 0555}, {PLAN_DIRECTORY, .s = "/sys", .a = 0555},
        {PLAN_DIRECTORY, .s = "/dev", .a = 0755},  {PLAN_DIRECTORY, .s = "/run", .a = 0755},
        {PLAN_DIRECTORY, .s = "/tmp", .a = 01777},
};

/* Kernel files that tell of the host, or change it. The kernel keeps a guest's root out of most of
 * them already; these are what nspawn, podman and docker hide taken together, and what shows
 * addresses, other guests or timings besides. Not /proc/pressure and /proc/meminfo: programs size
 * themselves by them. All are real paths: a step through one of sysfs's links would be refused. */
static const char *const masked[] = {
        "/proc/acpi",          "/proc/asound",        "/proc/config.gz",   "/proc/interrupts",
        "/proc/iomem",         "/proc/ioports",       "/proc/kallsyms",    "/proc/kcore",
        "/proc/keys",          "/proc/kpagecgroup",   "/proc/kpagecount",  "/proc/kpageflags",
        "/proc/latency_stats", "/proc/modules",       "/proc/sched_debug", "/proc/scsi",
        "/proc/slabinfo",      "/proc/sysrq-trigger", "/proc/timer_list",  "/proc/timer_stats",
        "/proc/vmallocinfo",
};
static const char *const masked_sys[] = {
        "/sys/dev/block",
        "/sys/devices/virtual/dmi",
        "/sys/devices/virtual/powercap",
        "/sys/firmware",
        "/sys/fs/bpf",
        "/sys/fs/pstore",
        "/sys/fs/selinux",
        "/sys/kernel/btf",
        "/sys/kernel/debug",
        "/sys/kernel/notes",
        "/sys/kernel/security",
        "/sys/kernel/tracing",
        "/sys/kernel/vmcoreinfo",
};

static const char *const readonly[] = {
        "/proc/sys", "/proc/apm", "/proc/bus", "/proc/fs", "/proc/irq",
};

/* A small /dev of our own, so that nothing in the image's is ever opened. No mknod in the guest:
 * these are all it gets. */
static const PlanStep dev_steps[] = {
        {PLAN_MOUNT, .s = "/dev", .t = "tmpfs", OPTIONS("mode=0755,size=4m,nr_inodes=65536"),
         .flags = PLAN_NOSUID | PLAN_NOEXEC},
        {PLAN_DEVICE, .s = "/dev/null", .a = 1, .b = 3},
        {PLAN_DEVICE, .s = "/dev/zero", .a = 1, .b = 5},
        {PLAN_DEVICE, .s = "/dev/full", .a = 1, .b = 7},
        {PLAN_DEVICE, .s = "/dev/random", .a = 1, .b = 8},
        {PLAN_DEVICE, .s = "/dev/urandom", .a = 1, .b = 9},
        {PLAN_DEVICE, .s = "/dev/tty", .a = 5, .b = 0},
        {PLAN_SYMLINK, .s = "/dev/fd", .t = "/proc/self/fd"},
        {PLAN_SYMLINK, .s = "/dev/stdin", .t = "/proc/self/fd/0"},
        {PLAN_SYMLINK, .s = "/dev/stdout", .t = "/proc/self/fd/1"},
        {PLAN_SYMLINK, .s = "/dev/stderr", .t = "/proc/self/fd/2"},
        {PLAN_SYMLINK, .s = "/dev/ptmx", .t = "pts/ptmx"},
        {PLAN_DIRECTORY, .s = "/dev/pts", .a = 0755},
        {PLAN_DIRECTORY, .s = "/dev/shm", .a = 01777},
        {PLAN_DIRECTORY, .s = "/dev/mqueue", .a = 0755},
};

/* /run/host is how a host tells a guest about itself (systemd's CONTAINER_INTERFACE): read-only for
 * the guest. The shim binds its notify socket over the empty file when this stage is done. */
static const PlanStep run_mount = {
        PLAN_MOUNT,
        .s = "/run",
        .t = "tmpfs",
        OPTIONS("mode=0755,size=20%"),
        .flags = PLAN_NOSUID | PLAN_NODEV,
};
static const PlanStep run_steps[] = {
        {PLAN_DIRECTORY, .s = "/run/host", .a = 0755},
        {PLAN_MOUNT, .s = "/run/host", .t = "tmpfs", OPTIONS("mode=0755,size=64k,nr_inodes=64"),
         .flags = SEALED},
        {PLAN_FILE, .s = "/run/host/container-manager", .a = 0444, CONTENT("lodge\n")},
        {PLAN_FILE, .s = GUEST_NOTIFY_SOCKET, .a = 0444},
        {PLAN_BIND, .s = HOST_RELEASE, .t = "/run/host/os-release",
         .flags = PLAN_RDONLY | SEALED | PLAN_OPTIONAL},
};

/* The kernel lets a guest's root mount proc and sysfs only where the same can be seen whole: with
 * nothing over it, and not read-only. What may be written there is up to the owners of the files,
 * and those of the host are nobody in a guest. */
#define NESTING "/run/host/nesting"
static const PlanStep nesting_places[] = {
        {PLAN_DIRECTORY, .s = NESTING, .a = 0700},
        {PLAN_DIRECTORY, .s = NESTING "/proc", .a = 0555},
        {PLAN_DIRECTORY, .s = NESTING "/sys", .a = 0555},
};
static const PlanStep nesting_mounts[] = {
        {PLAN_MOUNT, .s = NESTING "/proc", .t = "proc", .flags = SEALED},
        {PLAN_MOUNT, .s = NESTING "/sys", .t = "sysfs", .flags = SEALED},
};

/* What a guest may unmount and mount over as it likes. gid 5 is tty in every distribution. */
static const PlanStep inner_steps[] = {
        {PLAN_MOUNT, .s = "/dev/pts", .t = "devpts",
         OPTIONS("newinstance,ptmxmode=0666,mode=0620,gid=5"), .flags = PLAN_NOSUID | PLAN_NOEXEC},
        {PLAN_MOUNT, .s = "/dev/shm", .t = "tmpfs", OPTIONS("mode=1777"),
         .flags = PLAN_NOSUID | PLAN_NODEV},
        {PLAN_MOUNT, .s = "/dev/mqueue", .t = "mqueue", .flags = SEALED | PLAN_OPTIONAL},
        {PLAN_MOUNT, .s = "/sys/fs/cgroup", .t = "cgroup2", .flags = SEALED},
};

/* An init expects an empty /tmp at each boot. A command's stays in the writable layer, as podman
 * has it: images bring files in /tmp, and programs write more there than belongs in memory. */
static const PlanStep tmp_mount = {
        PLAN_MOUNT,
        .s = "/tmp",
        .t = "tmpfs",
        OPTIONS("mode=1777,size=10%"),
        .flags = PLAN_NOSUID | PLAN_NODEV,
};

static void add(PlanWriter *w, PlanStage stage, PlanStep step)
{
        step.stage = stage;
        plan_add(w, step);
}

static void add_all(PlanWriter *w, PlanStage stage, const PlanStep *steps, size_t n)
{
        for (size_t i = 0; i < n; i++)
                add(w, stage, steps[i]);
}

static void add_paths(PlanWriter *w, PlanOp op, const char *const *paths, size_t n)
{
        for (size_t i = 0; i < n; i++)
                add(w, PLAN_STAGE_OUTER, (PlanStep){op, .s = paths[i]});
}

/* @text and a newline. */
static void add_file(PlanWriter *w, PlanStage stage, const char *path, uint64_t mode,
                     const char *text)
{
        char line[128];
        int n = snprintf(line, sizeof(line), "%s\n", text);

        add(w, stage,
            (PlanStep){PLAN_FILE, .s = path, .a = mode, .data = line, .n_data = (uint32_t)n});
}

static void add_tree(PlanWriter *w, const GuestFiles *g)
{
        add_all(w, PLAN_STAGE_TREE, tree_steps, ELEMENTSOF(tree_steps));
        add_file(w, PLAN_STAGE_TREE, LODGE_GUEST_MACHINE_ID, 0444, g->machine_id);
        add_file(w, PLAN_STAGE_TREE, LODGE_GUEST_HOSTNAME, 0644, g->hostname);
        guest_network_add_tree(w, &g->network);
}

static void add_run(PlanWriter *w, const GuestFiles *g)
{
        const MountEntry *e = guest_mounts_find(g->mounts, "/run");
        PlanStep step = run_mount;

        if (e) {
                step.data = e->tmpfs_options;
                step.n_data = (uint32_t)strlen(e->tmpfs_options) + 1;
                step.flags |= e->no_exec ? PLAN_NOEXEC : 0;
        }
        add(w, PLAN_STAGE_OUTER, step);
}

static void add_outer(PlanWriter *w, const GuestFiles *g)
{
        add(w, PLAN_STAGE_OUTER,
            (PlanStep){PLAN_MOUNT, .s = "/proc", .t = "proc", .flags = SEALED});
        if (guest_network_is_own(
                    &g->network)) /* before what is above it becomes read-only, and comes along */
                add(w, PLAN_STAGE_OUTER, (PlanStep){PLAN_WRITABLE, .s = "/proc/sys/net"});
        add_paths(w, PLAN_READONLY, readonly, ELEMENTSOF(readonly));
        add_paths(w, PLAN_MASK, masked, ELEMENTSOF(masked));
        /* read-only also tells udev in a guest that devices are not its business */
        add(w, PLAN_STAGE_OUTER,
            (PlanStep){PLAN_MOUNT, .s = "/sys", .t = "sysfs", .flags = SEALED | PLAN_RDONLY});
        add_paths(w, PLAN_MASK, masked_sys, ELEMENTSOF(masked_sys));
        add_all(w, PLAN_STAGE_OUTER, dev_steps, ELEMENTSOF(dev_steps));
        add_run(w, g);
        add_all(w, PLAN_STAGE_OUTER, run_steps, ELEMENTSOF(run_steps));
        add_file(w, PLAN_STAGE_OUTER, "/run/host/container-uuid", 0444, g->uuid);
        if (g->nesting)
                add_all(w, PLAN_STAGE_OUTER, nesting_places, ELEMENTSOF(nesting_places));
        add(w, PLAN_STAGE_OUTER, (PlanStep){PLAN_READONLY, .s = "/run/host"});
        if (g->nesting)
                add_all(w, PLAN_STAGE_OUTER, nesting_mounts, ELEMENTSOF(nesting_mounts));
        guest_network_add_outer(w, &g->network);
}

/* Something below /tmp would disappear under what the last stage mounts there: so it is mounted
 * before that. */
static bool has_tmp_below(const GuestFiles *g)
{
        return g->booting && !guest_mounts_find(g->mounts, "/tmp") &&
               guest_mounts_has_below(g->mounts, "/tmp");
}

static void add_root(PlanWriter *w, const GuestFiles *g, const GuestMountFacts *facts)
{
        if (has_tmp_below(g))
                add(w, PLAN_STAGE_ROOT, tmp_mount);
        guest_mounts_add(w, g->mounts, facts);
}

static void add_inner(PlanWriter *w, const GuestFiles *g)
{
        for (size_t i = 0; i < ELEMENTSOF(inner_steps); i++)
                if (!guest_mounts_find(g->mounts, inner_steps[i].s))
                        add(w, PLAN_STAGE_INNER, inner_steps[i]);
        if (g->booting && !guest_mounts_find(g->mounts, "/tmp") && !has_tmp_below(g))
                add(w, PLAN_STAGE_INNER, tmp_mount);
        guest_network_add_inner(w, &g->network);
}

void guest_files_add(PlanWriter *w, const GuestFiles *g, const GuestMountFacts *facts)
{
        add_tree(w, g);
        add_outer(w, g);
        add_root(w, g, facts);
        add_inner(w, g);
}
