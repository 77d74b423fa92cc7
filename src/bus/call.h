/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One method call from its arrival to its reply. */
#pragma once

#include "bus/bus-internal.h"
#include "bus/objects.h"
#include "bus/options.h"
#include "core/job-image.h"
#include "spec/layers.h"
#include "spec/network-settings.h"

typedef struct Call Call;

#define OPTIONS_ARE_SETTINGS (1U << 31) /* of another vocabulary: read() reads them */
#define CALL_ACTIONS_MAX     4

/* A method of an object and its twin of the Manager, or one of the Manager alone. */
typedef struct Method {
        const char *name;
        const char *action;                  /* polkit; NULL: anybody */
        const char *verb;                    /* for polkit and messages */
        unsigned options;                    /* OptionKey, or OPTIONS_ARE_SETTINGS */
        int (*read)(Call *c, Fault *reterr); /* arguments before the options; NULL: none */
        int (*run)(Call *c, Fault *reterr);  /* one call into core */
        int (*reply)(Call *c, const Answer *a, sd_bus_message *reply); /* NULL: nothing to append */
        const char *twin; /* of the Manager; NULL: the name and "Machine", "Image" .. */
} Method;

struct Call {
        Bus *bus;
        const Method *method;
        sd_bus_message *message;
        ObjectKind kind;        /* of what it is a method of; _OBJECT_KIND_MAX: none of these */
        char *machine;          /* name; the object is looked up again after the authorization */
        uint8_t machine_id[16]; /* and must be the same one; all zero: none yet */
        char *object;           /* name of the image, volume or job; NULL: none */
        char *process;          /* object path, for org.lodge1.Process */
        uid_t uid;
        uid_t exempt; /* who needs no permission: of a process or job, who has started it */
        Options options;

        char *text; /* whom, condition, user, image, new name */
        int32_t number;
        bool flag;
        bool has_settings, has_implied, has_network; /* of those below */
        char **argv;
        int stdio[3];
        int stream; /* to read an image from, or write one to; -EBADF */
        uint16_t rows, columns;
        Settings settings;
        char **keys;      /* names of those that were given */
        Settings implied; /* what the profiles among them bring along */
        NetworkSettings network;
        char **networks, **ports;              /* what a machine is to be given */
        bool is_bind;                          /* likewise: a directory of the host */
        char *volume;                          /* likewise: a volume with this name */
        const char *actions[CALL_ACTIONS_MAX]; /* of polkit: all are needed */
        size_t n_actions, n_allowed;
        bool needs_root; /* exec-root instead of exec */
        bool is_counted; /* among those of its caller that are under way */

        char **lines; /* results */
        Layers layers;
        Origins origins;
        uint64_t n_bytes;
        GBytes *blobs[2];
};

extern const Method bus_machine_methods[];
extern const Method bus_process_methods[];
extern const Method bus_image_methods[];
extern const Method bus_volume_methods[];
extern const Method bus_job_methods[];
extern const Method bus_network_methods[];
extern const Method bus_store_methods[]; /* of the store as a whole, or of a volume to be */
extern const Method bus_pull_method, bus_import_method;
extern const Method bus_create_method, bus_set_definition_method;
extern const Method bus_create_network_method, bus_check_network_method;

/** bus_user_is_root() - does "user", "user:group" or "uid:gid" mean user or group 0? NULL and ""
 * do */
bool bus_user_is_root(const char *user);
/** call_get_machine() - the machine now; Return: 0; -ENOENT. */
int call_get_machine(Call *c, Machine **ret, Fault *reterr);
/** call_get_object() - the image, volume or job now; Return: 0; negative errno. */
int call_get_object(Call *c, void **ret, Fault *reterr);
/** calls_forget() - a client has left the bus: drop its calls
 * What has begun to change something goes on.
 * @bus    the connection that the calls came over; NULL: any
 * @client its unique name; NULL: everybody */
void calls_forget(Bus *b, const sd_bus *bus, const char *client);
/** call_done() - it is done, now; its results are set; frees the call
 * Return: 0. */
int call_done(Call *c);
/** call_fail() - it came to nothing; frees the call */
void call_fail(Call *c, int r, Fault *f);
/** call_read_text() - Method.read for one string */
int call_read_text(Call *c, Fault *reterr);
/** call_read_settings() - Method.read for an a{sv} of settings
 * @set sets one of them in @target
 * Return: 0; -EINVAL with FAULT_INVALID_OPTION; negative errno. */
int call_read_settings(Call *c,
                       int (*set)(void *target, const char *key, const SettingValue *v,
                                  Fault *reterr),
                       void *target, Fault *reterr);
