/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every name by which lodge is known to others: on the bus, on disk, to systemd and in the journal.
 * No code spells one of these out again. */
#pragma once

#define LODGE_BUS_NAME          "org.lodge1"
#define LODGE_OBJECT_PATH       "/org/lodge1"
#define LODGE_MACHINE_PATH      "/org/lodge1/machine"
#define LODGE_PROCESS_PATH      "/org/lodge1/process"
#define LODGE_IMAGE_PATH        "/org/lodge1/image"
#define LODGE_VOLUME_PATH       "/org/lodge1/volume"
#define LODGE_JOB_PATH          "/org/lodge1/job"
#define LODGE_NETWORK_PATH      "/org/lodge1/network"
#define LODGE_MANAGER_INTERFACE "org.lodge1.Manager"
#define LODGE_MACHINE_INTERFACE "org.lodge1.Machine"
#define LODGE_PROCESS_INTERFACE "org.lodge1.Process"
#define LODGE_IMAGE_INTERFACE   "org.lodge1.Image"
#define LODGE_VOLUME_INTERFACE  "org.lodge1.Volume"
#define LODGE_JOB_INTERFACE     "org.lodge1.Job"
#define LODGE_NETWORK_INTERFACE "org.lodge1.Network"
#define LODGE_ERROR_PREFIX      "org.lodge1.Error."
#define LODGE_POLKIT_PREFIX     "org.lodge1."

/* Where the build puts what others look for. */
#define LODGE_SHIM          "/usr/lib/lodge/lodge-shim"
#define LODGE_IMPORT        "/usr/lib/lodge/lodge-import"
#define LODGE_WORK          "/usr/lib/lodge/lodge-work"
#define LODGE_NET           "/usr/lib/lodge/lodge-net"
#define LODGE_RELAY         "/usr/lib/lodge/lodge-relay"
#define LODGE_BUS_POLICY    "/usr/share/dbus-1/system.d/org.lodge1.conf"
#define LODGE_POLKIT_POLICY "/usr/share/polkit-1/actions/org.lodge1.policy"

/* A machine is the systemd unit lodge@NAME.service. */
#define LODGE_UNIT_PREFIX "lodge@"
#define LODGE_UNIT_SUFFIX ".service"

/* Drop-ins of a machine's unit, made by lodge-generator. */
#define LODGE_GENERATED      "/run/systemd/generator"
#define LODGE_DROP_IN        "50-lodge.conf"        /* spec/unit-lines.h: unit_lines() */
#define LODGE_DROP_IN_LIMITS "10-lodge-limits.conf" /* unit_limit_lines() */
#define LODGE_DROP_IN_MOUNTS "50-lodge-mounts.conf" /* unit_mount_lines() */

/* Workers: one unit a job, its instance is the job's ID. */
#define LODGE_IMPORT_UNIT_PREFIX "lodge-import@" /* network and archives; reads its directory */
#define LODGE_EXPORT_UNIT_PREFIX "lodge-export@" /* the same program, sees the store */
#define LODGE_COPY_UNIT_PREFIX   "lodge-copy@"   /* and enters a machine */
#define LODGE_FILES_UNIT_PREFIX  "lodge-files@"  /* or into the files of one that does not run */
#define LODGE_WORK_UNIT_PREFIX   "lodge-work@"   /* disk images */

/* Services of the network, started by lodged when a machine first needs them. */
#define LODGE_NET_UNIT   "lodge-net.service"   /* bridges, rules */
#define LODGE_RELAY_UNIT "lodge-relay.service" /* names, ports on loopback */

/* What is configured: by the administrator, and by packages. LODGE_RUNTIME has the same. */
#define LODGE_ETC "/etc/lodge"
#define LODGE_USR "/usr/lib/lodge"

/* Networks, in the same order of precedence as machines. */
#define LODGE_NETWORKS_ETC    "/etc/lodge/networks"
#define LODGE_NETWORKS_RUN    "/run/lodge/networks"
#define LODGE_NETWORKS_USR    "/usr/lib/lodge/networks"
#define LODGE_NETWORK_SUFFIX  ".network"
#define LODGE_NETWORK_DEFAULT "default" /* exists without a file */

