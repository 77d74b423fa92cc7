/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plan: all that lodge-shim does to start a machine, as a flat list of steps.
 *
 * lodged compiles it (plan/), sends it in a sealed memfd, the shim executes it. The shim makes no
 * choice that the plan could have made. On the wire: a PlanHeader, then steps of 8-byte aligned {
 * u16 op, u16 stage, u32 flags, u64 a, u64 b, u32 n_s, u32 n_t, u32 n_data, u32 reserved = 0 }
 * followed by s and t, each with its NUL counted in n_s and n_t (0: absent), and data; padded with
 * zeros. Both sides are of the same release, so a version that differs is refused. */
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PLAN_VERSION   5U
#define PLAN_SIZE_MAX  (8U << 20)
#define PLAN_STEPS_MAX 65536U

/* Who executes a step, and with which rights. In this order. */
typedef enum PlanStage {
        PLAN_STAGE_HOST, /* shim, host's root: paths of the host are resolved here and nowhere later
                          */
        PLAN_STAGE_TREE, /* inside the user namespace, on the mounted overlay, before any other
                            mount */
        PLAN_STAGE_OUTER, /* shim, in a mount namespace of its own: what the guest gets locked.
                           * Mounts right below the root, and all other steps below those */
        PLAN_STAGE_ROOT,  /* the same, with all of that in its place in the root: mounts anywhere in
                           * it,  likewise locked. Paths are the guest's, symlinks of the image are
                           * followed, but not out of it */
        PLAN_STAGE_INNER, /* the future PID 1 in its own mount namespace: what the guest may unmount
                           */
        PLAN_STAGE_PAYLOAD, /* the same, just before execve(); also for what exec starts later */
        _PLAN_STAGE_MAX,
} PlanStage;

