/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages between lodged and a shim or a worker, over a SOCK_SEQPACKET socket.
 *
 * A frame is a FrameHeader and fields { u16 tag, u16 kind, u32 length } + bytes, padded to 8. A
 * frame above FRAME_INLINE_MAX travels in a sealed memfd that is the last descriptor of the
 * message. Who may say what is in the comments of FrameType: D lodged, S shim, W worker
 * (lodge-import, lodge-work). Replies carry the serial of what they answer. Neither side trusts
 * lengths; lodged does not trust a shim to be of its own release, nor a worker at all. */
#pragma once

#include "base/fault.h"

#include <stdbool.h>
#include <stdint.h>

#define FRAME_VERSION    1U
#define FRAME_INLINE_MAX 16384U
#define FRAME_SIZE_MAX   (4U << 20)
#define FRAME_FDS_MAX    16

/* So many bytes of the words of an exec'd command are kept, by both sides, to be shown. */
#define PROCESS_COMMAND_MAX 2048U

typedef enum FrameType {
        FRAME_HELLO = 1, /* S, first: name. A shim that wants its plan */
        FRAME_PLAN, /* D: fds[0] plan memfd, fds[1] uid range lock, then the mounts of disk images
                     * that the plan names by number, then those for attach, by fd_map */
        FRAME_REFUSED, /* D: code, error, message: the shim logs message and exits */
        FRAME_QUERY,   /* D: answered by FRAME_STATE, also sent unasked whenever it changes */
        FRAME_STATE,   /* S: state, leader, supervisor, uid_base, started, ready, paused,
                          boot_count, status_text, health, streak, health_text, oom, mounts. In the
                          answer to a query then, for each program that exec has started, a group of
                          id, pid, owner, needs_root, user, args and, if it has ended, status and
                          signal */
        FRAME_FAILED,  /* S: code, phase, object, error, message: the start failed, the shim is
                          about to end */
        FRAME_EXITED,  /* S: as the exit record (exit-record.h): PID 1 has ended, the shim is about
                          to end */
        FRAME_STOP,    /* D: timeout (µs, optional) */
        FRAME_KILL, /* D: whom (0 leader, 1 all), signal; answered by FRAME_DONE or FRAME_ERROR */
        FRAME_EXEC, /* D: id, args, envs, user, cwd, tty, login, rows, columns, owner, needs_root;
                     * fds for 0, 1, 2 by fd_map. Answered by FRAME_EXEC_STARTED (fds[0] pty master
                     * if tty) or FRAME_ERROR */
        FRAME_EXEC_STARTED, /* S: id, pid */
        FRAME_EXEC_EXITED,  /* S: id, status (exit status, or 128+N), signal */
        FRAME_EXEC_KILL,    /* D: id, signal; answered by FRAME_DONE or FRAME_ERROR */
        FRAME_ATTACH, /* D: fds for 0, 1, 2 as told by fd_map: get PID 1's output and feed its input
                       * from now on; answered by FRAME_DONE or FRAME_ERROR */
        FRAME_RESIZE, /* D: rows, columns of PID 1's terminal; answered by FRAME_DONE or FRAME_ERROR
                       */
        FRAME_OUTPUT, /* D asks, S answers: lines (oldest first) of PID 1's last output */
        FRAME_DONE,   /* S */
        FRAME_ERROR,  /* S, W: code, error, message; of a worker: the job failed */
        FRAME_MACHINED, /* D: connect to systemd-machined, which takes the process that does for the
                         * machine's supervisor; answered by FRAME_DONE with fds[0], or FRAME_ERROR
                         */
        FRAME_WORK,     /* W, first: name (the job's ID). A worker that wants its order */
        FRAME_ORDER,    /* D: args "key=value", have (diff_ids that are in the store); descriptors,
                           which args name by their number. Closing the socket cancels the job */
        FRAME_PROGRESS, /* W, at most 4/s: phase, bytes, total; then, for each part of the job, a
                           group of item, bytes, total, phase */
        FRAME_LAYER,    /* W: digest: this layer is complete and synced in incoming/ID/layers */
        FRAME_RESULT,   /* W: the job is done: record if it made an image, lines, message, digest;
                           descriptors and items of an attached disk */

        /* interfaces of a machine that runs: D asks, S answers */
        FRAME_LINK_APPLY, /* D: fds[0] sealed memfd of a plan with steps for interfaces only; all of
                           * it or nothing. FRAME_DONE, or FRAME_ERROR */
        FRAME_LINK_REMOVE, /* D: item (name inside). FRAME_DONE, or FRAME_ERROR */
        FRAME_LINK_STATS,  /* D; answered by FRAME_LINKS */
        FRAME_LINKS,       /* S: for each interface that the machine has from us (in a namespace of
                            * somebody else: for each inside, but loopback) a group of item and the
                            * counters rx_bytes .. tx_drops as the machine sees them */

        /* lodged and the services of the network. N lodge-net or lodge-relay */
        FRAME_NETWORK_HELLO, /* N, first */
        FRAME_NETWORK_SYNC,  /* D: begin 1: the whole state follows; begin 0: that was all, what was
                              * not set again since is to go. FRAME_DONE to the latter */
        FRAME_NETWORK_SET,   /* D: a network (wire/network-record.h), new or changed. FRAME_DONE, or
                              * FRAME_ERROR: nothing was changed */
        FRAME_NETWORK_UNSET, /* D: name. FRAME_DONE */
        FRAME_MEMBER_SET,    /* D: what a machine is in networks, new or changed; as above */
        FRAME_MEMBER_UNSET,  /* D: name (the machine's). FRAME_DONE */
        FRAME_NETWORK_FACTS, /* D asks, lodge-net answers: have (routes and addresses of the host in
                              * use, "ADDRESS/BITS", but for its own) */
        FRAME_NETWORK_CHECK, /* D asks, lodge-net answers: lines: what drops or misleads the traffic
                              * of machines, one sentence each with what to do; none: nothing */
        FRAME_PORT_OWNER, /* D asks, lodge-net answers: item "tcp 127.0.0.1 8080"; message: who has
                           * that port open on the host, "nginx.service (uid 33)"; absent: nobody */

        FRAME_PAUSE, /* D: freeze every process. FRAME_DONE once they stand still, or FRAME_ERROR */
        FRAME_RESUME, /* D: the contrary, no error if it is not paused. FRAME_DONE, FRAME_ERROR */

        /* mounts of a machine that runs: D asks, S answers, once FRAME_STATE has told */
        FRAME_MOUNT_APPLY,  /* D: fds[0] sealed memfd of a plan with one step that mounts in
                             * PLAN_STAGE_ROOT. FRAME_DONE, or FRAME_ERROR */
        FRAME_MOUNT_REMOVE, /* D: mount. FRAME_DONE, or FRAME_ERROR */
        FRAME_FILES_APPLY,  /* D: fds[0] sealed memfd of a plan with PLAN_REWRITE only. FRAME_DONE,
                             * or FRAME_ERROR */

        FRAME_NAMESPACES,   /* D: of a machine that runs. FRAME_DONE with fds[0] user namespace,
                             * fds[1] mount namespace, fds[2] pidfd of PID 1; or FRAME_ERROR */
        FRAME_HEALTH_APPLY, /* D: fds[0] sealed memfd of a plan with the steps of a health check, or
                             * none for none: from now on, in place of those that the machine was
                             * started with. FRAME_DONE, or FRAME_ERROR */

        FRAME_HOLD,    /* D: id. As FRAME_PAUSE, until FRAME_RELEASE, or the end of this connection;
                        * nobody can resume it before. Several may hold it */
        FRAME_RELEASE, /* D: id. It runs on, unless it is paused or held for something else, too.
                        * FRAME_DONE, also if it is not held */
        _FRAME_TYPE_MAX,
} FrameType;