/* Definitions, in order of precedence; CreateMachine() writes to the first, or, for machines that
 * are removed when they stop, to the second. */
#define LODGE_DEFINITIONS_ETC   "/etc/lodge/machines"
#define LODGE_DEFINITIONS_RUN   "/run/lodge/machines"
#define LODGE_DEFINITIONS_USR   "/usr/lib/lodge/machines"
#define LODGE_DEFINITION_SUFFIX ".machine"
#define LODGE_DROP_INS_SUFFIX   ".machine.d" /* NAME: a directory beside it */
#define LODGE_DROP_IN_SUFFIX    ".conf"      /* in that */
/* Written by SetProperties() where the file itself cannot say it. */
#define LODGE_DROP_IN_SET     "90-set.conf"
#define LODGE_DROP_IN_RUNTIME "95-runtime.conf"

/* What several machines have in common, named by Profile=; of one name the first counts. */
#define LODGE_PROFILES_ETC   "/etc/lodge/profiles"
#define LODGE_PROFILES_RUN   "/run/lodge/profiles"
#define LODGE_PROFILES_USR   "/usr/lib/lodge/profiles"
#define LODGE_PROFILE_SUFFIX ".profile"

#define LODGE_STORE           "/var/lib/lodge"
#define LODGE_STORE_LAYERS    "/var/lib/lodge/layers"   /* sha256-HEX/{tree,tar.map}, by diff_id */
#define LODGE_STORE_BLOBS     "/var/lib/lodge/blobs"    /* sha256-HEX: manifests, configurations */
#define LODGE_STORE_IMAGES    "/var/lib/lodge/images"   /* ENC.oci, NAME/, NAME.raw */
#define LODGE_STORE_MACHINES  "/var/lib/lodge/machines" /* NAME/{upper,work} */
#define LODGE_STORE_VOLUMES   "/var/lib/lodge/volumes"  /* NAME/{data,volume} */
#define LODGE_STORE_INCOMING  "/var/lib/lodge/incoming" /* ID/: what job ID builds */
#define LODGE_STORE_NETWORKS  "/var/lib/lodge/networks" /* NAME: subnets and leases */
#define LODGE_STORE_RENAMES   "/var/lib/lodge/renames"  /* NAME: what NAME is being renamed to */
#define LODGE_STORE_TRASH     "/var/lib/lodge/trash"    /* renamed here, deleted by lodge-work */
#define LODGE_MACHINED_IMAGES "/var/lib/machines"

/* What pulls and pushes go by: lodge-registries.conf(5). */
#define LODGE_REGISTRIES_CONF "/etc/lodge/registries.conf"
#define LODGE_AUTH_FILE       "/etc/lodge/auth.json" /* where the caller brings no login */

/* An image there that was removed, until lodge-work has deleted it. */
#define LODGE_FOREIGN_TRASH_PREFIX ".#lodge-trash."

/* What is in them. */
#define LODGE_RECORD_SUFFIX  ".oci" /* of an image of layers: its record */
#define LODGE_RAW_SUFFIX     ".raw" /* of a disk image */
#define LODGE_LAYER_TREE     "tree"
#define LODGE_LAYER_MAP      "tar.map"
#define LODGE_LAYER_OPAQUE   "opaque" /* there: what is in the layers below it is not to be seen */
#define LODGE_LAYER_SIZE     "size"   /* decimal: bytes of its files */
#define LODGE_MACHINE_UPPER  "upper"  /* what a machine has written */
#define LODGE_VOLUME_DATA    "data"
#define LODGE_VOLUME_RECORD  "volume"
#define LODGE_INCOMING_IMAGE "image" /* a record or a tree */
#define LODGE_INCOMING_RAW   "image.raw"