typedef enum PlanOp {
        /* PLAN_STAGE_HOST */
        PLAN_USERNS,   /* a = first host id, b = number of ids */
        PLAN_LOWER,    /* s = directory, host path: a read-only layer; the topmost first */
        PLAN_LOWER_FD, /* s = disk image, for messages; a = number of a descriptor that came with
                        * the plan: a detached mount, a read-only layer like PLAN_LOWER */
        PLAN_USR_FD,   /* likewise; the mount goes over /usr, read-only */
        PLAN_LAYER,    /* as PLAN_LOWER: s = directory of the store, host path, the same in all; t =
                        * name    in it, which holds tree/ */
        PLAN_UPPER, /* s = directory, host path, made if missing: holds upper/ and work/; PLAN_FRESH
                     * and PLAN_VOLATILE apply; t = directory to rename a dropped layer into */
        PLAN_MEMORY,     /* in place of PLAN_UPPER: a tmpfs; a = bytes, 0: the kernel's default */
        PLAN_LIMIT,      /* a = bytes that PLAN_UPPER's directory may hold */
        PLAN_NETNS,      /* a = 1: own network namespace, loopback up; absent: the host's */
        PLAN_NETNS_PATH, /* in place of it: s = host path of a network namespace to run in */
        PLAN_NOTIFY,     /* s = guest path of $NOTIFY_SOCKET */
        PLAN_READY,      /* a = PlanReady; s = the same for messages, b = a port */
        PLAN_START_TIMEOUT, /* the unit is active when the machine is ready; a = µs until the start
                             * has failed. Absent: as soon as PID 1 runs */
        PLAN_STOP,          /* a = signal, b = µs until everything is killed, UINT64_MAX: never */
        PLAN_REBOOT,        /* PLAN_FRESH: the writable layer is dropped at a reboot too */

        /* PLAN_STAGE_HOST, after the namespaces are there: interfaces. In a plan for a machine that
         * runs (FRAME_LINK_APPLY) there are only these and those of PLAN_STAGE_INNER. A MAC is a
         * number below 2^48, 0: the kernel's choice; an MTU of 0 likewise */
        PLAN_VETH, /* s = name on the host, t = name inside, a = MAC inside, b = MTU; data = bridge
                    * that the host's end joins (NUL-terminated; absent: none) */
        PLAN_MACVLAN, /* s = the host's interface below it, t = name inside, a = MAC, b = MTU */
        PLAN_LINK, /* s = the host's interface to move in, t = name inside, a = MAC, b = MTU; it is
                    * given back at the end under its name */
        PLAN_ALTNAME, /* s = interface on the host, t = another, longer name for it */
        PLAN_RATE,    /* s = interface on the host, or, in PLAN_STAGE_INNER, inside: what is sent
                       * through it, to or from the machine; a = bit/s, 0: no limit */

        /* PLAN_STAGE_INNER, in the machine's network namespace, s = interface inside */
        PLAN_LINK_UP,
        PLAN_ADDRESS, /* t = "ADDRESS/BITS" */
        PLAN_ROUTE,   /* t = "DESTINATION/BITS"; data = gateway (NUL-terminated; absent: on link) */

        /* PLAN_STAGE_INNER, on the machine's own proc */
        PLAN_SYSCTL, /* s = file below /proc/sys/net, data = value (NUL-terminated) */

        /* PLAN_STAGE_TREE: paths are relative to the root, no component may be a symlink */
        PLAN_DIRECTORY, /* s = path, a = mode: made if missing; an error if it is anything else. In
                         * ROOT made with all above it, 0755, and what is there already is no error
                         */
        PLAN_FILE,    /* s = path, a = mode, data = content; in TREE replaces what is there, and is
                       * left out if the directory is missing; in OUTER/INNER a new file in a
                       * tmpfs */
        PLAN_REWRITE, /* s = path, t = what it says, else it is left alone; "": whatever it says;
                       * data = what it is to say. For FRAME_FILES_APPLY only */

        /* PLAN_STAGE_OUTER or PLAN_STAGE_INNER; PLAN_MOUNT also PLAN_STAGE_ROOT */
        PLAN_MOUNT,   /* s = guest path, t = type: proc sysfs tmpfs devpts mqueue cgroup2; data =
                       * options "k=v,flag" (NUL-terminated); flags PLAN_RDONLY..; a, b = owner
                       * and group of a tmpfs, in the guest */
        PLAN_DEVICE,  /* s = guest path, a = major, b = minor: character device, 0666 */
        PLAN_SYMLINK, /* s = guest path of the link, t = target; in a tmpfs of ours */
        PLAN_MASK, /* s = guest path: an inaccessible file or directory over it; no error if missing
                    */
        PLAN_READONLY, /* s = guest path: read-only bind over itself; no error if missing */
        PLAN_WRITABLE, /* s = guest path: bind over itself, not read-only, below a PLAN_READONLY
                        * that follows in the list; no error if missing */
        PLAN_BIND,     /* s = host path (opened in the first stage), t = guest path; PLAN_RDONLY */

        /* PLAN_STAGE_ROOT */
        PLAN_SHARE, /* s = host path (opened in the first stage) of a file or directory, t = guest
                     * path, made if missing; a = PlanMap, b = host uid for PLAN_MAP_CALLER;
                     * PLAN_RDONLY.., PLAN_RECURSIVE, PLAN_FILL */

        /* PLAN_STAGE_PAYLOAD */
        PLAN_HOSTNAME,     /* s */
        PLAN_TERMINAL,     /* stdio of PID 1 is a new pty of the guest's devpts, also /dev/console;
                            * a, b = rows, columns (0: unset). Absent: pipes */
        PLAN_CONSOLE_CTTY, /* the terminal becomes PID 1's controlling terminal */
        PLAN_RLIMIT,       /* s = name without RLIMIT_, a = soft, b = hard; in PLAN_STAGE_HOST: a
                            * hard limit that the shim may have to raise its own to, for this one
                            * to be had; UINT64_MAX: as high as can be */
        PLAN_CAPS,         /* a = bounding set, and the permitted and effective set of root */
        PLAN_NO_NEW_PRIVS,
        PLAN_SECCOMP, /* data = struct sock_filter[] */
        PLAN_ENV,     /* s = KEY=VALUE */
        PLAN_USER,    /* s = user, user:group, uid, uid:gid: looked up in the guest's own files */
        PLAN_CHDIR,   /* s = guest path */
        PLAN_ARG, /* s: argv, one step each; argv[0] is looked up in $PATH of PLAN_ENV if it has no
                     '/' */
        PLAN_HEALTH,        /* a, b = µs between two health checks, and that one may take */
        PLAN_HEALTH_LIMIT,  /* a = µs after the start that it may fail, b = failures in a row */
        PLAN_HEALTH_ACTION, /* a = PlanHealthAction after so many */
        PLAN_HEALTH_ARG,    /* s: its argv, one step each */
        PLAN_INIT, /* s = guest path tried as PID 1 when there is no PLAN_ARG; several in order */
        _PLAN_OP_MAX,
} PlanOp;

/* Mounts of disk images that one plan may want: its PLAN_LOWER_FD and PLAN_USR_FD number them from
 * 0, each once. */
#define PLAN_IMAGES_MAX 4

/* When a machine is ready. */
typedef enum PlanReady {
        PLAN_READY_STARTED, /* PID 1 runs */
        PLAN_READY_NOTIFY,  /* READY=1 has come */
        PLAN_READY_HEALTHY, /* its health check has succeeded */
        PLAN_READY_TCP,     /* a socket of its own listens on the port */
        PLAN_READY_UDP,     /* one is bound to it */
} PlanReady;