typedef enum FrameTag {
        FRAME_NAME = 1,    /* string */
        FRAME_CODE,        /* number: FaultCode */
        FRAME_ERRNO,       /* number, positive */
        FRAME_MESSAGE,     /* string: one sentence */
        FRAME_PHASE,       /* string: which part of a start failed */
        FRAME_OBJECT,      /* string: on what; of a plan: the image */
        FRAME_RUN_STATE,   /* number: ShimState */
        FRAME_LEADER,      /* number: pid of PID 1 on the host */
        FRAME_UID_BASE,    /* number */
        FRAME_STARTED,     /* number: µs CLOCK_REALTIME when PID 1 was exec'd */
        FRAME_READY,       /* number: µs CLOCK_REALTIME when it was ready, 0 not yet */
        FRAME_BOOT_COUNT,  /* number: 1 for the first start of PID 1 in this unit run */
        FRAME_STATUS_TEXT, /* string: the guest's STATUS=, as it came: untrusted */
        FRAME_TIMEOUT,     /* number: µs */
        FRAME_WHOM,        /* number: 0 leader, 1 all */
        FRAME_SIGNAL,      /* number */
        FRAME_ID,          /* number: chosen by lodged, unique for a machine's run */
        FRAME_PID,         /* number */
        FRAME_ARG,         /* string, repeated */
        FRAME_ENV,         /* string, repeated: KEY=VALUE */
        FRAME_USER,        /* string */
        FRAME_CWD,         /* string */
        FRAME_TTY,         /* number: 1: a new terminal of the guest's devpts */
        FRAME_LOGIN, /* number: 1: begin in the user's home; no args: his login shell, argv[0] with
                        a '-' */
        FRAME_ROWS,  /* number */
        FRAME_COLUMNS,    /* number */
        FRAME_FD_MAP,     /* number, repeated: which of 0, 1, 2 the next descriptor is */
        FRAME_STATUS,     /* number: exit status, 128+N for a signal */
        FRAME_CAUSE,      /* string: see exit-record.h */
        FRAME_OOM,        /* number: processes killed for want of memory; of an end: 1 */
        FRAME_LINE,       /* string, repeated: untrusted output, oldest first */
        FRAME_OWNER,      /* number: uid of who asked for it */
        FRAME_NEEDS_ROOT, /* number: 1: was asked for as exec-root */
        FRAME_HAVE,       /* string, repeated: diff_id of a layer in the store */
        FRAME_ITEM,       /* string: short name of a part of a job, begins its group */
        FRAME_BYTES,      /* number: done so far */
        FRAME_TOTAL,      /* number: bytes in all, 0 unknown */
        FRAME_DIGEST,     /* string: "sha256:HEX" */
        FRAME_RECORD,     /* string: text of an image record */
        FRAME_BEGIN,      /* number: 1 begins, 0 ends */
        FRAME_RX_BYTES,   /* number; these six are of one interface */
        FRAME_RX_PACKETS, /* number */
        FRAME_RX_DROPS,   /* number */
        FRAME_TX_BYTES,   /* number */
        FRAME_TX_PACKETS, /* number */
        FRAME_TX_DROPS,   /* number */
        FRAME_IFINDEX, /* number, repeated, in FRAME_STATE: the host's ends of a machine's links */
        FRAME_LINK,    /* string, begins a group: the host's end, see network-record.h */
        FRAME_PORT,    /* string, begins a group: see network-record.h */
        FRAME_NETWORK, /* string: a network's name */
        FRAME_MAC,     /* number */
        FRAME_MTU,     /* number */
        FRAME_ADDRESS, /* string, repeated: "ADDRESS/BITS" */
        FRAME_TARGET,  /* string, repeated: likewise, where a port leads to */
        FRAME_FLAGS,   /* number */
        FRAME_RATE,    /* number: bit/s; 0: no limit */
        FRAME_EGRESS,  /* string, repeated: "ADDRESS/BITS PROTOCOL FIRST LAST" */
        FRAME_PAUSED,  /* number: µs CLOCK_REALTIME since it is paused, 0 it is not */

        FRAME_MOUNT,   /* string: path inside; in FRAME_STATE it begins a group for each step that
                        * mounts in PLAN_STAGE_ROOT, with the next four and flags: the step's */
        FRAME_SOURCE,  /* string: path of the host; absent: a tmpfs */
        FRAME_OPTIONS, /* string: of a tmpfs */
        FRAME_STEP_A,  /* number: PlanStep.a */
        FRAME_STEP_B,  /* number: PlanStep.b */
        FRAME_HEALTH,  /* number: ShimHealth */
        FRAME_STREAK,  /* number: health checks that failed in a row */
        FRAME_HEALTH_TEXT, /* string: what the last one that was not as before said: untrusted */
        _FRAME_TAG_MAX,
} FrameTag;

