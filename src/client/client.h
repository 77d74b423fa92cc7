/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The caller's end of org.lodge1: a connection, calls, and the way back from D-Bus errors to
 * Faults. Runs in unprivileged programs; knows no policy and prints nothing. */
#pragma once

#include "base/fault.h"

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

/* Errors of a Fault that says: lodged or the bus could not be reached, or they went away meanwhile.
 */
#define CLIENT_UNREACHABLE EHOSTDOWN
#define CLIENT_LOST        ESHUTDOWN

#define CLIENT_FOREVER UINT64_MAX /* µs to wait for a reply: no limit */

typedef struct ClientConnection ClientConnection;

typedef struct Client {
        ClientConnection *connection; /* NULL: not connected */
        bool interactive;             /* polkit may ask the user */
} Client;

/** client_open() - connect to lodged
 * @interactive may polkit ask the user for a password?
 * @ret         client_close() it; set on success only
 * Root gets to lodged's own socket, where no other caller is in the way; if nobody answers there,
 * and for others, it is the system bus. $DBUS_SYSTEM_BUS_ADDRESS goes before both. On the bus this
 * does not start lodged; the first call does.
 * Return: 0; negative errno with a Fault whose error is CLIENT_UNREACHABLE. */
int client_open(bool interactive, Client *ret, Fault *reterr);

/** client_bus() - the connection to send a message on that was just made; NULL if there is none
 * It may be another one after the next client_call_new(): a connection to lodged's own socket ends
 * with lodged. */
sd_bus *client_bus(const Client *c);

/** client_has_signals() - do signals arrive on the connection?
 * Not on lodged's own socket: what changes has to be asked for there. */
bool client_has_signals(const Client *c);

/** client_attach() - handle answers in an event loop
 * @event keeps a reference until client_detach()
 * Return: 0; negative errno. */
int client_attach(const Client *c, sd_event *event);
/** client_detach() - not any more */
void client_detach(const Client *c);

/** client_renew() - connect again if lodged has closed the connection; calls that are open have
 * failed then. client_call_new() does so.
 * Return: 0; negative errno with a Fault. */
int client_renew(const Client *c, Fault *reterr);

/** client_close() - flush and close the connection; a closed or zeroed client may be closed again
 */
void client_close(Client *c);

/** client_fault() - turn the error of a call into a Fault
 * @error  what the bus returned; may be NULL or unset
 * @r      negative errno, used where @error is unset
 * Errors org.lodge1.Error.* keep their code and sentence; those of the bus itself (no such service,
 * it died, it refused) become a sentence of ours. Return: negative errno to pass on. */
int client_fault(const sd_bus_error *error, int r, Fault *reterr);

/** client_is_unreachable() - did this fail because nobody answers at org.lodge1? */
bool client_is_unreachable(const Fault *f);

/** client_is_lost() - did it fail because lodged went away while it was asked?
 * What was asked may have happened. A wait can be asked for again: the next lodged takes over. */
bool client_is_lost(const Fault *f);

/** client_call_new() - a call of a method on an object of lodged's
 * @path,@interface,@method where to
 * @ret                     new message, caller unrefs and appends the arguments
 * Return: 0; negative errno with a Fault. */
int client_call_new(const Client *c, const char *path, const char *interface, const char *method,
                    sd_bus_message **ret, Fault *reterr);

/** client_machine_call_new() - a call of the Manager's method @verb + "Machine", the name appended
 * @verb "Start" for StartMachine() */
int client_machine_call_new(const Client *c, const char *verb, const char *machine,
                            sd_bus_message **ret, Fault *reterr);

/** client_call() - send a message and wait for the answer
 * @timeout_usec 0: the bus's default (25 s); CLIENT_FOREVER
 * @ret_reply    caller unrefs; may be NULL
 * Return: 0; negative errno with a Fault. */
int client_call(const Client *c, sd_bus_message *m, uint64_t timeout_usec,
                sd_bus_message **ret_reply, Fault *reterr);

/** client_append_options() - append an a{sv} of strings
 * @pairs key, value, key, value, ..., NULL; a pair whose value is NULL is left out
 * Return: 0; negative errno. */
int client_append_options(sd_bus_message *m, const char *const *pairs);

/** client_append_option_strv() - append one entry of an open a{sv}, an array of strings */
int client_append_option_strv(sd_bus_message *m, const char *key, char *const *values);

/** client_append_option_string() - append one entry of an open a{sv}, a string */
int client_append_option_string(sd_bus_message *m, const char *key, const char *value);

/** client_append_option_bool() - append one entry of an open a{sv}, a boolean */
int client_append_option_bool(sd_bus_message *m, const char *key, bool value);

/** client_append_option_fd() - append one entry of an open a{sv}, a descriptor
 * @fd duplicated, so still the caller's */
int client_append_option_fd(sd_bus_message *m, const char *key, int fd);

/** client_append_fds() - append an a{uh}
 * @fds  @n descriptors for 0, 1, 2; negative ones are left out; duplicated, so still the caller's
 * Return: 0; negative errno. */
int client_append_fds(sd_bus_message *m, const int fds[], unsigned n);

#define _cleanup_client_ _cleanup_(client_close)
