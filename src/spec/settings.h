/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a machine is to be: one vocabulary for the definition file, a{sv} on the bus and the command
 * line. Plain data, no I/O but the text given; knows nothing of the host. */
#pragma once

#include "base/fault.h"
#include "spec/network-entry.h"
#include "spec/ready-when.h"
#include "spec/resources.h"
#include "spec/unit-keys.h"
#include "spec/vocabulary.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum WritableLayer {
        WRITABLE_LAYER_STOP,   /* thrown away whenever PID 1 ends */
        WRITABLE_LAYER_REBOOT, /* survives a reboot from inside */
        WRITABLE_LAYER_KEEP,   /* kept until the machine is removed */
        _WRITABLE_LAYER_MAX,
        _WRITABLE_LAYER_INVALID = -EINVAL,
} WritableLayer;

typedef enum WritableMedium {
        WRITABLE_MEDIUM_DISK,
        WRITABLE_MEDIUM_MEMORY,
        _WRITABLE_MEDIUM_MAX,
} WritableMedium;

/* When systemd starts a machine again that has ended: as in systemd.service(5). */
typedef enum RestartPolicy {
        RESTART_NO,
        RESTART_ALWAYS,
        RESTART_ON_SUCCESS,
        RESTART_ON_FAILURE,
        RESTART_ON_ABNORMAL,
        RESTART_ON_ABORT,
        _RESTART_POLICY_MAX,
} RestartPolicy;

/* What is done when a health check has failed too often. */
typedef enum HealthAction {
        HEALTH_ACTION_NONE,
        HEALTH_ACTION_RESTART,
        HEALTH_ACTION_STOP,
        HEALTH_ACTION_KILL,
        _HEALTH_ACTION_MAX,
} HealthAction;

typedef struct Settings {
        char *description;
        char **profiles;        /* names, spec/layers.h: what they say is in the other fields */
        char *image;            /* canonical name, or NULL with root_directory */
        char *root_directory;   /* absolute host path, or NULL */
        uint8_t machine_id[16]; /* all zero: not given yet */
        uint32_t owner;         /* uid of the creator */
        uint64_t created_usec;  /* CLOCK_REALTIME */
        char **labels;          /* KEY=VALUE */
        bool auto_remove;       /* removed when it stops; its definition lives in /run */
        int boot; /* 1 start the tree's init, 0 run command, -1: boot if there is no command */
        char **entrypoint; /* what runs the command; one empty word: nothing, not even the image's
                            */
        char **command;
        char **environment;         /* KEY=VALUE */
        char *user;                 /* NULL: root */
        char *working_directory;    /* NULL: / */
        char *hostname;             /* NULL: the machine's name */
        bool terminal;              /* PID 1 gets a terminal (always when booting) */
        int stop_signal;            /* 0: by payload */
        uint64_t stop_timeout_usec; /* UINT64_MAX: never kill */
        ReadyWhen ready_when;
        uint64_t start_timeout_usec; /* of one that is given; UINT64_MAX: wait for ever */
        WritableLayer writable_layer;
        WritableMedium writable_medium;
        uint64_t writable_size_bytes;     /* 0: no limit */
        char **binds, **volumes, **tmpfs; /* spec/mount-entry.h */
        char *workspace;     /* where to begin; lodgectl binds its own directory there */
        int private_network; /* 1 own, 0 the host's, -1: by networks; settings_network_mode() tells
                              */
        char **networks, **publish, **egress; /* spec/network-entry.h */
        Bandwidth bandwidth;
        Resources resources;
        bool publish_exposed;                         /* what the image exposes, too */
        bool nesting;                                 /* containers inside */
        uint64_t capabilities_add, capabilities_drop; /* bit masks */
        char **healthcheck; /* one empty word: none, whatever the image says */
        uint64_t health_interval_usec, health_timeout_usec, health_start_usec; /* 0: not given */
        uint32_t health_retries;                                               /* likewise */
        HealthAction health_action;
        RestartPolicy restart;
        uint64_t restart_usec, restart_max_usec;   /* the latter UINT64_MAX: not given */
        uint32_t restart_steps, start_limit_burst; /* 0: not given */
        uint64_t start_limit_usec;                 /* 0: no limit */
        char **unit_lists[_UNIT_LIST_MAX];         /* passed on: spec/unit-keys.h */
} Settings;

/** setting_keys() - the whole vocabulary, ended by a NULL name; libc only, so that the CLI can link
 * it */
