/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kinds of objects that lodged has: their names and patterns of names, their properties, and
 * calls for several of them at once. */
#pragma once

#include "ctl/json.h"

typedef struct Kind {
        const char *noun; /* "Image": the end of the manager's methods */
        const char *word; /* "image" */
        const char *interface;
        const char *list_verb; /* "image ls" */
        FaultCode missing;     /* if there is no object of a name */
} Kind;

extern const Kind kind_machine, kind_image, kind_volume, kind_job, kind_network;

/** kind_list() - all objects of a kind
 * @properties ended by NULL; none: all of them
 * @ret        array of objects, sorted by name, each with its name as Name, or ID; new reference
 * Return: 0; negative errno with a Fault. */
int kind_list(const Ctl *c, const Kind *kind, const char *const *properties, json_t **ret,
              Fault *reterr);

/** kind_names() - the names of all objects of a kind, sorted
 * @ret newly allocated vector, caller frees
 * Return: 0; negative errno with a Fault. */
int kind_names(const Ctl *c, const Kind *kind, char ***ret, Fault *reterr);

/** kind_get() - all properties of one object
 * @ret object, new reference
 * Return: 0; negative errno with a Fault. */
int kind_get(const Ctl *c, const Kind *kind, const char *name, json_t **ret, Fault *reterr);

/** kind_is_image_only() - is there no machine, but an image of this name? */
bool kind_is_image_only(const Ctl *c, const char *name);

/** kind_name_of() - the name of an object of kind_list() or kind_get(); "" if it has none */
const char *kind_name_of(const json_t *object);

/** kind_expand() - the verb's words with patterns (*, ?, [) replaced by the names they match
 * @ret newly allocated vector, caller frees
 * Reports patterns that match nothing, and failures. Return: EXIT_OK, EXIT_NOT_FOUND with the
 * other names in @ret, or another exit status with @ret unset. */
int kind_expand(Ctl *c, const Kind *kind, char ***ret);

/** kind_expand_words() - the same for other words than the verb's */
int kind_expand_words(Ctl *c, const Kind *kind, char *const *words, char ***ret);

/** kind_select() - keep the objects of which a word is the name or a pattern, in their order
 * @rows of kind_list()
 * @ret  new reference; all of them where there is no word
 * Reports words that match none. Return: EXIT_OK, or EXIT_NOT_FOUND. */
int kind_select(Ctl *c, const Kind *kind, json_t *rows, json_t **ret);

/** kind_list_selected() - kind_list() and kind_select(), all failures reported
 * Return: EXIT_OK, EXIT_NOT_FOUND with the others in @ret, or another exit status with @ret unset.
 */
int kind_list_selected(Ctl *c, const Kind *kind, const char *const *properties, json_t **ret);

/** kind_report_no_match() - report that there is no object of a name, or none that matches
 * Return: EXIT_NOT_FOUND. */
int kind_report_no_match(Ctl *c, const Kind *kind, const char *word);

/* Appends what the method takes after the name. Returns negative errno. */
typedef int (*AppendArguments)(const Ctl *c, sd_bus_message *m);

/** kind_call() - call a method of the Manager for each object that was named, all at once
 * @method  "Stop" for StopMachine()
 * @append  NULL: no options
 * Reports failures, one an object.
 * Return: EXIT_OK, or the exit status of the first that failed. */
int kind_call(Ctl *c, const Kind *kind, const char *method, AppendArguments append);

/** kind_call_names() - the same for objects whose names are known already */
int kind_call_names(Ctl *c, const Kind *kind, const char *method, AppendArguments append,
                    char *const *names);

/** append_no_options() - an empty a{sv} */
int append_no_options(const Ctl *c, sd_bus_message *m);

/** append_force() - an a{sv} with Force, if --force was given */
int append_force(const Ctl *c, sd_bus_message *m);

/** append_timeout() - an a{sv} with the value of --timeout, if given, as TimeoutSec */
int append_timeout(const Ctl *c, sd_bus_message *m);