typedef enum ShimState {
        SHIM_STARTING = 1,
        SHIM_RUNNING, /* PID 1 runs, and is not ready yet */
        SHIM_READY,
        SHIM_STOPPING,
        _SHIM_STATE_MAX,
} ShimState;

typedef enum ShimHealth {
        SHIM_HEALTH_NONE, /* there is no health check */
        SHIM_HEALTH_STARTING,
        SHIM_HEALTH_HEALTHY,
        SHIM_HEALTH_UNHEALTHY,
        _SHIM_HEALTH_MAX,
} ShimHealth;

/* ---- writing ---- */

typedef struct FrameWriter {
        char *buf;
        size_t n, allocated;
        int fds[FRAME_FDS_MAX]; /* borrowed */
        size_t n_fds;
        int error; /* first failure; told by frame_send() */
} FrameWriter;

/** frame_begin() - start a frame; forgets what the writer held
 * @serial 0 for what is not a request or a reply */
void frame_begin(FrameWriter *w, FrameType type, uint64_t serial);
/** frame_add_number() - append one field */
void frame_add_number(FrameWriter *w, FrameTag tag, uint64_t v);
/** frame_add_string() - a NULL string is left out */
void frame_add_string(FrameWriter *w, FrameTag tag, const char *s);
/** frame_add_strv() - append one field @tag for each string; NULL is none */
void frame_add_strv(FrameWriter *w, FrameTag tag, char *const *v);
/** frame_add_fd() - send @fd along; borrowed until frame_send() */
void frame_add_fd(FrameWriter *w, int fd);