#define LODGE_RUNTIME        "/run/lodge"
#define LODGE_RUNTIME_SOCKET "/run/lodge/shim.sock"    /* of lodged.socket: shims get their plan */
#define LODGE_PRIVATE_SOCKET "/run/lodge/private.sock" /* likewise: D-Bus for root alone */
#define LODGE_RUNTIME_UNITS  "/run/lodge/unit"         /* NAME/: the unit's RuntimeDirectory= */
#define LODGE_RUNTIME_LEASES "/run/lodge/leases"       /* likewise, of machines in /run */
#define LODGE_RUNTIME_LIMITS "/run/lodge/limits"       /* UNIT: its properties that are ours */
#define LODGE_RUNTIME_HOSTS  "/run/lodge/hosts"        /* names of machines that run, for NSS */
#define LODGE_RUNTIME_EXITS  "/run/lodge/exit"         /* NAME: the last run's exit-record.h */
#define LODGE_SHIM_CONTROL   "control"                 /* in the unit's runtime directory */
#define LODGE_SHIM_NOTIFY    "notify"                  /* likewise: the guest's $NOTIFY_SOCKET */

/* The host's own; and files of the guest that each start writes anew, into the writable layer:
 * nobody's changes. */
#define LODGE_HOST_MACHINE_ID  "/etc/machine-id"
#define LODGE_HOST_RESOLV      "/etc/resolv.conf"
#define LODGE_GUEST_MACHINE_ID "/etc/machine-id"
#define LODGE_GUEST_HOSTNAME   "/etc/hostname"
#define LODGE_GUEST_HOSTS      "/etc/hosts"
#define LODGE_GUEST_RESOLV     "/etc/resolv.conf"

/* Shared with systemd-nspawn, so that no two containers of the host get the same range. */
#define LODGE_UID_LOCKS "/run/systemd/nspawn-uid"

/* systemd-machined, where it runs, keeps a list of all machines of the host. */
#define LODGE_MACHINED_SOCKET "/run/systemd/machine/io.systemd.Machine" /* since systemd 257 */
#define LODGE_MACHINED_STATE  "/run/systemd/machines" /* NAME: is listed; the content is private */
#define LODGE_MACHINED_UNIT   "systemd-machined.service"

/* Journal fields. */
#define LODGE_FIELD_MACHINE    "LODGE_MACHINE"
#define LODGE_FIELD_CAUSE      "LODGE_CAUSE"
#define LODGE_FIELD_JOB        "LODGE_JOB"
#define LODGE_FIELD_IMAGE      "LODGE_IMAGE"
#define LODGE_FIELD_EVENT      "LODGE_EVENT" /* of what lodged tells: org.lodge1(5), MachineEvent */
#define LODGE_FIELD_STREAM     "LODGE_STREAM"     /* of output: "stdout", "stderr", "terminal" */
#define LODGE_FIELD_BOOT_ID    "LODGE_BOOT_ID"    /* likewise: one for each PID 1 */
#define LODGE_FIELD_BOOT       "LODGE_BOOT"       /* likewise: 1 for the first PID 1 of a run */
#define LODGE_FIELD_LINE_BREAK "LODGE_LINE_BREAK" /* "1": the line goes on in the next entry */
#define LODGE_FIELD_PROCESS    "LODGE_PROCESS" /* of output that is not PID 1's: the Process' id */
#define LODGE_FIELD_COMMAND    "LODGE_COMMAND" /* likewise: what it runs */

#define LODGE_FIELD_REASON   "LODGE_REASON"   /* of an event: one sentence */
#define LODGE_FIELD_OLD_NAME "LODGE_OLD_NAME" /* of a machine that was renamed */
#define LODGE_FIELD_KIND     "LODGE_KIND"
#define LODGE_FIELD_PHASE    "LODGE_PHASE"  /* of a failure: what was being done */
#define LODGE_FIELD_OBJECT   "LODGE_OBJECT" /* likewise: on what */
#define LODGE_KIND_EVENT     "event"

#define LODGE_JOURNAL_VARLINK "/run/systemd/journal/io.systemd.journal"
#define LODGE_JOURNAL_SOCKET  "/run/systemd/journal/socket"
