/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* May this caller do that? Asked of polkit; any error, timeout or vanished caller means no. */
#pragma once

#include <sys/types.h>

#include <stdbool.h>
#include <systemd/sd-bus.h>

/* What is asked, and what rules get to see. All borrowed for the call. */
typedef struct Authorization {
        const char *action; /* without its prefix; NULL: only who the caller is */
        const char *machine, *image, *object, *verb, *user, *program, *network,
                *port; /* NULL: no such detail */
        uid_t owner;   /* of the machine; UID_INVALID: none yet */
        uid_t exempt;  /* this user may without being asked about; UID_INVALID: nobody */
} Authorization;

#define UID_INVALID ((uid_t)-1)

typedef enum Verdict {
        VERDICT_YES,
        VERDICT_NO,
        VERDICT_INTERACTION_NEEDED, /* would be asked for a password if the call allowed it */
        VERDICT_BUSY,               /* too many questions of this user are open */
} Verdict;

/* Called once, from the event loop. @uid is the caller's. */
typedef void (*VerdictFn)(void *userdata, Verdict verdict, uid_t uid);

typedef struct Authority Authority;

/** authority_new() - Return: never NULL. */
Authority *authority_new(void);
/** authority_free() - forget every open question; NULL is fine */
void authority_free(Authority *a);

/** authority_ask() - ask polkit; the answer always comes later, and is "no" if anything goes wrong
 * Root is not asked about. The uid comes from the bus, the subject is the bus name, never a process
 * id.
 * @m the call; a reference is taken
 * Return: 0; negative errno. */
int authority_ask(Authority *a, sd_bus_message *m, const Authorization *what, VerdictFn done,
                  void *userdata);

/** authority_knows_root() - has the bus said already that the sender of @m is root?
 * Spares the question, 0.3 ms of each call. A client cannot change its uid. */
bool authority_knows_root(const Authority *a, sd_bus_message *m);
/** authority_forget_client() - this client has left the bus */
void authority_forget_client(Authority *a, const char *client);
/** authority_forget_clients() - from now on we are not told which leave */
void authority_forget_clients(Authority *a);

/** authority_forget() - the answer is not wanted any more: @done is not called
 * @userdata as given to authority_ask(); nothing happens if there is no such question */
void authority_forget(Authority *a, void *userdata);