/** frame_send() - send it; never blocks on a socket that is non-blocking
 * Return: 0; -EAGAIN the peer does not read; -EPIPE it is gone; -ENOMEM; -E2BIG. */
int frame_send(int fd, FrameWriter *w);
/** frame_writer_done() - free the buffer; descriptors were only borrowed */
void frame_writer_done(FrameWriter *w);
#define _cleanup_frame_writer_ _cleanup_(frame_writer_done)

/* ---- reading ---- */

typedef struct Frame {
        FrameType type;
        uint64_t serial;
        char *buf; /* whole frame, checked */
        size_t n;
        size_t first;           /* where the fields begin that are looked at */
        int fds[FRAME_FDS_MAX]; /* owned; O_CLOEXEC */
        size_t n_fds;
} Frame;

/** frame_receive() - receive and check one frame
 * @ret  caller calls frame_done()
 * Return: 1 a frame; 0 the peer closed; -EAGAIN none yet; -EBADMSG malformed, close the connection;
 * -EPROTONOSUPPORT other version; else from recvmsg(2). */
int frame_receive(int fd, Frame *ret);

/** frame_parse() - check bytes as frame_receive() does (tests, fuzzers)
 * @buf  consumed on success
 * Return: 0; -EBADMSG; -EPROTONOSUPPORT. */
int frame_parse(char *buf, size_t n, Frame *ret);
/** frame_done() - free a received frame and close the descriptors that nobody took */
void frame_done(Frame *f);
#define _cleanup_frame_ _cleanup_(frame_done)

/** frame_number() - the first field @tag, or @fallback */
uint64_t frame_number(const Frame *f, FrameTag tag, uint64_t fallback);
/** frame_string() - the first field @tag; borrowed from the frame; NULL if absent */
const char *frame_string(const Frame *f, FrameTag tag);
/** frame_strv() - all fields @tag, in order
 * Return: 0 and a new vector (empty, not NULL), caller frees; -ENOMEM. */
int frame_strv(const Frame *f, FrameTag tag, char ***ret);
/** frame_next_group() - the fields from one @tag up to the next one, as a frame of their own
 * @offset starts at 0
 * @ret    borrows from @f: not to be done with frame_done()
 * Return: true and advances, false at the end. */
bool frame_next_group(const Frame *f, FrameTag tag, size_t *offset, Frame *ret);
/** frame_stdio() - fill @ret[0..2] from the frame's last descriptors by FRAME_FD_MAP
 * @ret  borrowed descriptors, -EBADF where none was sent
 * Return: 0; -EBADMSG the map and the descriptors do not agree. */
int frame_stdio(const Frame *f, int ret[static 3]);
/** frame_fault() - turn FRAME_REFUSED, FRAME_ERROR, FRAME_FAILED into a Fault
 * Return: the negative errno. */
int frame_fault(const Frame *f, Fault *reterr);

/** frame_peer_is_root() - was the other end opened by uid 0? SO_PEERCRED */
bool frame_peer_is_root(int fd);