/** call_reply_text() - Method.reply likewise */
int call_reply_text(Call *c, const Answer *a, sd_bus_message *reply);
/** call_reply_path() - Method.reply, an object path in Call.text */
int call_reply_path(Call *c, const Answer *a, sd_bus_message *reply);
/** call_reply_answer_lines() - Method.reply, the lines of the answer */
int call_reply_answer_lines(Call *c, const Answer *a, sd_bus_message *reply);
/** call_reply_lines() - Method.reply, the strings of Call.lines */
int call_reply_lines(Call *c, const Answer *a, sd_bus_message *reply);
/** call_job_params() - what the options say about a job */
JobParams call_job_params(const Call *c);
/** call_job_made() - call_done() with the path of this job */
int call_job_made(Call *c, const Job *j);
/** call_job_begun() - JobBegunFn: likewise, or the reason */
void call_job_begun(void *userdata, Job *j, const Fault *fault);

/** bus_run_commit() - Commit() of machines */
int bus_run_commit(Call *c, Fault *reterr);
/** bus_run_clone_machine() - Clone() */
int bus_run_clone_machine(Call *c, Fault *reterr);
/** bus_read_copy_to() - Method.read of CopyTo(): path, and an archive to read */
int bus_read_copy_to(Call *c, Fault *reterr);
/** bus_read_copy_from() - of CopyFrom(): path, and where to write an archive */
int bus_read_copy_from(Call *c, Fault *reterr);
/** bus_run_copy_to() - CopyTo() of machines */
int bus_run_copy_to(Call *c, Fault *reterr);
/** bus_run_copy_from() - CopyFrom() */
int bus_run_copy_from(Call *c, Fault *reterr);
/** bus_reply_job() - Method.reply, the job of the answer */
int bus_reply_job(Call *c, const Answer *a, sd_bus_message *reply);
/** bus_run_reset() - Reset() */
int bus_run_reset(Call *c, Fault *reterr);
/** bus_run_diff() - Diff() */
int bus_run_diff(Call *c, Fault *reterr);
/** bus_reply_diff() - likewise */
int bus_reply_diff(Call *c, const Answer *a, sd_bus_message *reply);

/** bus_reply_machine_path() - Method.reply, the machine's object path */
int bus_reply_machine_path(Call *c, const Answer *a, sd_bus_message *reply);

/* definition-methods.c */

/** bus_read_machine_settings() - an a{sv} of a machine's settings, to Call.settings and Call.keys
 */
int bus_read_machine_settings(Call *c, Fault *reterr);
/** bus_run_set_properties() - SetProperties() of machines */
int bus_run_set_properties(Call *c, Fault *reterr);
/** bus_run_get_definition() - GetDefinition() */
int bus_run_get_definition(Call *c, Fault *reterr);
/** bus_reply_definition() - likewise */
int bus_reply_definition(Call *c, const Answer *a, sd_bus_message *reply);
/** bus_run_get_effective() - GetEffective() */
int bus_run_get_effective(Call *c, Fault *reterr);
/** bus_reply_effective() - likewise */
int bus_reply_effective(Call *c, const Answer *a, sd_bus_message *reply);

/* network-methods.c */

/** bus_ports_are_exposed() - is one of these elements of Publish= open to others than the host, or
 * below port 1024? */
bool bus_ports_are_exposed(char *const *ports);
/** bus_networks_are_of_host() - is one of these elements of Network= not a network of lodge's? */
bool bus_networks_are_of_host(char *const *networks);
/** bus_read_network_entry() - Method.read for an element of Network= */
int bus_read_network_entry(Call *c, Fault *reterr);
/** bus_read_port_entry() - Method.read for an element of Publish= */
int bus_read_port_entry(Call *c, Fault *reterr);
/** bus_run_attach_network() - AttachNetwork() of machines */
int bus_run_attach_network(Call *c, Fault *reterr);
/** bus_run_detach_network() - DetachNetwork() */
int bus_run_detach_network(Call *c, Fault *reterr);
/** bus_run_add_port() - AddPort() */
int bus_run_add_port(Call *c, Fault *reterr);
/** bus_run_remove_port() - RemovePort() */
int bus_run_remove_port(Call *c, Fault *reterr);
/** bus_run_set_bandwidth() - SetBandwidth() */
int bus_run_set_bandwidth(Call *c, Fault *reterr);
/** bus_run_get_stats() - GetStats() */
int bus_run_get_stats(Call *c, Fault *reterr);
/** bus_reply_stats() - likewise */
int bus_reply_stats(Call *c, const Answer *a, sd_bus_message *reply);

/* mount-methods.c */

/** bus_read_mount_entry() - Method.read for a line Bind=, Volume= or Tmpfs= */
int bus_read_mount_entry(Call *c, Fault *reterr);
/** bus_run_add_mount() - AddMount() of machines */
int bus_run_add_mount(Call *c, Fault *reterr);
/** bus_run_remove_mount() - RemoveMount() */
int bus_run_remove_mount(Call *c, Fault *reterr);

/** call_change_machine() - Method.run of a change that Call.text describes
 * @change a function of core */
int call_change_machine(Call *c,
                        int (*change)(Machine *m, const char *value, bool persist, AnswerFn done,
                                      void *userdata, Fault *reterr),
                        Fault *reterr);
/** call_answered() - AnswerFn of every request: reply, and free the call */
void call_answered(void *userdata, Answer *a);