const SettingKey *setting_keys(void);
/** setting_vocabulary() - likewise, with the defaults: for spec itself */
const Vocabulary *setting_vocabulary(void);
/** setting_key_find() - look one up by its exact name; NULL if there is none */
const SettingKey *setting_key_find(const char *name);
/** setting_key_nearest() - the nearest known name to a mistyped one, or NULL */
const char *setting_key_nearest(const char *name);

/** settings_init() - the built-in defaults */
void settings_init(Settings *s);
/** settings_done() - free what @s holds; @s itself is the caller's */
void settings_done(Settings *s);
#define _cleanup_settings_ _cleanup_(settings_done)

/** settings_set() - give one key a value
 * A list is replaced; the empty string resets to the default. Internal keys are refused: lodged
 * sets them in the struct.
 * @value from anybody; checked
 * Return: 0; -EINVAL with FAULT_INVALID_OPTION naming key and value, and the nearest key for an
 * unknown one; -ENOMEM. @s is unchanged on failure. */
int settings_set(Settings *s, const char *key, const SettingValue *value, Fault *reterr);

/** settings_get() - the value of one key
 * @ret one string in the file's syntax, or for SETTING_STRV each element as it is, not quoted;
 *   caller
 *      frees; empty vector if unset
 * Return: 1 it differs from the default, 0 it is the default; -ENOMEM. */
int settings_get(const Settings *s, const SettingKey *key, char ***ret);

/** settings_is_default() - settings_get() without making text of it
 * Return: true it is the default; false it may still read like it. */
bool settings_is_default(const Settings *s, const SettingKey *key);

/** settings_lines() - the values of the lines of a file that come to what @s says of one setting
 * @ret caller frees; empty: none
 * Return: 1 it differs from the default, 0 it is the default; -ENOMEM. */
int settings_lines(const Settings *s, const SettingKey *key, char ***ret);
/** setting_key_adds() - does a value add to what is there, in a file? */
bool setting_key_adds(const SettingKey *key);

/** settings_copy() - a copy that has nothing in common with @s
 * Return: 0; -ENOMEM. */
int settings_copy(const Settings *s, Settings *ret);

/** settings_copy_key() - give one setting the value that it has in @from
 * Return: 0; -ENOMEM, @s is unchanged. */
int settings_copy_key(Settings *s, const Settings *from, const SettingKey *key);
/** settings_equal_key() - does one setting have the same value in both? */
bool settings_equal_key(const Settings *a, const Settings *b, const SettingKey *key);

/** settings_validate() - do the values fit together?
 * Return: 0; -EINVAL with FAULT_INVALID_OPTION. */
int settings_validate(const Settings *s, Fault *reterr);

typedef enum NetworkMode {
        NETWORK_MODE_NONE,  /* a network namespace of its own, with loopback only */
        NETWORK_MODE_LINKS, /* the same, with interfaces */
        NETWORK_MODE_HOST,  /* the host's */
        NETWORK_MODE_NETNS, /* another one: argument of the only entry */
} NetworkMode;

/** settings_network_mode() - what Network= and PrivateNetwork= of validated settings come to */
NetworkMode settings_network_mode(const Settings *s);
/** settings_network_entries() - the interfaces that Network= asks for
 * Each has a name: host0, host1 .. where none is given.
 * @ret new array, network_entries_free() frees it; NULL if there are none
 * Return: 0; -EINVAL with FAULT_INVALID_OPTION, not from validated settings; -ENOMEM. */
int settings_network_entries(const Settings *s, NetworkEntry **ret, size_t *ret_n, Fault *reterr);
/** settings_network_validate() - the part of settings_validate() that is about the network */
int settings_network_validate(const Settings *s, Fault *reterr);
/** network_entries_free() - free the array */
void network_entries_free(NetworkEntry *entries, size_t n);

/** settings_parse() - one file of a definition alone; all of them: spec/layers.h
 * @name  what to call the file in messages
 * @n     bytes; anything: NUL bytes, binary
 * Ini as in unit files: sections, '#' and ';' comments, continuation by '\', lists append, empty
 * resets, words of lists quoted as in systemd; what is not known is ignored. Return: 0; -EINVAL
 * with FAULT_INVALID_OPTION "NAME:LINE:COLUMN: ..."; -ENOMEM. */
int settings_parse(const char *name, const char *text, size_t n, Settings *ret, Fault *reterr);

/** settings_format() - the file that settings_parse() reads back to the same settings
 * Return: newly allocated, caller frees; NULL on OOM. */
char *settings_format(const Settings *s);
