/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One method call from its arrival to its reply. */
#pragma once

#include "bus/bus-internal.h"
#include "bus/options.h"

typedef struct Call Call;

/* A method of org.lodge1.Machine, its twin of the Manager, or of org.lodge1.Process. */
typedef struct Method {
        const char
                *name; /* as in org.lodge1.Machine or .Process; the Manager's ends in "Machine" */
        const char *action; /* polkit; NULL: anybody */
        const char *verb;   /* for polkit and messages */
        unsigned options;
        int (*read)(Call *c, Fault *reterr); /* arguments before the options; NULL: none */
        int (*run)(Call *c, Fault *reterr);  /* one call into core */
        int (*reply)(Call *c, const Answer *a, sd_bus_message *reply); /* NULL: nothing to append */
} Method;

struct Call {
        Bus *bus;
        const Method *method;
        sd_bus_message *message;
        char *machine;          /* name; the object is looked up again after the authorization */
        uint8_t machine_id[16]; /* and must be the same one; all zero: none yet */
        char *process;          /* object path, for org.lodge1.Process */
        uid_t uid;
        uid_t exempt; /* who needs no permission: of a process, who has started it */
        Options options;

        char *text; /* whom, condition, user, image */
        int32_t number;
        char **argv;
        int stdio[3];
        uint16_t rows, columns;
        bool has_settings;
        Settings settings;
        bool needs_root; /* exec-root instead of exec */
        bool is_counted; /* among those of its caller that are under way */
};

extern const Method bus_machine_methods[];
extern const Method bus_process_methods[];
extern const Method bus_create_method;

/** bus_user_is_root() - does "user", "user:group" or "uid:gid" mean user or group 0? NULL and ""
 * do */
bool bus_user_is_root(const char *user);
/** call_get_machine() - the machine now; Return: 0; -ENOENT. */
int call_get_machine(Call *c, Machine **ret, Fault *reterr);
/** calls_forget() - a client has left the bus: drop its calls
 * What has begun to change something goes on.
 * @bus    the connection that the calls came over; NULL: any
 * @client its unique name; NULL: everybody */
void calls_forget(Bus *b, const sd_bus *bus, const char *client);
/** call_answered() - AnswerFn of every request: reply, and free the call */
void call_answered(void *userdata, Answer *a);