/* What the shim does with a machine that is not well. */
typedef enum PlanHealthAction {
        PLAN_HEALTH_NONE,
        PLAN_HEALTH_RESTART, /* as a reboot from inside */
        PLAN_HEALTH_STOP,
        PLAN_HEALTH_KILL,
} PlanHealthAction;

/* Whose files of a PLAN_SHARE are whose inside. */
typedef enum PlanMap {
        PLAN_MAP_ROOT,   /* the source's owner and group: the guest's root */
        PLAN_MAP_OWNER,  /* likewise: the owner and group of the target */
        PLAN_MAP_CALLER, /* b and the source's group: PLAN_USER, or root */
        PLAN_MAP_SAME,   /* each id: the same inside */
        PLAN_MAP_NONE,   /* as it is: nobody's */
        _PLAN_MAP_MAX,
} PlanMap;

/* step flags */
#define PLAN_RDONLY     (1U << 0)
#define PLAN_NOSUID     (1U << 1)
#define PLAN_NODEV      (1U << 2)
#define PLAN_NOEXEC     (1U << 3)
#define PLAN_FRESH      (1U << 4) /* the writable layer is dropped before and after */
#define PLAN_VOLATILE   (1U << 5) /* no syncs: nothing of the layer is kept */
#define PLAN_OPTIONAL   (1U << 6) /* a kernel without it is no reason to fail */
#define PLAN_RECURSIVE  (1U << 7) /* with what is mounted below */
#define PLAN_FILL       (1U << 8) /* an empty source gets what the target has */
#define _PLAN_FLAGS_ALL 0x1ffU

/* One step. plan_check() has seen to it that an operation has exactly the strings it needs, so that
 * none of them is ever NULL where one is named above, and that the program of a PLAN_SECCOMP is
 * aligned. */
typedef struct PlanStep {
        PlanOp op;
        PlanStage stage;
        uint32_t flags, n_data;
        uint64_t a, b;
        const char *s, *t; /* NULL if absent; NUL-terminated */
        const void *data;
} PlanStep;

/* ---- writing (lodged) ---- */

typedef struct PlanWriter {
        char *buf;
        size_t n, allocated;
        uint32_t n_steps;
        int error; /* the first -ENOMEM or -E2BIG; later adds do nothing */
} PlanWriter;

/** plan_add() - append one step; what it points to is copied
 * An error is kept and told by plan_finish(). */
void plan_add(PlanWriter *w, PlanStep step);

/** plan_finish() - complete the header
 * @ret,@ret_n the plan's bytes, owned by the writer until plan_writer_done()
 * Return: 0; -ENOMEM; -E2BIG above PLAN_SIZE_MAX or PLAN_STEPS_MAX. */
int plan_finish(PlanWriter *w, const void **ret, size_t *ret_n);
/** plan_writer_take() - complete it and move its bytes to the caller, in the place of others
 * @plan freed, then the new bytes, to be freed; unchanged on failure
 * Return: 0; as plan_finish(). @w is empty afterwards. */
int plan_writer_take(PlanWriter *w, char **plan, size_t *n_plan);
/** plan_writer_done() - free the plan's bytes */
void plan_writer_done(PlanWriter *w);

/* ---- reading (shim, lodgectl plan, tests) ---- */

/** plan_check() - is this a whole, well-formed plan of our version?
 * Every length, offset, op, stage, flag and NUL is checked here; afterwards plan_next() cannot
 * fail. Return: 0; -EBADMSG; -EPROTONOSUPPORT for another version. */
int plan_check(const void *plan, size_t n);

/** plan_open() - the plan in a sealed memfd, checked
 * @ret munmap() it; NULL on failure
 * Return: 0; -EBADMSG it is not sealed, or as plan_check(); negative errno. */
int plan_open(int fd, void **ret, size_t *ret_n);

/** plan_next() - the step at *@offset of a checked plan
 * @offset starts at 0
 * Return: true and advances, false at the end. */
bool plan_next(const void *plan, size_t n, size_t *offset, PlanStep *ret);

/** plan_find() - the first step with this op
 * Return: true if there is one. */
bool plan_find(const void *plan, size_t n, PlanOp op, PlanStep *ret);

/** plan_images() - how many descriptors of disk images belong to a checked plan
 * Return: the number; -EBADMSG they are not numbered from 0, each once. */
int plan_images(const void *plan, size_t n);

#define PLAN_FOREACH(step, plan, n)                                                                \
        for (size_t _plan_off = 0; plan_next((plan), (n), &_plan_off, (step));)

/** plan_print() - one line a step, stage by stage, for people and golden files
 * Foreign strings are quoted and cleaned. */
void plan_print(const void *plan, size_t n, FILE *f);

/** plan_op_name() - the word plan_print() shows; NULL out of range */
const char *plan_op_name(PlanOp op);
/** plan_stage_name() - the word plan_print() shows; NULL out of range */
const char *plan_stage_name(PlanStage stage);
